/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times and medians: see measure.h. */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

double measure_seconds(clockid_t clock)
{
	struct timespec now = {0, 0};

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double measure_processor(pid_t pid)
{
	clockid_t clock;

	if (pid == 0 || clock_getcpuclockid(pid, &clock) != 0)
		return 0;
	return measure_seconds(clock);
}

double measure_system(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
}

long measure_writes(pid_t pid)
{
	char path[64], line[128];
	long writes = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/io", pid);
	file = pid == 0 ? NULL : fopen(path, "r");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, "syscw: ", 7) == 0)
			writes = atol(line + 7);
	fclose(file);
	return writes;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double measure_median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_size);
	return count ? values[count / 2] : 0;
}

void measure_begin(struct measure *measure, pid_t daemon)
{
	measure->start.writes = measure_writes(daemon);
	measure->start.system = measure_system();
	measure->start.own = measure_seconds(CLOCK_PROCESS_CPUTIME_ID);
	measure->start.daemon = measure_processor(daemon);
	measure->start.wall = measure_seconds(CLOCK_MONOTONIC);
}

void measure_end(struct measure *measure, pid_t daemon)
{
	double wall = measure_seconds(CLOCK_MONOTONIC) - measure->start.wall;

	measure->daemon += measure_processor(daemon) - measure->start.daemon;
	measure->own += measure_seconds(CLOCK_PROCESS_CPUTIME_ID) - measure->start.own;
	measure->system += measure_system() - measure->start.system;
	measure->writes += measure_writes(daemon) - measure->start.writes;
	if (measure->rounds == measure->room) {
		measure->room = 2 * measure->room + 64;
		measure->wall = realloc(measure->wall, measure->room * sizeof(*measure->wall));
		if (!measure->wall)
			abort();
	}
	measure->wall[measure->rounds++] = wall;
}

void measure_clear(struct measure *measure)
{
	free(measure->wall);
	memset(measure, 0, sizeof(*measure));
}
