/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the benchmark runs: jobs that a user has, each done in several ways. A way knows nothing of
 * time, and nothing of allocfs but the tree and the ABI.
 */
#ifndef ALLOCFS_BENCH_H
#define ALLOCFS_BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A question about the listing; what is NULL or 0 is not asked for. */
struct job {
	const char *name;
	const char *file;
	const char *function;
	uint64_t min_size;
	const char *path; /* the directory in the tree that answers it */
};

/* What the ways work on. */
struct bench {
	const char *listing; /* the file that is read and asked: /proc/allocinfo */
	const char *mount; /* an allocfs mounted on it */
	pid_t daemon; /* who serves it */
	const char *hello; /* the file of an empty FUSE filesystem */
	char *buffer; /* room for a listing */
	size_t size;
	unsigned int pause; /* before each round, milliseconds */
};

/* Each does the job once, opens and closes included. Returns how many tags it found, or -errno. */
typedef long (*way_run)(const struct bench *bench, const struct job *job);

/* Reads all of the listing and matches each line. */
long way_text(const struct bench *bench, const struct job *job);

/* Asks the listing by ioctls of the mainline layout. */
long way_ioctl(const struct bench *bench, const struct job *job);

/* Reads the report .allocinfo of the directory. */
long way_mount(const struct bench *bench, const struct job *job);

/* Reads the file of the empty filesystem, whatever the job is; always 0 tags. */
long way_hello(const struct bench *bench, const struct job *job);

#endif
