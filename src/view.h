/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A view: what a node, or a name in a directory, is at one instant, as a sample of its world and a
 * target in it; and what of that the kernel is told: attributes, content, how long it may keep
 * them.
 */
#ifndef ALLOCFS_VIEW_H
#define ALLOCFS_VIEW_H

#include "content.h"
#include "fs.h"

struct view {
	struct world *world; /* NULL: empty */
	struct sample *sample; /* perhaps a part with what the target shows; NULL: empty */
	struct target target;
	uint32_t tag; /* that the target is, or CATALOG_NONE */
};

enum view_need {
	VIEW_FILE, /* young counters where the target itself shows any */
	VIEW_LISTING, /* of a directory, where its entries show any */
};

/*
 * Looks at a node or, where name is not NULL, at that name in it. Returns 0, and then view_clear()
 * is due; -ENOENT and -EINVAL as query_step() says, -ENOMEM, or what sampler_get() returned.
 * README, status and the roots are there even if the source fails: in the last good sample.
 */
int view_look(struct fs *fs, struct node *node, const struct span *name, enum view_need need,
	      struct view *view);

/* The same for a request, which the kernel may give up meanwhile: then -EINTR. In fs.c. */
int fs_look(fuse_req_t req, struct node *node, const struct span *name, enum view_need need,
	    struct view *view);

void view_clear(struct view *view);

/*
 * Fills all of *stat; dir is the directory that the target is in, inode its own number. Returns 0;
 * or what content_size() does, of a file whose length is not known before it is rendered.
 */
int view_stat(struct fs *fs, const struct view *view, struct node *dir, uint64_t inode,
	      struct stat *stat);

/* The bytes of a file, as a new reference. Returns 0 or -errno as content_get() does. */
int view_content(struct fs *fs, const struct view *view, struct node *dir, uint64_t inode,
		 GBytes **bytes);

/*
 * How long the kernel may keep attributes, the name, which exists whatever the counters say, and
 * that there is none; seconds.
 */
double view_timeout(const struct fs *fs, const struct view *view);
double view_name_timeout(const struct fs *fs, const struct view *view);
double view_absence_timeout(const struct fs *fs, const struct view *view);

#endif
