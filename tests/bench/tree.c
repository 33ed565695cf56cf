/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage: bench-tree MOUNT PID TWIN PID HELLO PID [ROUNDS]
 * What walking and reading an allocfs costs beside a static FUSE tree of the same shape
 * (bench-twin, made of MOUNT) and the file of an empty one (bench-hello). Prints for each job and
 * way the median wall time, and on average the system time of this program, the processor time of
 * the daemon, and its replies; then both times as multiples of the reference, which is the last
 * way.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "measure.h"

#define ROUNDS 30
#define READERS 16
#define READINGS 2000 /* of all readers together */

/* A mount and who serves it. */
struct way {
	const char *name, *path;
	pid_t daemon;
};

/* Does it once below base; returns 0 or -errno. */
typedef int (*job_run)(const char *base, const char *path);

/* As du and ls -l do, or with_attributes false: as find does. */
static int walk(int parent, const char *name, bool with_attributes)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir))) {
		struct stat stat;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (with_attributes && fstatat(fd, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
			err = -errno;
		else if (entry->d_type == DT_DIR)
			err = walk(fd, entry->d_name, with_attributes);
	}
	closedir(dir);
	return err;
}

static int walk_below(const char *base, const char *path, bool with_attributes)
{
	char whole[4096];

	snprintf(whole, sizeof(whole), "%s/%s", base, path);
	return walk(AT_FDCWD, whole, with_attributes);
}

static int run_du(const char *base, const char *path)
{
	return walk_below(base, path, true);
}

static int run_find(const char *base, const char *path)
{
	return walk_below(base, path, false);
}

static int run_cat(const char *base, const char *path)
{
	static char buffer[1 << 20];
	char whole[4096];
	ssize_t got;
	int fd;

	snprintf(whole, sizeof(whole), "%s/%s", base, path);
	fd = open(whole, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		;
	close(fd);
	return got < 0 ? -EIO : 0;
}

static int run_stat(const char *base, const char *path)
{
	char whole[4096];
	struct stat attr;

	snprintf(whole, sizeof(whole), "%s/%s", base, path);
	return stat(whole, &attr) == 0 ? 0 : -errno;
}

/* So many processes share the readings. */
static int read_by(int readers, const char *base, const char *path)
{
	int failed = 0, status;

	for (int i = 0; i < readers; i++)
		if (fork() == 0) {
			int err = 0;

			for (int k = 0; !err && k < READINGS / readers; k++)
				err = run_cat(base, path);
			_exit(err != 0);
		}
	while (wait(&status) > 0)
		failed |= status;
	return failed ? -EIO : 0;
}

static int run_one(const char *base, const char *path)
{
	return read_by(1, base, path);
}

static int run_many(const char *base, const char *path)
{
	return read_by(READERS, base, path);
}

enum reference { TWIN, HELLO };

static char tag[512]; /* the path of one: the first in all/ */

static const struct {
	const char *name, *path;
	job_run run;
	enum reference reference;
} jobs[] = {
	{"du by-file", "by-file", run_du, TWIN},
	{"find by-file", "by-file", run_find, TWIN},
	{"ls -l all", "all", run_du, TWIN},
	{"find all", "all", run_find, TWIN},
	{"stat a tag", tag, run_stat, TWIN},
	{"cat a tag", tag, run_cat, HELLO},
	{"cat a report", "by-file/mm/slub.c/.total", run_cat, HELLO},
	{"1 reader", tag, run_one, HELLO},
	{"16 readers", tag, run_many, HELLO},
};

enum { JOBS = sizeof(jobs) / sizeof(jobs[0]) };

/* Returns whether there is a tag. */
static bool pick_tag(const char *base)
{
	char all[4096];
	struct dirent *entry;
	DIR *dir;

	snprintf(all, sizeof(all), "%s/all", base);
	dir = opendir(all);
	while (dir && !*tag && (entry = readdir(dir)))
		if (entry->d_type == DT_REG)
			snprintf(tag, sizeof(tag), "all/%s", entry->d_name);
	if (dir)
		closedir(dir);
	return *tag;
}

static void print(const char *job, const char *way, struct measure *measure, double wall,
		  const struct measure *reference, double reference_wall)
{
	double n = (double)measure->rounds;

	printf("%-14s %-8s %9.0f %9.0f %9.0f %8.0f %6.2f %6.2f\n", job, way, wall * 1e6,
	       measure->system / n * 1e6, measure->daemon / n * 1e6, (double)measure->writes / n,
	       wall / reference_wall,
	       (measure->own + measure->daemon) / (reference->own + reference->daemon));
}

static int run_job(int job, const struct way *mount, const struct way *reference, int rounds)
{
	const char *path = jobs[job].reference == HELLO ? "hello" : jobs[job].path;
	struct measure own = {.rounds = 0}, other = {.rounds = 0};
	double own_wall, other_wall;
	int err = 0;

	for (int i = 0; !err && i < rounds; i++) {
		measure_begin(&own, mount->daemon);
		err = jobs[job].run(mount->path, jobs[job].path);
		measure_end(&own, mount->daemon);
		if (err)
			break;
		measure_begin(&other, reference->daemon);
		err = jobs[job].run(reference->path, path);
		measure_end(&other, reference->daemon);
	}
	if (!err) {
		own_wall = measure_median(own.wall, own.rounds);
		other_wall = measure_median(other.wall, other.rounds);
		print(jobs[job].name, mount->name, &own, own_wall, &other, other_wall);
		print(jobs[job].name, reference->name, &other, other_wall, &other, other_wall);
	} else {
		printf("%-14s %s\n", jobs[job].name, strerror(-err));
	}
	measure_clear(&own);
	measure_clear(&other);
	return err != 0;
}

int main(int argc, char **argv)
{
	int rounds = argc > 7 ? atoi(argv[7]) : ROUNDS, failed = 0;

	if (argc < 7 || rounds < 1) {
		fprintf(stderr, "usage: %s MOUNT PID TWIN PID HELLO PID [ROUNDS]\n", argv[0]);
		return 2;
	}
	struct way mount = {"allocfs", argv[1], atoi(argv[2])};
	struct way references[] = {[TWIN] = {"twin", argv[3], atoi(argv[4])},
				   [HELLO] = {"hello", argv[5], atoi(argv[6])}};

	if (!pick_tag(mount.path)) {
		fprintf(stderr, "%s: no tags\n", mount.path);
		return 1;
	}
	printf("%ld processors, %d rounds; microseconds\n", sysconf(_SC_NPROCESSORS_ONLN), rounds);
	printf("%-14s %-8s %9s %9s %9s %8s %6s %6s\n", "job", "way", "wall", "system", "daemon",
	       "replies", "wall/", "cpu/");
	for (int job = 0; job < JOBS; job++)
		failed |= run_job(job, &mount, &references[jobs[job].reference], rounds);
	return failed;
}
