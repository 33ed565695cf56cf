/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage: bench-queries LISTING MOUNT PID HELLO [ROUNDS]
 * Does each job in every way in turn and prints, for each, the median of the wall time, and the
 * system time and processor time of this program and the processor time of the daemon PID in one
 * round on average. Only the ratios within one run mean something. Between two rounds nothing is
 * asked until the counters that the mount keeps are too old to serve.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 50
#define ROUNDS_MAX 10000
#define PAUSE_US 120000 /* above max_age */
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

/* Sums over the rounds, seconds; the wall time of each round. */
struct cost {
	long tags;
	double wall[ROUNDS_MAX];
	double system, own, daemon;
};

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double system_time(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
}

static void measure(const struct bench *bench, const struct job *job, way_run run, clockid_t daemon,
		    struct cost *cost, int round)
{
	double system, own, of_daemon, wall;

	usleep(PAUSE_US);
	system = system_time();
	own = seconds(CLOCK_PROCESS_CPUTIME_ID);
	of_daemon = seconds(daemon);
	wall = seconds(CLOCK_MONOTONIC);
	cost->tags = run(bench, job);
	cost->wall[round] = seconds(CLOCK_MONOTONIC) - wall;
	cost->daemon += seconds(daemon) - of_daemon;
	cost->own += seconds(CLOCK_PROCESS_CPUTIME_ID) - own;
	cost->system += system_time() - system;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void print(const struct job *job, const char *way, struct cost *cost, int rounds,
		  double *reference)
{
	double median, total = cost->own + cost->daemon, n = rounds;

	qsort(cost->wall, (size_t)rounds, sizeof(*cost->wall), by_size);
	median = cost->wall[rounds / 2];
	if (reference[0] == 0) {
		reference[0] = median;
		reference[1] = total;
	}
	printf("%-14s %-8s %6ld %9.0f %9.0f %9.0f %9.0f %7.2f %7.2f\n", job->name, way, cost->tags,
	       median * 1e6, cost->system / n * 1e6, cost->own / n * 1e6, cost->daemon / n * 1e6,
	       median / reference[0], total / reference[1]);
}

/* Returns 0, or 1 where a way failed, of which it has told. */
static int run_job(const struct bench *bench, const struct job *job, clockid_t daemon, int rounds)
{
	static struct cost costs[WAYS];
	double reference[2] = {0, 0};
	int failed = 0;

	memset(costs, 0, sizeof(costs));
	for (int round = 0; round < rounds; round++)
		for (int way = 0; way < WAYS; way++)
			measure(bench, job, ways[way].run, daemon, &costs[way], round);
	for (int way = 0; way < WAYS; way++) {
		if (costs[way].tags >= 0) {
			print(job, ways[way].name, &costs[way], rounds, reference);
		} else if (costs[way].tags == -ENOTTY) {
			printf("%-14s %-8s not there\n", job->name, ways[way].name);
		} else {
			printf("%-14s %-8s %s\n", job->name, ways[way].name,
			       strerror((int)-costs[way].tags));
			failed = 1;
		}
	}
	return failed;
}

int main(int argc, char **argv)
{
	struct bench bench = {.size = BUFFER_SIZE, .buffer = malloc(BUFFER_SIZE)};
	int rounds = argc > 5 ? atoi(argv[5]) : ROUNDS;
	clockid_t daemon;
	int failed = 0;

	if (argc < 5 || rounds < 1 || rounds > ROUNDS_MAX || !bench.buffer ||
	    clock_getcpuclockid(atoi(argv[3]), &daemon) != 0) {
		fprintf(stderr, "usage: %s LISTING MOUNT PID HELLO [ROUNDS]\n", argv[0]);
		return 2;
	}
	bench.listing = argv[1];
	bench.mount = argv[2];
	bench.hello = argv[4];
	memset(bench.buffer, 0, bench.size);
	printf("%ld processors, %d rounds; microseconds\n", sysconf(_SC_NPROCESSORS_ONLN), rounds);
	printf("%-14s %-8s %6s %9s %9s %9s %9s %7s %7s\n", "job", "way", "tags", "wall", "system",
	       "client", "daemon", "wall/", "cpu/");
	for (int job = 0; job < JOBS; job++)
		failed |= run_job(&bench, &jobs[job], daemon, rounds);
	free(bench.buffer);
	return failed;
}
