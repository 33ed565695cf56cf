/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves each byte of a binary record. The offsets are typed here as the kernel's header gives
 * them, not taken from the struct, so that a change of the struct shows.
 */
#include "unit.h"

#include "abi.h"

enum { MODULE_AT = 0, FUNCTION_AT = 64, FILE_AT = 128, LINE_AT = 192 };
enum { BYTES_AT = 200, CALLS_AT = 208, ACCURATE_AT = 216, RECORD_SIZE = 224 };

struct row {
	const char *name;
	size_t module_len; /* of generated words, SIZE_MAX: built in */
	size_t function_len, file_len;
	uint64_t line;
	int64_t bytes;
	uint64_t calls;
	bool accurate;
};

static const struct row rows[] = {
	{"built in", SIZE_MAX, 15, 9, 2478, 4096, 1, true},
	{"module", 3, 13, 16, 405, 0, 0, true},
	{"module of no letters", 0, 13, 16, 405, 0, 0, true},
	{"inaccurate", SIZE_MAX, 5, 5, 1, 1359872, 332, false},
	{"negative, wrapped", SIZE_MAX, 19, 12, 1951, -86241280, 18446744073709530561u, true},
	{"least and most", 1, 1, 1, UINT64_MAX, INT64_MIN, UINT64_MAX, true},
	{"all empty", 0, 0, 0, 0, 0, 0, false},
	{"62", 62, 62, 62, 62, 62, 62, true},
	{"63", 63, 63, 63, 63, 63, 63, true},
	{"64", 64, 64, 64, 64, 64, 64, true},
	{"65", 65, 65, 65, 65, 65, 65, true},
	{"300", 300, 300, 300, 300, 300, 300, false},
	{"72, as in the kernel", SIZE_MAX, 20, 72, 94, -1, 1, true},
	{"only the module is long", 64, 2, 2, 1, 1, 1, true},
	{"only the function is long", SIZE_MAX, 64, 2, 1, 1, 1, true},
	{"only the file is long", SIZE_MAX, 2, 64, 1, 1, 1, true},
};

/* len bytes in which each stands apart from its neighbours; bytes above 127 too. */
static struct span words(unsigned int first, size_t len)
{
	char *text = g_malloc(len + 1);

	for (size_t i = 0; i < len; i++)
		text[i] = (char)(1 + (first + i * 7) % 255);
	return (struct span){text, len};
}

static void put_string(unsigned char *record, size_t at, struct span text)
{
	size_t kept = text.len > 63 ? 63 : text.len;

	if (kept > 0)
		memcpy(record + at, text.at + (text.len - kept), kept);
}

static void put_number(unsigned char *record, size_t at, uint64_t value)
{
	memcpy(record + at, &value, 8);
}

static void check_row(const struct row *row)
{
	struct span module = {NULL, 0}, function = words(2, row->function_len);
	struct span file = words(3, row->file_len);
	struct text_site site;
	struct abi_record record;
	unsigned char wanted[RECORD_SIZE] = {0}, got[RECORD_SIZE];

	if (row->module_len != SIZE_MAX)
		module = words(1, row->module_len);
	site = unit_site(file, row->line, module, function);
	put_string(wanted, MODULE_AT, module);
	put_string(wanted, FUNCTION_AT, function);
	put_string(wanted, FILE_AT, file);
	put_number(wanted, LINE_AT, row->line);
	put_number(wanted, BYTES_AT, (uint64_t)row->bytes);
	put_number(wanted, CALLS_AT, row->calls);
	wanted[ACCURATE_AT] = row->accurate;
	/* What stood there before has to be gone, padding included. */
	memset(got, 0xaa, sizeof(got));
	abi_cut_record(&record, &site, row->bytes, row->calls, row->accurate);
	abi_put_record(abi_layout(ABI_MAINLINE), &record, got);
	for (size_t i = 0; i < RECORD_SIZE; i++)
		unit_check(got[i] == wanted[i], "%s: byte %zu is %u, wanted %u", row->name, i,
			   got[i], wanted[i]);
	g_free((char *)module.at);
	g_free((char *)function.at);
	g_free((char *)file.at);
	g_free((char *)site.site.at);
}

static void test_record(void **state)
{
	(void)state;
	unit_check_number(abi_layout(ABI_MAINLINE)->record_size, RECORD_SIZE, "mainline",
			  "the size");
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check_row(&rows[i]);
}

/* From a line as the kernel prints it to a record that strcmp() can be used on. */
static void test_from_line(void **state)
{
	static const char text[] =
		"  -86241280 18446744073709530561 "
		"drivers/gpu/drm/amd/amdgpu/../display/dc/resource/dcn32/dcn32_resource.c:94 "
		"[amdgpu] func:dcn32_create accurate:no ";
	struct text_line line;
	struct abi_record record;
	char raw[RECORD_SIZE];

	(void)state;
	unit_check(text_parse(span_of(text), &line) == TEXT_TAG, "%s", text);
	abi_cut_record(&record, &line.site, line.bytes, line.calls, line.accurate);
	abi_put_record(abi_layout(ABI_MAINLINE), &record, (unsigned char *)raw);
	assert_string_equal(raw + MODULE_AT, "amdgpu");
	assert_string_equal(raw + FUNCTION_AT, "dcn32_create");
	/* 72 characters, of which the first nine go. */
	assert_string_equal(raw + FILE_AT,
			    "pu/drm/amd/amdgpu/../display/dc/resource/dcn32/dcn32_resource.c");
	assert_int_equal(raw[ACCURATE_AT], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_from_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
