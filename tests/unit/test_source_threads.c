/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that passes which run at once do not meet: filter and position live in the open file, so
 * that each has one for itself, gives it back whatever happens, and waits where there is none. The
 * kernel that is made up notices a call amid a pass of another thread.
 */
#include "unit.h"

#include <errno.h>
#include "fake_kernel.h"

/* libfuse runs ten threads: so many passes at least need not wait. */
enum { THREADS = 32, ROUNDS = 20, TAGS = 40, AT_ONCE = 10 };

struct walker {
	struct source *source;
	uint64_t wanted; /* the line that it asks for; 0: all tags */
	unsigned int records, wrong, failed;
	unsigned int stop_at; /* the record at which it has enough; 0: never */
};

static int count_record(void *context, const struct abi_record *record)
{
	struct walker *walker = context;

	walker->records++;
	walker->wrong += walker->wanted ? record->lineno != walker->wanted
					: record->lineno != walker->records;
	return walker->records == walker->stop_at ? -ENODATA : 0;
}

/* Checks nothing: a check ends the test, which is for the thread that runs it. */
static gpointer walk(gpointer data)
{
	struct walker *walker = data;
	struct abi_filter filter = {.mask = walker->wanted ? ALLOCINFO_MASK_LINENO : 0};
	struct source_stamp stamp;

	filter.lineno = walker->wanted;
	for (int i = 0; i < ROUNDS; i++) {
		unsigned int wanted = walker->wanted ? 1 : TAGS;
		int err;

		walker->records = 0;
		err = walker->source->ops->pass(walker->source, &filter, count_record, walker,
						&stamp);
		if (walker->stop_at)
			walker->failed += err != -ENODATA;
		else
			walker->failed += err != 0 || walker->records != wanted;
	}
	return NULL;
}

static struct fake_kernel *make_kernel(enum fake_answers answers)
{
	struct fake_kernel *kernel = fake_kernel_new(answers);

	for (uint64_t line = 1; line <= TAGS; line++) {
		struct fake_tag tag = {.file = (char *)"a.c", .function = (char *)"f"};

		tag.line = line;
		fake_kernel_add(kernel, &tag);
	}
	fake_kernel_write(kernel);
	return kernel;
}

static void run_threads(struct source *source, unsigned int stop_at)
{
	struct walker walkers[THREADS];
	GThread *threads[THREADS];

	for (unsigned int i = 0; i < THREADS; i++) {
		walkers[i] = (struct walker){.source = source, .wanted = i % 2 ? i : 0};
		walkers[i].stop_at = i % 2 ? 0 : stop_at;
		threads[i] = g_thread_new("walk", walk, &walkers[i]);
	}
	for (unsigned int i = 0; i < THREADS; i++)
		g_thread_join(threads[i]);
	for (unsigned int i = 0; i < THREADS; i++) {
		unit_check_number(walkers[i].failed, 0, "passes", "failed");
		unit_check_number(walkers[i].wrong, 0, "passes", "wrong records");
	}
}

/* More threads than there are descriptors; half of the passes end early the second time. */
static void check_threads(enum fake_answers answers, bool live)
{
	unsigned int files = fake_kernel_open_files(), opened;
	struct fake_kernel *kernel = make_kernel(answers);
	struct source *source = fake_kernel_source(kernel, live);

	opened = fake_kernel_open_files();
	kernel->delay = 1;
	run_threads(source, 0);
	run_threads(source, 3);
	unit_check_number(kernel->shared, 0, "descriptors", "shared calls");
	unit_check_number(fake_kernel_open_files(), opened, "after passes", "open files");
	source_close(source);
	unit_check_number(fake_kernel_open_files(), files, "after closing", "open files");
	fake_kernel_free(kernel);
}

static void test_threads(void **state)
{
	(void)state;
	check_threads(FAKE_MAINLINE, true);
	check_threads(FAKE_V3, false);
}

/* Passes that stand still, each with a descriptor, until they are let go. */
struct gate {
	struct source *source;
	GMutex lock;
	GCond changed;
	unsigned int waiting, done;
	bool open;
};

static int wait_at_gate(void *context, const struct abi_record *record)
{
	struct gate *gate = context;

	(void)record;
	g_mutex_lock(&gate->lock);
	gate->waiting++;
	g_cond_broadcast(&gate->changed);
	while (!gate->open)
		g_cond_wait(&gate->changed, &gate->lock);
	g_mutex_unlock(&gate->lock);
	return 0;
}

static gpointer walk_to_gate(gpointer data)
{
	struct gate *gate = data;
	struct abi_filter filter = {.mask = ALLOCINFO_MASK_LINENO, .lineno = 1};
	struct source_stamp stamp;
	int err = gate->source->ops->pass(gate->source, &filter, wait_at_gate, gate, &stamp);

	g_mutex_lock(&gate->lock);
	gate->done += err == 0;
	g_mutex_unlock(&gate->lock);
	return NULL;
}

/* How many wait once more than a few do and nothing has happened for a while. */
static unsigned int settle(struct gate *gate)
{
	unsigned int waiting;

	g_mutex_lock(&gate->lock);
	do {
		waiting = gate->waiting;
		g_cond_wait_until(&gate->changed, &gate->lock, g_get_monotonic_time() + 50000);
	} while (waiting < AT_ONCE || waiting != gate->waiting);
	g_mutex_unlock(&gate->lock);
	return waiting;
}

static void test_exhausted(void **state)
{
	struct fake_kernel *kernel = make_kernel(FAKE_MAINLINE);
	struct gate gate = {.source = fake_kernel_source(kernel, true)};
	GThread *threads[THREADS];
	unsigned int waiting;

	(void)state;
	g_mutex_init(&gate.lock);
	g_cond_init(&gate.changed);
	for (unsigned int i = 0; i < THREADS; i++)
		threads[i] = g_thread_new("gate", walk_to_gate, &gate);
	waiting = settle(&gate);
	g_mutex_lock(&gate.lock);
	gate.open = true;
	g_cond_broadcast(&gate.changed);
	g_mutex_unlock(&gate.lock);
	for (unsigned int i = 0; i < THREADS; i++)
		g_thread_join(threads[i]);
	assert_in_range(waiting, AT_ONCE, THREADS - 1);
	assert_int_equal(gate.waiting, THREADS);
	assert_int_equal(gate.done, THREADS);
	assert_int_equal(kernel->shared, 0);
	source_close(gate.source);
	fake_kernel_free(kernel);
	g_mutex_clear(&gate.lock);
	g_cond_clear(&gate.changed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_exhausted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
