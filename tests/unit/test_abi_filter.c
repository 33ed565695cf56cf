/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves each byte of a get_at in both layouts, and which records a filter lets through. The
 * offsets and numbers are typed here as the kernel's headers give them, not taken from the structs,
 * so that a change of those shows.
 */
#include "unit.h"

#include "abi.h"

#define JUNK 0xa5

/* Where the members are. Strings have 64 bytes, all else 8 but accurate. */
struct offsets {
	const char *name;
	unsigned int get_at, get_next; /* commands */
	size_t size, record_size;
	size_t min_size, max_size, inaccurate; /* in a get_at */
	size_t counter; /* in a record */
};

enum { POS = 0, MASK = 8, MODNAME = 16, FUNCTION = 80, FILENAME = 144, LINENO = 208, DATA = 240 };

static const struct offsets layouts[ABI_LAYOUT_COUNT] = {
	[ABI_MAINLINE] = {"mainline", 0xc1d0a601, 0x80e0a602, 464, 224, 216, 224, 232, 200},
	[ABI_V3] = {"v3", 0xc1d8a601, 0x80e8a602, 472, 232, 224, 232, 216, 208},
};

static void put_number(unsigned char *to, uint64_t value)
{
	memcpy(to, &value, sizeof(value));
}

/* Each member its own words and numbers. */
static const struct abi_filter everything = {
	.mask = 0x0102030405060708,
	.modname = "a module",
	.function = "a_function",
	.filename = "a/file.c",
	.lineno = 0x1112131415161718,
	.inaccurate = 0x2122232425262728,
	.min_size = 0x3132333435363738,
	.max_size = 0x4142434445464748,
};

static void fill_get_at(const struct offsets *at, unsigned char wanted[472])
{
	memset(wanted, 0, 472);
	put_number(wanted + POS, 0x5152535455565758);
	put_number(wanted + MASK, everything.mask);
	memcpy(wanted + MODNAME, everything.modname, 64);
	memcpy(wanted + FUNCTION, everything.function, 64);
	memcpy(wanted + FILENAME, everything.filename, 64);
	put_number(wanted + LINENO, everything.lineno);
	put_number(wanted + at->inaccurate, everything.inaccurate);
	put_number(wanted + at->min_size, everything.min_size);
	put_number(wanted + at->max_size, everything.max_size);
}

static void check_get_at(enum abi_layout_id id)
{
	const struct abi_layout *layout = abi_layout(id);
	const char *row = layouts[id].name;
	unsigned char wanted[472];
	struct abi_buffer got;
	struct abi_filter filter;
	uint64_t pos;

	unit_check_text(span_of(layout->name), span_of(row), row, "the name");
	unit_check_number(layout->get_at, layouts[id].get_at, row, "GET_AT");
	unit_check_number(layout->get_next, layouts[id].get_next, row, "GET_NEXT");
	unit_check_number(layout->get_at_size, layouts[id].size, row, "the size");
	unit_check_number(ABI_GET_AT_DATA, DATA, row, "the data");
	fill_get_at(&layouts[id], wanted);
	memset(&got, JUNK, sizeof(got));
	abi_put_get_at(layout, 0x5152535455565758, &everything, got.at);
	/* The data is not the caller's to write. */
	for (size_t i = 0; i < sizeof(got.at); i++)
		unit_check(got.at[i] == (i < DATA ? wanted[i] : JUNK),
			   "%s: byte %zu is %u, wanted %u", row, i, got.at[i],
			   i < DATA ? wanted[i] : JUNK);
	memset(&filter, JUNK, sizeof(filter));
	abi_take_get_at(layout, wanted, &pos, &filter);
	unit_check_number(pos, 0x5152535455565758, row, "the position");
	assert_memory_equal(&filter, &everything, sizeof(filter));
}

static void test_get_at(void **state)
{
	(void)state;
	check_get_at(ABI_MAINLINE);
	check_get_at(ABI_V3);
}

/* A record of all members, and one whose strings fill their members. */
static void check_record(enum abi_layout_id id, const char *name, size_t len)
{
	const struct abi_layout *layout = abi_layout(id);
	const char *row = layouts[id].name;
	unsigned char wanted[232] = {0}, got[232];
	struct span words = {name, len};
	struct abi_record record = {words, words, words, 77, -4096, UINT64_MAX - 1, true}, taken;

	unit_check_number(layout->record_size, layouts[id].record_size, row, "a record's size");
	for (size_t at = 0; at < 192; at += 64)
		memcpy(wanted + at, name, len);
	put_number(wanted + 192, 77);
	put_number(wanted + layouts[id].counter, (uint64_t)-4096);
	put_number(wanted + layouts[id].counter + 8, UINT64_MAX - 1);
	wanted[layouts[id].counter + 16] = 1;
	memset(got, JUNK, sizeof(got));
	abi_put_record(layout, &record, got);
	for (size_t i = 0; i < sizeof(got); i++)
		unit_check(got[i] == (i < layout->record_size ? wanted[i] : JUNK),
			   "%s: byte %zu is %u", row, i, got[i]);
	memset(&taken, JUNK, sizeof(taken));
	abi_take_record(layout, wanted, &taken);
	assert_true(abi_same_words(&record, &taken));
	assert_true(taken.lineno == 77 && taken.bytes == -4096 && taken.calls == UINT64_MAX - 1);
	assert_true(taken.accurate);
	wanted[layouts[id].counter + 16] = 0;
	abi_take_record(layout, wanted, &taken);
	assert_false(taken.accurate);
}

static void test_records(void **state)
{
	static const char name[] =
		"abcdefghijklmnopqrstuvwxyz0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	(void)state;
	for (enum abi_layout_id id = 0; id < ABI_LAYOUT_COUNT; id++) {
		check_record(id, name, 63);
		check_record(id, name, 5);
		check_record(id, name, 0);
	}
}

/* A string without its NUL ends where its member does. */
static void test_unterminated(void **state)
{
	struct abi_buffer buffer;
	struct abi_record record;

	(void)state;
	memset(&buffer, 'x', sizeof(buffer));
	abi_take_record(abi_layout(ABI_MAINLINE), buffer.at, &record);
	assert_int_equal(record.modname.len, 64);
	assert_int_equal(record.function.len, 64);
	assert_int_equal(record.filename.len, 64);
}

#define TEN "x123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

/* The record of a tag, and whether a filter lets it through. */
static const struct {
	const char *name;
	const char *file, *module, *function; /* module NULL: built in */
	uint64_t line;
	int64_t bytes;
	bool accurate;
	struct abi_filter filter;
	bool passes;
} rows[] = {
	{"no mask", "a.c", "m", "f", 1, 5, true, {.mask = 0, .modname = "n", .lineno = 7}, true},
	{"module", "a.c", "m", "f", 1, 5, true, {.mask = 1, .modname = "m"}, true},
	{"module, another", "a.c", "m", "f", 1, 5, true, {.mask = 1, .modname = "n"}, false},
	{"module, a prefix", "a.c", "mm", "f", 1, 5, true, {.mask = 1, .modname = "m"}, false},
	{"module, longer", "a.c", "m", "f", 1, 5, true, {.mask = 1, .modname = "mm"}, false},
	{"built in", "a.c", NULL, "f", 1, 5, true, {.mask = 1}, true},
	{"built in, not", "a.c", "m", "f", 1, 5, true, {.mask = 1}, false},
	{"a module, built in", "a.c", NULL, "f", 1, 5, true, {.mask = 1, .modname = "m"}, false},
	{"function", "a.c", "m", "f", 1, 5, true, {.mask = 2, .function = "f"}, true},
	{"function, another", "a.c", "m", "f", 1, 5, true, {.mask = 2, .function = "F"}, false},
	{"function, empty", "a.c", "m", "f", 1, 5, true, {.mask = 2}, false},
	{"file", "a.c", "m", "f", 1, 5, true, {.mask = 4, .filename = "a.c"}, true},
	{"file, as spelled", "./a.c", "m", "f", 1, 5, true, {.mask = 4, .filename = "a.c"}, false},
	{"line", "a.c", "m", "f", UINT64_MAX, 5, true, {.mask = 8, .lineno = UINT64_MAX}, true},
	{"line, another", "a.c", "m", "f", 1, 5, true, {.mask = 8, .lineno = 2}, false},
	{"accurate", "a.c", "m", "f", 1, 5, true, {.mask = 16, .inaccurate = 0}, true},
	{"accurate, not", "a.c", "m", "f", 1, 5, false, {.mask = 16, .inaccurate = 0}, false},
	{"inaccurate", "a.c", "m", "f", 1, 5, false, {.mask = 16, .inaccurate = 1}, true},
	{"inaccurate, 2", "a.c", "m", "f", 1, 5, false, {.mask = 16, .inaccurate = 2}, true},
	{"inaccurate, high",
	 "a.c",
	 "m",
	 "f",
	 1,
	 5,
	 false,
	 {.mask = 16, .inaccurate = 1ull << 40},
	 true},
	{"inaccurate, not", "a.c", "m", "f", 1, 5, true, {.mask = 16, .inaccurate = 3}, false},
	{"min", "a.c", "m", "f", 1, 5, true, {.mask = 32, .min_size = 5}, true},
	{"min, above", "a.c", "m", "f", 1, 5, true, {.mask = 32, .min_size = 6}, false},
	{"min, negative", "a.c", "m", "f", 1, -5, true, {.mask = 32, .min_size = INT64_MAX}, true},
	{"min, all there is",
	 "a.c",
	 "m",
	 "f",
	 1,
	 -2,
	 true,
	 {.mask = 32, .min_size = UINT64_MAX},
	 false},
	{"max", "a.c", "m", "f", 1, 5, true, {.mask = 64, .max_size = 5}, true},
	{"max, below", "a.c", "m", "f", 1, 5, true, {.mask = 64, .max_size = 4}, false},
	{"max, negative", "a.c", "m", "f", 1, -5, true, {.mask = 64, .max_size = INT64_MAX}, false},
	{"max, all there is",
	 "a.c",
	 "m",
	 "f",
	 1,
	 -1,
	 true,
	 {.mask = 64, .max_size = UINT64_MAX},
	 true},
	{"max, 0", "a.c", "m", "f", 1, 0, true, {.mask = 64}, true},
	{"both", "a.c", "m", "f", 1, 5, true, {.mask = 96, .min_size = 5, .max_size = 5}, true},
	{"unused", "a.c", "m", "f", 1, 5, true, {.mask = 32, .min_size = 5, .max_size = 1}, true},
	{"63", "a.c", "m", SIXTY "123", 1, 5, true, {.mask = 2, .function = SIXTY "123"}, true},
	{"64", "a.c", "m", "f" SIXTY "123", 1, 5, true, {.mask = 2, .function = SIXTY "123"}, true},
	{"130",
	 "a.c",
	 "m",
	 "f" SIXTY SIXTY "123",
	 1,
	 5,
	 true,
	 {.mask = 2, .function = SIXTY "123"},
	 true},
	{"64, its front",
	 "a.c",
	 "m",
	 SIXTY "1234",
	 1,
	 5,
	 true,
	 {.mask = 2, .function = SIXTY "123"},
	 false},
	{"no NUL",
	 "a.c",
	 "m",
	 SIXTY "1234",
	 1,
	 5,
	 true,
	 {.mask = 2, .function = SIXTY "1234"},
	 false},
	{"no NUL, 63",
	 "a.c",
	 "m",
	 SIXTY "123",
	 1,
	 5,
	 true,
	 {.mask = 2, .function = SIXTY "1234"},
	 false},
	{"behind the NUL", "a.c", "m", "f", 1, 5, true, {.mask = 2, .function = "f\0g"}, true},
	{"all",
	 "a.c",
	 "m",
	 "f",
	 1,
	 5,
	 true,
	 {127, "m", "f", "a.c", 1, .min_size = 5, .max_size = 5},
	 true},
	{"all but the file",
	 "b.c",
	 "m",
	 "f",
	 1,
	 5,
	 true,
	 {127, "m", "f", "a.c", 1, .min_size = 5, .max_size = 5},
	 false},
};

static void test_passes(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct span module = {NULL, 0};
		struct text_site site;
		struct abi_record record;

		if (rows[i].module)
			module = span_of(rows[i].module);
		site = unit_site(span_of(rows[i].file), rows[i].line, module,
				 span_of(rows[i].function));
		abi_cut_record(&record, &site, rows[i].bytes, 1, rows[i].accurate);
		unit_check(abi_filter_passes(&rows[i].filter, &record) == rows[i].passes,
			   "%s: passes or not, wrongly", rows[i].name);
		g_free((char *)site.site.at);
	}
}

/* Patterns are cut as the kernel cuts its names. */
static void test_fill_string(void **state)
{
	static const struct {
		const char *words, *wanted;
	} patterns[] = {
		{"", ""},
		{"abc", "abc"},
		{SIXTY "12", SIXTY "12"},
		{SIXTY "123", SIXTY "123"},
		{"f" SIXTY "123", SIXTY "123"},
		{SIXTY "f" SIXTY "123", SIXTY "123"},
	};
	char got[65];

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++) {
		memset(got, JUNK, sizeof(got));
		abi_fill_string(got, span_of(patterns[i].words));
		assert_string_equal(got, patterns[i].wanted);
		for (size_t k = strlen(got); k < 64; k++)
			assert_int_equal(got[k], 0);
		assert_int_equal((unsigned char)got[64], JUNK);
	}
	memset(got, JUNK, sizeof(got));
	abi_fill_string(got, (struct span){NULL, 0});
	for (size_t k = 0; k < 64; k++)
		assert_int_equal(got[k], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get_at),	     cmocka_unit_test(test_records),
		cmocka_unit_test(test_unterminated), cmocka_unit_test(test_passes),
		cmocka_unit_test(test_fill_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
