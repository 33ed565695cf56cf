/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that it does not matter to the answer whether a query went down to the kernel: generated
 * paths over generated listings give the same tags, with the same counters and lines, from what
 * filtered passes gave as from the text, in both layouts. Negative bytes, wrapped calls, several
 * tags of one key and names that are equal once cut are frequent.
 */
#include "unit.h"

#include <errno.h>
#include "fake_kernel.h"
#include "gather.h"
#include "generate.h"
#include "rows.h"
#include "sampler.h"
#include "select.h"
#include "tree.h"

enum { SEED = 20260915, LISTINGS = 40, PATHS = 150, TAGS_MAX = 120 };

/* Of one run; those that went down and those that could have. */
struct tally {
	unsigned int walked, planned, gathered, places, tags, ranked;
};

static void check_same(const struct sample *text, struct sample *part, const struct target *target,
		       const char *path)
{
	g_autofree char *wanted = rows_show(text, target), *is = rows_show(part, target);
	bool same = strcmp(wanted, is) == 0;

	if (!same)
		print_error("/%s\nis:\n%sshould be:\n%s", path, is, wanted);
	sample_unref(part);
	assert_true(same);
}

static void check_path(struct sampler *sampler, const struct sample *text, const char *path,
		       struct tally *tally)
{
	struct sample *sample = NULL;
	struct target target;
	struct query from;
	struct plan plan;
	const char *stopped;
	int err;

	if (tree_walk(text->catalog, path, &target, &from, &stopped) != 0)
		return;
	tally->walked++;
	plan_make(text->catalog, &target, &plan);
	tally->planned += plan.passes > 0;
	tally->tags += plan.passes > 0 && target.kind == TARGET_TAG;
	tally->places += plan.passes > 0 && target.kind == TARGET_PLACE;
	tally->ranked += plan.passes > 0 && query_is_ranked(&target.query);
	if (plan.passes > 0) {
		err = gather(sampler_source(sampler), text, &plan, &sample);
		/* Too many groups that only passes of their own can tell apart. */
		unit_check(err == 0 || err == -ENODATA, "/%s: error %d", path, err);
		tally->gathered += !err;
		if (!err)
			check_same(text, sample, &target, path);
	}
	unit_check_number((uint64_t)-sampler_get_some(sampler, text, &target, &sample), 0, path,
			  "the error");
	check_same(text, sample, &target, path);
}

static void check_listing(GRand *random, enum fake_answers answers, struct tally *tally)
{
	struct fake_kernel *kernel = fake_kernel_new(answers);
	struct sampler *sampler;
	struct sampler_stats stats;
	struct sample *text;
	unsigned int gathered = tally->gathered;

	generate_listing(random, kernel, TAGS_MAX);
	sampler = sampler_new(fake_kernel_source(kernel, g_rand_boolean(random)), 0);
	assert_int_equal(sampler_get(sampler, SAMPLER_COUNTERS, &text), 0);
	assert_int_equal(text->catalog->count, kernel->tags->len);
	for (int i = 0; i < PATHS; i++) {
		g_autofree char *path = generate_path(random, text->catalog);

		check_path(sampler, text, path, tally);
	}
	sampler_stats(sampler, &stats);
	unit_check_number(stats.pushed_down, tally->gathered - gathered, "sampler", "pushed down");
	unit_check(!stats.last_error, "sampler: %s", stats.last_error);
	unit_check_number(kernel->calls[FAKE_OTHER] > 2, false, "kernel", "ENOTTY");
	sample_unref(text);
	sampler_free(sampler);
	fake_kernel_free(kernel);
}

static void check_layout(enum fake_answers answers)
{
	GRand *random = g_rand_new_with_seed(SEED + answers);
	struct tally tally = {0};

	for (int i = 0; i < LISTINGS; i++)
		check_listing(random, answers, &tally);
	g_rand_free(random);
	print_message("paths: %u, planned: %u (tags %u, places %u, ranked %u), gathered: %u\n",
		      tally.walked, tally.planned, tally.tags, tally.places, tally.ranked,
		      tally.gathered);
	assert_in_range(tally.walked, LISTINGS * PATHS / 2, LISTINGS * PATHS);
	assert_in_range(tally.planned, tally.walked / 3, tally.walked);
	assert_in_range(tally.gathered, tally.planned * 9 / 10, tally.planned);
	assert_in_range(tally.tags, LISTINGS, tally.planned);
	assert_in_range(tally.places, LISTINGS, tally.planned);
	assert_in_range(tally.ranked, LISTINGS, tally.planned);
}

static void test_mainline(void **state)
{
	(void)state;
	check_layout(FAKE_MAINLINE);
}

static void test_v3(void **state)
{
	(void)state;
	check_layout(FAKE_V3);
}

/* Two tags for each key, of which one holds something: more than what is worth telling apart. */
static void check_groups(guint keys, int wanted)
{
	struct fake_kernel *kernel = fake_kernel_new(FAKE_MAINLINE);
	struct sampler *sampler;
	struct sample *text, *sample;
	struct target target;
	struct query from;
	struct plan plan;
	const char *stopped;
	int err;

	for (guint i = 0; i < 2 * keys; i++) {
		struct fake_tag tag = {.file = (char *)"a.c", .function = (char *)"f"};

		tag.line = i / 2;
		tag.bytes = i % 2 * 4096;
		fake_kernel_add(kernel, &tag);
	}
	fake_kernel_write(kernel);
	sampler = sampler_new(fake_kernel_source(kernel, true), 0);
	assert_int_equal(sampler_get(sampler, SAMPLER_COUNTERS, &text), 0);
	assert_int_equal(tree_walk(text->catalog, "min-size/1", &target, &from, &stopped), 0);
	plan_make(text->catalog, &target, &plan);
	err = gather(sampler_source(sampler), text, &plan, &sample);
	unit_check(err == wanted, "%u keys: %d, wanted %d", keys, err, wanted);
	if (!err)
		check_same(text, sample, &target, "min-size/1");
	assert_int_equal(sampler_get_some(sampler, text, &target, &sample), 0);
	check_same(text, sample, &target, "min-size/1");
	sample_unref(text);
	sampler_free(sampler);
	fake_kernel_free(kernel);
}

static void test_many_groups(void **state)
{
	(void)state;
	check_groups(1, 0);
	check_groups(32, 0);
	check_groups(33, -ENODATA);
	check_groups(300, -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mainline),
		cmocka_unit_test(test_v3),
		cmocka_unit_test(test_many_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
