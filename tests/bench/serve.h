/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the filesystems of the benchmarks have in common: being mounted and served as allocfs is. */
#ifndef ALLOCFS_BENCH_SERVE_H
#define ALLOCFS_BENCH_SERVE_H

#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 12)
#include <fuse_lowlevel.h>

/* How long the kernel may keep names and attributes: as long as allocfs says of names, seconds. */
#define TIMEOUT 1.0

/* Files whose reads come here each time, and which nobody need be told of the end of. */
void serve_open(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *file);
void serve_release(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *file);

/* From the command line to the end of the mount; returns the exit status. */
int serve(int argc, char **argv, const struct fuse_lowlevel_ops *operations);

#endif
