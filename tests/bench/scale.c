/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage: bench-scale MOUNT FILE...
 * What does not depend on how many tags there are, or should not, in a mount: prints "KEY VALUE"
 * lines, medians in microseconds. Each FILE is a source file, "d/f.c". readdir-all is the time per
 * entry of listing all/, whose entries are looked up, opened and read one by one before that.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "measure.h"

#define TAGS 400 /* that are looked up, at most */

struct list {
	char *path[TAGS];
	size_t count;
};

static const char *mount;

/* Microseconds. */
static double now(void)
{
	return measure_seconds(CLOCK_MONOTONIC) * 1e6;
}

static bool read_whole(const char *path)
{
	char buffer[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;

	while (fd >= 0 && (got = read(fd, buffer, sizeof(buffer))) > 0)
		;
	if (fd >= 0)
		close(fd);
	return got == 0;
}

static long count_entries(const char *path)
{
	DIR *dir = opendir(path);
	long count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

/* The tags of the files, by what their directories list. */
static void find_tags(struct list *tags, char **files)
{
	for (; *files && tags->count < TAGS; files++) {
		char directory[4096];
		struct dirent *entry;
		DIR *dir;

		snprintf(directory, sizeof(directory), "%s/by-file/%s", mount, *files);
		dir = opendir(directory);
		while (dir && tags->count < TAGS && (entry = readdir(dir)))
			if (entry->d_type == DT_REG && asprintf(&tags->path[tags->count], "%s/%s",
								directory, entry->d_name) > 0)
				tags->count++;
		if (dir)
			closedir(dir);
	}
}

/* Of names that were not looked at before: below accurate/, which has the same. */
static void measure_lookups(const struct list *tags)
{
	double times[TAGS];
	size_t prefix = strlen(mount);

	for (size_t i = 0; i < tags->count; i++) {
		char path[8192];
		struct stat stat_;
		double start;

		snprintf(path, sizeof(path), "%s/accurate%s", mount, tags->path[i] + prefix);
		start = now();
		if (stat(path, &stat_) != 0)
			exit(EXIT_FAILURE);
		times[i] = now() - start;
	}
	printf("lookup %.1f\n", measure_median(times, tags->count));
}

static void measure_reads(const struct list *tags)
{
	double times[TAGS];

	for (size_t i = 0; i < tags->count; i++) {
		double start = now();

		if (!read_whole(tags->path[i]))
			exit(EXIT_FAILURE);
		times[i] = now() - start;
	}
	printf("read-tag %.1f\n", measure_median(times, tags->count));
}

static void measure_directories(char **files, size_t count)
{
	double *times = calloc(count, sizeof(*times));

	if (!times)
		exit(EXIT_FAILURE);
	for (size_t i = 0; i < count; i++) {
		char directory[4096];
		double start;

		snprintf(directory, sizeof(directory), "%s/by-file/%s", mount, files[i]);
		start = now();
		if (count_entries(directory) < 3)
			exit(EXIT_FAILURE);
		times[i] = now() - start;
	}
	printf("list-file %.1f\n", measure_median(times, count));
	free(times);
}

static void measure_all(void)
{
	char all[4096];
	double start;
	long count;

	snprintf(all, sizeof(all), "%s/all", mount);
	start = now();
	count = count_entries(all);
	printf("readdir-all %.3f\n", (now() - start) / (double)count);
}

int main(int argc, char **argv)
{
	static struct list tags;

	if (argc < 3) {
		fprintf(stderr, "usage: %s MOUNT FILE...\n", argv[0]);
		return 2;
	}
	mount = argv[1];
	find_tags(&tags, argv + 2);
	if (tags.count == 0)
		return 1;
	measure_lookups(&tags);
	measure_reads(&tags);
	measure_directories(argv + 2, (size_t)argc - 2);
	measure_all();
	return 0;
}
