/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A saved listing. It is looked up by name each time, in a directory that was opened at the start:
 * a job may write into it or replace it, and then it is read again.
 */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "hash.h"

struct dump {
	struct source source;
	int dir;
	char *base;
};

/* A file that was written to this recently may be written to still. */
#define RECENT_NS (200 * 1000 * 1000)

/* For how long an empty file is watched, and how often, microseconds: see watch_empty(). */
#define EMPTY_NS (1000 * 1000 * 1000LL)
#define EMPTY_PAUSE (20 * 1000)

static bool is_younger(struct timespec time, int64_t limit)
{
	struct timespec now;
	int64_t seconds, age;

	clock_gettime(CLOCK_REALTIME, &now);
	/* A file can say that it is of any year. */
	seconds = now.tv_sec - time.tv_sec;
	if (seconds < 0 || seconds > 2)
		return false;
	age = seconds * 1000000000 + (now.tv_nsec - time.tv_nsec);
	return age >= 0 && age < limit;
}

static uint64_t hash_time(uint64_t hash, struct statx_timestamp time)
{
	return hash_number(hash_number(hash, (uint64_t)time.tv_sec), time.tv_nsec);
}

/* Inode numbers are used again, often at once: the time of birth tells a new file from an old one.
 */
static int stamp_file(const struct source *source, int dir, const char *path, int flags,
		      struct source_stamp *stamp)
{
	struct statx stat;

	while (statx(dir, path, flags, STATX_BASIC_STATS | STATX_BTIME, &stat) < 0) {
		int err = source_failure(source);

		if (err)
			return err;
	}
	if (!S_ISREG(stat.stx_mode))
		return -EINVAL;
	*stamp = (struct source_stamp){.steady = true};
	stamp->time.tv_sec = stat.stx_mtime.tv_sec;
	stamp->time.tv_nsec = stat.stx_mtime.tv_nsec;
	stamp->recent = is_younger(stamp->time, RECENT_NS);
	stamp->file =
		hash_number(hash_number(stat.stx_dev_major, stat.stx_dev_minor), stat.stx_ino);
	if (stat.stx_mask & STATX_BTIME)
		stamp->file = hash_time(stamp->file, stat.stx_btime);
	stamp->names = hash_time(hash_number(stamp->file, stat.stx_size), stat.stx_mtime);
	return 0;
}

static int dump_stamp(struct source *source, struct source_stamp *stamp)
{
	struct dump *dump = (struct dump *)source;

	return stamp_file(source, dump->dir, dump->base, 0, stamp);
}

/*
 * One that was cut is about to be written; a filesystem can take some hundred milliseconds to let
 * the writer go on.
 */
static int watch_empty(const struct source *source, int fd, struct source_stamp *stamp)
{
	int err = 0;

	while (!err && lseek(fd, 0, SEEK_END) == 0 && is_younger(stamp->time, EMPTY_NS)) {
		g_usleep(EMPTY_PAUSE);
		err = source_is_stopped(source) ? -ECANCELED
						: stamp_file(source, fd, "", AT_EMPTY_PATH, stamp);
	}
	return err;
}

static int dump_read(struct source *source, source_sink sink, void *context,
		     struct source_stamp *stamp)
{
	struct dump *dump = (struct dump *)source;
	struct source_stamp after;
	int fd = source_reopen(source, dump->dir, dump->base);
	int err;

	if (fd < 0)
		return fd;
	err = stamp_file(source, fd, "", AT_EMPTY_PATH, stamp);
	if (!err)
		err = watch_empty(source, fd, stamp);
	if (!err && lseek(fd, 0, SEEK_SET) < 0)
		err = -errno;
	if (!err)
		err = source_pump(source, fd, sink, context);
	if (!err)
		err = stamp_file(source, fd, "", AT_EMPTY_PATH, &after);
	if (!err && after.names != stamp->names)
		err = -EAGAIN;
	close(fd);
	return err;
}

static void dump_close(struct source *source)
{
	struct dump *dump = (struct dump *)source;

	close(dump->dir);
	g_free(dump->base);
	g_free(dump);
}

struct source *source_new_dump(int dir, const char *base)
{
	static const struct source_ops ops = {dump_stamp, dump_read, NULL, dump_close};
	struct dump *dump = g_new0(struct dump, 1);

	dump->source = (struct source){.ops = &ops, .interface = "dump"};
	dump->dir = dir;
	dump->base = g_strdup(base);
	return &dump->source;
}
