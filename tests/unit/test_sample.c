/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that a listing gives the same sample however it is cut into runs and whichever catalog is
 * expected, what is skipped and what is refused, and that lines come out as they went in. Each run
 * ends where readable memory ends, so that a read beyond it is a crash.
 */
#include "unit.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>
#include "sample.h"

#define SEED 20260804
#define LONGEST_RUN (2u << 20)

static char *run_end; /* the first byte that cannot be read */

static int make_guard(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, LONGEST_RUN + page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	if (map == MAP_FAILED)
		return -1;
	run_end = map + LONGEST_RUN;
	return mprotect(run_end, page, PROT_NONE);
}

enum { RUN_WHOLE = 0, RUN_RANDOM = -1 };

static const int run_lengths[] = {RUN_WHOLE, 1, 7, RUN_RANDOM};

static size_t next_length(int run_length, GRand *random, size_t left)
{
	size_t len = left;

	if (run_length == RUN_RANDOM)
		len = (size_t)g_rand_int_range(random, 1, g_rand_boolean(random) ? 10 : 400);
	else if (run_length != RUN_WHOLE)
		len = (size_t)run_length;
	return MIN(MIN(len, left), LONGEST_RUN);
}

static int read_runs(struct catalog *known, struct span text, int run_length,
		     struct sample **sample)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
	struct sample_reader *reader = sample_reader_begin(known);

	while (text.len > 0) {
		size_t len = next_length(run_length, random, text.len);
		char *run = run_end - len;

		memcpy(run, text.at, len);
		assert_int_equal(sample_reader_feed(reader, (struct span){run, len}), 0);
		text = (struct span){text.at + len, text.len - len};
	}
	return sample_reader_finish(reader, (struct timespec){12, 34}, sample);
}

static struct sample *read_whole(struct catalog *known, struct span text)
{
	struct sample *sample = NULL;

	assert_int_equal(read_runs(known, text, RUN_WHOLE, &sample), 0);
	return sample;
}

/* All lines, written by sample_write_line(). */
static GString *text_of(const struct sample *sample, const char *row)
{
	GString *text = g_string_new(NULL);

	for (uint32_t i = 0; i < sample->catalog->count; i++) {
		size_t len = sample_line_length(sample, i);
		g_autofree char *line = g_malloc(len);

		unit_check_number((uint64_t)(sample_write_line(sample, i, line) - line), len, row,
				  "the length of a line");
		g_string_append_len(text, line, (gssize)len);
	}
	unit_check_number(sample_text_length(sample), text->len, row, "text_length");
	return text;
}

static void check_equal(const struct sample *got, const struct sample *wanted, const char *row)
{
	g_autoptr(GString) text = text_of(got, row), wanted_text = text_of(wanted, row);

	unit_check_text((struct span){text->str, text->len},
			(struct span){wanted_text->str, wanted_text->len}, row, "the text");
	unit_check_number(got->catalog->names_hash, wanted->catalog->names_hash, row, "the id");
	unit_check_number((uint64_t)got->listing.bytes, (uint64_t)wanted->listing.bytes, row,
			  "bytes");
	unit_check_number(got->listing.calls, wanted->listing.calls, row, "calls");
	unit_check_number((uint64_t)got->listing.slab_bytes, (uint64_t)wanted->listing.slab_bytes,
			  row, "slab");
	unit_check_number(got->listing.inaccurate_count, wanted->listing.inaccurate_count, row,
			  "inaccurate");
	unit_check_number(got->listing.negative_count, wanted->listing.negative_count, row,
			  "negative");
	unit_check_number(got->listing.skipped, wanted->listing.skipped, row, "skipped");
	unit_check_text(span_of(got->listing.version), span_of(wanted->listing.version), row,
			"the version");
	for (uint32_t i = 0; i < got->catalog->count; i++)
		unit_check(sample_is_accurate(got, i) == sample_is_accurate(wanted, i),
			   "%s: accurate of tag %u", row, i);
}

#define HEADER "allocinfo - version: 2.0\n#     <size>  <calls> <tag info>\n"
#define LINE_A "        4096        1 a.c:1 func:f \n"
#define LINE_B "          -1        2 b.c:2 [m] func:g \n"
#define INACCURATE "           5        1 c.c:3 func:h accurate:no \n"
#define TAIL "           5        1 d.c:4 func:i accurate:no foo:bar \n"
#define ODD_TAIL "           5        1 e.c:5 func:j  foo  [x] \n"

static const struct row {
	const char *name;
	const char *text;
	int err;
	const char *lines; /* that come out */
	uint64_t skipped;
	const char *version;
} rows[] = {
	{"two lines", HEADER LINE_A LINE_B, 0, LINE_A LINE_B, 0, "2.0"},
	{"no header", LINE_A LINE_B, 0, LINE_A LINE_B, 0, "2.0"},
	{"version 1.0", "allocinfo - version: 1.0\n" LINE_A, 0, LINE_A, 0, "1.0"},
	{"longest version", "allocinfo - version: 123456789012345\n" LINE_A, 0, LINE_A, 0,
	 "123456789012345"},
	{"version too long", "allocinfo - version: 1234567890123456\n" LINE_A, 0, LINE_A, 0, "2.0"},
	{"version alone", "allocinfo - version: 3.14\n", 0, "", 0, "3.14"},
	{"the header later", LINE_A "allocinfo - version: 1.0\n", 0, LINE_A, 0, "1.0"},
	{"header only", HEADER, 0, "", 0, "2.0"},
	{"empty", "", 0, "", 0, "2.0"},
	{"inaccurate", HEADER INACCURATE LINE_A, 0, INACCURATE LINE_A, 0, "2.0"},
	{"tails", HEADER TAIL LINE_A ODD_TAIL INACCURATE, 0, TAIL LINE_A ODD_TAIL INACCURATE, 0,
	 "2.0"},
	{"the same tag twice", LINE_A LINE_A, 0, LINE_A LINE_A, 0, "2.0"},
	{"CR", "allocinfo - version: 1.0\r\n4096 1 a.c:1 func:f \r\n", 0, LINE_A, 0, "1.0"},
	{"no blank at the end", "4096 1 a.c:1 func:f\n" LINE_B, 0, LINE_A LINE_B, 0, "2.0"},
	{"unknown lines", HEADER "hello\n" LINE_A "\n0 0\n" LINE_B "?\n", 0, LINE_A LINE_B, 4,
	 "2.0"},
	{"empty lines", "\n\n" LINE_A "\n", 0, LINE_A, 3, "2.0"},
	{"no newline at the end, whole", LINE_B "4096 1 a.c:1 func:f ", 0, LINE_B LINE_A, 0, "2.0"},
	{"no newline at the end, cut in a word", LINE_B "4096 1 a.c:1 func:f", 0, LINE_B, 1, "2.0"},
	{"cut in a number", LINE_B "40", 0, LINE_B, 1, "2.0"},
	{"cut behind a number", LINE_B "4096 ", 0, LINE_B, 1, "2.0"},
	{"cut in a tail", LINE_B "5 1 c.c:3 func:h accurate:n", 0, LINE_B, 1, "2.0"},
	{"one line, cut", "4096 1 a.c:1 func:f", -EBADMSG, NULL, 0, NULL},
	{"unknown lines alone", "hello\nworld\n", -EBADMSG, NULL, 0, NULL},
	{"a newline alone", "\n", -EBADMSG, NULL, 0, NULL},
	{"a script", "#!/bin/sh\necho hello\n", -EBADMSG, NULL, 0, NULL},
	{"a byte", "x", -EBADMSG, NULL, 0, NULL},
	{"numbers that do not fit", "9223372036854775808 0 a.c:1 func:f \n", -EBADMSG, NULL, 0,
	 NULL},
};

static void check_row(const struct row *row, struct catalog *known, int run_length)
{
	struct sample *sample = NULL;
	int err = read_runs(known, span_of(row->text), run_length, &sample);
	g_autoptr(GString) text = NULL;

	unit_check(err == row->err, "%s, run length %d: %d, wanted %d", row->name, run_length, err,
		   row->err);
	if (err)
		return;
	text = text_of(sample, row->name);
	unit_check_text(span_of(text->str), span_of(row->lines), row->name, "the lines");
	unit_check_number(sample->listing.skipped, row->skipped, row->name, "skipped");
	unit_check_text(span_of(sample->listing.version), span_of(row->version), row->name,
			"the version");
	unit_check(sample->time.tv_sec == 12 && sample->time.tv_nsec == 34, "%s: the time",
		   row->name);
	sample_unref(sample);
}

/* Known may be: nothing, the same names, others, fewer or more. */
static void test_rows(void **state)
{
	static const char *const texts[] = {HEADER,
					    LINE_A,
					    LINE_B,
					    LINE_A LINE_B,
					    LINE_A LINE_B INACCURATE,
					    TAIL LINE_A ODD_TAIL};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		for (size_t r = 0; r < G_N_ELEMENTS(run_lengths); r++)
			check_row(&rows[i], NULL, run_lengths[r]);
		for (size_t k = 0; k < G_N_ELEMENTS(texts); k++) {
			struct sample *known = read_whole(NULL, span_of(texts[k]));

			for (size_t r = 0; r < G_N_ELEMENTS(run_lengths); r++)
				check_row(&rows[i], known->catalog, run_lengths[r]);
			sample_unref(known);
		}
	}
}

/* A NUL spoils its line alone, and what has no line at all is refused. */
static void test_binary(void **state)
{
	static const char with_nul[] = LINE_A "1 1 a\0.c:1 func:f \n\0\n" LINE_B "\0\0";
	struct span nuls = {with_nul, sizeof(with_nul) - 1};
	g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
	g_autofree char *garbage = g_malloc(100000);

	(void)state;
	for (size_t i = 0; i < 100000; i++)
		garbage[i] = (char)g_rand_int_range(random, 0, 256);
	for (size_t r = 0; r < G_N_ELEMENTS(run_lengths); r++) {
		struct sample *sample = NULL;
		g_autoptr(GString) text = NULL;

		unit_check(read_runs(NULL, (struct span){garbage, 100000}, run_lengths[r],
				     &sample) == -EBADMSG,
			   "garbage, run length %d", run_lengths[r]);
		unit_check(read_runs(NULL, nuls, run_lengths[r], &sample) == 0,
			   "NULs, run length %d", run_lengths[r]);
		text = text_of(sample, "NULs");
		unit_check_text(span_of(text->str), span_of(LINE_A LINE_B), "NULs", "the lines");
		unit_check_number(sample->listing.skipped, 3, "NULs", "skipped");
		sample_unref(sample);
	}
}

static GString *with_long_line(const char *lead, size_t fill, const char *end)
{
	GString *text = g_string_new(HEADER LINE_A);
	size_t at;

	g_string_append(text, lead);
	at = text->len;
	g_string_set_size(text, at + fill);
	memset(text->str + at, 'x', fill);
	g_string_append(text, end);
	return text;
}

static const struct {
	const char *name;
	const char *lead;
	size_t fill;
	const char *end;
	const char *lines;
} overlong[] = {
	{"70000 of garbage", "", 70000, "\n" LINE_B, LINE_A LINE_B},
	{"1000000 of garbage", "", 1000000, "\n" LINE_B, LINE_A LINE_B},
	{"1000000 of garbage at the end", "", 1000000, "", LINE_A},
	{"a comment of 70000", "#", 70000, "\n" LINE_B, LINE_A LINE_B},
	{"a tag of 70000", "0 0 ", 70000, ".c:1 func:f \n" LINE_B, LINE_A LINE_B},
	{"a tag of 1000000", "0 0 ", 1000000, ".c:1 func:f \n" LINE_B, LINE_A LINE_B},
	{"a tag of 1000000 at the end", "0 0 ", 1000000, ".c:1 func:f ", LINE_A},
	{"a tail of 70000", "0 0 a.c:1 func:f ", 70000, " \n" LINE_B, LINE_A LINE_B},
};

/* Too long for a line: skipped, however it comes. */
static void test_overlong(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(overlong); i++)
		for (size_t r = 0; r < G_N_ELEMENTS(run_lengths); r++) {
			g_autoptr(GString) text =
				with_long_line(overlong[i].lead, overlong[i].fill, overlong[i].end);
			g_autofree char *row = g_strdup_printf("%s, run length %d",
							       overlong[i].name, run_lengths[r]);
			g_autoptr(GString) lines = NULL;
			struct sample *sample = NULL;

			unit_check(read_runs(NULL, (struct span){text->str, text->len},
					     run_lengths[r], &sample) == 0,
				   "%s: fails", row);
			unit_check_number(sample->listing.skipped, 1, row, "skipped");
			lines = text_of(sample, row);
			unit_check_text(span_of(lines->str), span_of(overlong[i].lines), row,
					"the lines");
			sample_unref(sample);
		}
}

/* Where the limit is, is not said; but it must not depend on the runs. */
static void test_nearly_overlong(void **state)
{
	(void)state;
	for (size_t fill = 65510; fill < 65540; fill++) {
		g_autoptr(GString) text = with_long_line("0 0 ", fill, ".c:1 func:f \n" LINE_B);
		g_autofree char *row = g_strdup_printf("%zu bytes", fill);
		struct sample *whole = read_whole(NULL, (struct span){text->str, text->len});

		for (size_t r = 1; r < G_N_ELEMENTS(run_lengths); r++) {
			struct sample *sample = NULL;

			assert_int_equal(read_runs(NULL, (struct span){text->str, text->len},
						   run_lengths[r], &sample),
					 0);
			check_equal(sample, whole, row);
			sample_unref(sample);
		}
		sample_unref(whole);
	}
}

static const struct {
	const char *name;
	const char *text;
	int64_t bytes;
	uint64_t calls;
	int64_t slab;
	uint32_t inaccurate, negative;
} sums[] = {
	{"nothing", "", 0, 0, 0, 0, 0},
	{"two", LINE_A LINE_B, 4095, 3, 0, 0, 1},
	{"inaccurate", LINE_A INACCURATE TAIL ODD_TAIL, 4111, 4, 0, 2, 0},
	{"slab",
	 "7 1 mm/slub.c:9 func:alloc_slab_page \n5 1 mm/slub.c:9 func:f \n"
	 "-3 1 mm/slub.c:10 func:alloc_slab_page \n",
	 9, 3, 4, 0, 1},
	{"wrapping upwards",
	 "9223372036854775807 18446744073709551615 a.c:1 func:f \n"
	 "1 2 a.c:2 func:f \n",
	 INT64_MIN, 1, 0, 0, 0},
	{"wrapping downwards", "-9223372036854775808 0 a.c:1 func:f \n-1 0 a.c:2 func:f \n",
	 INT64_MAX, 0, 0, 0, 2},
	{"slab wrapping",
	 "9223372036854775807 1 mm/slub.c:1 func:alloc_slab_page \n"
	 "9223372036854775807 1 mm/slub.c:2 func:alloc_slab_page \n",
	 -2, 2, -2, 0, 0},
	{"wrapped calls", "-86241280 18446744073709530561 mm/filemap.c:1951 func:f \n", -86241280,
	 18446744073709530561u, 0, 0, 1},
};

static void test_sums(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(sums); i++) {
		struct sample *sample = read_whole(NULL, span_of(sums[i].text));
		const char *row = sums[i].name;

		unit_check_number((uint64_t)sample->listing.bytes, (uint64_t)sums[i].bytes, row,
				  "bytes");
		unit_check_number(sample->listing.calls, sums[i].calls, row, "calls");
		unit_check_number((uint64_t)sample->listing.slab_bytes, (uint64_t)sums[i].slab, row,
				  "slab");
		unit_check_number(sample->listing.inaccurate_count, sums[i].inaccurate, row,
				  "inaccurate");
		unit_check_number(sample->listing.negative_count, sums[i].negative, row,
				  "negative");
		sample_unref(sample);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	 cmocka_unit_test(test_binary),
		cmocka_unit_test(test_overlong), cmocka_unit_test(test_nearly_overlong),
		cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, make_guard, NULL);
}
