/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves when the sampler reads its source and when it answers from memory and how failures are
 * told and got over. The source is a fake that counts; nothing depends on how long anything takes.
 */
#include "unit.h"

#include <errno.h>
#include "fake_source.h"

#define HOUR ((int64_t)3600 * 1000 * 1000)

static int warnings;

static void count_warning(const char *domain, GLogLevelFlags level, const char *message,
			  gpointer data)
{
	(void)domain;
	(void)level;
	(void)data;
	warnings += strstr(message, FAKE_NAME) != NULL;
}

/* What happens before a question. */
enum event {
	NONE,
	NEW_NAMES,
	SETTLING,
	READ_FAILS,
	STAMP_FAILS,
	GARBAGE,
	AGAIN_9,
	AGAIN_10,
	MENDED
};

struct step {
	enum event event;
	enum sampler_need need;
	int err;
	int reads, stamps; /* that the source has seen in all */
	int warnings; /* that were logged in all */
	int number; /* of the read that the answer is from */
};

#define NAMES SAMPLER_NAMES
#define COUNTERS SAMPLER_COUNTERS

static const struct scenario {
	const char *name;
	bool live;
	int64_t max_age;
	struct step steps[8]; /* one without reads ends them */
} scenarios[] = {
	{"live, within max_age",
	 true,
	 HOUR,
	 {{NONE, COUNTERS, 0, 1, 0, 0, 1},
	  {NONE, COUNTERS, 0, 1, 0, 0, 1},
	  {NONE, NAMES, 0, 1, 0, 0, 1},
	  {NEW_NAMES, COUNTERS, 0, 1, 0, 0, 1},
	  {READ_FAILS, NAMES, 0, 1, 0, 0, 1}}},
	{"live, names first",
	 true,
	 HOUR,
	 {{NONE, NAMES, 0, 1, 0, 0, 1}, {NONE, COUNTERS, 0, 1, 0, 0, 1}}},
	{"live, always fresh",
	 true,
	 0,
	 {{NONE, COUNTERS, 0, 1, 0, 0, 1},
	  {NONE, COUNTERS, 0, 2, 0, 0, 2},
	  {NONE, COUNTERS, 0, 3, 0, 0, 3}}},
	{"live, names unchanged are not read again",
	 true,
	 0,
	 {{NONE, COUNTERS, 0, 1, 0, 0, 1},
	  {NONE, NAMES, 0, 1, 1, 0, 1},
	  {NONE, NAMES, 0, 1, 2, 0, 1},
	  {NEW_NAMES, NAMES, 0, 2, 3, 0, 2},
	  {NONE, NAMES, 0, 2, 4, 0, 2},
	  {NONE, COUNTERS, 0, 3, 4, 0, 3}}},
	{"dump, steady, is not read again",
	 false,
	 0,
	 {{NONE, COUNTERS, 0, 1, 0, 0, 1},
	  {NONE, COUNTERS, 0, 1, 1, 0, 1},
	  {NONE, NAMES, 0, 1, 2, 0, 1},
	  {NEW_NAMES, COUNTERS, 0, 2, 3, 0, 2},
	  {NONE, COUNTERS, 0, 2, 4, 0, 2},
	  {NEW_NAMES, NAMES, 0, 3, 5, 0, 3}}},
	{"dump, within max_age",
	 false,
	 HOUR,
	 {{NONE, COUNTERS, 0, 1, 0, 0, 1},
	  {NEW_NAMES, COUNTERS, 0, 1, 0, 0, 1},
	  {NONE, NAMES, 0, 1, 0, 0, 1}}},
	{"dump being written, always fresh",
	 false,
	 0,
	 {{NONE, COUNTERS, 0, 1, 0, 0, 1}, {SETTLING, COUNTERS, 0, 2, 1, 0, 2}}},
	{"failure answers for max_age",
	 true,
	 HOUR,
	 {{READ_FAILS, COUNTERS, -EIO, 1, 0, 1, 0},
	  {NONE, COUNTERS, -EIO, 1, 0, 1, 0},
	  {NONE, NAMES, -EIO, 1, 0, 1, 0},
	  {MENDED, COUNTERS, -EIO, 1, 0, 1, 0}}},
	{"failure is not remembered, and logged once",
	 true,
	 0,
	 {{READ_FAILS, COUNTERS, -EIO, 1, 0, 1, 0},
	  {NONE, COUNTERS, -EIO, 2, 0, 1, 0},
	  {NONE, NAMES, -EIO, 3, 0, 1, 0},
	  {MENDED, COUNTERS, 0, 4, 0, 1, 4},
	  {NONE, COUNTERS, 0, 5, 0, 1, 5}}},
	{"told once while it lasts, though the names are fine",
	 true,
	 0,
	 {{NONE, COUNTERS, 0, 1, 0, 0, 1},
	  {READ_FAILS, COUNTERS, -EIO, 2, 0, 1, 0},
	  {NONE, NAMES, 0, 2, 1, 1, 1},
	  {NONE, COUNTERS, -EIO, 3, 1, 1, 0},
	  {MENDED, COUNTERS, 0, 4, 1, 1, 4}}},
	{"failure of the stamp",
	 false,
	 0,
	 {{NONE, COUNTERS, 0, 1, 0, 0, 1},
	  {STAMP_FAILS, COUNTERS, -EIO, 1, 1, 1, 0},
	  {NONE, NAMES, -EIO, 1, 2, 1, 0},
	  {MENDED, COUNTERS, 0, 1, 3, 1, 1}}},
	{"no listing",
	 false,
	 0,
	 {{GARBAGE, COUNTERS, -EIO, 1, 0, 1, 0},
	  {NONE, COUNTERS, -EIO, 2, 0, 1, 0},
	  {READ_FAILS, COUNTERS, -EIO, 3, 0, 2, 0},
	  {MENDED, COUNTERS, 0, 4, 0, 2, 4}}},
	{"nine tries in vain", true, 0, {{AGAIN_9, COUNTERS, 0, 10, 0, 0, 10}}},
	{"ten tries in vain",
	 true,
	 0,
	 {{AGAIN_10, COUNTERS, -EAGAIN, 10, 0, 1, 0}, {NONE, COUNTERS, 0, 11, 0, 1, 11}}},
};

static void happen(struct fake *fake, enum event event)
{
	switch (event) {
	case NONE: break;
	case SETTLING:
		fake->stamp.recent = true;
		fake->stamp.names++;
		break;
	case NEW_NAMES: fake->stamp.names++; break;
	case READ_FAILS: fake->read_error = -EACCES; break;
	case STAMP_FAILS: fake->stamp_error = -ENOENT; break;
	case GARBAGE: fake->garbage = true; break;
	case AGAIN_9: fake->again = 9; break;
	case AGAIN_10: fake->again = 10; break;
	case MENDED:
		fake->read_error = fake->stamp_error = 0;
		fake->garbage = false;
		break;
	}
}

static void run_step(const struct step *step, struct sampler *sampler, struct fake *fake,
		     const char *row)
{
	struct sample *sample = NULL;
	int err;

	happen(fake, step->event);
	err = sampler_get(sampler, step->need, &sample);
	unit_check(err == step->err, "%s: %d, wanted %d", row, err, step->err);
	unit_check_number((uint64_t)fake->reads, (uint64_t)step->reads, row, "reads");
	unit_check_number((uint64_t)fake->stamps, (uint64_t)step->stamps, row, "stamps");
	unit_check_number((uint64_t)warnings, (uint64_t)step->warnings, row, "warnings");
	if (err)
		return;
	unit_check_number((uint64_t)sample->listing.bytes, (uint64_t)step->number, row, "the read");
	unit_check(fake->source.live || sample->time.tv_sec == FAKE_DUMP_TIME,
		   "%s: not a dump's own time", row);
	sample_unref(sample);
}

static void run_scenario(const struct scenario *scenario)
{
	bool closed;
	struct fake *fake = fake_new(scenario->live, &closed);
	struct sampler *sampler = sampler_new(&fake->source, scenario->max_age);

	warnings = 0;
	assert_ptr_equal(sampler_source(sampler), &fake->source);
	assert_true(sampler_max_age(sampler) == scenario->max_age);
	for (size_t i = 0; i < G_N_ELEMENTS(scenario->steps) && scenario->steps[i].reads; i++) {
		g_autofree char *row = g_strdup_printf("%s: step %zu", scenario->name, i);

		run_step(&scenario->steps[i], sampler, fake, row);
	}
	unit_check(!fake->overlapped, "%s: two threads in the source", scenario->name);
	sampler_free(sampler);
	unit_check(closed, "%s: the source is not closed", scenario->name);
}

static void test_scenarios(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(scenarios); i++)
		run_scenario(&scenarios[i]);
	sampler_free(NULL);
}

/* Names that stay share the catalog, names that change do not; a sample outlives the sampler. */
static void test_catalog(void **state)
{
	bool closed;
	struct fake *fake = fake_new(true, &closed);
	struct sampler *sampler = sampler_new(&fake->source, 0);
	struct sample *first, *second, *third;

	(void)state;
	assert_int_equal(sampler_get(sampler, COUNTERS, &first), 0);
	assert_int_equal(sampler_get(sampler, COUNTERS, &second), 0);
	fake->stamp.names++;
	assert_int_equal(sampler_get(sampler, COUNTERS, &third), 0);
	assert_ptr_equal(first->catalog, second->catalog);
	assert_ptr_not_equal(third->catalog, second->catalog);
	sampler_free(sampler);
	assert_int_equal(first->catalog->tags[0].line, 1);
	assert_int_equal(third->catalog->tags[0].line, 2);
	sample_unref(first);
	sample_unref(second);
	sample_unref(third);
}

static void test_stats(void **state)
{
	bool closed;
	struct fake *fake = fake_new(true, &closed);
	struct sampler *sampler = sampler_new(&fake->source, HOUR);
	struct sampler_stats stats;
	struct sample *sample;

	(void)state;
	sampler_stats(sampler, &stats);
	assert_int_equal(stats.from_memory, 0);
	assert_int_equal(stats.full_reads, 0);
	assert_null(stats.last_error);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sampler_get(sampler, COUNTERS, &sample), 0);
		sample_unref(sample);
	}
	sampler_stats(sampler, &stats);
	assert_int_equal(stats.from_memory, 2);
	assert_int_equal(stats.full_reads, 1);
	assert_null(stats.last_error);
	sampler_free(sampler);
}

static void test_last_error(void **state)
{
	bool closed;
	struct fake *fake = fake_new(true, &closed);
	struct sampler *sampler = sampler_new(&fake->source, HOUR);
	struct sampler_stats stats;
	struct sample *sample;

	(void)state;
	fake->read_error = -EACCES;
	assert_int_equal(sampler_get(sampler, COUNTERS, &sample), -EIO);
	assert_int_equal(sampler_get(sampler, COUNTERS, &sample), -EIO);
	sampler_stats(sampler, &stats);
	assert_int_equal(stats.from_memory, 0);
	assert_int_equal(stats.full_reads, 1);
	assert_non_null(stats.last_error);
	unit_check(strstr(stats.last_error, FAKE_NAME ": ") &&
			   strstr(stats.last_error, g_strerror(EACCES)),
		   "last error: %s", stats.last_error);
	g_free(stats.last_error);
	sampler_free(sampler);
}

/* Where a listing may be torn, new names have to be read twice, and alike. */
static void test_torn(void **state)
{
	static const struct {
		const char *name;
		uint64_t names;
		int torn, reads, err;
	} steps[] = {
		{"the first names", 1, 0, 2, 0},     {"known names", 1, 0, 3, 0},
		{"other names", 2, 0, 5, 0},	     {"torn once, then others", 3, 1, 9, 0},
		{"the old names torn", 3, 1, 12, 0}, {"never the same twice", 3, 1000, 32, -EAGAIN},
	};
	bool closed;
	struct fake *fake = fake_new(true, &closed);
	struct sampler *sampler = sampler_new(&fake->source, 0);

	(void)state;
	fake->stamp.may_be_torn = true;
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		struct sample *sample = NULL;

		fake->stamp.names = steps[i].names;
		fake->torn = steps[i].torn;
		unit_check_number((uint64_t)-sampler_get(sampler, SAMPLER_COUNTERS, &sample),
				  (uint64_t)-steps[i].err, steps[i].name, "the error");
		unit_check_number((uint64_t)fake->reads, (uint64_t)steps[i].reads, steps[i].name,
				  "reads");
		if (steps[i].err)
			continue;
		unit_check_number(sample->catalog->tags[0].line, steps[i].names, steps[i].name,
				  "the line");
		unit_check_number((uint64_t)sample->counters[0].bytes, (uint64_t)steps[i].reads,
				  steps[i].name, "the read it is from");
		sample_unref(sample);
	}
	sampler_free(sampler);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenarios), cmocka_unit_test(test_catalog),
		cmocka_unit_test(test_stats),	  cmocka_unit_test(test_last_error),
		cmocka_unit_test(test_torn),
	};

	g_log_set_default_handler(count_warning, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
