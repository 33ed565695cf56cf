/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The snapshots of a mount, by name. Each is a frozen world with what was held at one moment; who
 * uses it keeps it when it is dropped. Any thread.
 */
#ifndef ALLOCFS_SNAPSHOTS_H
#define ALLOCFS_SNAPSHOTS_H

#include "world.h"

struct snapshots;

/* live is the world that differences are made against; most is how many there can be. */
struct snapshots *snapshots_new(struct world *live, unsigned int most);
void snapshots_free(struct snapshots *snapshots);

/* 0, or -EINVAL where a snapshot cannot have the name. */
int snapshots_check_name(struct span name);

/* Adds one, taking a reference to a full sample. 0, -EINVAL, -EEXIST, -ENOSPC. */
int snapshots_add(struct snapshots *snapshots, struct span name, struct sample *sample);

/* Drops one. 0 or -ENOENT. */
int snapshots_remove(struct snapshots *snapshots, struct span name);

/*
 * Gives one another name. 0; -ENOENT, -EINVAL; -EEXIST where there is one of that name, for a
 * snapshot is never empty. flags as renameat2(2) has them: with RENAME_EXCHANGE both have to be
 * there, RENAME_NOREPLACE changes nothing.
 */
int snapshots_rename(struct snapshots *snapshots, struct span from, struct span to,
		     unsigned int flags);

/* The snapshot of that name, as a new reference, or NULL. */
struct world *snapshots_find(struct snapshots *snapshots, struct span name);

/* The difference "A" (live minus A) or "A..B" (B minus A), as a new reference, or NULL. */
struct world *snapshots_since(struct snapshots *snapshots, struct span name);

/* The names there are, in order; free with g_strfreev(). */
char **snapshots_names(struct snapshots *snapshots);

unsigned int snapshots_count(struct snapshots *snapshots);

/* Tags that were matched by guessing, over all differences to now that have been looked at. */
unsigned int snapshots_guessed(struct snapshots *snapshots);

#endif
