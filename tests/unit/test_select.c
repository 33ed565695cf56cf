/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which tags a directory holds and in which order: a table of paths over a small sample with
 * counters at the edges. Counters are compared as signed numbers, filters apply from left to right,
 * ranks stay behind what ranked, sums wrap. And what a directory lists that does not depend on the
 * sample.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "select.h"
#include "tree.h"

static const struct {
	int64_t bytes, calls; /* calls below 0 are what the kernel shows as wrapped */
	const char *site, *tail;
} lines[] = {
	/* 0 */ {-4096, -3, "mm/a.c:1 func:f", ""},
	/* 1 */ {0, 0, "mm/a.c:2 func:g", " accurate:no"},
	/* 2 */ {0, 1, "mm/b.c:1 func:f", ""},
	/* 3 */ {1, 0, "fs/c.c:1 [xfs] func:f", ""},
	/* 4 */ {INT64_MAX, INT64_MAX, "fs/c.c:2 [xfs] func:g", " accurate:no note:x"},
	/* 5 */ {INT64_MIN, INT64_MIN, "mm/a.c:3 func:f", " note:x"},
	/* 6 */ {4096, 2, "fs/c.c:3 [xfs] func:f", ""},
	/* 7 */ {4096, 7, "mm/a.c:4 func:h", " accurate:no"},
	/* 8 */ {4096, 2, "fs/a.c:10 [xfs] func:f", ""},
};

/* The tags in order, with their ranks. */
static const struct {
	const char *path, *tags;
} sets[] = {
	{"", "0 1 2 3 4 5 6 7 8"},
	{"raw", "0 1 2 3 4 5 6 7 8"},
	{"all", "0 1 2 3 4 5 6 7 8"},
	{"live", "0 2 3 4 5 6 7 8"},
	{"accurate", "0 2 3 5 6 8"},
	{"inaccurate", "1 4 7"},
	{"by-module", "0 1 2 3 4 5 6 7 8"},
	{"min-size", "0 1 2 3 4 5 6 7 8"},
	{"live/top", "0 2 3 4 5 6 7 8"},
	{"by-module/xfs", "3 4 6 8"},
	{"by-module/vmlinux", "0 1 2 5 7"},
	{"by-function/f", "0 2 3 5 6 8"},
	{"by-line/1", "0 2 3"},
	{"by-file", "0 1 2 3 4 5 6 7 8"},
	{"by-file/mm", "0 1 2 5 7"},
	{"by-file/fs", "3 4 6 8"},
	{"by-file/fs/a.c", "8"},
	{"by-file/mm/by-line/1/by-function/f", "0 2"},
	/* Below 0 is less than any size. */
	{"min-size/0", "1 2 3 4 6 7 8"},
	{"min-size/1", "3 4 6 7 8"},
	{"min-size/4096", "4 6 7 8"},
	{"min-size/4097", "4"},
	{"min-size/9223372036854775807", "4"},
	{"min-size/9223372036854775808", ""},
	{"min-size/18446744073709551615", ""},
	{"max-size/0", "0 1 2 5"},
	{"max-size/1", "0 1 2 3 5"},
	{"max-size/4095", "0 1 2 3 5"},
	{"max-size/4096", "0 1 2 3 5 6 7 8"},
	{"max-size/9223372036854775806", "0 1 2 3 5 6 7 8"},
	{"max-size/9223372036854775807", "0 1 2 3 4 5 6 7 8"},
	{"max-size/18446744073709551615", "0 1 2 3 4 5 6 7 8"},
	{"min-size/4096/max-size/4096", "6 7 8"},
	{"max-size/0/min-size/0", "1 2"},
	/* Wrapped calls likewise. */
	{"min-calls/0", "1 2 3 4 6 7 8"},
	{"min-calls/2", "4 6 7 8"},
	{"min-calls/3", "4 7"},
	{"min-calls/9223372036854775807", "4"},
	{"min-calls/9223372036854775808", ""},
	{"min-calls/18446744073709551613", ""},
	{"max-calls/0", "0 1 3 5"},
	{"max-calls/1", "0 1 2 3 5"},
	{"max-calls/7", "0 1 2 3 5 6 7 8"},
	{"max-calls/18446744073709551615", "0 1 2 3 4 5 6 7 8"},
	{"min-calls/2/max-calls/2", "6 8"},
	/* Ranks: of equal ones the first of the listing comes first. */
	{"top/1", "4#1"},
	{"top/3", "4#1 6#2 7#3"},
	{"top/6", "4#1 6#2 7#3 8#4 3#5 1#6"},
	{"top/9", "4#1 6#2 7#3 8#4 3#5 1#6 2#7 0#8 5#9"},
	{"top/10", "4#1 6#2 7#3 8#4 3#5 1#6 2#7 0#8 5#9"},
	{"top/18446744073709551615", "4#1 6#2 7#3 8#4 3#5 1#6 2#7 0#8 5#9"},
	{"top-calls/4", "4#1 7#2 6#3 8#4"},
	{"top-calls/9", "4#1 7#2 6#3 8#4 2#5 1#6 3#7 0#8 5#9"},
	{"top/4294967297", "4#1 6#2 7#3 8#4 3#5 1#6 2#7 0#8 5#9"},
	/* From left to right; ranks stay. */
	{"live/top/6", "4#1 6#2 7#3 8#4 3#5 2#6"},
	{"top/6/live", "4#1 6#2 7#3 8#4 3#5"},
	{"top/6/inaccurate", "4#1 7#3 1#6"},
	{"inaccurate/top/2", "4#1 7#2"},
	{"by-module/xfs/top/2", "4#1 6#2"},
	{"top/4/by-module/xfs", "4#1 6#2 8#4"},
	{"top/3/by-module/vmlinux", "7#3"},
	{"top/3/by-file/fs", "4#1 6#2"},
	{"top/8/by-file/fs", "4#1 6#2 8#4 3#5"},
	{"top/2/by-line/10", ""},
	{"top/4/min-size", "4#1 6#2 7#3 8#4"},
	{"max-size/4096/top/1", "6#1"},
	{"top/1/max-size/4096", ""},
	/* The last ranks. */
	{"top/4/top-calls/9", "4#1 7#2 6#3 8#4"},
	{"top-calls/2/top/9", "4#1 7#2"},
	{"top-calls/3/top/2", "4#1 6#2"},
	{"top/4/by-module/xfs/top-calls/2", "4#1 6#2"},
	{"top/4/top-calls/3/by-module/xfs", "4#1 6#3"},
	{"top/8/by-module/xfs/top-calls/2/by-function/f", "6#2"},
	{"top/9/all/top-calls/2/by-module/vmlinux", "7#2"},
	{"top/9/by-file/fs/top-calls/1/by-line/10", ""},
	{"by-module/xfs/top/3/by-function/f/top-calls/1/by-line/10", ""},
};

static const struct {
	const char *path;
	int64_t bytes;
	uint64_t calls, tags;
} totals[] = {
	{"by-line/1", -4095, UINT64_MAX - 1, 3},
	{"by-function/h", 4096, 7, 1},
	{"by-function/g", INT64_MAX, INT64_MAX, 2},
	{"min-size/9223372036854775808", 0, 0, 0},
	{"by-module/xfs/inaccurate", INT64_MAX, INT64_MAX, 1},
	{"by-module/xfs", INT64_MIN + 8192, (uint64_t)INT64_MAX + 4, 4},
	{"by-module/vmlinux", INT64_MIN, (uint64_t)INT64_MAX + 6, 5},
	{"", 8192, 8, 9},
};

static const struct {
	const char *path;
	enum children_kind kind;
	const char *names; /* of the fixed ones */
} children[] = {
	{"", CHILDREN_FIXED, "live all by-file by-module by-function top min-size min-calls "},
	{"sized", CHILDREN_FIXED, "live all by-file by-module by-function top min-size min-calls "},
	{"raw", CHILDREN_FIXED, "live all by-file by-module by-function top min-size min-calls "},
	{"min-size", CHILDREN_FIXED, "4K 64K 1M 16M 256M "},
	{"live/min-size", CHILDREN_FIXED, "4K 64K 1M 16M 256M "},
	{"min-calls", CHILDREN_FIXED, "1 100 10000 "},
	{"top", CHILDREN_FIXED, "10 20 50 100 "},
	{"at", CHILDREN_FIXED, ""},
	{"by-module", CHILDREN_VALUES, NULL},
	{"by-function", CHILDREN_VALUES, NULL},
	{"by-line", CHILDREN_VALUES, NULL},
	{"by-file", CHILDREN_VALUES, NULL},
	{"by-file/mm", CHILDREN_VALUES, NULL},
	{"by-file/mm/a.c", CHILDREN_VALUES, NULL},
	{"top/5/by-file/mm", CHILDREN_VALUES, NULL},
	{"live", CHILDREN_NONE, NULL},
	{"all", CHILDREN_NONE, NULL},
	{"top/5", CHILDREN_NONE, NULL},
	{"by-module/xfs", CHILDREN_NONE, NULL},
	{"by-file/mm/live", CHILDREN_NONE, NULL},
};

/* What occurs in the set: the names in order, with bytes and tags of each. */
static const struct {
	const char *path, *values;
} divisions[] = {
	{"by-module", "vmlinux=-9223372036854775808,5 xfs=-9223372036854767616,4 "},
	{"top/3/by-module", "vmlinux=4096,1 xfs=-9223372036854771713,2 "},
	{"by-module/xfs/by-function", "f=8193,3 g=9223372036854775807,1 "},
	{"max-size/4095/by-module", "vmlinux=9223372036854771712,4 xfs=1,1 "},
	{"inaccurate/by-line", "2=9223372036854775807,2 4=4096,1 "},
	{"by-module/xfs/by-line", "1=1,1 2=9223372036854775807,1 3=4096,1 10=4096,1 "},
	{"by-file", "fs=-9223372036854767616,4 mm=-9223372036854775808,5 "},
	{"by-file/mm", "a.c=-9223372036854775808,4 b.c=0,1 "},
	{"by-file/mm/a.c", ""},
	{"top/4/by-file/fs", "a.c=4096,1 c.c=-9223372036854771713,2 "},
	{"live/by-line/2/by-file", "fs=9223372036854775807,1 "},
	{"min-size/9223372036854775808/by-file", ""},
	{"min-size/9223372036854775808/by-module", ""},
};

static struct sample *sample;

/* The query of a row, which has to exist. */
static struct query query_of(const char *path)
{
	struct query query;
	int err = tree_query(sample->catalog, path, &query);

	if (err)
		fail_msg("/%s: error %d", path, err);
	return query;
}

static unsigned int differs(const char *path, const char *is, const char *wanted)
{
	if (strcmp(is, wanted) == 0)
		return 0;
	print_error("/%s\n\tis:     %s\n\tshould: %s\n", path, is, wanted);
	return 1;
}

static void test_sets(void **state)
{
	unsigned int failed = 0;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(sets); i++) {
		struct query query = query_of(sets[i].path);
		g_autoptr(GArray) rows = select_rows(sample, &query);
		g_autoptr(GString) is = g_string_new(NULL);

		for (guint k = 0; k < rows->len; k++) {
			struct row row = g_array_index(rows, struct row, k);

			g_string_append_printf(is, k ? " %u" : "%u", row.tag);
			if (row.rank)
				g_string_append_printf(is, "#%u", row.rank);
		}
		failed += differs(sets[i].path, is->str, sets[i].tags);
	}
	assert_int_equal(failed, 0);
}

static void test_totals(void **state)
{
	unsigned int failed = 0;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(totals); i++) {
		struct query query = query_of(totals[i].path);
		g_autoptr(GArray) rows = select_rows(sample, &query);
		struct total total = select_total(sample, rows);

		if (total.bytes == totals[i].bytes && total.calls == totals[i].calls &&
		    total.tags == totals[i].tags)
			continue;
		print_error("/%s: %" G_GINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
			    "\n",
			    totals[i].path, total.bytes, total.calls, total.tags);
		failed++;
	}
	assert_int_equal(failed, 0);
}

static void test_children(void **state)
{
	unsigned int failed = 0;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(children); i++) {
		struct query query = query_of(children[i].path);
		g_autoptr(GString) is = g_string_new(NULL);
		const char *name;

		if (select_children_kind(&query) != children[i].kind) {
			print_error("/%s: children are of kind %d\n", children[i].path,
				    select_children_kind(&query));
			failed++;
		}
		if (children[i].kind != CHILDREN_FIXED)
			continue;
		for (size_t k = 0; (name = select_fixed_child(&query, k)); k++)
			g_string_append_printf(is, "%s ", name);
		failed += differs(children[i].path, is->str, children[i].names);
	}
	assert_int_equal(failed, 0);
}

/* What is listed can be opened, and means the same in every view. */
static void test_fixed_children_resolve(void **state)
{
	unsigned int failed = 0;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(children); i++) {
		struct query query = query_of(children[i].path), child;
		const char *name;

		if (children[i].kind != CHILDREN_FIXED)
			continue;
		for (size_t k = 0; (name = select_fixed_child(&query, k)); k++) {
			g_autofree char *path = g_strdup_printf("%s%s%s", children[i].path,
								*children[i].path ? "/" : "", name);
			int err = tree_query(sample->catalog, path, &child);

			if (!err && child.view == query.view)
				continue;
			print_error("/%s: error %d, view %d\n", path, err, (int)child.view);
			failed++;
		}
	}
	assert_int_equal(failed, 0);
}

static void test_divisions(void **state)
{
	unsigned int failed = 0;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(divisions); i++) {
		struct query query = query_of(divisions[i].path);
		g_autoptr(GArray) rows = select_rows(sample, &query);
		g_autoptr(GArray) values = select_values(sample, &query, rows);
		g_autoptr(GString) is = g_string_new(NULL);

		for (guint k = 0; k < values->len; k++) {
			const struct value *value = &g_array_index(values, struct value, k);
			char name[NAME_SIZE];

			select_value_name(sample->catalog, &query, value->number, name);
			g_string_append_printf(is, "%s=%" G_GINT64_FORMAT ",%" G_GUINT64_FORMAT " ",
					       name, value->total.bytes, value->total.tags);
		}
		failed += differs(divisions[i].path, is->str, divisions[i].values);
	}
	assert_int_equal(failed, 0);
}

static int set_up(void **state)
{
	g_autoptr(GString) text = g_string_new(NULL);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
		tree_add_line(text, lines[i].bytes, (uint64_t)lines[i].calls, lines[i].site,
			      lines[i].tail);
	sample = tree_sample(text);
	return sample && sample->catalog->count == G_N_ELEMENTS(lines) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	sample_unref(sample);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sets),	  cmocka_unit_test(test_totals),
		cmocka_unit_test(test_children),  cmocka_unit_test(test_fixed_children_resolve),
		cmocka_unit_test(test_divisions),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
