/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that would change something. Only snapshots/ can be changed: directories are made,
 * dropped and renamed there. Who may, the kernel has found out from the modes.
 */
#include "fs.h"

#include <errno.h>
#include "view.h"

/* Whether the directory is snapshots/. */
static bool holds_snapshots(struct fs *fs, struct node *dir)
{
	return node_place(fs->nodes, dir) == PLACE_SNAPSHOTS;
}

/* A snapshot of what is held now. */
static int freeze(fuse_req_t req, struct span name)
{
	struct fs *fs = fuse_req_userdata(req);
	struct sample *sample = NULL;
	struct interrupt interrupt;
	int err;

	fs_begin_waiting(req, &interrupt);
	err = sampler_get_now(fs->sampler, &sample);
	fs_end_waiting(req);
	if (!err)
		err = snapshots_add(fs->snapshots, name, sample);
	sample_unref(sample);
	return err;
}

void change_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	struct fs *fs = fuse_req_userdata(req);
	struct node *dir = node_from_id(fs->nodes, parent);
	struct span component = span_of(name);
	struct view view = {.sample = NULL};
	int err = holds_snapshots(fs, dir) ? snapshots_check_name(component) : -EPERM;

	(void)mode;
	if (!err)
		err = freeze(req, component);
	if (err) {
		fuse_reply_err(req, -err);
		return;
	}
	err = fs_look(req, dir, &component, VIEW_FILE, &view);
	if (err)
		fuse_reply_err(req, -err);
	else
		err = fs_reply_entry(req, dir, component, &view);
	/* Who is told that there is none shall find none. */
	if (err)
		snapshots_remove(fs->snapshots, component);
	view_clear(&view);
}

void change_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fs *fs = fuse_req_userdata(req);
	int err = -EPERM;

	if (holds_snapshots(fs, node_from_id(fs->nodes, parent)))
		err = snapshots_remove(fs->snapshots, span_of(name));
	fuse_reply_err(req, -err);
}

void change_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
		   const char *new_name, unsigned int flags)
{
	struct fs *fs = fuse_req_userdata(req);
	int err = -EPERM;

	if (parent == new_parent && holds_snapshots(fs, node_from_id(fs->nodes, parent)))
		err = snapshots_rename(fs->snapshots, span_of(name), span_of(new_name), flags);
	fuse_reply_err(req, -err);
}

void change_setattr(fuse_req_t req, fuse_ino_t id, struct stat *stat, int set,
		    struct fuse_file_info *file)
{
	(void)id;
	(void)stat;
	(void)set;
	(void)file;
	fuse_reply_err(req, EROFS);
}

void change_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device)
{
	(void)parent;
	(void)name;
	(void)mode;
	(void)device;
	fuse_reply_err(req, EROFS);
}

void change_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		   struct fuse_file_info *file)
{
	(void)parent;
	(void)name;
	(void)mode;
	(void)file;
	fuse_reply_err(req, EROFS);
}

void change_symlink(fuse_req_t req, const char *to, fuse_ino_t parent, const char *name)
{
	(void)to;
	(void)parent;
	(void)name;
	fuse_reply_err(req, EROFS);
}

void change_link(fuse_req_t req, fuse_ino_t id, fuse_ino_t parent, const char *name)
{
	(void)id;
	(void)parent;
	(void)name;
	fuse_reply_err(req, EROFS);
}

void change_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	(void)parent;
	(void)name;
	fuse_reply_err(req, EROFS);
}
