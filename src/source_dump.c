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
	ino_t inode; /* of the file that was read last */
};

/* A file that was written to this recently may be written to still. */
#define SETTLE_NS (100 * 1000 * 1000)

static bool is_recent(struct timespec time)
{
	struct timespec now;
	int64_t age;

	clock_gettime(CLOCK_REALTIME, &now);
	age = ((int64_t)now.tv_sec - time.tv_sec) * 1000000000 + (now.tv_nsec - time.tv_nsec);
	return age >= 0 && age < SETTLE_NS;
}

static void stamp_of(const struct stat *stat, struct source_stamp *stamp)
{
	uint64_t hash = hash_number(stat->st_dev, stat->st_ino);

	hash = hash_number(hash, (uint64_t)stat->st_size);
	hash = hash_bytes(hash, &stat->st_mtim, sizeof(stat->st_mtim));
	*stamp = (struct source_stamp){.names = hash, .steady = true, .time = stat->st_mtim};
}

static int dump_stamp(struct source *source, struct source_stamp *stamp)
{
	struct dump *dump = (struct dump *)source;
	struct stat stat;

	if (fstatat(dump->dir, dump->base, &stat, 0) < 0)
		return -errno;
	stamp_of(&stat, stamp);
	stamp->settling = stat.st_ino == dump->inode && is_recent(stat.st_mtim);
	return 0;
}

static int dump_read(struct source *source, source_sink sink, void *context,
		     struct source_stamp *stamp)
{
	struct dump *dump = (struct dump *)source;
	struct source_stamp after;
	struct stat stat;
	int fd = openat(dump->dir, dump->base, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &stat) < 0)
		err = -errno;
	else if (!S_ISREG(stat.st_mode))
		err = -EINVAL;
	if (!err) {
		stamp_of(&stat, stamp);
		err = source_pump(fd, sink, context);
	}
	if (!err && fstat(fd, &stat) < 0)
		err = -errno;
	if (!err) {
		stamp_of(&stat, &after);
		dump->inode = stat.st_ino;
		if (after.names != stamp->names)
			err = -EAGAIN;
	}
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
	static const struct source_ops ops = {"dump", false, dump_stamp, dump_read, dump_close};
	struct dump *dump = g_new0(struct dump, 1);

	dump->source.ops = &ops;
	dump->dir = dir;
	dump->base = g_strdup(base);
	return &dump->source;
}
