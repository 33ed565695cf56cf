/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves when a sample shares the catalog that was expected, and that it is right where names have
 * changed: anywhere in the listing, in any way, and between the real listings.
 */
#include "unit.h"

#include "sample.h"

enum { TAGS = 20 };

/* What is done to line `at` of a listing of TAGS lines. */
enum change { NOTHING, COUNTERS, INSERT, REMOVE, RENAME, SPELL, SWAP, APPEND, TRUNCATE, TAIL };

static const struct row {
	const char *name;
	enum change change;
	int at;
	bool shared;
} rows[] = {
	{"nothing", NOTHING, 0, true},
	{"counters at the start", COUNTERS, 0, true},
	{"counters at the end", COUNTERS, TAGS - 1, true},
	{"a tail at the start", TAIL, 0, true},
	{"a tail in the middle", TAIL, 10, true},
	{"a tail at the end", TAIL, TAGS - 1, true},
	{"inserted at the start", INSERT, 0, false},
	{"inserted in the middle", INSERT, 10, false},
	{"inserted before the last", INSERT, TAGS - 1, false},
	{"removed at the start", REMOVE, 0, false},
	{"removed in the middle", REMOVE, 10, false},
	{"removed at the end", REMOVE, TAGS - 1, false},
	{"renamed at the start", RENAME, 0, false},
	{"renamed in the middle", RENAME, 10, false},
	{"renamed at the end", RENAME, TAGS - 1, false},
	{"spelled differently at the start", SPELL, 0, false},
	{"spelled differently in the middle", SPELL, 10, false},
	{"spelled differently at the end", SPELL, TAGS - 1, false},
	{"swapped at the start", SWAP, 0, false},
	{"swapped at the end", SWAP, TAGS - 2, false},
	{"appended", APPEND, TAGS, false},
	{"truncated in the middle", TRUNCATE, 10, false},
	{"truncated to one", TRUNCATE, 1, false},
	{"truncated to nothing", TRUNCATE, 0, false},
};

/* Every third tag is a module's, and two that follow each other may bear the same words. */
static void put_line(GString *text, int number, const char *lead, const char *function,
		     int64_t bytes, const char *tail)
{
	g_string_append_printf(text, "%12" G_GINT64_FORMAT " %8d %sdir%d/file.c:%d%s func:%s%s \n",
			       bytes, number, lead, number % 4, number / 2,
			       number % 3 == 0 ? " [mod]" : "", function, tail);
}

static GString *listing(enum change change, int at)
{
	GString *text = g_string_new(NULL);
	int last = change == TRUNCATE ? at : TAGS;

	g_string_append(text, "allocinfo - version: 2.0\n#     <size>  <calls> <tag info>\n");
	for (int i = 0; i < last; i++) {
		bool here = i == at;
		int number = i;

		if (here && change == REMOVE)
			continue;
		if (here && change == INSERT)
			put_line(text, 99, "", "f", 1, "");
		if (change == SWAP && (i == at || i == at + 1))
			number = 2 * at + 1 - i;
		put_line(text, number, here && change == SPELL ? "./" : "",
			 here && change == RENAME ? "g" : "f",
			 here && change == COUNTERS ? -123456789012345 : 4096,
			 here && change == TAIL ? " accurate:no k:v" : "");
	}
	if (change == APPEND)
		put_line(text, 99, "", "f", 1, "");
	return text;
}

static struct sample *read_sample(struct catalog *known, const char *text, size_t len)
{
	struct sample_reader *reader = sample_reader_begin(known);
	struct sample *sample = NULL;

	assert_int_equal(sample_reader_feed(reader, (struct span){text, len}), 0);
	assert_int_equal(sample_reader_finish(reader, (struct timespec){0, 0}, &sample), 0);
	return sample;
}

/* The lines of the sample have to be those of text, header excluded. */
static void check_lines(const struct sample *sample, const char *text, size_t len, const char *row)
{
	const char *lines = strchr(strchr(text, '\n') + 1, '\n') + 1;
	g_autofree char *got = g_malloc(sample_text_length(sample) + 1);
	char *to = got;

	unit_check_number(sample_text_length(sample), len - (size_t)(lines - text), row,
			  "text_length");
	for (uint32_t i = 0; i < sample->catalog->count; i++)
		to = sample_write_line(sample, i, to);
	unit_check_number((uint64_t)(to - got), sample_text_length(sample), row,
			  "the length written");
	unit_check(memcmp(got, lines, sample_text_length(sample)) == 0, "%s: the lines differ",
		   row);
	unit_check_number(sample->listing.skipped, 0, row, "skipped");
}

/* A sample read with some catalog known has to be the same as one read with none. */
static void check_against_fresh(const struct sample *sample, const char *text, size_t len,
				const char *row)
{
	struct sample *fresh = read_sample(NULL, text, len);

	unit_check_number(sample->catalog->count, fresh->catalog->count, row, "the tags");
	unit_check_number(sample->catalog->names_hash, fresh->catalog->names_hash, row, "the id");
	unit_check_number((uint64_t)sample->listing.bytes, (uint64_t)fresh->listing.bytes, row,
			  "bytes");
	unit_check_number(sample->listing.calls, fresh->listing.calls, row, "calls");
	unit_check_number(sample->listing.inaccurate_count, fresh->listing.inaccurate_count, row,
			  "inaccurate");
	for (uint32_t i = 0; i < sample->catalog->count; i++) {
		char name[NAME_SIZE], wanted[NAME_SIZE];

		catalog_tag_name(sample->catalog, i, CATALOG_FLAT, name);
		catalog_tag_name(fresh->catalog, i, CATALOG_FLAT, wanted);
		unit_check_text(span_of(name), span_of(wanted), row, "the name of a tag");
		unit_check(sample->counters[i].bytes == fresh->counters[i].bytes &&
				   sample->counters[i].calls == fresh->counters[i].calls,
			   "%s: the counters of %s", row, name);
	}
	sample_unref(fresh);
}

static void check_row(const struct row *row, struct catalog *known)
{
	g_autoptr(GString) text = listing(row->change, row->at);
	struct sample *sample = read_sample(known, text->str, text->len);

	unit_check_number(sample->catalog == known, row->shared, row->name, "sharing");
	unit_check_number(sample->catalog->names_hash == known->names_hash, row->shared, row->name,
			  "the same id");
	unit_check_catalog(sample->catalog, row->name);
	check_lines(sample, text->str, text->len, row->name);
	check_against_fresh(sample, text->str, text->len, row->name);
	sample_unref(sample);
}

static void test_changes(void **state)
{
	g_autoptr(GString) text = listing(NOTHING, 0);
	struct sample *first = read_sample(NULL, text->str, text->len);

	(void)state;
	unit_check_number(first->catalog->count, TAGS, "listing", "the tags");
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check_row(&rows[i], first->catalog);
	sample_unref(first);
}

/* The way back: what was changed is known, and the listing is as it was. */
static void test_changes_undone(void **state)
{
	g_autoptr(GString) text = listing(NOTHING, 0);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GString) changed = listing(rows[i].change, rows[i].at);
		struct sample *known = read_sample(NULL, changed->str, changed->len);
		struct sample *sample = read_sample(known->catalog, text->str, text->len);

		unit_check_number(sample->catalog == known->catalog, rows[i].shared, rows[i].name,
				  "sharing");
		check_lines(sample, text->str, text->len, rows[i].name);
		check_against_fresh(sample, text->str, text->len, rows[i].name);
		sample_unref(known);
		sample_unref(sample);
	}
}

/* The catalog outlives the sample that it came with, and the reader. */
static void test_references(void **state)
{
	g_autoptr(GString) text = listing(NOTHING, 0);
	struct sample *first = read_sample(NULL, text->str, text->len), *second;
	struct sample_reader *reader = sample_reader_begin(first->catalog);

	(void)state;
	assert_ptr_equal(sample_ref(first), first);
	sample_unref(first);
	sample_unref(first);
	sample_reader_feed(reader, (struct span){text->str, text->len});
	assert_int_equal(sample_reader_finish(reader, (struct timespec){0, 0}, &second), 0);
	assert_int_equal(second->catalog->count, TAGS);
	reader = sample_reader_begin(second->catalog);
	sample_reader_feed(reader, (struct span){text->str, text->len / 2});
	sample_reader_cancel(reader);
	check_lines(second, text->str, text->len, "references");
	sample_unref(second);
	sample_unref(NULL);
}

/* Sums of the first two fields, counted apart from the code at test. */
static void check_listing_sums(const struct sample *sample, const char *text, const char *row)
{
	int64_t bytes = 0;
	uint64_t calls = 0, found = 0;

	for (; *text; text = strchr(text, '\n') + 1) {
		char *end;
		int64_t value = g_ascii_strtoll(text, &end, 10);

		if (end == text)
			continue;
		bytes += value;
		calls += g_ascii_strtoull(end, NULL, 10);
		found++;
	}
	unit_check_number(sample->catalog->count, found, row, "the tags");
	unit_check_number((uint64_t)sample->listing.bytes, (uint64_t)bytes, row, "bytes");
	unit_check_number(sample->listing.calls, calls, row, "calls");
}

static void test_listings(void **state)
{
	size_t len_a, len_b;
	g_autofree char *a = unit_read_data("allocinfo-a.txt", &len_a);
	g_autofree char *b = unit_read_data("allocinfo-b.txt", &len_b);
	struct sample *first = read_sample(NULL, a, len_a);
	struct sample *same = read_sample(first->catalog, a, len_a);
	struct sample *other = read_sample(first->catalog, b, len_b);
	struct sample *back = read_sample(other->catalog, a, len_a);

	(void)state;
	check_lines(first, a, len_a, "a");
	check_listing_sums(first, a, "a");
	assert_ptr_equal(same->catalog, first->catalog);
	check_lines(same, a, len_a, "a again");
	assert_ptr_not_equal(other->catalog, first->catalog);
	check_lines(other, b, len_b, "b");
	check_listing_sums(other, b, "b");
	check_against_fresh(other, b, len_b, "b");
	assert_true(back->catalog->names_hash == first->catalog->names_hash);
	check_lines(back, a, len_a, "a after b");
	sample_unref(first);
	sample_unref(same);
	sample_unref(other);
	sample_unref(back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_changes_undone),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_listings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
