/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves when the sampler asks its source for some tags alone, when it answers from what it has,
 * and when one full read is cheaper; and what comes of names that changed and of passes that fail.
 * The source is a kernel that is made up, the clock goes as the test says: nothing depends on how
 * long anything takes.
 */
#include "unit.h"

#include <errno.h>
#include "fake_kernel.h"
#include "parts.h"
#include "sampler.h"
#include "select.h"
#include "tree.h"

enum { MAX_AGE = 100000, TAGS = 40, THREADS = 16, ROUNDS = 100 };

gint64 __wrap_g_get_monotonic_time(void);

static gint64 clock_now = 1000000000;

gint64 __wrap_g_get_monotonic_time(void)
{
	return __atomic_load_n(&clock_now, __ATOMIC_SEQ_CST);
}

static void pass_time(gint64 microseconds)
{
	__atomic_add_fetch(&clock_now, microseconds, __ATOMIC_SEQ_CST);
}

static int warnings;

static void count_warning(const char *domain, GLogLevelFlags level, const char *message,
			  gpointer data)
{
	(void)domain;
	(void)level;
	(void)data;
	warnings += strstr(message, "allocinfo") != NULL;
}

/* The kernel at hand and its sampler. */
struct bench {
	struct fake_kernel *kernel;
	struct sampler *sampler;
	int error; /* of GET_AT and GET_NEXT */
	gint64 content_id_cost; /* of two a pass and a full read have each */
	bool stopped;
	void (*amid)(struct bench *bench); /* called once, at the ... */
	unsigned int amid_at; /* ... so many looks at the content id from now */
};

static int before(struct fake_kernel *kernel, enum fake_command command)
{
	struct bench *bench = kernel->data;

	void (*amid)(struct bench * bench) = bench->amid;

	if (command == FAKE_CONTENT_ID)
		pass_time(bench->content_id_cost);
	if (command == FAKE_CONTENT_ID && amid && --bench->amid_at == 0) {
		bench->amid = NULL;
		g_mutex_unlock(&kernel->lock);
		amid(bench);
		g_mutex_lock(&kernel->lock);
	}
	return command == FAKE_CONTENT_ID ? 0 : bench->error;
}

static bool is_stopped(void *data)
{
	return ((struct bench *)data)->stopped;
}

/* Tag i is by itself at line i + 1; half of the tags are in the module m. */
static void open_bench(struct bench *bench, enum fake_answers answers, int64_t max_age)
{
	struct source *source;

	*bench = (struct bench){.kernel = fake_kernel_new(answers)};
	for (uint64_t i = 0; i < TAGS; i++) {
		struct fake_tag tag = {.file = (char *)"a.c", .function = (char *)"f"};

		tag.module = i % 2 ? (char *)"m" : NULL;
		tag.line = i + 1;
		tag.bytes = (int64_t)i * 4096;
		tag.accurate = true;
		fake_kernel_add(bench->kernel, &tag);
	}
	fake_kernel_write(bench->kernel);
	/* What does not answer is a dump. */
	source = fake_kernel_source(bench->kernel, answers != FAKE_NOTHING);
	source_set_stopped(source, is_stopped, bench);
	bench->kernel->data = bench;
	bench->kernel->before = before;
	bench->sampler = sampler_new(source, max_age);
}

static void close_bench(struct bench *bench)
{
	unit_check_number(bench->kernel->shared, 0, "descriptors", "shared calls");
	sampler_free(bench->sampler);
	fake_kernel_free(bench->kernel);
}

/* What happens before a question, or between its look at the names and its look at counters. */
enum event {
	NONE,
	LATER, /* everything is older than max_age */
	HALF, /* ... half of it */
	NEW_NAMES,
	NEW_NAMES_BETWEEN,
	OTHER_RECORDS, /* though the content id is the same */
	FAILS,
	STOPS,
	MENDED,
	COSTS,
};

struct step {
	enum event event;
	const char *path;
	int err;
	/* In all, up to here. */
	unsigned int from_memory, full_reads, pushed_down;
	int warnings;
};

/* The first question of each is one for all counters. */
static const struct scenario {
	const char *name;
	enum fake_answers answers;
	int64_t max_age;
	struct step steps[12]; /* one without a path ends them */
} scenarios[] = {
	{"a young full sample answers",
	 FAKE_MAINLINE,
	 MAX_AGE,
	 {{NONE, "by-module/m", 0, 1, 1, 0, 0},
	  {HALF, "by-line/3", 0, 2, 1, 0, 0},
	  {HALF, "by-line/3", 0, 2, 1, 1, 0}}},
	{"a part serves for max_age",
	 FAKE_V3,
	 MAX_AGE,
	 {{LATER, "by-module/m", 0, 0, 1, 1, 0},
	  {NONE, "by-module/m", 0, 1, 1, 1, 0},
	  {NONE, "by-module/m/top/3/.total", 0, 2, 1, 1, 0},
	  {HALF, "all/a.c,2,f,m", 0, 3, 1, 1, 0},
	  {NONE, "all/a.c,1,f", 0, 3, 1, 2, 0},
	  {NONE, "all/a.c,1,f", 0, 4, 1, 2, 0},
	  {NONE, "by-line/3", 0, 4, 1, 3, 0},
	  {HALF, "by-module/m", 0, 4, 1, 4, 0},
	  {NONE, "all/a.c,1,f", 0, 4, 1, 5, 0}}},
	{"always fresh: nothing serves twice",
	 FAKE_MAINLINE,
	 0,
	 {{NONE, "by-module/m", 0, 0, 1, 1, 0},
	  {NONE, "by-module/m", 0, 0, 1, 2, 0},
	  {NONE, "all/a.c,2,f,m", 0, 0, 1, 3, 0},
	  {NONE, "all", 0, 0, 2, 3, 0},
	  {NONE, "by-module/m", 0, 0, 2, 4, 0}}},
	{"what does not go down is read whole, and then serves",
	 FAKE_MAINLINE,
	 MAX_AGE,
	 {{LATER, "live", 0, 0, 2, 0, 0}, {NONE, "by-module/m", 0, 1, 2, 0, 0}}},
	{"a source that cannot pass is read whole",
	 FAKE_NOTHING,
	 0,
	 {{NONE, "by-module/m", 0, 0, 1, 0, 0}}},
	/* A full read costs as much as a pass: two passes cost more. */
	{"one full read is cheaper than many passes",
	 FAKE_MAINLINE,
	 MAX_AGE,
	 {{COSTS, "live", 0, 0, 2, 0, 0},
	  {LATER, "by-line/1", 0, 0, 2, 1, 0},
	  {NONE, "by-line/2", 0, 0, 2, 2, 0},
	  {NONE, "by-line/3", 0, 0, 3, 2, 0},
	  {NONE, "by-line/4", 0, 1, 3, 2, 0},
	  {LATER, "by-line/5", 0, 1, 3, 3, 0},
	  {NONE, "by-line/5", 0, 2, 3, 3, 0}}},
	{"new names are seen",
	 FAKE_MAINLINE,
	 MAX_AGE,
	 {{LATER, "by-module/m", 0, 0, 1, 1, 0},
	  {NEW_NAMES_BETWEEN, "by-line/1", -ESTALE, 0, 1, 1, 0},
	  {NONE, "by-line/1", 0, 1, 2, 1, 0},
	  {NEW_NAMES, "by-module/m", 0, 2, 2, 1, 0},
	  {LATER, "by-module/m", 0, 3, 3, 1, 0},
	  {LATER, "by-module/m", 0, 3, 3, 2, 0}}},
	{"records that do not fit the text: it is read",
	 FAKE_V3,
	 MAX_AGE,
	 {{LATER, "by-module/m", 0, 0, 1, 1, 0},
	  {OTHER_RECORDS, "by-module/m", 0, 1, 1, 1, 0},
	  {LATER, "by-module/m", 0, 1, 2, 1, 0}}},
	{"a failure is EIO, logged once until it was mended",
	 FAKE_MAINLINE,
	 MAX_AGE,
	 {{LATER, "by-module/m", 0, 0, 1, 1, 0},
	  {FAILS, "by-line/1", -EIO, 0, 1, 1, 1},
	  {NONE, "by-line/1", -EIO, 0, 1, 1, 1},
	  {NONE, "by-module/m", 0, 1, 1, 1, 1},
	  {NONE, "by-line/2", -EIO, 1, 1, 1, 1},
	  {MENDED, "by-line/1", 0, 1, 1, 2, 1},
	  {FAILS, "by-line/3", -EIO, 1, 1, 2, 2},
	  {LATER, "live", 0, 1, 2, 2, 2},
	  {NONE, "by-line/3", 0, 2, 2, 2, 2}}},
	{"giving up is no failure of the source",
	 FAKE_MAINLINE,
	 0,
	 {{STOPS, "by-module/m", -EINTR, 0, 1, 0, 0}, {MENDED, "by-module/m", 0, 0, 1, 1, 0}}},
};

static void happen(struct bench *bench, enum event event)
{
	switch (event) {
	case NONE: break;
	case LATER: pass_time(MAX_AGE); break;
	case HALF: pass_time(MAX_AGE / 2); break;
	case NEW_NAMES:
	case NEW_NAMES_BETWEEN: bench->kernel->content_id++; break;
	case OTHER_RECORDS: fake_kernel_tag(bench->kernel, 1)->line = 1000; break;
	case FAILS: bench->error = EREMOTEIO; break;
	case STOPS: bench->stopped = true; break;
	case MENDED:
		bench->error = 0;
		bench->stopped = false;
		break;
	case COSTS:
		bench->content_id_cost = MAX_AGE / 20;
		pass_time(MAX_AGE);
		break;
	}
}

/* What a path shows, as a mount finds it: first the names, then the counters. */
static int ask(struct bench *bench, const char *path, enum event between, struct target *target,
	       struct sample **sample)
{
	struct sample *names;
	struct query from;
	const char *stopped;
	int err = sampler_get(bench->sampler, SAMPLER_NAMES, &names);

	if (err)
		return err;
	err = tree_walk(names->catalog, path, target, &from, &stopped);
	happen(bench, between);
	if (!err)
		err = sampler_get_some(bench->sampler, names, target, sample);
	sample_unref(names);
	return err;
}

static void check_stats(const struct bench *bench, const struct step *step, const char *row)
{
	struct sampler_stats stats;

	sampler_stats(bench->sampler, &stats);
	unit_check_number(stats.from_memory, step->from_memory, row, "from memory");
	unit_check_number(stats.full_reads, step->full_reads, row, "full reads");
	unit_check_number(stats.pushed_down, step->pushed_down, row, "pushed down");
	unit_check_number((uint64_t)warnings, (uint64_t)step->warnings, row, "warnings");
	unit_check(!stats.last_error == !step->warnings, "%s: last error: %s", row,
		   stats.last_error ? stats.last_error : "none");
	unit_check(!stats.last_error || (strstr(stats.last_error, bench->kernel->path) &&
					 strstr(stats.last_error, g_strerror(EREMOTEIO))),
		   "%s: last error: %s", row, stats.last_error);
	g_free(stats.last_error);
}

/* Every tag that the target is about is there. */
static void check_sample(const struct sample *sample, const struct target *target, const char *row)
{
	g_autoptr(GArray) rows = select_rows(sample, &target->query);

	if (target->kind == TARGET_TAG)
		unit_check(sample_has(sample, (uint32_t)target->number), "%s: no tag", row);
	unit_check(rows->len > 0 || target->kind == TARGET_TAG, "%s: no rows", row);
	for (guint i = 0; i < rows->len; i++) {
		uint32_t tag = g_array_index(rows, struct row, i).tag;

		unit_check_number((uint64_t)sample->counters[tag].bytes, tag * 4096, row, "bytes");
	}
}

static void run_step(struct bench *bench, const struct step *step, const char *row)
{
	bool between = step->event == NEW_NAMES_BETWEEN;
	struct sample *sample = NULL;
	struct target target;
	int err;

	happen(bench, between ? NONE : step->event);
	/* Nobody who has given up looks at names. */
	err = ask(bench, step->path, between ? step->event : NONE, &target, &sample);
	unit_check(err == step->err, "%s: %d, wanted %d", row, err, step->err);
	check_stats(bench, step, row);
	if (!err)
		check_sample(sample, &target, row);
	sample_unref(sample);
}

static void run_scenario(const struct scenario *scenario)
{
	struct bench bench;
	struct sample *first;

	warnings = 0;
	open_bench(&bench, scenario->answers, scenario->max_age);
	assert_int_equal(sampler_get(bench.sampler, SAMPLER_COUNTERS, &first), 0);
	sample_unref(first);
	for (size_t i = 0; scenario->steps[i].path; i++) {
		g_autofree char *row = g_strdup_printf("%s: step %zu", scenario->name, i);

		run_step(&bench, &scenario->steps[i], row);
	}
	close_bench(&bench);
}

static void test_scenarios(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(scenarios); i++)
		run_scenario(&scenarios[i]);
}

/* What gathering costs is held against it until max_age has passed, however long one pass takes. */
static void test_too_dear(void **state)
{
	struct parts *parts = parts_new(MAX_AGE);

	(void)state;
	assert_false(parts_too_dear(parts, 10));
	parts_charge(parts, 10);
	assert_false(parts_too_dear(parts, 10));
	parts_charge(parts, 1);
	assert_true(parts_too_dear(parts, 10));
	pass_time(MAX_AGE);
	assert_false(parts_too_dear(parts, 10));
	parts_charge(parts, 3 * MAX_AGE);
	assert_true(parts_too_dear(parts, MAX_AGE));
	pass_time(MAX_AGE - 1);
	assert_true(parts_too_dear(parts, MAX_AGE));
	pass_time(1);
	assert_false(parts_too_dear(parts, MAX_AGE));
	parts_free(parts);
}

/* Until when a part is what an answer given now would be. */
static void test_is_young(void **state)
{
	struct bench bench;
	struct sample *part, *full;
	struct target target;

	(void)state;
	open_bench(&bench, FAKE_MAINLINE, MAX_AGE);
	assert_int_equal(sampler_get(bench.sampler, SAMPLER_COUNTERS, &full), 0);
	sample_unref(full);
	pass_time(MAX_AGE);
	assert_int_equal(ask(&bench, "by-module/m", NONE, &target, &part), 0);
	assert_non_null(part->part);
	assert_true(sampler_is_young(bench.sampler, part));
	/* However old it is, nobody has been told anything newer. */
	pass_time(MAX_AGE);
	assert_true(sampler_is_young(bench.sampler, part));
	assert_int_equal(ask(&bench, "by-line/3", NONE, &target, &full), 0);
	assert_false(sampler_is_young(bench.sampler, part));
	assert_true(sampler_is_young(bench.sampler, full));
	sample_unref(full);
	sample_unref(part);
	pass_time(MAX_AGE);
	assert_int_equal(ask(&bench, "by-module/m", NONE, &target, &part), 0);
	assert_true(sampler_is_young(bench.sampler, part));
	/* A full sample that is newer takes its place. */
	assert_int_equal(sampler_get(bench.sampler, SAMPLER_COUNTERS, &full), 0);
	assert_false(sampler_is_young(bench.sampler, part));
	assert_true(sampler_is_young(bench.sampler, full));
	sample_unref(part);
	sample_unref(full);
	close_bench(&bench);
}

static void set_all_bytes(struct bench *bench, int64_t bytes)
{
	for (size_t i = 0; i < TAGS; i++)
		fake_kernel_tag(bench->kernel, i)->bytes = bytes;
}

static int64_t bytes_at(struct bench *bench, const char *path)
{
	struct sample *sample;
	struct target target;
	int64_t bytes;

	assert_int_equal(ask(bench, path, NONE, &target, &sample), 0);
	bytes = sample->counters[target.number].bytes;
	sample_unref(sample);
	return bytes;
}

/* While the text is read, which shows 1: a pass that shows 2. */
static void pass_amid_read(struct bench *bench)
{
	set_all_bytes(bench, 2);
	assert_int_equal(bytes_at(bench, "all/a.c,1,f"), 2);
	fake_kernel_write(bench->kernel);
}

/* While a pass is under way, which shows 1: a read that shows 2. */
static void read_amid_pass(struct bench *bench)
{
	struct sample *full;

	set_all_bytes(bench, 2);
	fake_kernel_write(bench->kernel);
	assert_int_equal(sampler_get(bench->sampler, SAMPLER_COUNTERS, &full), 0);
	assert_int_equal(full->counters[0].bytes, 2);
	sample_unref(full);
}

/* Who asked for newer counters has them first; the next question is not answered with older ones.
 */
static void test_never_back(void **state)
{
	struct bench bench;
	struct sample *full;
	bool read = false;

	(void)state;
	do {
		open_bench(&bench, FAKE_MAINLINE, MAX_AGE);
		set_all_bytes(&bench, 1);
		fake_kernel_write(bench.kernel);
		assert_int_equal(sampler_get(bench.sampler, SAMPLER_COUNTERS, &full), 0);
		sample_unref(full);
		pass_time(MAX_AGE);
		assert_int_equal(sampler_get(bench.sampler, SAMPLER_NAMES, &full), 0);
		sample_unref(full);
		/* Behind the counters, before the answer. */
		bench.amid_at = 2;
		read = !read;
		if (read) {
			bench.amid = pass_amid_read;
			assert_int_equal(sampler_get(bench.sampler, SAMPLER_COUNTERS, &full), 0);
			sample_unref(full);
		} else {
			bench.amid = read_amid_pass;
			bytes_at(&bench, "all/a.c,2,f,m");
		}
		assert_null(bench.amid);
		assert_int_equal(bytes_at(&bench, "all/a.c,1,f"), 2);
		assert_int_equal(bytes_at(&bench, "all/a.c,2,f,m"), 2);
		close_bench(&bench);
	} while (read);
}

/* Some ask for one thing, some for another, while time goes on. */
struct asker {
	struct bench *bench;
	unsigned int number, failed, wrong;
};

/* Checks nothing: a check ends the test, which is for the thread that runs it. */
static gpointer ask_often(gpointer data)
{
	static const char *const paths[] = {"by-module/m", "all/a.c,2,f,m", "by-line/7", "live",
					    "by-line/9"};
	struct asker *asker = data;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		const char *path = paths[(i + asker->number) % G_N_ELEMENTS(paths)];
		struct sample *sample;
		struct target target;
		g_autoptr(GArray) rows = NULL;

		pass_time(MAX_AGE / 20);
		if (ask(asker->bench, path, NONE, &target, &sample) != 0) {
			asker->failed++;
			continue;
		}
		rows = select_rows(sample, &target.query);
		asker->wrong += rows->len == 0;
		for (guint k = 0; k < rows->len; k++) {
			uint32_t tag = g_array_index(rows, struct row, k).tag;

			asker->wrong += sample->counters[tag].bytes != tag * 4096;
		}
		sample_unref(sample);
	}
	return NULL;
}

static void run_askers(int64_t max_age, unsigned int *pushed_down)
{
	struct asker askers[THREADS];
	GThread *threads[THREADS];
	struct sampler_stats stats;
	struct bench bench;

	open_bench(&bench, FAKE_V3, max_age);
	bench.content_id_cost = MAX_AGE / 100;
	for (unsigned int i = 0; i < THREADS; i++) {
		askers[i] = (struct asker){.bench = &bench, .number = i};
		threads[i] = g_thread_new("ask", ask_often, &askers[i]);
	}
	for (unsigned int i = 0; i < THREADS; i++)
		g_thread_join(threads[i]);
	for (unsigned int i = 0; i < THREADS; i++) {
		unit_check_number(askers[i].failed, 0, "threads", "failed");
		unit_check_number(askers[i].wrong, 0, "threads", "wrong");
	}
	sampler_stats(bench.sampler, &stats);
	*pushed_down = (unsigned int)stats.pushed_down;
	close_bench(&bench);
}

static void test_threads(void **state)
{
	unsigned int pushed_down;

	(void)state;
	run_askers(MAX_AGE, &pushed_down);
	assert_in_range(pushed_down, 1, THREADS * ROUNDS);
	run_askers(0, &pushed_down);
	assert_int_equal(pushed_down, THREADS * ROUNDS * 4 / 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenarios), cmocka_unit_test(test_too_dear),
		cmocka_unit_test(test_is_young),  cmocka_unit_test(test_never_back),
		cmocka_unit_test(test_threads),
	};

	g_log_set_default_handler(count_warning, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
