/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the benchmarks share: times of this program and of daemons, how many replies a daemon has
 * written, and medians. Only ratios within one run mean something.
 */
#ifndef ALLOCFS_MEASURE_H
#define ALLOCFS_MEASURE_H

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

/* A clock in seconds; 0 where there is no such clock. */
double measure_seconds(clockid_t clock);

/* The processor time of a process, seconds. */
double measure_processor(pid_t pid);

/* The time that the system has worked for this process, seconds. */
double measure_system(void);

/* How many calls of write(2) and the like a process has made: a FUSE daemon's replies. */
long measure_writes(pid_t pid);

/* Sorts the values. */
double measure_median(double *values, size_t count);

/* One thing that is done over and over: in sum, but the wall time of each round. */
struct measure {
	size_t rounds, room;
	double *wall;
	double system, own, daemon;
	long writes;
	/* When the round at hand began. */
	struct {
		double wall, system, own, daemon;
		long writes;
	} start;
};

/* All zeros before the first; frees with measure_clear(). daemon is who answers, or 0. */
void measure_begin(struct measure *measure, pid_t daemon);
void measure_end(struct measure *measure, pid_t daemon);
void measure_clear(struct measure *measure);

#endif
