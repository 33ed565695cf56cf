/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves which reads concurrent questions share: one that is under way, while samples may have an
 * age, and none that began before the question where each is to be fresh. Reads take a little, so
 * that questions meet; what is checked holds whoever comes first.
 */
#include "unit.h"

#include "fake_source.h"

#define HOUR ((int64_t)3600 * 1000 * 1000)
#define THREADS 16
#define NAMES SAMPLER_NAMES
#define COUNTERS SAMPLER_COUNTERS

struct question {
	struct sampler *sampler;
	struct fake *fake;
	enum sampler_need need;
	int rounds;
	gint *asked; /* one more for each thread that is about to ask; or NULL */
	int failed, stale;
	int64_t last;
};

/* Counts the answers from a read that began before the question. Checks nothing: see join(). */
static gpointer ask(gpointer data)
{
	struct question *question = data;

	if (question->asked)
		g_atomic_int_inc(question->asked);
	for (int i = 0; i < question->rounds; i++) {
		gint before = g_atomic_int_get(&question->fake->reads);
		struct sample *sample;

		if (sampler_get(question->sampler, question->need, &sample) != 0) {
			question->failed++;
			continue;
		}
		question->stale += sample->listing.bytes <= before;
		question->last = sample->listing.bytes;
		sample_unref(sample);
	}
	return NULL;
}

static void wait_until_reading(struct fake *fake)
{
	g_mutex_lock(&fake->lock);
	while (!fake->waiting)
		g_cond_wait(&fake->changed, &fake->lock);
	g_mutex_unlock(&fake->lock);
}

static void let_go(struct fake *fake)
{
	g_mutex_lock(&fake->lock);
	fake->shut = false;
	g_cond_broadcast(&fake->changed);
	g_mutex_unlock(&fake->lock);
}

/* All threads ask while the first read is held up, or just behind it. */
static void share(int64_t max_age, struct question questions[THREADS], int *reads)
{
	bool closed;
	struct fake *fake = fake_new(true, &closed);
	struct sampler *sampler = sampler_new(&fake->source, max_age);
	GThread *threads[THREADS];
	gint asked = 0;

	fake->shut = true;
	fake->read_time = 1000;
	for (int i = 0; i < THREADS; i++) {
		questions[i] = (struct question){.sampler = sampler, .fake = fake, .rounds = 1};
		questions[i].need = COUNTERS;
		questions[i].asked = &asked;
		threads[i] = g_thread_new("ask", ask, &questions[i]);
		if (i == 0)
			wait_until_reading(fake);
	}
	while (g_atomic_int_get(&asked) < THREADS)
		g_thread_yield();
	let_go(fake);
	for (int i = 0; i < THREADS; i++)
		g_thread_join(threads[i]);
	*reads = fake->reads;
	unit_check(!fake->overlapped, "two threads in the source");
	sampler_free(sampler);
}

static void test_threads_share(void **state)
{
	struct question questions[THREADS];
	int reads;

	(void)state;
	share(HOUR, questions, &reads);
	assert_int_equal(reads, 1);
	for (int i = 0; i < THREADS; i++) {
		unit_check_number((uint64_t)questions[i].failed, 0, "shared", "failed");
		unit_check_number((uint64_t)questions[i].last, 1, "shared", "the read");
	}
}

/* Always fresh: the read under way when a question comes is not good enough for it. */
static void test_threads_fresh(void **state)
{
	struct question questions[THREADS];
	int reads;

	(void)state;
	share(0, questions, &reads);
	assert_in_range(reads, 2, THREADS);
	for (int i = 0; i < THREADS; i++) {
		unit_check_number((uint64_t)questions[i].failed, 0, "fresh", "failed");
		unit_check_number((uint64_t)questions[i].stale, 0, "fresh", "stale answers");
		unit_check(i == 0 || questions[i].last >= 2, "thread %d shared the first read", i);
	}
}

/* The same many times over, with questions for names in between. */
static void test_threads_mixed(void **state)
{
	bool closed;
	struct fake *fake = fake_new(true, &closed);
	struct sampler *sampler = sampler_new(&fake->source, 0);
	struct question questions[THREADS];
	GThread *threads[THREADS];

	(void)state;
	fake->read_time = 200;
	for (int i = 0; i < THREADS; i++) {
		questions[i] = (struct question){.sampler = sampler, .fake = fake, .rounds = 40};
		questions[i].need = i % 4 == 3 ? NAMES : COUNTERS;
		threads[i] = g_thread_new("ask", ask, &questions[i]);
	}
	for (int i = 0; i < THREADS; i++)
		g_thread_join(threads[i]);
	for (int i = 0; i < THREADS; i++) {
		unit_check_number((uint64_t)questions[i].failed, 0, "mixed", "failed");
		unit_check(questions[i].need == NAMES || questions[i].stale == 0,
			   "thread %d: %d stale answers", i, questions[i].stale);
	}
	unit_check(!fake->overlapped, "two threads in the source");
	sampler_free(sampler);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads_share),
		cmocka_unit_test(test_threads_fresh),
		cmocka_unit_test(test_threads_mixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
