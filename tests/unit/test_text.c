/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves what each kind of line is, which words and numbers a tag's line holds, that a line written
 * again is the line that was read, and that real listings go through without a byte changed.
 */
#include "unit.h"

#include "text.h"

static const struct kind_row {
	const char *text;
	enum text_kind kind;
	const char *version;
} kinds[] = {
	{"allocinfo - version: 1.0", TEXT_VERSION, "1.0"},
	{"allocinfo - version: 2.0", TEXT_VERSION, "2.0"},
	{"allocinfo - version: 2.0\r", TEXT_VERSION, "2.0"},
	{"allocinfo - version: x", TEXT_VERSION, "x"},
	{"allocinfo - version: ", TEXT_UNKNOWN, NULL},
	{"allocinfo - version:", TEXT_UNKNOWN, NULL},
	{" allocinfo - version: 2.0", TEXT_UNKNOWN, NULL},
	{"#     <size>  <calls> <tag info>", TEXT_COMMENT, NULL},
	{"#", TEXT_COMMENT, NULL},
	{"#\r", TEXT_COMMENT, NULL},
	{"# 0 0 a.c:1 func:f ", TEXT_COMMENT, NULL},
	{" #", TEXT_UNKNOWN, NULL},
	{"", TEXT_UNKNOWN, NULL},
	{"\r", TEXT_UNKNOWN, NULL},
	{"\r\r", TEXT_UNKNOWN, NULL},
	{" ", TEXT_UNKNOWN, NULL},
	{"hello", TEXT_UNKNOWN, NULL},
	{"0", TEXT_UNKNOWN, NULL},
	{"0 ", TEXT_UNKNOWN, NULL},
	{"0 0", TEXT_UNKNOWN, NULL},
	{"0 0 ", TEXT_UNKNOWN, NULL},
	{"0 0 a.c:1", TEXT_UNKNOWN, NULL},
	{"0 0 a.c:1 ", TEXT_UNKNOWN, NULL},
	{"0 0 a.c func:f ", TEXT_UNKNOWN, NULL},
	{"0 0 a.c: func:f ", TEXT_UNKNOWN, NULL},
	{"0 0 a.c:x func:f ", TEXT_UNKNOWN, NULL},
	{"0 0 a.c:1x func:f ", TEXT_UNKNOWN, NULL},
	{"0 0 a.c:-1 func:f ", TEXT_UNKNOWN, NULL},
	{"0 0 a.c:1 fun:f ", TEXT_UNKNOWN, NULL},
	{"0 0 a.c:1func:f ", TEXT_UNKNOWN, NULL},
	{"0 0 func:f ", TEXT_UNKNOWN, NULL},
	{"0 0  func:f ", TEXT_UNKNOWN, NULL},
	{"0 0 a.c:1] func:f ", TEXT_UNKNOWN, NULL},
	{"0 0 a.c:1[xfs] func:f ", TEXT_UNKNOWN, NULL},
	{"0 0 ] func:f ", TEXT_UNKNOWN, NULL},
	{"0 0 [] func:f ", TEXT_UNKNOWN, NULL},
	{"0 0  [] func:f ", TEXT_UNKNOWN, NULL},
	{"0 0 a.c:1 [a] [b] func:f ", TEXT_UNKNOWN, NULL},
	{"0\t0 a.c:1 func:f ", TEXT_UNKNOWN, NULL},
	{"- 0 a.c:1 func:f ", TEXT_UNKNOWN, NULL},
	{"--1 0 a.c:1 func:f ", TEXT_UNKNOWN, NULL},
	{"+1 0 a.c:1 func:f ", TEXT_UNKNOWN, NULL},
	{"1- 0 a.c:1 func:f ", TEXT_UNKNOWN, NULL},
	{"0x1 0 a.c:1 func:f ", TEXT_UNKNOWN, NULL},
	{"1 - a.c:1 func:f ", TEXT_UNKNOWN, NULL},
	{"1 a.c:1 func:f ", TEXT_UNKNOWN, NULL},
	{"9223372036854775808 0 a.c:1 func:f ", TEXT_UNKNOWN, NULL},
	{"-9223372036854775809 0 a.c:1 func:f ", TEXT_UNKNOWN, NULL},
	{"18446744073709551616 0 a.c:1 func:f ", TEXT_UNKNOWN, NULL},
	{"0 18446744073709551616 a.c:1 func:f ", TEXT_UNKNOWN, NULL},
	{"0 99999999999999999999999 a.c:1 func:f ", TEXT_UNKNOWN, NULL},
	{"0 0 a.c:18446744073709551616 func:f ", TEXT_UNKNOWN, NULL},
	{"0 0 a.c:99999999999999999999999 func:f ", TEXT_UNKNOWN, NULL},
};

/* line is what the row is written back as, without the newline; NULL: the text itself. */
static const struct tag_row {
	const char *text;
	int64_t bytes;
	uint64_t calls;
	const char *file;
	uint64_t number;
	const char *module, *function, *tail;
	bool accurate;
	const char *line;
} tags[] = {
	{"           0        0 init/main.c:1311 func:do_initcalls ", 0, 0, "init/main.c", 1311,
	 NULL, "do_initcalls", "", true, NULL},
	{"       16384        1 fs/btrfs/lzo.c:91 [btrfs] func:lzo_alloc_workspace ", 16384, 1,
	 "fs/btrfs/lzo.c", 91, "btrfs", "lzo_alloc_workspace", "", true, NULL},
	{"     1359872      332 mm/mm_init.c:2449 func:alloc_large_system_hash accurate:no ",
	 1359872, 332, "mm/mm_init.c", 2449, NULL, "alloc_large_system_hash", "", false, NULL},
	{"        4096        1 drivers/iommu/amd/../iommu-pages.h:94 func:f ", 4096, 1,
	 "drivers/iommu/amd/../iommu-pages.h", 94, NULL, "f", "", true, NULL},
	{"           0        0 ./include/net/tcp.h:2548 func:f ", 0, 0, "./include/net/tcp.h",
	 2548, NULL, "f", "", true, NULL},
	{"           0        0 ././common/inc/nv-linux.h:1117 [nvidia] func:f ", 0, 0,
	 "././common/inc/nv-linux.h", 1117, "nvidia", "f", "", true, NULL},
	{"           0        0 drivers/gpu/drm/amd/amdgpu/../display/dc/resource/dcn32/"
	 "dcn32_resource.c:7 [amdgpu] func:f ",
	 0, 0, "drivers/gpu/drm/amd/amdgpu/../display/dc/resource/dcn32/dcn32_resource.c", 7,
	 "amdgpu", "f", "", true, NULL},
	{"   -86241280 18446744073709530561 mm/filemap.c:1951 func:__filemap_get_folio ", -86241280,
	 18446744073709530561u, "mm/filemap.c", 1951, NULL, "__filemap_get_folio", "", true, NULL},
	{"1234567890123 123456789 a.c:1 func:f ", 1234567890123, 123456789, "a.c", 1, NULL, "f", "",
	 true, NULL},
	{"9223372036854775807 18446744073709551615 a.c:18446744073709551615 func:f ", INT64_MAX,
	 UINT64_MAX, "a.c", UINT64_MAX, NULL, "f", "", true, NULL},
	{"-9223372036854775808        0 a.c:0 func:f ", INT64_MIN, 0, "a.c", 0, NULL, "f", "", true,
	 NULL},
	/* Widths, blanks and ends that differ come out as the kernel would write them. */
	{"1 2 a.c:1 func:f ", 1, 2, "a.c", 1, NULL, "f", "", true,
	 "           1        2 a.c:1 func:f "},
	{"1 2 a.c:1 func:f", 1, 2, "a.c", 1, NULL, "f", "", true,
	 "           1        2 a.c:1 func:f "},
	{"1 2 a.c:1 func:f \r", 1, 2, "a.c", 1, NULL, "f", "", true,
	 "           1        2 a.c:1 func:f "},
	{"1 2 a.c:1 func:f accurate:no\r\r", 1, 2, "a.c", 1, NULL, "f", "", false,
	 "           1        2 a.c:1 func:f accurate:no "},
	{"1 2 a.c:1 func:f    ", 1, 2, "a.c", 1, NULL, "f", "", true,
	 "           1        2 a.c:1 func:f "},
	{"-0 -2 a.c:1 func:f ", 0, UINT64_MAX - 1, "a.c", 1, NULL, "f", "", true,
	 "           0 18446744073709551614 a.c:1 func:f "},
	{"007 008 a.c:1 func:f ", 7, 8, "a.c", 1, NULL, "f", "", true,
	 "           7        8 a.c:1 func:f "},
	/* Tails. */
	{"           1        2 a.c:1 func:f accurate:no foo:bar ", 1, 2, "a.c", 1, NULL, "f",
	 " accurate:no foo:bar", false, NULL},
	{"           1        2 a.c:1 func:f foo:bar accurate:no ", 1, 2, "a.c", 1, NULL, "f",
	 " foo:bar accurate:no", false, NULL},
	{"           1        2 a.c:1 func:f foo:bar ", 1, 2, "a.c", 1, NULL, "f", " foo:bar", true,
	 NULL},
	{"           1        2 a.c:1 [m] func:f foo:bar baz ", 1, 2, "a.c", 1, "m", "f",
	 " foo:bar baz", true, NULL},
	{"           1        2 a.c:1 func:f accurate:none ", 1, 2, "a.c", 1, NULL, "f",
	 " accurate:none", true, NULL},
	{"           1        2 a.c:1 func:f inaccurate:no ", 1, 2, "a.c", 1, NULL, "f",
	 " inaccurate:no", true, NULL},
	{"           1        2 a.c:1 func:f accurate:none accurate:no ", 1, 2, "a.c", 1, NULL, "f",
	 " accurate:none accurate:no", false, NULL},
	{"           1        2 a.c:1 func:f accurate:no accurate:no ", 1, 2, "a.c", 1, NULL, "f",
	 " accurate:no accurate:no", false, NULL},
	{"           1        2 a.c:1 func:f  accurate:no ", 1, 2, "a.c", 1, NULL, "f",
	 "  accurate:no", false, NULL},
	{"           1        2 a.c:1 func:f accurate:yes ", 1, 2, "a.c", 1, NULL, "f",
	 " accurate:yes", true, NULL},
	{"           1        2 a.c:1 func:f func:g ", 1, 2, "a.c", 1, NULL, "f", " func:g", true,
	 NULL},
	{"           1        2 a.c:1 func:f [m] ", 1, 2, "a.c", 1, NULL, "f", " [m]", true, NULL},
	/* Words that no kernel has. */
	{"           1        2 a.c:1 [] func:f ", 1, 2, "a.c", 1, "", "f", "", true, NULL},
	{"           1        2 a.c:1 func: ", 1, 2, "a.c", 1, NULL, "", "", true, NULL},
	{"           1        2 :1 func:f ", 1, 2, "", 1, NULL, "f", "", true, NULL},
	{"           1        2 :1 [] func: ", 1, 2, "", 1, "", "", "", true, NULL},
	{"           1        2 my file.c:1 [m] func:f ", 1, 2, "my file.c", 1, "m", "f", "", true,
	 NULL},
	{"           1        2  a.c :1 func:f ", 1, 2, " a.c ", 1, NULL, "f", "", true, NULL},
	{"           1        2 a [b] c.c:1 [m] func:f ", 1, 2, "a [b] c.c", 1, "m", "f", "", true,
	 NULL},
	{"           1        2 [a].c:1 func:f ", 1, 2, "[a].c", 1, NULL, "f", "", true, NULL},
	{"           1        2 a.c:1 [m n] func:f ", 1, 2, "a.c", 1, "m n", "f", "", true, NULL},
	{"           1        2 a.c:1 [m]] func:f ", 1, 2, "a.c", 1, "m]", "f", "", true, NULL},
	{"           1        2 a.c:1 [[m] func:f ", 1, 2, "a.c", 1, "[m", "f", "", true, NULL},
	{"           1        2 a.c:2:1 func:f ", 1, 2, "a.c:2", 1, NULL, "f", "", true, NULL},
	{"           1        2 a.c:007 func:f ", 1, 2, "a.c", 7, NULL, "f", "", true, NULL},
	{"           1        2 a\rb.c:1 func:\xff\x01 ", 1, 2, "a\rb.c", 1, NULL, "\xff\x01", "",
	 true, NULL},
	{"           1        2 a.c:1 func:func:f ", 1, 2, "a.c", 1, NULL, "func:f", "", true,
	 NULL},
};

static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		/* No NUL behind the text, so that a read beyond it shows; the same below. */
		size_t len = strlen(kinds[i].text);
		g_autofree char *text = g_memdup2(kinds[i].text, len);
		struct text_line line;
		enum text_kind kind = text_parse((struct span){text, len}, &line);

		unit_check_number(kind, kinds[i].kind, kinds[i].text, "the kind");
		if (kinds[i].version)
			unit_check_text(line.tail, span_of(kinds[i].version), kinds[i].text,
					"the version");
	}
}

/* A NUL makes any line unknown, wherever it stands. */
static void test_nul(void **state)
{
	static const char whole[] = "           1        2 a.c:1 [m] func:f foo:bar ";
	static const char header[] = "allocinfo - version: 2.0";
	struct text_line line;

	(void)state;
	unit_check(text_parse((struct span){NULL, 0}, &line) == TEXT_UNKNOWN, "no text");
	for (size_t i = 0; i < sizeof(whole); i++) {
		char text[sizeof(whole)];

		memcpy(text, whole, sizeof(whole));
		text[i] = '\0';
		unit_check(text_parse((struct span){text, sizeof(whole)}, &line) == TEXT_UNKNOWN,
			   "a NUL at %zu", i);
	}
	unit_check(text_parse((struct span){header, sizeof(header)}, &line) == TEXT_UNKNOWN,
		   "a NUL behind the version");
	unit_check(text_parse((struct span){"#\0", 2}, &line) == TEXT_UNKNOWN,
		   "a NUL in a comment");
}

static bool lies_within(struct span inner, struct span outer)
{
	return inner.at >= outer.at && inner.at + inner.len <= outer.at + outer.len;
}

static void check_site(const struct text_site *site, const struct tag_row *row, struct span text)
{
	struct span no_module = {NULL, 0};

	unit_check_text(site->file, span_of(row->file), row->text, "the file");
	unit_check_text(site->function, span_of(row->function), row->text, "the function");
	unit_check_text(site->module, row->module ? span_of(row->module) : no_module, row->text,
			"the module");
	unit_check_number(site->line, row->number, row->text, "the line");
	unit_check(lies_within(site->site, text), "%s: the site is outside", row->text);
	unit_check(lies_within(site->file, site->site) && lies_within(site->function, site->site) &&
			   (!row->module || lies_within(site->module, site->site)),
		   "%s: a word lies outside of the site", row->text);
	unit_check(site->file.at == site->site.at, "%s: the site begins elsewhere", row->text);
	unit_check(site->function.at + site->function.len == site->site.at + site->site.len,
		   "%s: the site ends elsewhere", row->text);
}

/* line, written again, has to be wanted and a newline, and take just the room announced. */
static void check_written(const struct text_line *line, struct span wanted, const char *row)
{
	struct text_counter counter = {line->bytes, line->calls, false};
	size_t len = text_length(line->site.site, &counter, line->accurate, line->tail);
	g_autofree char *got = g_malloc(len + 1);
	char *end;

	got[len] = '#';
	end = text_format(got, line->site.site, &counter, line->accurate, line->tail);
	unit_check_number((uint64_t)(end - got), len, row, "the length written");
	unit_check(got[len] == '#', "%s: written beyond the length announced", row);
	unit_check(got[len - 1] == '\n', "%s: the newline is missing", row);
	unit_check_text((struct span){got, len - 1}, wanted, row, "the line written");
}

static void test_tags(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(tags); i++) {
		const struct tag_row *row = &tags[i];
		size_t len = strlen(row->text);
		g_autofree char *text = g_memdup2(row->text, len);
		struct text_line line;

		unit_check_number(text_parse((struct span){text, len}, &line), TEXT_TAG, row->text,
				  "the kind");
		check_site(&line.site, row, (struct span){text, len});
		unit_check_number((uint64_t)line.bytes, (uint64_t)row->bytes, row->text, "bytes");
		unit_check_number(line.calls, row->calls, row->text, "calls");
		unit_check_number(line.accurate, row->accurate, row->text, "accurate");
		unit_check_number(line.tail.len, strlen(row->tail), row->text, "the tail's length");
		unit_check(memcmp(line.tail.at, row->tail, line.tail.len) == 0, "%s: the tail",
			   row->text);
		check_written(&line, span_of(row->line ? row->line : row->text), row->text);
	}
}

static const struct {
	const char *text;
	size_t end;
	int64_t bytes;
	uint64_t calls;
} counters[] = {
	{"1 2 x", 4, 1, 2},
	{"1 2 ", 4, 1, 2},
	{"1 2  x", 4, 1, 2},
	{"  1   2 x", 8, 1, 2},
	{"           0        0 x", 22, 0, 0},
	{"-1 -1 x", 6, -1, UINT64_MAX},
	{"1 2", 0, 0, 0},
	{"1 2x ", 0, 0, 0},
	{"12 ", 0, 0, 0},
	{"", 0, 0, 0},
	{"   ", 0, 0, 0},
	{"x 1 2 ", 0, 0, 0},
};

static void test_counters(void **state)
{

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(counters); i++) {
		int64_t bytes = 0;
		uint64_t calls = 0;
		size_t end = text_parse_counter(span_of(counters[i].text), &bytes, &calls);

		unit_check_number(end, counters[i].end, counters[i].text, "the offset");
		if (end == 0)
			continue;
		unit_check_number((uint64_t)bytes, (uint64_t)counters[i].bytes, counters[i].text,
				  "bytes");
		unit_check_number(calls, counters[i].calls, counters[i].text, "calls");
	}
}

/* Into memory of just the size announced; of a difference the calls have a sign. */
static void test_format_counter(void **state)
{
	static const struct {
		struct text_counter counter;
		const char *text;
	} formats[] = {
		{{0, 0, false}, "           0        0 "},
		{{4096, 1, false}, "        4096        1 "},
		{{-4096, 18446744073709551615u, false}, "       -4096 18446744073709551615 "},
		{{-4096, 18446744073709551615u, true}, "       -4096       -1 "},
		{{4096, 12345678, true}, "        4096 12345678 "},
		{{4096, -(uint64_t)12345678, true}, "        4096 -12345678 "},
		{{0, UINT64_C(1) << 63, true}, "           0 -9223372036854775808 "},
		{{INT64_MIN, UINT64_MAX, false}, "-9223372036854775808 18446744073709551615 "},
		{{INT64_MIN, UINT64_C(1) << 63, true},
		 "-9223372036854775808 -9223372036854775808 "},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
		char text[TEXT_COUNTER_SIZE + 1];
		char *end = text_format_counter(text, &formats[i].counter);

		unit_check_text((struct span){text, (size_t)(end - text)}, span_of(formats[i].text),
				formats[i].text, "the counter");
	}
}

static void check_listing(const char *name, uint32_t wanted)
{
	size_t len;
	g_autofree char *listing = unit_read_data(name, &len);
	struct span rest = {listing, len};
	uint32_t found = 0;

	while (rest.len > 0) {
		const char *newline = memchr(rest.at, '\n', rest.len);
		g_autofree char *row = NULL;
		struct text_line line;
		struct span text;
		enum text_kind kind;

		unit_check(newline != NULL, "%s: the last line has no newline", name);
		text = (struct span){rest.at, (size_t)(newline - rest.at)};
		row = g_strdup_printf("%s: %.*s", name, (int)text.len, text.at);
		kind = text_parse(text, &line);
		unit_check(kind != TEXT_UNKNOWN, "%s: unknown", row);
		if (kind == TEXT_TAG) {
			check_written(&line, text, row);
			found++;
		}
		rest = (struct span){newline + 1, rest.len - text.len - 1};
	}
	unit_check_number(found, wanted, name, "the number of tags");
}

static void test_listings(void **state)
{
	(void)state;
	check_listing("allocinfo-a.txt", 3143);
	check_listing("allocinfo-b.txt", 3010);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),	 cmocka_unit_test(test_nul),
		cmocka_unit_test(test_tags),	 cmocka_unit_test(test_counters),
		cmocka_unit_test(test_listings), cmocka_unit_test(test_format_counter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
