/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of the tree that hold for all filters alike, in loops over the tables: any two filters
 * compose in either order and neither a second time, every directory has every report, and what a
 * query says about itself. Also names too long for a component.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "tree.h"

#define SITE "mm/slub.c:2478 func:alloc_slab_page"
#define FLAT_NAME "mm,slub.c,2478,alloc_slab_page"
#define NAME_IN_FILE "2478,alloc_slab_page"

/* A value of each filter, all of which tag 0 has by its names. */
static const struct filter_row {
	enum filter_id filter;
	const char *typed, *is;
} values[] = {
	{FILTER_LIVE, "live", " live"},
	{FILTER_ALL, "all", " all"},
	{FILTER_FILE, "by-file/mm/slub.c", " by-file=mm/slub.c"},
	{FILTER_MODULE, "by-module/vmlinux", " by-module=vmlinux"},
	{FILTER_FUNCTION, "by-function/alloc_slab_page", " by-function=alloc_slab_page"},
	{FILTER_TOP, "top/7", " top=7"},
	{FILTER_MIN_SIZE, "min-size/1G", " min-size=1073741824"},
	{FILTER_MIN_CALLS, "min-calls/5", " min-calls=5"},
	{FILTER_TOP_CALLS, "top-calls/3", " top-calls=3"},
	{FILTER_MAX_SIZE, "max-size/1G", " max-size=1073741824"},
	{FILTER_MAX_CALLS, "max-calls/5", " max-calls=5"},
	{FILTER_LINE, "by-line/2478", " by-line=2478"},
	{FILTER_ACCURATE, "accurate", " accurate"},
	{FILTER_INACCURATE, "inaccurate", " inaccurate"},
};

static const struct {
	const char *path;
	bool ranked, by_counters;
	unsigned int width; /* over 5 tags */
} flags[] = {
	{"", false, false, 3},
	{"all", false, false, 3},
	{"live", false, true, 3},
	{"by-module/vmlinux", false, false, 3},
	{"by-file", false, false, 3},
	{"by-file/mm", false, false, 3},
	{"by-function/alloc_slab_page/by-line/2478", false, false, 3},
	{"min-size/0", false, true, 3},
	{"max-size/0", false, true, 3},
	{"min-calls/0", false, true, 3},
	{"max-calls/0", false, true, 3},
	{"accurate", false, true, 3},
	{"inaccurate", false, true, 3},
	{"top/1", true, true, 3},
	{"top-calls/1", true, true, 3},
	{"top/1/by-file/mm", true, true, 3},
	{"top/1/by-module", true, true, 3},
	{"by-file/mm/top/99999999", true, true, 3},
	{"raw/live", false, true, 3},
};

static struct sample *few, *many, *long_names;
static unsigned int failed;

static void expect(const struct sample *sample, const char *path, const char *wanted)
{
	g_autoptr(GString) is = tree_describe(sample->catalog, path);

	if (strcmp(is->str, wanted) == 0)
		return;
	print_error("/%s\n\tis:     %s\n\tshould: %s\n", path, is->str, wanted);
	failed++;
}

/* What stands in that directory under that name. */
static void expect_in(const struct sample *sample, const char *directory, const char *name,
		      const char *wanted)
{
	g_autofree char *path = g_strdup_printf("%s/%s", directory, name);

	expect(sample, path, wanted);
}

static bool contradict(enum filter_id a, enum filter_id b)
{
	return MIN(a, b) == FILTER_ACCURATE && MAX(a, b) == FILTER_INACCURATE;
}

static void check_pair(const struct filter_row *a, const struct filter_row *b)
{
	bool ranked = a->filter == FILTER_TOP || a->filter == FILTER_TOP_CALLS ||
		      b->filter == FILTER_TOP || b->filter == FILTER_TOP_CALLS;
	bool in_file = b->filter == FILTER_FILE;
	const char *name = in_file ? NAME_IN_FILE : FLAT_NAME;
	g_autofree char *path = g_strdup_printf("%s/%s", a->typed, b->typed);
	g_autofree char *wanted = g_strdup_printf("%s%s%s", in_file ? "path" : "set", a->is, b->is);
	g_autofree char *ranked_name = g_strdup_printf("12,%s", name);

	if (contradict(a->filter, b->filter)) {
		expect(few, path, "EINVAL");
		return;
	}
	expect(few, path, wanted);
	expect_in(few, path, filter_get(a->filter)->name, "ENOENT");
	expect_in(few, path, filter_get(b->filter)->name, "ENOENT");
	expect_in(few, path, ranked ? ranked_name : name, "tag 0");
	expect_in(few, path, ranked ? name : ranked_name, "ENOENT");
	expect_in(few, path, in_file ? FLAT_NAME : NAME_IN_FILE, "ENOENT");
	expect_in(few, path, "at/9", "at 9");
}

static void test_pairs(void **state)
{
	(void)state;
	failed = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
		const char *typed = values[i].typed;

		expect_in(few, typed, filter_get(values[i].filter)->name, "ENOENT");
		for (size_t k = 0; k < G_N_ELEMENTS(values); k++)
			if (i != k)
				check_pair(&values[i], &values[k]);
	}
	assert_int_equal(failed, 0);
}

/* The table above lacks no filter but at, which is a file. */
static void test_pairs_are_complete(void **state)
{
	uint32_t seen = 1u << FILTER_AT;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
		seen |= 1u << values[i].filter;
	assert_int_equal(seen, (1u << FILTER_COUNT) - 1);
}

/* All at once, in the order of the table and in the other one. */
static void test_all_filters_at_once(void **state)
{
	(void)state;
	for (int backwards = 0; backwards < 2; backwards++) {
		g_autoptr(GString) path = g_string_new("sized");
		g_autoptr(GString) wanted = g_string_new("sized set");

		for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
			size_t at = backwards ? G_N_ELEMENTS(values) - 1 - i : i;

			if (values[at].filter == FILTER_INACCURATE)
				continue;
			g_string_append_printf(path, "/%s", values[at].typed);
			g_string_append(wanted, values[at].is);
		}
		failed = 0;
		expect(few, path->str, wanted->str);
		expect_in(few, path->str, "001," FLAT_NAME, "sized tag 0");
		expect_in(few, path->str, "inaccurate", "EINVAL");
		assert_int_equal(failed, 0);
	}
}

static void check_reports(const char *directory)
{
	for (enum report_id id = 0; id < REPORT_COUNT; id++) {
		const char *name = report_get(id)->name;
		g_autofree char *wanted = g_strdup_printf("report %s", name);
		g_autofree char *longer = g_strdup_printf("%sx", name);

		expect_in(few, directory, name, wanted);
		expect_in(few, directory, name + 1, "ENOENT");
		expect_in(few, directory, longer, "ENOENT");
	}
	expect_in(few, directory, ".", "ENOENT");
	expect_in(few, directory, "..", "ENOENT");
}

static void test_reports_are_everywhere(void **state)
{
	(void)state;
	failed = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
		g_autofree char *behind = g_strdup_printf("by-line/2478/%s", values[i].typed);

		check_reports(values[i].typed);
		check_reports(filter_get(values[i].filter)->name);
		if (values[i].filter != FILTER_LINE)
			check_reports(behind);
	}
	check_reports("at");
	check_reports("by-file/mm");
	expect(few, ".total", "report .total");
	expect(few, "sized/.total", "sized report .total");
	expect(few, "raw/.total", "raw report .total");
	assert_int_equal(failed, 0);
}

static void test_flags(void **state)
{
	(void)state;
	failed = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
		struct query query;
		int err = tree_query(few->catalog, flags[i].path, &query);

		if (!err && query_is_ranked(&query) == flags[i].ranked &&
		    query_by_counters(&query) == flags[i].by_counters &&
		    query_rank_width(few->catalog, &query) == flags[i].width)
			continue;
		print_error("/%s: error %d, ranked %d, by counters %d, width %u\n", flags[i].path,
			    err, query_is_ranked(&query), query_by_counters(&query),
			    query_rank_width(few->catalog, &query));
		failed++;
	}
	assert_int_equal(failed, 0);
}

/* As wide as the largest rank there can be: of the value or of the listing, 12345 tags. */
static void test_rank_width(void **state)
{
	static const struct {
		const char *path;
		unsigned int width;
	} widths[] = {
		{"top/1", 3},
		{"top/999", 3},
		{"top/1000", 4},
		{"top/9999", 4},
		{"top/10000", 5},
		{"top/18446744073709551615", 5},
		{"top-calls/1000", 4},
		{"top/10000/top-calls/20", 3},
		{"top/20/top-calls/10000", 3},
		{"top/1000/by-file/mm", 4},
	};

	(void)state;
	failed = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(widths); i++) {
		struct query query;
		int err = tree_query(many->catalog, widths[i].path, &query);
		unsigned int width = query_rank_width(many->catalog, &query);

		if (!err && width == widths[i].width)
			continue;
		print_error("/%s: error %d, width %u, should be %u\n", widths[i].path, err, width,
			    widths[i].width);
		failed++;
	}
	assert_int_equal(failed, 0);
}

/* The name that a too long one becomes: 24 digits of its SHA-256, '+', its last 215 bytes. */
static char *shortened(const char *name)
{
	g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);

	return g_strdup_printf("%.24s+%s", digest, name + strlen(name) - 215);
}

static void test_long_names(void **state)
{
	g_autofree char *f300 = g_strnfill(300, 'f'), *g240 = g_strnfill(240, 'g');
	g_autofree char *d300 = g_strnfill(300, 'd'), *h241 = g_strnfill(241, 'h');
	g_autofree char *f = shortened(f300), *d = shortened(d300), *h = shortened(h241);
	g_autofree char *g_flat_whole = g_strdup_printf("arch,x.c,3,%s", g240);
	g_autofree char *g_flat = shortened(g_flat_whole);
	const struct {
		const char *format, *name, *is;
	} names[] = {
		{"by-function/%s", f, "set by-function=%s"},
		{"by-function/%s", f300, "ENOENT"},
		{"by-function/%s", g240, "set by-function=%s"},
		{"by-function/%s", h, "set by-function=%s"},
		{"by-function/%s", h241, "ENOENT"},
		{"by-module/%s", h, "set by-module=%s"},
		{"by-module/%s", h241, "ENOENT"},
		{"by-file/arch/%s", d, "path by-file=arch/%s"},
		{"by-file/arch/%s", d300, "ENOENT"},
		{"by-file/arch/%s/y.c/4,longdir", d, "tag 2"},
		{"by-file/arch/%s/y.c:4", d, "place arch/%s/y.c 4"},
		{"all/%s", g_flat, "tag 1"},
		{"top/5/00001,%s", g_flat, "tag 1"},
		{"top/5/%s", g_flat, "ENOENT"},
		{"all/%s", g_flat_whole, "ENOENT"},
	};

	(void)state;
	failed = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_auto(GStrv) path = g_strsplit(names[i].format, "%s", 2);
		g_auto(GStrv) is = g_strsplit(names[i].is, "%s", 2);
		g_autofree char *whole = g_strjoinv(names[i].name, path);
		g_autofree char *wanted = g_strjoinv(names[i].name, is);

		expect(long_names, whole, wanted);
	}
	assert_int_equal(strlen(f), 240);
	assert_int_equal(failed, 0);
}

/* Every name of a tag that there is leads to the tag, in the set and in the file's directory. */
static void test_names_lead_back(void **state)
{
	const struct sample *const samples[] = {few, many, long_names};

	(void)state;
	failed = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
		const struct catalog *catalog = samples[i]->catalog;

		for (uint32_t tag = 0; tag < catalog->count; tag++) {
			char flat[NAME_SIZE], in_file[NAME_SIZE];
			g_autofree char *wanted = g_strdup_printf("tag %u", tag);
			g_autoptr(GString) file = g_string_new("by-file/");

			tree_describe_path(catalog, catalog->tags[tag].path, file);
			catalog_tag_name(catalog, tag, CATALOG_FLAT, flat);
			catalog_tag_name(catalog, tag, CATALOG_IN_FILE, in_file);
			expect_in(samples[i], "all", flat, wanted);
			expect_in(samples[i], file->str, in_file, wanted);
		}
	}
	assert_int_equal(failed, 0);
}

/* A listing of which only the header is there. */
static void test_no_tags(void **state)
{
	g_autoptr(GString) text = g_string_new("allocinfo - version: 2.0\n" TEXT_COLUMNS);
	struct sample *sample = tree_sample(text);

	(void)state;
	assert_non_null(sample);
	failed = 0;
	expect(sample, "live/min-size/1M/top/5", "set live min-size=1048576 top=5");
	expect(sample, "by-file/.total", "report .total");
	expect(sample, "by-file/mm", "ENOENT");
	expect(sample, "by-file/mm:1", "ENOENT");
	expect(sample, "by-module/vmlinux", "ENOENT");
	expect(sample, "by-function/x", "ENOENT");
	expect(sample, "by-line/1", "ENOENT");
	expect(sample, "all/" FLAT_NAME, "ENOENT");
	sample_unref(sample);
	assert_int_equal(failed, 0);
}

static int set_up(void **state)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *f300 = g_strnfill(300, 'f'), *g240 = g_strnfill(240, 'g');
	g_autofree char *d300 = g_strnfill(300, 'd'), *h241 = g_strnfill(241, 'h');

	(void)state;
	for (int i = 0; i < 5; i++)
		tree_add_line(text, 1, 1, i < 2 ? SITE : "lib/a.c:1 [m] func:f", "");
	few = tree_sample(text);
	g_string_truncate(text, 0);
	for (int i = 0; i < 12345; i++)
		tree_add_line(text, 1, 1, i % 3 ? SITE : "mm/b.c:1 func:f", "");
	many = tree_sample(text);
	g_string_truncate(text, 0);
	g_string_append_printf(text, "1 1 arch/x.c:2 func:%s \n", f300);
	g_string_append_printf(text, "1 1 arch/x.c:3 func:%s \n", g240);
	g_string_append_printf(text, "1 1 arch/%s/y.c:4 func:longdir \n", d300);
	g_string_append_printf(text, "1 1 arch/x.c:5 [%s] func:%s \n", h241, h241);
	g_string_append_printf(text, "1 1 %s/%s/%s:5 [%s] func:%s \n", d300, d300, d300, d300,
			       d300);
	long_names = tree_sample(text);
	return few && many && long_names ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	sample_unref(few);
	sample_unref(many);
	sample_unref(long_names);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_pairs_are_complete),
		cmocka_unit_test(test_all_filters_at_once),
		cmocka_unit_test(test_reports_are_everywhere),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_rank_width),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_names_lead_back),
		cmocka_unit_test(test_no_tags),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
