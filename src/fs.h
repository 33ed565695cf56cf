/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mounted filesystem: what all requests share, and the table of requests that main hands to
 * libfuse. fs.c answers requests about names, change.c those that would change them, file.c those
 * about open files, dir.c those about listings; view.c finds out what they show.
 */
#ifndef ALLOCFS_FS_H
#define ALLOCFS_FS_H

#include "abi.h"
#include "content.h"
#include "fuse_api.h"
#include "handle.h"
#include "interrupt.h"
#include "node.h"
#include "snapshots.h"

struct fs {
	struct sampler *sampler;
	struct world *live;
	struct snapshots *snapshots;
	struct node_table *nodes;
	struct content_cache *cache;
	uid_t uid;
	gid_t gid;
	mode_t umask;
	unsigned int max_read; /* 0: as libfuse likes it */
	const struct abi_layout *layout; /* that allocinfo answers ioctls in */
	struct handle_table *handles; /* open files and directories */
};

extern const struct fuse_lowlevel_ops fs_operations;

struct view;

/*
 * What is in between may wait for the source: then the kernel can have it given up, and it fails
 * with -EINTR.
 */
void fs_begin_waiting(fuse_req_t req, struct interrupt *interrupt);
void fs_end_waiting(fuse_req_t req);

/*
 * Replies with what the view shows, as the entry of that name in dir. Returns 0, or -errno where
 * that was the reply.
 */
int fs_reply_entry(fuse_req_t req, struct node *dir, struct span name, const struct view *view);

/* change.c */
void change_setattr(fuse_req_t req, fuse_ino_t id, struct stat *stat, int set,
		    struct fuse_file_info *file);
void change_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device);
void change_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		   struct fuse_file_info *file);
void change_symlink(fuse_req_t req, const char *to, fuse_ino_t parent, const char *name);
void change_link(fuse_req_t req, fuse_ino_t id, fuse_ino_t parent, const char *name);
void change_unlink(fuse_req_t req, fuse_ino_t parent, const char *name);
void change_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode);
void change_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name);
void change_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
		   const char *new_name, unsigned int flags);

/* file.c */
void file_open(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *info);
void file_read(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
	       struct fuse_file_info *info);
/* The length that an open file's content has, where that is fixed; returns whether it is. */
bool file_fixed_size(const struct fuse_file_info *info, off_t *size);
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
