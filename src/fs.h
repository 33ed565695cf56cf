/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mounted filesystem: what all requests share, and the table of requests that main hands to
 * libfuse. fs.c answers requests about names and files, dir.c those about listings.
 */
#ifndef ALLOCFS_FS_H
#define ALLOCFS_FS_H

#include "content.h"
#include "fuse_api.h"
#include "node.h"
#include "options.h"
#include "sampler.h"

struct fs {
	struct sampler *sampler;
	struct node_table *nodes;
	struct content_cache *cache;
	uid_t uid;
	gid_t gid;
	mode_t umask;
	unsigned int max_read; /* 0: as libfuse likes it */
};

extern const struct fuse_lowlevel_ops fs_operations;

/* What a request is about, at the instant it looks. Release it with fs_view_clear(). */
struct fs_view {
	struct sample *sample;
	struct target target;
};

/*
 * What a node stands for now. Counters are within max_age where the target shows any. Returns 0;
 * -ENOENT where the path is gone, or what sampler_get() returned. README, status and the root are
 * there even if the source fails; view->sample is then the last good one.
 */
int fs_look(struct fs *fs, struct node *node, struct fs_view *view);

/* The same for a name in a directory; -ENOENT and -EINVAL as query_step() says. */
int fs_look_up(struct fs *fs, struct node *dir, struct span name, struct fs_view *view);

void fs_view_clear(struct fs_view *view);

/* Fills all of *stat for what a view shows; dir is the directory that it is in. */
void fs_stat(struct fs *fs, const struct fs_view *view, struct node *dir, uint64_t inode,
	     struct stat *stat);

/* How long the kernel may keep a name and its attributes, in seconds. */
double fs_timeout(const struct fs *fs, const struct target *target);

/* dir.c */
void dir_open(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *file);
void dir_read(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
	      struct fuse_file_info *file);
void dir_read_plus(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
		   struct fuse_file_info *file);
void dir_release(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *file);

#endif
