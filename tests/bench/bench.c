/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage: bench-queries LISTING MOUNT PID HELLO [ROUNDS [PAUSE]]
 * Does each job in every way in turn and prints, for each, the median of the wall time, and the
 * system time and processor time of this program and the processor time of the daemon PID in one
 * round on average, with its replies. Only the ratios within one run mean something. Before each
 * round nothing is asked for PAUSE milliseconds, until what the mount keeps is too old to serve.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "measure.h"

#define ROUNDS 50
#define PAUSE 120 /* above max_age */
#define BUFFER_SIZE (64u << 20)

static const struct job jobs[] = {
	{"one file", "mm/memory.c", NULL, 0, "by-file/mm/memory.c"},
	{"file and size", "mm/memory.c", NULL, 16384, "by-file/mm/memory.c/min-size/16K"},
	{"one function", NULL, "alloc_slab_page", 0, "by-function/alloc_slab_page"},
	{"min-size 1M", NULL, NULL, 1 << 20, "min-size/1M"},
	{"all", NULL, NULL, 0, "all"},
};

static const struct {
	const char *name;
	way_run run;
} ways[] = {{"text", way_text}, {"ioctl", way_ioctl}, {"allocfs", way_mount}, {"hello", way_hello}};

enum { JOBS = sizeof(jobs) / sizeof(jobs[0]), WAYS = sizeof(ways) / sizeof(ways[0]) };

/* One way of doing a job, over all rounds. */
struct cost {
	long tags;
	struct measure measure;
};

static void run_way(const struct bench *bench, const struct job *job, way_run run,
		    struct cost *cost)
{
	usleep(bench->pause * 1000);
	measure_begin(&cost->measure, bench->daemon);
	cost->tags = run(bench, job);
	measure_end(&cost->measure, bench->daemon);
}

static void print(const struct job *job, const char *way, struct cost *cost, double *reference)
{
	struct measure *measure = &cost->measure;
	double median = measure_median(measure->wall, measure->rounds);
	double total = measure->own + measure->daemon, n = (double)measure->rounds;

	if (reference[0] == 0) {
		reference[0] = median;
		reference[1] = total;
	}
	printf("%-14s %-8s %6ld %9.0f %9.0f %9.0f %9.0f %8.1f %7.2f %7.2f\n", job->name, way,
	       cost->tags, median * 1e6, measure->system / n * 1e6, measure->own / n * 1e6,
	       measure->daemon / n * 1e6, (double)measure->writes / n, median / reference[0],
	       total / reference[1]);
}

/* Returns 0, or 1 where a way failed, of which it has told. */
static int run_job(const struct bench *bench, const struct job *job, int rounds)
{
	struct cost costs[WAYS];
	double reference[2] = {0, 0};
	int failed = 0;

	memset(costs, 0, sizeof(costs));
	for (int round = 0; round < rounds; round++)
		for (int way = 0; way < WAYS; way++)
			run_way(bench, job, ways[way].run, &costs[way]);
	for (int way = 0; way < WAYS; way++) {
		if (costs[way].tags >= 0) {
			print(job, ways[way].name, &costs[way], reference);
		} else if (costs[way].tags == -ENOTTY) {
			printf("%-14s %-8s not there\n", job->name, ways[way].name);
		} else {
			printf("%-14s %-8s %s\n", job->name, ways[way].name,
			       strerror((int)-costs[way].tags));
			failed = 1;
		}
		measure_clear(&costs[way].measure);
	}
	return failed;
}

int main(int argc, char **argv)
{
	struct bench bench = {.size = BUFFER_SIZE, .buffer = malloc(BUFFER_SIZE)};
	int rounds = argc > 5 ? atoi(argv[5]) : ROUNDS;
	int failed = 0;

	if (argc < 5 || rounds < 1 || !bench.buffer) {
		fprintf(stderr, "usage: %s LISTING MOUNT PID HELLO [ROUNDS [PAUSE]]\n", argv[0]);
		return 2;
	}
	bench.listing = argv[1];
	bench.mount = argv[2];
	bench.daemon = atoi(argv[3]);
	bench.pause = (unsigned int)(argc > 6 ? atoi(argv[6]) : PAUSE);
	bench.hello = argv[4];
	memset(bench.buffer, 0, bench.size);
	printf("%ld processors, %d rounds; microseconds\n", sysconf(_SC_NPROCESSORS_ONLN), rounds);
	printf("%-14s %-8s %6s %9s %9s %9s %9s %8s %7s %7s\n", "job", "way", "tags", "wall",
	       "system", "client", "daemon", "replies", "wall/", "cpu/");
	for (int job = 0; job < JOBS; job++)
		failed |= run_job(&bench, &jobs[job], rounds);
	free(bench.buffer);
	return failed;
}
