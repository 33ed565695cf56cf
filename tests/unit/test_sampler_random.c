/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that memory changes no answer but its age: generated questions while counters and names
 * change and time passes, each answer compared with what the text was at every moment. With the
 * cache an answer is one that was right within max_age; without it, and where everything kept is
 * too old at each step, the one that is right now. None goes back behind the one before.
 */
#include "unit.h"

#include <errno.h>
#include "fake_kernel.h"
#include "generate.h"
#include "rows.h"
#include "sampler.h"
#include "tree.h"

enum { SEED = 20261122, LISTINGS = 25, STEPS = 120, TAGS_MAX = 30, MAX_AGE = 100000, TRIES = 3 };

gint64 __wrap_g_get_monotonic_time(void);

static gint64 clock_now = 1000000000;

gint64 __wrap_g_get_monotonic_time(void)
{
	return clock_now;
}

enum regime { CACHED, UNCACHED, EVICTED, REGIMES };

static const char *const regime_names[] = {"cached", "uncached", "evicted"};

/* What the kernel showed from a moment on. */
struct version {
	gint64 since;
	struct sample *sample;
};

struct bench {
	GRand *random;
	struct fake_kernel *kernel;
	struct sampler *sampler;
	GArray *versions; /* struct version */
	guint seen; /* no answer may be of an earlier version than this */
	unsigned int old; /* answers that were no longer right */
};

static void clear_version(void *data)
{
	sample_unref(((struct version *)data)->sample);
}

static void note_version(struct bench *bench)
{
	g_autoptr(GString) text = fake_kernel_text(bench->kernel);
	struct version version = {clock_now, tree_sample(text)};

	fake_kernel_write(bench->kernel);
	g_array_append_val(bench->versions, version);
}

static void open_bench(struct bench *bench, GRand *random, enum regime regime)
{
	enum fake_answers answers = g_rand_boolean(random) ? FAKE_MAINLINE : FAKE_V3;

	*bench = (struct bench){.random = random, .kernel = fake_kernel_new(answers)};
	do {
		generate_listing(random, bench->kernel, TAGS_MAX);
	} while (bench->kernel->tags->len == 0);
	bench->sampler = sampler_new(fake_kernel_source(bench->kernel, true),
				     regime == UNCACHED ? 0 : MAX_AGE);
	bench->versions = g_array_new(FALSE, FALSE, sizeof(struct version));
	g_array_set_clear_func(bench->versions, clear_version);
	note_version(bench);
}

static void close_bench(struct bench *bench)
{
	g_array_free(bench->versions, TRUE);
	sampler_free(bench->sampler);
	fake_kernel_free(bench->kernel);
}

/* Some counters are others, or a tag comes or goes. */
static void change(struct bench *bench)
{
	GArray *tags = bench->kernel->tags;
	guint at = (guint)g_rand_int_range(bench->random, 0, (gint32)tags->len);
	struct fake_tag copy = *fake_kernel_tag(bench->kernel, at);

	if (g_rand_int_range(bench->random, 0, 8) > 0) {
		for (guint i = 0; i < tags->len; i += 1 + i % 3)
			fake_kernel_tag(bench->kernel, i)->bytes = generate_edge(bench->random);
	} else if (tags->len > TAGS_MAX / 2) {
		fake_kernel_remove(bench->kernel, at);
		bench->kernel->content_id++;
	} else {
		fake_kernel_insert(bench->kernel, at, &copy);
		bench->kernel->content_id++;
	}
	note_version(bench);
}

/* As a mount asks: names first, then counters; again where the names were others by then. */
static int ask(struct bench *bench, const char *path, struct target *target, struct sample **sample)
{
	struct sample *names;
	struct query from;
	const char *stopped;
	int err = -ESTALE;

	for (int try = 0; err == -ESTALE && try < TRIES; try++) {
		err = sampler_get(bench->sampler, SAMPLER_NAMES, &names);
		if (!err)
			err = tree_walk(names->catalog, path, target, &from, &stopped);
		if (!err)
			err = sampler_get_some(bench->sampler, names, target, sample);
		if (!err && (*sample)->catalog != names->catalog)
			err = tree_walk((*sample)->catalog, path, target, &from, &stopped);
		sample_unref(names);
	}
	return err;
}

/* The answer that a version gives; NULL: there is no such path. */
static char *answer_of(const struct version *version, const char *path)
{
	struct target target;
	struct query from;
	const char *stopped;

	if (tree_walk(version->sample->catalog, path, &target, &from, &stopped) != 0)
		return NULL;
	return rows_show(version->sample, &target);
}

/* The first version from there on that gives the answer, or their number. */
static guint find_version(const struct bench *bench, guint from, const char *path,
			  const char *answer)
{
	for (; from < bench->versions->len; from++) {
		const struct version *version =
			&g_array_index(bench->versions, struct version, from);
		g_autofree char *own = answer_of(version, path);

		if (g_strcmp0(own, answer) == 0)
			break;
	}
	return from;
}

/* The oldest that an answer may be of: what was there max_age ago. */
static guint oldest_allowed(const struct bench *bench, enum regime regime)
{
	guint oldest = bench->versions->len - 1;

	while (regime == CACHED && oldest > 0 &&
	       g_array_index(bench->versions, struct version, oldest).since > clock_now - MAX_AGE)
		oldest--;
	return MAX(oldest, bench->seen);
}

static void check_answer(struct bench *bench, enum regime regime)
{
	const struct version *current =
		&g_array_index(bench->versions, struct version, bench->versions->len - 1);
	g_autofree char *path = generate_path(bench->random, current->sample->catalog);
	g_autofree char *answer = NULL;
	struct sample *sample = NULL;
	struct target target;
	guint version;
	int err = ask(bench, path, &target, &sample);

	if (err == 0)
		answer = rows_show(sample, &target);
	sample_unref(sample);
	if (err &&
	    find_version(bench, oldest_allowed(bench, regime), path, NULL) < bench->versions->len)
		return;
	unit_check(err == 0, "%s: /%s: error %d", regime_names[regime], path, err);
	version = find_version(bench, oldest_allowed(bench, regime), path, answer);
	unit_check(version < bench->versions->len, "%s: /%s is of no time allowed:\n%s",
		   regime_names[regime], path, answer);
	bench->seen = version;
	bench->old += version + 1 < bench->versions->len;
}

static void pass_time(struct bench *bench, enum regime regime)
{
	clock_now += g_rand_int_range(bench->random, 1, MAX_AGE / 2);
	if (regime == EVICTED)
		clock_now += MAX_AGE;
}

static void test_regime(enum regime regime)
{
	GRand *random = g_rand_new_with_seed(SEED + regime);
	struct sampler_stats stats = {.pushed_down = 0};
	uint64_t from_memory = 0, pushed_down = 0;
	unsigned int old = 0;

	for (int i = 0; i < LISTINGS; i++) {
		struct bench bench;

		open_bench(&bench, random, regime);
		for (int step = 0; step < STEPS; step++) {
			if (g_rand_int_range(random, 0, 3) == 0)
				change(&bench);
			if (regime == EVICTED || g_rand_boolean(random))
				pass_time(&bench, regime);
			check_answer(&bench, regime);
		}
		sampler_stats(bench.sampler, &stats);
		unit_check(!stats.last_error, "%s", stats.last_error);
		from_memory += stats.from_memory;
		pushed_down += stats.pushed_down;
		old += bench.old;
		close_bench(&bench);
	}
	/* Else the regime would be another one. */
	assert_in_range(pushed_down, LISTINGS, LISTINGS * STEPS);
	if (regime == UNCACHED)
		assert_int_equal(from_memory, 0);
	if (regime == CACHED)
		assert_in_range(from_memory, LISTINGS, LISTINGS * STEPS * 2);
	assert_true(regime == CACHED ? old > LISTINGS : old == 0);
	g_rand_free(random);
}

static void test_cached(void **state)
{
	(void)state;
	test_regime(CACHED);
}

static void test_uncached(void **state)
{
	(void)state;
	test_regime(UNCACHED);
}

static void test_evicted(void **state)
{
	(void)state;
	test_regime(EVICTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cached),
		cmocka_unit_test(test_uncached),
		cmocka_unit_test(test_evicted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
