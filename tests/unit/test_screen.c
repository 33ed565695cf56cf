/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What people read: .summary has the right numbers, and neither a hostile listing nor a long path
 * makes it wider than 80 columns or gives the terminal anything but printable ASCII; README fits a
 * screen and leaves out no filter, report, view or file of the root.
 */
#include "unit.h"

#include "readme.h"
#include "report.h"
#include "screen.h"
#include "tree.h"

enum { COLUMNS = 80, README_LINES = 60, SUMMARY_LINES = 45 };

static const char listing[] =
	"     4194304     1024 mm/slub.c:2478 func:alloc_slab_page \n"
	"     2097152      512 mm/memory.c:10 func:anon \n"
	"     1048576        4 fs/xfs/buf.c:405 [xfs] func:xfs_buf \n"
	"     1048576        2 fs/xfs/log.c:7 [xfs] func:xfs_log accurate:no \n"
	"       -4096 18446744073709551615 mm/filemap.c:1 func:folio \n"
	"        4096        1 lib/x.c:1 func:small \n"
	"           0        0 lib/x.c:2 func:idle accurate:no \n";

/* Parts of a summary, blanks and ends of lines taken as one blank. */
static const struct {
	const char *path, *part;
	bool there;
} parts[] = {
	{"", "site: / ", true},
	{"", " 8.0 MiB in 1542 allocations", true},
	{"", " 6 of 7 sites ", true},
	{"", " 4.0 MiB 50.0% 1024 mm/slub.c:2478 alloc_slab_page ", true},
	{"", " 2.0 MiB 25.0% 512 mm/memory.c:10 anon ", true},
	{"", " 1.0 MiB 12.5% 4 fs/xfs/buf.c:405 xfs_buf [xfs] ", true},
	{"", " 1.0 MiB 12.5% 2 fs/xfs/log.c:7 xfs_log [xfs] ", true},
	{"", " 4.0 KiB 0.0% 1 lib/x.c:1 small ", true},
	{"", " xfs_buf [xfs] 1.0 MiB 12.5% 2 fs/xfs/log.c:7 ", true},
	{"", "idle", false},
	{"", "folio", false},
	{"", " 6.0 MiB 75.0% mm/ ", true},
	{"", " 2.0 MiB 25.0% fs/xfs/ ", true},
	{"", " 4.0 KiB 0.0% lib/ ", true},
	{"", " 6.0 MiB 75.0% vmlinux ", true},
	{"", " 2.0 MiB 25.0% xfs ", true},
	{"", " 4.0 MiB are slab pages ", true},
	{"", " 2 sites missed ", true},
	{"", " 1 sites are below zero ", true},
	{"by-module/xfs", "site: /by-module/xfs ", true},
	{"by-module/xfs", " 2.0 MiB in 6 allocations", true},
	{"by-module/xfs", " 2 of 2 sites ", true},
	{"by-module/xfs", " 1.0 MiB 50.0% 4 fs/xfs/buf.c:405 xfs_buf [xfs] ", true},
	{"by-module/xfs", " 2.0 MiB 100.0% xfs ", true},
	{"by-module/xfs", "slab", false},
	{"by-module/xfs", "vmlinux ", false},
	{"by-module/xfs", " 1 sites missed ", true},
	{"by-module/xfs", " 0 sites are below zero ", true},
	{"min-size/1G", " 0 B in 0 allocations", true},
	{"min-size/1G", " 0 of 0 sites ", true},
	{"by-function/folio", " -4.0 KiB in -1 allocations", true},
	{"by-function/folio", " 1 of 1 sites ", true},
	{"by-function/folio", "% ", false},
	{"top/2/max-size/2M", " 2.0 MiB in 512 allocations", true},
	{"top/2/max-size/2M", " 1 of 1 sites ", true},
	{"raw/top/2", " 6.0 MiB in 1536 allocations", true},
	{"raw/top/2", " 2 of 2 sites ", true},
};

static GString *summary_of(const struct sample *sample, const char *path)
{
	g_autofree char *typed = g_strdup_printf("/%s", path);
	g_autoptr(GArray) rows = NULL;
	GString *out = g_string_new(NULL);
	struct query query;
	int err = tree_query(sample->catalog, path, &query);

	if (err)
		fail_msg("/%s: error %d", path, err);
	rows = select_rows(sample, &query);
	report_summary(&(struct report_input){sample, &query, rows, typed}, out);
	return out;
}

/* Eleven columns hold every size, with a blank in front where another one may stand there. */
static void test_size(void **state)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} rows[] = {
		{0, "      0 B  "},	      {1023, "   1023 B  "},
		{1024, "    1.0 KiB"},	      {-999, "   -999 B  "},
		{-1000, "   -1.0 KiB"},	      {-1023, "   -1.0 KiB"},
		{1047527424, "  999.0 MiB"},  {-1048471142, " -999.9 MiB"},
		{-1057174323, "   -1.0 GiB"}, {1073690000, "    1.0 GiB"},
		{1073600000, " 1023.9 MiB"},  {INT64_MAX, "    8.0 EiB"},
		{INT64_MIN, "   -8.0 EiB"},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GString) out = g_string_new(NULL);

		screen_size(out, rows[i].bytes);
		unit_check_text((struct span){out->str, out->len}, span_of(rows[i].text),
				rows[i].text, "the size");
	}
}

/* All white space is one blank, also in front and at the end. */
static GString *collapse(const GString *text)
{
	GString *out = g_string_new(" ");

	for (gsize i = 0; i < text->len; i++) {
		bool blank = text->str[i] == ' ' || text->str[i] == '\n';

		if (!blank)
			g_string_append_c(out, text->str[i]);
		else if (out->str[out->len - 1] != ' ')
			g_string_append_c(out, ' ');
	}
	return out;
}

static void test_summary(void **state)
{
	g_autoptr(GString) text = g_string_new(listing);
	struct sample *sample = tree_sample(text);
	unsigned int failed = 0;

	(void)state;
	assert_non_null(sample);
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autoptr(GString) summary = summary_of(sample, parts[i].path);
		g_autoptr(GString) flat = collapse(summary);

		if ((strstr(flat->str, parts[i].part) != NULL) == parts[i].there)
			continue;
		print_error("/%s/.summary %s '%s':\n%s\n", parts[i].path,
			    parts[i].there ? "lacks" : "has", parts[i].part, summary->str);
		failed++;
	}
	sample_unref(sample);
	assert_int_equal(failed, 0);
}

/* Of 30 sites, directories and modules the ten largest, the largest first. */
static void test_ten_largest(void **state)
{
	g_autoptr(GString) text = g_string_new(NULL), summary = NULL;
	struct sample *sample;
	const char *at;

	(void)state;
	for (int i = 1; i <= 30; i++) {
		int n = i * 7 % 31;

		g_string_append_printf(text, "%d 1 dir%02d/a.c:1 [mod%02d] func:site%02d \n",
				       n << 20, n, n, n);
	}
	sample = tree_sample(text);
	assert_non_null(sample);
	summary = summary_of(sample, "all");
	at = summary->str;
	for (int n = 30; n > 20; n--) {
		g_autofree char *site = g_strdup_printf(" site%02d [mod%02d]\n", n, n);
		const char *next = strstr(at, site);

		if (!next)
			fail_msg("not in its place: %s in\n%s", site, summary->str);
		at = next;
	}
	for (int n = 30; n > 0; n--) {
		g_autofree char *site = g_strdup_printf("site%02d", n);
		g_autofree char *dir = g_strdup_printf("  dir%02d/ ", n);
		g_autofree char *module = g_strdup_printf("  mod%02d\n", n);

		if ((strstr(summary->str, site) != NULL) != (n > 20) ||
		    (strstr(summary->str, dir) != NULL) != (n > 20) ||
		    (strstr(summary->str, module) != NULL) != (n > 20))
			fail_msg("number %d of 30 in\n%s", n, summary->str);
	}
	sample_unref(sample);
}

/* Returns how many lines are too wide or hold what does not print, and prints them. */
static unsigned int check_screen(const GString *text, const char *what, guint most)
{
	g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
	guint count = g_strv_length(lines);
	unsigned int failed = 0;

	if (text->len == 0 || strlen(text->str) != text->len || text->str[text->len - 1] != '\n' ||
	    count - 1 > most) {
		print_error("%s: %u lines, a NUL byte in it, or no end of line\n", what, count);
		return 1;
	}
	for (guint i = 0; i < count; i++) {
		size_t len = strlen(lines[i]), plain = 0;
		g_autofree char *shown = g_strescape(lines[i], NULL);

		while (plain < len && lines[i][plain] >= ' ' && lines[i][plain] <= '~')
			plain++;
		if (len <= COLUMNS && plain == len)
			continue;
		print_error("%s, line %u, %zu columns: %s\n", what, i + 1, len, shown);
		failed++;
	}
	return failed;
}

/* A row of hostile listings is count times one line; %s in it stands for the word. */
static const struct hostile {
	const char *what;
	unsigned int count;
	int64_t bytes;
	uint64_t calls;
	const char *format, *word;
} hostile[] = {
	{"plain", 40, 4096, 7, "mm/a.c:1 func:f", ""},
	{"no counters", 40, 0, 0, "mm/a.c:1 func:f", ""},
	{"long function", 3, 4096, 7, "mm/a.c:1 func:%s", "long"},
	{"long module", 3, 4096, 7, "mm/a.c:1 [%s] func:f", "long"},
	{"long directory", 3, 4096, 7, "mm/%s/a.c:1 func:f", "long"},
	{"deep directory", 3, 4096, 7, "%sa.c:1 func:f", "deep"},
	{"long everything", 3, INT64_MAX, INT64_MAX, "%1$s/%1$s:1 [%1$s] func:%1$s", "long"},
	{"largest line number", 3, 1, 1, "%s:18446744073709551615 func:f", "long"},
	{"escape sequences", 3, 1, 1, "%1$s/%1$s:1 [%1$s] func:%1$s", "\033]0;x\a\033[2J"},
	{"control bytes", 3, 1, 1, "%1$s/%1$s:1 [%1$s] func:%1$s", "\t\v\b\r\177\001x"},
	{"not ASCII", 3, 1, 1, "%1$s/%1$s:1 [%1$s] func:%1$s", "\303\244\377\200\233x"},
	{"percent signs", 3, 1, 1, "%1$s/%1$s:1 [%1$s] func:%1$s", "%s%n%d"},
	{"empty words", 3, 1, 1, ":1 [] func:", ""},
	{"no directory", 3, INT64_MAX / 3, 1, "a.c:1 func:f", ""},
	{"most bytes", 1, INT64_MAX, 1, "mm/a.c:1 func:f", ""},
	{"least bytes", 1, INT64_MIN, 1, "mm/a.c:1 func:f", ""},
	{"bytes that wrap", 2, INT64_MAX, 1, "mm/a.c:1 func:f", ""},
	{"slab pages that wrap", 3, INT64_MAX, 1, "mm/slub.c:1 func:alloc_slab_page", ""},
	{"slab pages below zero", 1, INT64_MIN, 1, "mm/slub.c:1 func:alloc_slab_page", ""},
	{"most calls", 1, 4096, INT64_MAX, "mm/a.c:1 func:f", ""},
	{"wrapped calls", 1, 4096, (uint64_t)INT64_MAX + 1, "mm/a.c:1 func:f", ""},
	{"many calls of many", 1000, 4096, INT64_MAX / 1000, "mm/a.c:1 func:f", ""},
	{"wrapped calls of many", 25000, 4096, UINT64_MAX / 9, "mm/a.c:1 func:f", ""},
	{"10 digits of calls", 12, 4096, 4294967296, "mm/a_long_name_of_a_file.c:1 func:%s",
	 "long"},
};

static void make_hostile(const struct hostile *row, GString *text)
{
	g_autofree char *long_word = g_strnfill(300, 'w');
	g_autoptr(GString) deep = g_string_new(NULL), site = g_string_new(NULL);
	const char *word = row->word;

	for (int i = 0; i < 127; i++)
		g_string_append(deep, "directory/");
	if (strcmp(word, "long") == 0)
		word = long_word;
	else if (strcmp(word, "deep") == 0)
		word = deep->str;
	g_string_append(site, row->format);
	g_string_replace(site, "%1$s", word, 0);
	if (!strstr(row->format, "%1$s"))
		g_string_replace(site, "%s", word, 0);
	for (unsigned int i = 0; i < row->count; i++)
		tree_add_line(text, row->bytes, row->calls, site->str, i % 2 ? "" : " accurate:no");
}

static void test_hostile_listings(void **state)
{
	static const char *const paths[] = {"", "live", "by-file", "top/5", "max-size/0"};
	unsigned int failed = 0;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(hostile); i++) {
		g_autoptr(GString) text = g_string_new(NULL);
		struct sample *sample;

		make_hostile(&hostile[i], text);
		sample = tree_sample(text);
		if (!sample || sample->catalog->count != hostile[i].count)
			fail_msg("%s: not the listing that it should be", hostile[i].what);
		for (size_t k = 0; k < G_N_ELEMENTS(paths); k++) {
			g_autoptr(GString) summary = summary_of(sample, paths[k]);
			g_autofree char *what =
				g_strdup_printf("%s, /%s", hostile[i].what, paths[k]);

			failed += check_screen(summary, what, SUMMARY_LINES);
		}
		sample_unref(sample);
	}
	assert_int_equal(failed, 0);
}

/* Where sites below zero nearly make up for the others, shares of the sum are very large. */
static void test_shares_of_next_to_nothing(void **state)
{
	static const int64_t above[] = {1 << 20, 1 << 30, (int64_t)1 << 40, INT64_MAX};
	unsigned int failed = 0;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(above); i++) {
		g_autoptr(GString) text = g_string_new(NULL), summary = NULL;
		g_autofree char *what =
			g_strdup_printf("%" G_GINT64_FORMAT " bytes of a sum of 1", above[i]);
		struct sample *sample;

		tree_add_line(text, above[i], 1, "mm/a_file_with_a_long_name.c:1 func:above", "");
		tree_add_line(text, 1 - above[i], 1, "fs/b.c:1 [m] func:below", "");
		sample = tree_sample(text);
		assert_non_null(sample);
		assert_int_equal(sample->listing.bytes, 1);
		summary = summary_of(sample, "");
		failed += check_screen(summary, what, SUMMARY_LINES);
		sample_unref(sample);
	}
	assert_int_equal(failed, 0);
}

static void test_long_paths(void **state)
{
	g_autofree char *word = g_strnfill(200, 'w');
	g_autofree char *by_word = g_strdup_printf("by-function/%s", word);
	const char *const paths[] = {
		"by-file/fs/xfs/buf.c/by-module/xfs/min-size/1K",
		"by-module/xfs/by-file/fs/xfs/buf.c/min-size/1K/max-size/1G/min-calls/1/accurate",
		"sized/by-module/xfs/by-file/fs/xfs/buf.c/live/all/top/100/top-calls/100/by-line/"
		"405",
		by_word,
	};
	g_autoptr(GString) text = g_string_new(listing);
	struct sample *sample;
	unsigned int failed = 0;

	(void)state;
	g_string_append_printf(text, "1 1 lib/y.c:1 func:%s \n", word);
	sample = tree_sample(text);
	assert_non_null(sample);
	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autoptr(GString) summary = summary_of(sample, paths[i]);

		failed += check_screen(summary, paths[i], SUMMARY_LINES);
	}
	sample_unref(sample);
	assert_int_equal(failed, 0);
}

static void test_summary_of_no_tags(void **state)
{
	g_autoptr(GString) text = g_string_new(TEXT_VERSION_LEAD "2.0\n" TEXT_COLUMNS);
	struct sample *sample = tree_sample(text);
	g_autoptr(GString) summary = NULL, flat = NULL;

	(void)state;
	assert_non_null(sample);
	summary = summary_of(sample, "live");
	sample_unref(sample);
	flat = collapse(summary);
	assert_non_null(strstr(flat->str, " 0 of 0 sites "));
	assert_int_equal(check_screen(summary, "no tags", SUMMARY_LINES), 0);
}

static bool is_part_of_word(char byte)
{
	return g_ascii_isalnum(byte) || byte == '-' || byte == '.' || byte == '_';
}

/* Whether the text has the word with none of a name's bytes next to it. */
static bool mentions(const GString *text, const char *word)
{
	const char *at = text->str;

	for (; (at = strstr(at, word)); at++)
		if ((at == text->str || !is_part_of_word(at[-1])) &&
		    !is_part_of_word(at[strlen(word)]))
			return true;
	return false;
}

static void test_readme(void **state)
{
	g_autoptr(GString) text = g_string_new(NULL);
	unsigned int failed = 0;

	(void)state;
	readme_append(text);
	failed += check_screen(text, "README", README_LINES);
	for (enum filter_id id = 0; id < FILTER_COUNT; id++) {
		/* Not counting the examples of commands, which have no two blanks in front. */
		g_autofree char *line = g_strdup_printf("\n  %s/", filter_get(id)->name);

		if (!strstr(text->str, line) || !strstr(text->str, filter_get(id)->help)) {
			print_error("README does not tell of %s\n", filter_get(id)->name);
			failed++;
		}
	}
	for (enum report_id id = 0; id < REPORT_COUNT; id++) {
		if (!mentions(text, report_get(id)->name) ||
		    !strstr(text->str, report_get(id)->help)) {
			print_error("README does not tell of %s\n", report_get(id)->name);
			failed++;
		}
	}
	for (size_t i = 0; i < query_root_file_count; i++) {
		if (!mentions(text, query_root_files[i].name)) {
			print_error("README does not tell of %s\n", query_root_files[i].name);
			failed++;
		}
	}
	for (enum query_view view = VIEW_TEXT + 1; view < VIEW_COUNT; view++) {
		if (!mentions(text, query_view_name(view))) {
			print_error("README does not tell of %s\n", query_view_name(view));
			failed++;
		}
	}
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_ten_largest),
		cmocka_unit_test(test_hostile_listings),
		cmocka_unit_test(test_shares_of_next_to_nothing),
		cmocka_unit_test(test_long_paths),
		cmocka_unit_test(test_summary_of_no_tags),
		cmocka_unit_test(test_readme),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
