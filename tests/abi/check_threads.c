/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many threads at once, on descriptors of their own and on one that they share. GET_NEXT takes a
 * record off the walk as one step, so threads that share a walk share out its records.
 */
#include "check.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 32
#define ROUNDS 5

struct worker {
	const struct target *target;
	pthread_barrier_t *barrier;
	pthread_t thread;
	int fd;
	struct query query;
	atomic_uint *ends; /* how many ENOENT all threads together have met */
	const size_t *sorted; /* indices of the listing, equal names next to each other */
	size_t *given; /* for each place in sorted: how often */
	bool right;
	char reason[REASON_SIZE];
};

static bool run_workers(struct worker *workers, void *(*body)(void *))
{
	pthread_barrier_t barrier;
	bool right = true;

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (size_t i = 0; i < THREADS; i++) {
		workers[i].barrier = &barrier;
		if (pthread_create(&workers[i].thread, NULL, body, &workers[i]))
			bail_out("no thread to be had");
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		if (right && !workers[i].right)
			right = fail("thread %zu: %s", i, workers[i].reason);
	}
	pthread_barrier_destroy(&barrier);
	return right;
}

static void *own_descriptor(void *data)
{
	struct worker *worker = data;
	const struct target *target = worker->target;

	worker->right = true;
	pthread_barrier_wait(worker->barrier);
	for (int round = 0; worker->right && round < ROUNDS; round++) {
		struct pass pass = {.query = worker->query};

		pass_run(target, worker->fd, &pass);
		/* Of a live file only names: nobody can read the text as often as this. */
		if (!pass_explained(&pass, target->listing, target->live ? NULL : target->listing))
			worker->right =
				fail("round %d of file %.64s: %zu records, then %s", round,
				     worker->query.filename, pass.count, strerror(-pass.end));
		free(pass.tags);
	}
	memcpy(worker->reason, reason, sizeof(reason));
	return NULL;
}

static bool many_descriptors(const struct target *target)
{
	struct worker workers[THREADS] = {0};
	bool right;

	for (size_t i = 0; i < THREADS; i++) {
		workers[i].target = target;
		workers[i].fd = target_open(target);
		/* A listing of few files has some threads ask for all tags instead. */
		if (i % 16 == 0 || !pick_file(target, i, 1, &workers[i].query))
			memset(&workers[i].query, 0, sizeof(workers[i].query));
	}
	right = run_workers(workers, own_descriptor);
	for (size_t i = 0; i < THREADS; i++)
		close_fd(&workers[i].fd);
	return right;
}

static int compare_names(const struct tag *a, const struct tag *b)
{
	int order = strncmp(a->filename, b->filename, ALLOCINFO_STRING_SIZE);

	if (order == 0)
		order = strncmp(a->function, b->function, ALLOCINFO_STRING_SIZE);
	if (order == 0)
		order = strncmp(a->modname, b->modname, ALLOCINFO_STRING_SIZE);
	if (order == 0)
		order = (a->lineno > b->lineno) - (a->lineno < b->lineno);
	return order ? order : a->accurate - b->accurate;
}

static int compare_indices(const void *a, const void *b, void *data)
{
	const struct listing *listing = data;

	return compare_names(&listing->tags[*(const size_t *)a],
			     &listing->tags[*(const size_t *)b]);
}

/* Where in sorted the first tag of these names is, or NONE. */
static size_t find_sorted(const struct listing *listing, const size_t *sorted,
			  const struct tag *tag)
{
	size_t low = 0, high = listing->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_names(&listing->tags[sorted[middle]], tag) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < listing->count && tag_same_names(&listing->tags[sorted[low]], tag) ? low
											: NONE;
}

/* One call; notes the record or the end. */
static bool take_one(struct worker *worker)
{
	const struct target *target = worker->target;
	struct tag tag;
	int result = tag_next(target->layout, worker->fd, &tag);
	size_t place;

	if (result == -ENOENT) {
		atomic_fetch_add(worker->ends, 1);
		return true;
	}
	if (result)
		return fail("GET_NEXT: %s", strerror(-result));
	place = find_sorted(target->listing, worker->sorted, &tag);
	if (place == NONE)
		return fail("a record that is not in the text");
	worker->given[place]++;
	return true;
}

static void *shared_descriptor(void *data)
{
	struct worker *worker = data;

	pthread_barrier_wait(worker->barrier);
	worker->right = true;
	while (worker->right && atomic_load(worker->ends) < ROUNDS)
		worker->right = take_one(worker);
	memcpy(worker->reason, reason, sizeof(reason));
	return NULL;
}

/* Each end closes a round, in which each record was given once, to whichever thread. */
static bool all_given(const struct listing *listing, const size_t *sorted,
		      const struct worker *workers, size_t rounds)
{
	for (size_t i = 0, next; i < listing->count; i = next) {
		const struct tag *tag = &listing->tags[sorted[i]];
		size_t given = 0, due;

		for (next = i + 1; next < listing->count; next++)
			if (!tag_same_names(tag, &listing->tags[sorted[next]]))
				break;
		for (size_t w = 0; w < THREADS; w++)
			given += workers[w].given[i];
		due = rounds * (next - i);
		if (given != due)
			return fail("%.64s:%zu was given %zu times, %zu are due", tag->filename,
				    (size_t)tag->lineno, given, due);
	}
	return true;
}

/* The round that the threads left unfinished is finished by the first of them, alone. */
static bool share_out(struct worker *workers, atomic_uint *ends)
{
	unsigned int before;

	if (!run_workers(workers, shared_descriptor))
		return false;
	before = atomic_load(ends);
	while (atomic_load(ends) == before)
		if (!take_one(&workers[0]))
			return false;
	return all_given(workers[0].target->listing, workers[0].sorted, workers, before + 1);
}

static bool one_descriptor(const struct target *target)
{
	const struct listing *listing = target->listing;
	CLOSED int fd = target_open(target);
	struct worker workers[THREADS] = {0};
	size_t *sorted = must_alloc(listing->count, sizeof(*sorted));
	atomic_uint ends = 0;
	bool right;

	for (size_t i = 0; i < listing->count; i++)
		sorted[i] = i;
	qsort_r(sorted, listing->count, sizeof(*sorted), compare_indices, target->listing);
	for (size_t i = 0; i < THREADS; i++) {
		workers[i].target = target;
		workers[i].fd = fd;
		workers[i].ends = &ends;
		workers[i].sorted = sorted;
		workers[i].given = must_alloc(listing->count, sizeof(size_t));
	}
	right = share_out(workers, &ends);
	for (size_t i = 0; i < THREADS; i++)
		free(workers[i].given);
	free(sorted);
	return right;
}

const struct check thread_checks[] = {
	{"threads: 32 on descriptors of their own", many_descriptors},
	{"threads: 32 on one descriptor share out its records", one_descriptor},
	{NULL, NULL},
};
