/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: allocfs's own options, and what is left for libfuse. */
#ifndef ALLOCFS_OPTIONS_H
#define ALLOCFS_OPTIONS_H

#include <sys/types.h>
#include "abi.h"
#include <glib.h>
#include "fuse_api.h"

/* A saved listing that is to be there as a snapshot. */
struct saved_snapshot {
	char *name;
	char *file;
};

struct options {
	char *source;
	char *mountpoint;
	int64_t max_age; /* microseconds */
	uid_t uid;
	gid_t gid;
	mode_t umask;
	enum abi_layout_id abi; /* that allocinfo answers ioctls in */
	GPtrArray *saved; /* struct saved_snapshot *, in the order given */
	unsigned int max_snapshots;
	unsigned int max_read; /* 0: as libfuse likes it */
	int help, version, foreground, debug;
	struct fuse_args rest; /* for libfuse, mount options of our own included */
};

/*
 * Reads the command line. Returns 0; -EINVAL where something is wrong with it, which has been said
 * on stderr then. Free with options_clear() in any case.
 */
int options_parse(struct options *options, int argc, char **argv);

void options_clear(struct options *options);

/* Prints the text of --help. */
void options_print_help(void);

#endif
