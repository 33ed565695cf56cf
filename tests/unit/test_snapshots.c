/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Snapshots by name and the worlds they give: which names they can have, how many there can be,
 * what renaming does, that who uses one keeps it; and which tags a difference has, how long it is
 * the newest, and that it is made once for each sample.
 */
#include "unit.h"

#include <errno.h>
#include <limits.h>
#include <linux/fs.h>
#include "fake_source.h"
#include "snapshots.h"
#include "tree.h"

enum { MOST = 4 };

/* A live world that shows one more byte at each read, and what is frozen of it. */
struct bench {
	struct fake *fake;
	struct sampler *sampler;
	struct world *live;
	struct snapshots *snapshots;
	bool closed;
};

static void open_bench(struct bench *bench)
{
	bench->fake = fake_new(true, &bench->closed);
	bench->sampler = sampler_new(&bench->fake->source, 0);
	bench->live = world_new_live(bench->sampler);
	bench->snapshots = snapshots_new(bench->live, MOST);
}

static void close_bench(struct bench *bench)
{
	snapshots_free(bench->snapshots);
	world_unref(bench->live);
	sampler_free(bench->sampler);
	assert_true(bench->closed);
}

static int add(struct bench *bench, const char *name)
{
	struct sample *sample;
	int err;

	assert_int_equal(sampler_get_now(bench->sampler, &sample), 0);
	err = snapshots_add(bench->snapshots, span_of(name), sample);
	sample_unref(sample);
	return err;
}

/* "a=1 b=2": the names in order, with the bytes that each has frozen. */
static char *show(struct bench *bench)
{
	g_auto(GStrv) names = snapshots_names(bench->snapshots);
	GString *out = g_string_new(NULL);

	for (char **name = names; *name; name++) {
		struct world *world = snapshots_find(bench->snapshots, span_of(*name));
		struct sample *sample;

		assert_int_equal(world_get(world, SAMPLER_COUNTERS, &sample), 0);
		g_string_append_printf(out, "%s%s=%" G_GINT64_FORMAT, name == names ? "" : " ",
				       *name, sample->counters[0].bytes);
		sample_unref(sample);
		world_unref(world);
	}
	return g_string_free(out, FALSE);
}

static void check_all(struct bench *bench, const char *wanted, const char *row)
{
	g_autofree char *got = show(bench);

	unit_check_text(span_of(got), span_of(wanted), row, "snapshots");
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		int err;
	} names[] = {
		{"a", 0},	    {"boot-1", 0},     {"vor der Last", 0}, {"\xc3\xa4", 0},
		{"a.b", 0},	    {"a.", 0},	       {"", -EINVAL},	    {".", -EINVAL},
		{"..", -EINVAL},    {".a", -EINVAL},   {"a..b", -EINVAL},   {"a..", -EINVAL},
		{"a\nb", -EINVAL},  {"\x7f", -EINVAL}, {"a/b", -EINVAL},    {"\x1f", -EINVAL},
		{"a...b", -EINVAL},
	};
	g_autofree char *longest = g_strnfill(NAME_MAX, 'n');
	g_autofree char *longer = g_strnfill(NAME_MAX + 1, 'n');

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		unit_check(snapshots_check_name(span_of(names[i].name)) == names[i].err,
			   "name %zu: %d", i, snapshots_check_name(span_of(names[i].name)));
	assert_int_equal(snapshots_check_name(span_of(longest)), 0);
	assert_int_equal(snapshots_check_name(span_of(longer)), -EINVAL);
	assert_int_equal(snapshots_check_name((struct span){"a\0b", 3}), -EINVAL);
}

static void test_add_and_remove(void **state)
{
	struct bench bench;

	(void)state;
	open_bench(&bench);
	assert_int_equal(add(&bench, "b"), 0);
	assert_int_equal(add(&bench, "a"), 0);
	assert_int_equal(add(&bench, "a"), -EEXIST);
	assert_int_equal(add(&bench, ".x"), -EINVAL);
	check_all(&bench, "a=2 b=1", "two");
	assert_int_equal(add(&bench, "c"), 0);
	assert_int_equal(add(&bench, "d"), 0);
	assert_int_equal(add(&bench, "e"), -ENOSPC);
	/* That there is one already is the better news. */
	assert_int_equal(add(&bench, "d"), -EEXIST);
	assert_int_equal(snapshots_count(bench.snapshots), MOST);
	assert_int_equal(snapshots_remove(bench.snapshots, span_of("x")), -ENOENT);
	assert_int_equal(snapshots_remove(bench.snapshots, span_of("a")), 0);
	assert_int_equal(add(&bench, "e"), 0);
	check_all(&bench, "b=1 c=5 d=6 e=9", "another in its place");
	assert_null(snapshots_find(bench.snapshots, span_of("a")));
	close_bench(&bench);
}

static const struct {
	const char *from, *to;
	unsigned int flags;
	int err;
	const char *after; /* of a=1 b=2 */
} renames[] = {
	{"a", "c", 0, 0, "b=2 c=1"},
	{"a", "c", RENAME_NOREPLACE, 0, "b=2 c=1"},
	{"a", "a", 0, 0, "a=1 b=2"},
	/* What is there is not lost. */
	{"a", "b", 0, -EEXIST, "a=1 b=2"},
	{"a", "b", RENAME_NOREPLACE, -EEXIST, "a=1 b=2"},
	{"a", "b", RENAME_EXCHANGE, 0, "a=2 b=1"},
	{"a", "c", RENAME_EXCHANGE, -ENOENT, "a=1 b=2"},
	{"c", "a", 0, -ENOENT, "a=1 b=2"},
	{"c", "c", 0, -ENOENT, "a=1 b=2"},
	{"a", ".c", 0, -EINVAL, "a=1 b=2"},
	{"a", "x..y", 0, -EINVAL, "a=1 b=2"},
	{"a", "c", RENAME_WHITEOUT, -EINVAL, "a=1 b=2"},
};

static void test_rename(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(renames); i++) {
		g_autofree char *row = g_strdup_printf("%s to %s, flags %u", renames[i].from,
						       renames[i].to, renames[i].flags);
		struct bench bench;
		int err;

		open_bench(&bench);
		assert_int_equal(add(&bench, "a"), 0);
		assert_int_equal(add(&bench, "b"), 0);
		err = snapshots_rename(bench.snapshots, span_of(renames[i].from),
				       span_of(renames[i].to), renames[i].flags);
		unit_check(err == renames[i].err, "%s: %d", row, err);
		check_all(&bench, renames[i].after, row);
		close_bench(&bench);
	}
}

static int64_t growth(struct world *world)
{
	struct sample *sample;
	int64_t bytes;

	assert_int_equal(world_get(world, SAMPLER_COUNTERS, &sample), 0);
	assert_true(sample->is_difference);
	bytes = sample->part_count ? sample->counters[sample->part[0]].bytes : 0;
	sample_unref(sample);
	return bytes;
}

/* A name can end in a dot, but has no two, and begins with none: so there is one way to part them.
 */
static void test_since_dots(void **state)
{
	static const struct {
		const char *name;
		int64_t growth; /* 0: there is none */
	} rows[] = {
		{"b..a.", -1}, {"a...b", 1}, {"a....b", 0},
		{"a...a", 0},  {"a..b", 0},  {"b...a.", 0},
	};
	struct bench bench;

	(void)state;
	open_bench(&bench);
	assert_int_equal(add(&bench, "a."), 0);
	assert_int_equal(add(&bench, "b"), 0);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct world *world = snapshots_since(bench.snapshots, span_of(rows[i].name));

		unit_check(!world == !rows[i].growth, "since %s", rows[i].name);
		if (world)
			assert_int_equal(growth(world), rows[i].growth);
		world_unref(world);
	}
	close_bench(&bench);
}

static void test_since(void **state)
{
	static const char *const none[] = {"x", "a..x", "x..a", "..a", "a..", "..", "a...b", ""};
	struct bench bench;
	struct world *since, *between, *again;

	(void)state;
	open_bench(&bench);
	assert_int_equal(add(&bench, "a"), 0); /* 1 */
	assert_int_equal(add(&bench, "b"), 0); /* 2 */
	for (size_t i = 0; i < G_N_ELEMENTS(none); i++)
		unit_check(!snapshots_since(bench.snapshots, span_of(none[i])), "since %s",
			   none[i]);
	since = snapshots_since(bench.snapshots, span_of("a"));
	assert_false(world_is_frozen(since));
	assert_int_equal(world_realm(since), REALM_SINCE);
	assert_int_equal(growth(since), 3 - 1);
	assert_int_equal(growth(since), 4 - 1);
	between = snapshots_since(bench.snapshots, span_of("a..b"));
	assert_true(world_is_frozen(between));
	assert_int_equal(growth(between), 1);
	world_unref(between);
	between = snapshots_since(bench.snapshots, span_of("b..a"));
	assert_int_equal(growth(between), -1);
	again = snapshots_since(bench.snapshots, span_of("a..a"));
	assert_int_equal(growth(again), 0);
	world_unref(again);
	/* Who uses it keeps it, a new one of the name is another one. */
	assert_int_equal(snapshots_remove(bench.snapshots, span_of("a")), 0);
	assert_int_equal(add(&bench, "a"), 0); /* 5 */
	assert_int_equal(growth(since), 6 - 1);
	assert_int_equal(growth(between), -1);
	again = snapshots_since(bench.snapshots, span_of("b..a"));
	assert_int_equal(growth(again), 5 - 2);
	world_unref(again);
	world_unref(since);
	world_unref(between);
	close_bench(&bench);
}

/* A difference is made once for each sample, and is the newest until there is a newer sample. */
static void test_since_is_kept(void **state)
{
	struct bench bench;
	struct world *since, *frozen;
	struct sample *one, *two, *last;

	(void)state;
	open_bench(&bench);
	assert_int_equal(add(&bench, "a"), 0);
	since = snapshots_since(bench.snapshots, span_of("a"));
	frozen = snapshots_find(bench.snapshots, span_of("a"));
	assert_int_equal(world_get(since, SAMPLER_COUNTERS, &one), 0);
	last = world_last(since);
	assert_ptr_equal(last, one);
	sample_unref(last);
	assert_true(world_is_young(since, one));
	assert_int_equal(sampler_get_now(bench.sampler, &two), 0);
	assert_false(world_is_young(since, one));
	sample_unref(two);
	assert_int_equal(world_get(frozen, SAMPLER_NAMES, &two), 0);
	assert_true(world_is_young(frozen, two));
	sample_unref(two);
	sample_unref(one);
	world_unref(frozen);
	world_unref(since);
	close_bench(&bench);
}

static void test_guessed(void **state)
{
	struct bench bench;
	struct world *since;

	(void)state;
	open_bench(&bench);
	assert_int_equal(add(&bench, "a"), 0);
	since = snapshots_since(bench.snapshots, span_of("a"));
	growth(since);
	assert_int_equal(snapshots_guessed(bench.snapshots), 0);
	bench.fake->stamp.names++; /* and with it the line of the tag */
	assert_int_equal(growth(since), 2);
	assert_int_equal(snapshots_guessed(bench.snapshots), 1);
	world_unref(since);
	close_bench(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),	   cmocka_unit_test(test_add_and_remove),
		cmocka_unit_test(test_rename),	   cmocka_unit_test(test_since),
		cmocka_unit_test(test_since_dots), cmocka_unit_test(test_since_is_kept),
		cmocka_unit_test(test_guessed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
