/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mounted filesystem: what all requests share, and the table of requests that main hands to
 * libfuse. fs.c answers requests about names, file.c those about open files, dir.c those about
 * listings; view.c finds out what they show.
 */
#ifndef ALLOCFS_FS_H
#define ALLOCFS_FS_H

#include "abi.h"
#include "content.h"
#include "fuse_api.h"
#include "node.h"

struct fs {
	struct sampler *sampler;
	struct node_table *nodes;
	struct content_cache *cache;
	uid_t uid;
	gid_t gid;
	mode_t umask;
	unsigned int max_read; /* 0: as libfuse likes it */
	const struct abi_layout *layout; /* that allocinfo answers ioctls in */
};

extern const struct fuse_lowlevel_ops fs_operations;

/* file.c */
void file_open(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *info);
void file_read(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
	       struct fuse_file_info *info);
void file_release(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *info);
void file_ioctl(fuse_req_t req, fuse_ino_t id, unsigned int command, void *arg,
		struct fuse_file_info *info, unsigned int flags, const void *in, size_t in_size,
		size_t out_size);

/* dir.c */
void dir_open(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *file);
void dir_read(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
	      struct fuse_file_info *file);
void dir_read_plus(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
		   struct fuse_file_info *file);
void dir_release(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *file);

#endif
