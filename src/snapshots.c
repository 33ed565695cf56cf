/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots by name, and the differences between them: see snapshots.h. */
#include "snapshots.h"

#include <errno.h>
#include <linux/fs.h>
#include <limits.h>

#define BETWEEN ".."

struct snapshot {
	struct world *frozen;
	struct world *since; /* live minus this */
};

struct snapshots {
	struct world *live;
	struct differences *differences;
	unsigned int most;
	GMutex lock; /* guards the rest */
	GTree *by_name; /* char * -> struct snapshot * */
	/* Differences of two that are in use come again and again: the last one is kept. */
	struct world *between, *between_a, *between_b;
};

static gint compare_names(const void *a, const void *b, void *data)
{
	(void)data;
	return strcmp(a, b);
}

static void free_snapshot(void *pointer)
{
	struct snapshot *snapshot = pointer;

	world_unref(snapshot->frozen);
	world_unref(snapshot->since);
	g_free(snapshot);
}

struct snapshots *snapshots_new(struct world *live, unsigned int most)
{
	struct snapshots *snapshots = g_new0(struct snapshots, 1);

	snapshots->live = world_ref(live);
	snapshots->differences = differences_new();
	snapshots->most = most;
	g_mutex_init(&snapshots->lock);
	snapshots->by_name = g_tree_new_full(compare_names, NULL, g_free, free_snapshot);
	return snapshots;
}

/* Locked. */
static void forget_between(struct snapshots *snapshots)
{
	world_unref(snapshots->between);
	snapshots->between = snapshots->between_a = snapshots->between_b = NULL;
}

void snapshots_free(struct snapshots *snapshots)
{
	if (!snapshots)
		return;
	forget_between(snapshots);
	g_tree_destroy(snapshots->by_name);
	world_unref(snapshots->live);
	differences_unref(snapshots->differences);
	g_mutex_clear(&snapshots->lock);
	g_free(snapshots);
}

int snapshots_check_name(struct span name)
{
	if (name.len == 0 || name.len > NAME_MAX || name.at[0] == '.')
		return -EINVAL;
	for (size_t i = 0; i < name.len; i++)
		if (g_ascii_iscntrl(name.at[i]) || name.at[i] == '/')
			return -EINVAL;
	return memmem(name.at, name.len, BETWEEN, strlen(BETWEEN)) ? -EINVAL : 0;
}

/* Locked. */
static struct snapshot *find(struct snapshots *snapshots, struct span name)
{
	g_autofree char *key = g_strndup(name.at, name.len);

	return g_tree_lookup(snapshots->by_name, key);
}

/* Locked. */
static int add(struct snapshots *snapshots, struct span name, struct sample *sample)
{
	struct snapshot *snapshot;

	if (find(snapshots, name))
		return -EEXIST;
	if ((unsigned int)g_tree_nnodes(snapshots->by_name) >= snapshots->most)
		return -ENOSPC;
	snapshot = g_new(struct snapshot, 1);
	snapshot->frozen = world_new_frozen(sample);
	snapshot->since =
		world_new_since(snapshots->live, snapshot->frozen, snapshots->differences);
	g_tree_insert(snapshots->by_name, g_strndup(name.at, name.len), snapshot);
	return 0;
}

int snapshots_add(struct snapshots *snapshots, struct span name, struct sample *sample)
{
	int err = snapshots_check_name(name);

	if (err)
		return err;
	g_mutex_lock(&snapshots->lock);
	err = add(snapshots, name, sample);
	g_mutex_unlock(&snapshots->lock);
	return err;
}

int snapshots_remove(struct snapshots *snapshots, struct span name)
{
	g_autofree char *key = g_strndup(name.at, name.len);
	bool there;

	g_mutex_lock(&snapshots->lock);
	there = g_tree_remove(snapshots->by_name, key);
	forget_between(snapshots);
	g_mutex_unlock(&snapshots->lock);
	return there ? 0 : -ENOENT;
}

/* Takes it out without freeing it; NULL where it is not there. Locked. */
static struct snapshot *steal(struct snapshots *snapshots, const char *name)
{
	void *key, *snapshot;

	if (!g_tree_lookup_extended(snapshots->by_name, name, &key, &snapshot))
		return NULL;
	g_tree_steal(snapshots->by_name, name);
	g_free(key);
	return snapshot;
}

/* Locked. */
static int rename_locked(struct snapshots *snapshots, const char *from, const char *to,
			 unsigned int flags)
{
	bool there = g_tree_lookup(snapshots->by_name, to);
	struct snapshot *moved, *other;

	if (!g_tree_lookup(snapshots->by_name, from) || (flags & RENAME_EXCHANGE && !there))
		return -ENOENT;
	if (strcmp(from, to) == 0)
		return 0;
	if (there && !(flags & RENAME_EXCHANGE))
		return -EEXIST;
	moved = steal(snapshots, from);
	other = flags & RENAME_EXCHANGE ? steal(snapshots, to) : NULL;
	g_tree_insert(snapshots->by_name, g_strdup(to), moved);
	forget_between(snapshots);
	if (other)
		g_tree_insert(snapshots->by_name, g_strdup(from), other);
	return 0;
}

int snapshots_rename(struct snapshots *snapshots, struct span from, struct span to,
		     unsigned int flags)
{
	g_autofree char *old_name = g_strndup(from.at, from.len);
	g_autofree char *new_name = g_strndup(to.at, to.len);
	int err = snapshots_check_name(to);

	if (flags & ~(unsigned int)(RENAME_NOREPLACE | RENAME_EXCHANGE))
		err = -EINVAL;
	if (err)
		return err;
	g_mutex_lock(&snapshots->lock);
	err = rename_locked(snapshots, old_name, new_name, flags);
	g_mutex_unlock(&snapshots->lock);
	return err;
}

struct world *snapshots_find(struct snapshots *snapshots, struct span name)
{
	struct snapshot *snapshot;
	struct world *world = NULL;

	g_mutex_lock(&snapshots->lock);
	snapshot = find(snapshots, name);
	if (snapshot)
		world = world_ref(snapshot->frozen);
	g_mutex_unlock(&snapshots->lock);
	return world;
}

/* Locked. B minus A. */
static struct world *find_between(struct snapshots *snapshots, struct span a, struct span b)
{
	struct snapshot *from = find(snapshots, a), *to = find(snapshots, b);

	if (!from || !to)
		return NULL;
	if (snapshots->between_a != from->frozen || snapshots->between_b != to->frozen) {
		forget_between(snapshots);
		snapshots->between =
			world_new_since(to->frozen, from->frozen, snapshots->differences);
		snapshots->between_a = from->frozen;
		snapshots->between_b = to->frozen;
	}
	return world_ref(snapshots->between);
}

/* Where "A..B" is parted, or NULL: A can end in a dot, B begins with none. */
static const char *find_dots(struct span name)
{
	const char *dots = memmem(name.at, name.len, BETWEEN, strlen(BETWEEN));
	const char *end = name.at + name.len;

	while (dots && dots + strlen(BETWEEN) < end && dots[strlen(BETWEEN)] == '.')
		dots++;
	return dots;
}

struct world *snapshots_since(struct snapshots *snapshots, struct span name)
{
	const char *dots = find_dots(name);
	struct snapshot *snapshot;
	struct world *world = NULL;

	g_mutex_lock(&snapshots->lock);
	if (dots) {
		struct span a = {name.at, (size_t)(dots - name.at)};
		struct span b = {dots + strlen(BETWEEN), name.len - a.len - strlen(BETWEEN)};

		world = find_between(snapshots, a, b);
	} else {
		snapshot = find(snapshots, name);
		if (snapshot)
			world = world_ref(snapshot->since);
	}
	g_mutex_unlock(&snapshots->lock);
	return world;
}

static gboolean add_name(void *name, void *snapshot, void *names)
{
	(void)snapshot;
	g_ptr_array_add(names, g_strdup(name));
	return FALSE;
}

char **snapshots_names(struct snapshots *snapshots)
{
	GPtrArray *names = g_ptr_array_new();

	g_mutex_lock(&snapshots->lock);
	g_tree_foreach(snapshots->by_name, add_name, names);
	g_mutex_unlock(&snapshots->lock);
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(names, FALSE);
}

unsigned int snapshots_count(struct snapshots *snapshots)
{
	unsigned int count;

	g_mutex_lock(&snapshots->lock);
	count = (unsigned int)g_tree_nnodes(snapshots->by_name);
	g_mutex_unlock(&snapshots->lock);
	return count;
}

static gboolean add_guessed(void *name, void *snapshot, void *sum)
{
	(void)name;
	*(unsigned int *)sum += world_guessed(((struct snapshot *)snapshot)->since);
	return FALSE;
}

unsigned int snapshots_guessed(struct snapshots *snapshots)
{
	unsigned int sum = 0;

	g_mutex_lock(&snapshots->lock);
	g_tree_foreach(snapshots->by_name, add_guessed, &sum);
	g_mutex_unlock(&snapshots->lock);
	return sum;
}
