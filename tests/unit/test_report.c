/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the reports hold: .total, .totals, .allocinfo and .raw byte for byte on a small sample,
 * .totals against the .total of each child that it names, .allocinfo as a listing that reads back
 * equal, .raw and the files of tags against the lines.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "report.h"
#include "tree.h"

#define HEADER "allocinfo - version: 2.0\n#     <size>  <calls> <tag info>\n"

#define LINE_0 "     1048576      256 mm/slub.c:2478 func:alloc_slab_page \n"
#define LINE_1 "      524288      128 mm/slub.c:2478 func:alloc_slab_page accurate:no \n"
#define LINE_2 "     2097152        4 fs/xfs/buf.c:405 [xfs] func:xfs_buf_alloc \n"
#define LINE_3 "       -4096 18446744073709551615 ./mm/filemap.c:1951 func:folio \n"
#define LINE_4 "           0        0 fs/xfs/buf.c:9 [xfs] func:idle \n"
#define LINE_5 "     2097152        1 lib/both:3 func:both note:x accurate:no more:y \n"
#define LINE_6 "1234567890123 123456789 lib/both/in.c:4 [big] func:wide \n"

static const char listing[] = HEADER LINE_0 LINE_1 LINE_2 LINE_3 LINE_4 LINE_5 LINE_6;

static const struct {
	const char *path;
	enum report_id report;
	const char *text;
} exact[] = {
	{"by-module/xfs", REPORT_TOTAL, "     2097152        4 tags:2 /by-module/xfs\n"},
	{"", REPORT_TOTAL, "1234573653195 123457177 tags:7 /\n"},
	{"all", REPORT_TOTAL, "1234573653195 123457177 tags:7 /all\n"},
	{"live", REPORT_TOTAL, "1234573653195 123457177 tags:6 /live\n"},
	{"by-function/folio", REPORT_TOTAL,
	 "       -4096 18446744073709551615 tags:1 /by-function/folio\n"},
	{"min-size/1P", REPORT_TOTAL, "           0        0 tags:0 /min-size/1P\n"},
	{"raw/top/2/by-module/xfs", REPORT_TOTAL,
	 "     2097152        4 tags:1 /raw/top/2/by-module/xfs\n"},
	{"by-module", REPORT_TOTAL, "1234573653195 123457177 tags:7 /by-module\n"},
	{"all", REPORT_TOTALS, ""},
	{"by-module", REPORT_TOTALS,
	 "1234567890123 123456789 tags:1 /by-module/big\n"
	 "     3665920      384 tags:4 /by-module/vmlinux\n"
	 "     2097152        4 tags:2 /by-module/xfs\n"},
	{"by-file", REPORT_TOTALS,
	 "1234569987275 123456790 tags:2 /by-file/lib\n"
	 "     2097152        4 tags:2 /by-file/fs\n"
	 "     1568768      383 tags:3 /by-file/mm\n"},
	{"by-file/mm", REPORT_TOTALS,
	 "     1572864      384 tags:2 /by-file/mm/slub.c\n"
	 "       -4096 18446744073709551615 tags:1 /by-file/mm/filemap.c\n"},
	{"by-file/lib/both", REPORT_TOTALS,
	 "1234567890123 123456789 tags:1 /by-file/lib/both/in.c\n"},
	{"by-file/mm/slub.c", REPORT_TOTALS, ""},
	{"top/3/by-line", REPORT_TOTALS,
	 "1234567890123 123456789 tags:1 /top/3/by-line/4\n"
	 "     2097152        1 tags:1 /top/3/by-line/3\n"
	 "     2097152        4 tags:1 /top/3/by-line/405\n"},
	{"max-size/2M/min-size", REPORT_TOTALS,
	 "     5767168      389 tags:4 /max-size/2M/min-size/4K\n"
	 "     5767168      389 tags:4 /max-size/2M/min-size/64K\n"
	 "     5242880      261 tags:3 /max-size/2M/min-size/1M\n"},
	{"by-module/xfs/min-calls", REPORT_TOTALS,
	 "     2097152        4 tags:1 /by-module/xfs/min-calls/1\n"
	 "           0        0 tags:0 /by-module/xfs/min-calls/100\n"
	 "           0        0 tags:0 /by-module/xfs/min-calls/10000\n"},
	{"", REPORT_TOTALS,
	 "1234573653195 123457177 tags:6 /live\n"
	 "1234573653195 123457177 tags:7 /all\n"
	 "1234573653195 123457177 tags:7 /by-file\n"
	 "1234573653195 123457177 tags:7 /by-module\n"
	 "1234573653195 123457177 tags:7 /by-function\n"
	 "1234573653195 123457177 tags:7 /top\n"
	 "1234573653195 123457177 tags:7 /min-size\n"
	 "1234573653195 123457177 tags:7 /min-calls\n"},
	{"at", REPORT_TOTALS, ""},
	{"", REPORT_ALLOCINFO, listing},
	{"by-module/xfs", REPORT_ALLOCINFO, HEADER LINE_2 LINE_4},
	{"by-file/mm", REPORT_ALLOCINFO, HEADER LINE_0 LINE_1 LINE_3},
	{"sized/by-file/lib", REPORT_ALLOCINFO, HEADER LINE_5 LINE_6},
	{"raw/inaccurate", REPORT_ALLOCINFO, HEADER LINE_1 LINE_5},
	{"top/3", REPORT_ALLOCINFO, HEADER LINE_6 LINE_2 LINE_5},
	{"top-calls/3", REPORT_ALLOCINFO, HEADER LINE_6 LINE_0 LINE_1},
	{"min-size/1P", REPORT_ALLOCINFO, HEADER},
};

static struct sample *sample;

static struct query query_of(const struct sample *of, const char *path)
{
	struct query query;
	int err = tree_query(of->catalog, path, &query);

	if (err)
		fail_msg("/%s: error %d", path, err);
	return query;
}

static void render_query(const struct sample *of, const struct query *query, enum report_id report,
			 const char *typed, GString *out)
{
	g_autoptr(GArray) rows = select_rows(of, query);
	struct report_input input = {of, query, rows, typed};

	assert_int_equal(report_get(report)->render(&input, out), 0);
}

/* A report of the directory at path, which is without its leading '/'. */
static GString *render(const struct sample *of, const char *path, enum report_id report)
{
	struct query query = query_of(of, path);
	g_autofree char *typed = g_strdup_printf("/%s", path);
	GString *out = g_string_new(NULL);

	render_query(of, &query, report, typed, out);
	return out;
}

static void test_exact(void **state)
{
	unsigned int failed = 0;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(exact); i++) {
		g_autoptr(GString) is = render(sample, exact[i].path, exact[i].report);

		if (is->len == strlen(exact[i].text) && strcmp(is->str, exact[i].text) == 0)
			continue;
		print_error("/%s/%s is:\n%s\nshould be:\n%s\n", exact[i].path,
			    report_get(exact[i].report)->name, is->str, exact[i].text);
		failed++;
	}
	assert_int_equal(failed, 0);
}

/* Each renderer adds to what is there already. */
static void test_appends(void **state)
{
	struct query query = query_of(sample, "by-file");

	(void)state;
	for (enum report_id id = 0; id < REPORT_COUNT; id++) {
		g_autoptr(GString) out = g_string_new("before\n");
		g_autoptr(GString) alone = g_string_new(NULL);

		render_query(sample, &query, id, "/by-file", out);
		render_query(sample, &query, id, "/by-file", alone);
		if (!g_str_has_prefix(out->str, "before\n") || out->len != alone->len + 7 ||
		    memcmp(out->str + 7, alone->str, alone->len) != 0)
			fail_msg("%s lost what was there", report_get(id)->name);
	}
}

/* The record by the offsets of the kernel's structure, not by a structure of ours. */
static void fill_record(unsigned char record[224], const struct text_line *line)
{
	struct span words[] = {line->site.module, line->site.function, line->site.file};

	memset(record, 0, 224);
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		size_t kept = MIN(words[i].len, 63);

		if (kept > 0)
			memcpy(record + 64 * i, words[i].at + words[i].len - kept, kept);
	}
	memcpy(record + 192, &line->site.line, 8);
	memcpy(record + 200, &line->bytes, 8);
	memcpy(record + 208, &line->calls, 8);
	record[216] = line->accurate;
}

/* Parses what .allocinfo says, and wants the same from .raw and from the files of the tags. */
static void check_raw(const struct sample *of, const char *path)
{
	g_autoptr(GString) text = render(of, path, REPORT_ALLOCINFO);
	g_autoptr(GString) raw = render(of, path, REPORT_RAW);
	g_auto(GStrv) lines = g_strsplit(text->str + report_header_length(of), "\n", -1);
	guint count = MAX(g_strv_length(lines), 1) - 1;

	if (raw->len != count * (size_t)224)
		fail_msg("/%s/.raw: %zu bytes for %u tags", path, (size_t)raw->len, count);
	for (guint i = 0; i < count; i++) {
		struct text_line line;
		unsigned char record[224];

		if (text_parse(span_of(lines[i]), &line) != TEXT_TAG)
			fail_msg("/%s/.allocinfo: no tag: %s", path, lines[i]);
		fill_record(record, &line);
		if (memcmp(record, raw->str + i * (size_t)224, 224) != 0)
			fail_msg("/%s/.raw: record %u differs from %s", path, i, lines[i]);
	}
}

static void test_raw(void **state)
{
	static const char *const paths[] = {"",	       "live",	      "by-module/xfs", "top/4",
					    "raw/all", "top-calls/2", "min-size/1P"};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
		check_raw(sample, paths[i]);
}

static void test_files_of_tags(void **state)
{
	static const char *const lines[] = {LINE_0, LINE_1, LINE_2, LINE_3, LINE_4, LINE_5, LINE_6};
	g_autoptr(GString) raw = render(sample, "", REPORT_RAW);

	(void)state;
	for (uint32_t tag = 0; tag < G_N_ELEMENTS(lines); tag++) {
		for (enum query_view view = 0; view < VIEW_COUNT; view++) {
			g_autoptr(GString) is = g_string_new("<");
			struct span wanted = view == VIEW_RAW
						     ? (struct span){raw->str + 224 * tag, 224}
						     : span_of(lines[tag]);

			report_tag(sample, view, tag, is);
			if (!span_equal((struct span){is->str + 1, is->len - 1}, wanted))
				fail_msg("view %d of tag %u: %s", (int)view, tag, is->str + 1);
			if (report_tag_length(sample, view, tag) != wanted.len)
				fail_msg("view %d of tag %u: wrong length", (int)view, tag);
		}
	}
}

/* A listing with counters of all widths, wrapped calls, tails, twins and long words. */
static GString *make_listing(void)
{
	GRand *random = g_rand_new_with_seed(20240608);
	GString *text = g_string_new("allocinfo - version: 1.0\n" TEXT_COLUMNS);
	g_autofree char *long_word = g_strnfill(90, 'w');

	for (int i = 0; i < 500; i++) {
		int64_t bytes = (int64_t)((uint64_t)g_rand_int(random) << 32 | g_rand_int(random));
		uint64_t calls = (uint64_t)g_rand_int(random) << 32 | g_rand_int(random);
		int shift = g_rand_int_range(random, 0, 64);
		g_autofree char *site = g_strdup_printf(
			"dir%d/%s.c:%d%s func:%s%d", i % 3, i % 5 ? "file" : long_word, i % 100,
			i % 4 ? "" : " [mod]", i % 7 ? "f" : long_word, i % 11);

		tree_add_line(text, bytes >> shift, calls >> (63 - shift), site,
			      i % 6   ? ""
			      : i % 4 ? " accurate:no"
				      : " note:x");
	}
	g_rand_free(random);
	return text;
}

static void test_listing_reads_back(void **state)
{
	g_autoptr(GString) text = make_listing();
	struct sample *first = tree_sample(text), *second;
	g_autoptr(GString) report = NULL;

	(void)state;
	assert_non_null(first);
	assert_int_equal(first->catalog->count, 500);
	report = render(first, "all", REPORT_ALLOCINFO);
	assert_string_equal(report->str, text->str);
	second = tree_sample(report);
	assert_non_null(second);
	assert_int_equal(second->listing.skipped, 0);
	assert_int_equal(second->catalog->count, 500);
	assert_true(second->catalog->names_hash == first->catalog->names_hash);
	for (uint32_t tag = 0; tag < 500; tag++) {
		if (first->counters[tag].bytes == second->counters[tag].bytes &&
		    first->counters[tag].calls == second->counters[tag].calls &&
		    sample_is_accurate(first, tag) == sample_is_accurate(second, tag))
			continue;
		fail_msg("tag %u reads back as another", tag);
	}
	check_raw(first, "all");
	check_raw(first, "top/100/by-module/mod");
	sample_unref(first);
	sample_unref(second);
}

/* A line of .totals: the last component is a child, whose .total is that very line. */
static int64_t check_totals_line(const struct query *query, const char *line)
{
	const char *typed = strchr(line, '/');
	const char *name = strrchr(line, '/') + 1;
	g_autoptr(GString) total = g_string_new(NULL);
	struct target to;
	int err = query_step(sample->catalog, query, span_of(name), &to);

	if (err || to.kind != TARGET_DIRECTORY)
		fail_msg(".totals names what is no directory (error %d): %s", err, line);
	render_query(sample, &to.query, REPORT_TOTAL, typed, total);
	g_string_truncate(total, total->len - 1);
	if (strcmp(total->str, line) != 0)
		fail_msg(".totals and .total of the child differ:\n%s\n%s", line, total->str);
	return g_ascii_strtoll(line, NULL, 10);
}

/* How many child directories are listed, by the way that readdir takes. */
static guint count_children(const struct query *query)
{
	g_autoptr(GArray) rows = select_rows(sample, query);
	g_autoptr(GArray) values = NULL;
	guint count = 0;

	if (select_children_kind(query) == CHILDREN_NONE)
		return 0;
	if (select_children_kind(query) == CHILDREN_VALUES) {
		values = select_values(sample, query, rows);
		return values->len;
	}
	while (select_fixed_child(query, count))
		count++;
	return count;
}

static void test_totals_agree_with_children(void **state)
{
	static const char *const paths[] = {
		"",
		"sized",
		"raw",
		"by-file",
		"by-file/mm",
		"by-file/fs/xfs",
		"by-file/lib",
		"by-file/lib/both",
		"by-module",
		"by-function",
		"by-line",
		"min-size",
		"max-size",
		"min-calls",
		"max-calls",
		"top",
		"top-calls",
		"live/by-module",
		"top/3/by-file",
		"top/3/by-file/lib",
		"by-module/xfs/by-function",
		"top-calls/4/by-module/vmlinux/by-file/mm",
		"accurate/min-size/1/by-line",
		"raw/by-file/fs",
		"min-size/1P/by-module",
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		struct query query = query_of(sample, paths[i]);
		g_autoptr(GString) totals = render(sample, paths[i], REPORT_TOTALS);
		g_auto(GStrv) lines = g_strsplit(totals->str, "\n", -1);
		guint count = totals->len == 0 ? 0 : g_strv_length(lines) - 1;
		int64_t last = INT64_MAX;

		if (count != count_children(&query))
			fail_msg("/%s/.totals has %u lines", paths[i], count);
		for (guint k = 0; k < count; k++) {
			int64_t bytes = check_totals_line(&query, lines[k]);

			if (bytes > last)
				fail_msg("/%s/.totals is not in order: %s", paths[i], lines[k]);
			last = bytes;
		}
	}
}

static int set_up(void **state)
{
	g_autoptr(GString) text = g_string_new(listing);

	(void)state;
	sample = tree_sample(text);
	return sample && sample->catalog->count == 7 && sample->listing.skipped == 0 ? 0 : -1;
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
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_appends),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_files_of_tags),
		cmocka_unit_test(test_listing_reads_back),
		cmocka_unit_test(test_totals_agree_with_children),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
