/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From nodes to what they show now: see view.h. Knows no requests. */
#include "view.h"

#include <errno.h>
#include "report.h"

#define NAMES_TIMEOUT 1.0 /* seconds, for what names alone decide */

/* How often to look while names keep changing, and microseconds in between, which double. */
#define TRIES 10
#define FIRST_PAUSE 500

static bool needs_counters(const struct target *target, enum view_need need)
{
	switch (target->kind) {
	case TARGET_DIRECTORY:
		return need == VIEW_LISTING &&
		       select_children_kind(&target->query) != CHILDREN_FIXED;
	case TARGET_WORLD:
	case TARGET_README:
	case TARGET_STATUS: return false;
	default: return true;
	}
}

/* What shows the state of things has to be there when things are bad. */
static bool stands_alone(const struct target *target)
{
	return target->kind == TARGET_README || target->kind == TARGET_STATUS ||
	       (target->kind == TARGET_DIRECTORY &&
		(target->query.place == PLACE_ROOT || target->query.place == PLACE_SNAPSHOTS ||
		 target->query.place == PLACE_SINCE));
}

/* Steps over the border: into the world that the name stands for. */
static int enter(struct fs *fs, const struct span *name, struct view *view)
{
	bool frozen = view->target.query.place == PLACE_SNAPSHOTS;
	struct world *world = frozen ? snapshots_find(fs->snapshots, *name)
				     : snapshots_since(fs->snapshots, *name);
	int err;

	if (!world)
		return -ENOENT;
	world_unref(view->world);
	view->world = world;
	sample_unref(view->sample);
	view->sample = NULL;
	err = world_get(world, SAMPLER_NAMES, &view->sample);
	view->target = (struct target){.kind = TARGET_DIRECTORY};
	query_root(world_realm(world), &view->target.query);
	return err;
}

/* What the node or name stands for in the view's sample. */
static int find_target(struct fs *fs, struct node *node, const struct span *name, struct view *view)
{
	struct target from;
	int err = node_target(fs->nodes, node, view->sample->catalog, &from);

	if (err)
		return err;
	if (!name) {
		view->target = from;
		return 0;
	}
	err = query_step(view->sample->catalog, &from.query, *name, &view->target);
	if (!err && view->target.kind == TARGET_WORLD)
		err = enter(fs, name, view);
	return err;
}

static int find_tag(struct view *view)
{
	view->tag = CATALOG_NONE;
	if (view->target.kind == TARGET_TAG)
		view->tag = (uint32_t)view->target.number;
	if (view->target.kind != TARGET_AT)
		return 0;
	if (!select_has_room(view->sample, &view->target.query))
		return -ENOMEM;
	view->tag = select_at(view->sample, &view->target.query, view->target.number);
	return view->tag == CATALOG_NONE ? -ENOENT : 0;
}

/* The source fails with err: only what stands alone is there. */
static int look_back(struct fs *fs, struct node *node, const struct span *name, int err,
		     struct view *view)
{
	if (err == -EINTR)
		return err;
	world_unref(view->world);
	view->world = world_ref(node_world(node));
	view->sample = world_last(view->world);
	if (!view->sample)
		return err;
	if (find_target(fs, node, name, view) == 0 && stands_alone(&view->target))
		return 0;
	view_clear(view);
	return err;
}

/* Takes young counters into the view; the target is another one only in another catalog. */
static int refine(struct fs *fs, struct node *node, const struct span *name, struct view *view)
{
	struct sample *names = view->sample;
	int err;

	view->sample = NULL;
	err = world_get_some(view->world, names, &view->target, &view->sample);
	if (!err && view->sample->catalog != names->catalog)
		err = find_target(fs, node, name, view);
	sample_unref(names);
	return err;
}

/*
 * What the root, snapshots/ and since/ are, and README, no source has a say in: whoever looks there
 * shall not have to wait for it.
 */
static bool find_alone(struct fs *fs, struct node *node, const struct span *name, struct view *view)
{
	struct node *dir = name || !node_parent(node) ? node : node_parent(node);
	enum query_place place = node_place(fs->nodes, dir);

	if (place != PLACE_ROOT && place != PLACE_SNAPSHOTS && place != PLACE_SINCE)
		return false;
	view->sample = world_last(view->world);
	if (view->sample && find_target(fs, node, name, view) == 0 && stands_alone(&view->target) &&
	    view->target.kind != TARGET_STATUS)
		return true;
	view_clear(view);
	view->world = world_ref(node_world(node));
	return false;
}

/* One look; -ESTALE where the names changed meanwhile. */
static int look(struct fs *fs, struct node *node, const struct span *name, enum view_need need,
		struct view *view)
{
	int err;

	*view = (struct view){.world = world_ref(node_world(node)), .tag = CATALOG_NONE};
	if (find_alone(fs, node, name, view))
		return 0;
	err = world_get(view->world, SAMPLER_NAMES, &view->sample);
	if (err)
		return look_back(fs, node, name, err, view);
	err = find_target(fs, node, name, view);
	if (!err && needs_counters(&view->target, need))
		err = refine(fs, node, name, view);
	if (!err)
		err = find_tag(view);
	if (err)
		view_clear(view);
	return err;
}

int view_look(struct fs *fs, struct node *node, const struct span *name, enum view_need need,
	      struct view *view)
{
	gulong pause = FIRST_PAUSE;
	int err = look(fs, node, name, need, view);

	for (int tries = 1; err == -ESTALE && tries < TRIES; tries++) {
		g_usleep(pause);
		pause *= 2;
		err = look(fs, node, name, need, view);
	}
	return err == -ESTALE ? -EAGAIN : err;
}

void view_clear(struct view *view)
{
	sample_unref(view->sample);
	view->sample = NULL;
	world_unref(view->world);
	view->world = NULL;
}

static double kept_time(const struct fs *fs)
{
	return (double)sampler_max_age(fs->sampler) / G_USEC_PER_SEC;
}

/* Snapshots come and go when users say so. */
double view_absence_timeout(const struct fs *fs, const struct view *view)
{
	return view->target.kind == TARGET_WORLD ? 0 : kept_time(fs);
}

static bool is_root_of_world(const struct query *query)
{
	return query->realm != REALM_LIVE && query->view == VIEW_TEXT && query->place == PLACE_ROOT;
}

/* What shows no counters, or might as well be a second old. */
static bool is_decided_by_names(const struct target *target)
{
	/* What a directory lists is asked for each time; its attributes are always the same. */
	if (target->kind == TARGET_DIRECTORY || target->kind == TARGET_README)
		return true;
	return target->kind == TARGET_TAG && !query_by_counters(&target->query);
}

double view_timeout(const struct fs *fs, const struct view *view)
{
	if (sampler_max_age(fs->sampler) == 0 || is_root_of_world(&view->target.query))
		return 0;
	if (world_is_frozen(view->world) || is_decided_by_names(&view->target))
		return NAMES_TIMEOUT;
	return kept_time(fs);
}

double view_name_timeout(const struct fs *fs, const struct view *view)
{
	bool by_counters = view->target.kind == TARGET_AT;

	return by_counters || view_timeout(fs, view) == 0 ? view_timeout(fs, view) : NAMES_TIMEOUT;
}

/* path: the directory's, or NULL; lives as long as the input. */
static struct content_input input_of(struct fs *fs, const struct view *view, const char *path)
{
	return (struct content_input){fs->sampler,   fs->snapshots, view->sample,
				      &view->target, view->tag,	    path};
}

static char *path_of(struct fs *fs, const struct view *view, struct node *dir)
{
	return view->target.kind == TARGET_REPORT ? node_path(fs->nodes, dir) : NULL;
}

int view_content(struct fs *fs, const struct view *view, struct node *dir, uint64_t inode,
		 GBytes **bytes)
{
	g_autofree char *path = path_of(fs, view, dir);
	struct content_input input = input_of(fs, view, path);

	return content_get(fs->cache, inode, &input, bytes);
}

static int stat_rendered(struct fs *fs, const struct view *view, struct node *dir, uint64_t inode,
			 struct stat *stat)
{
	g_autofree char *path = path_of(fs, view, dir);
	struct content_input input = input_of(fs, view, path);
	uint64_t size = 0;
	int err = content_size(fs->cache, inode, &input, &size);

	stat->st_size = (off_t)size;
	return err;
}

static void stat_tag(const struct view *view, struct stat *stat)
{
	enum query_view shown = view->target.query.view;
	int64_t bytes = MAX(view->sample->counters[view->tag].bytes, 0);

	if (shown == VIEW_SIZED)
		stat->st_size = bytes;
	else
		stat->st_size = (off_t)report_tag_length(view->sample, shown, view->tag);
	if (shown != VIEW_RAW)
		stat->st_blocks = bytes / 512 + (bytes % 512 != 0);
}

static mode_t mode_of(const struct target *target)
{
	if (target->kind != TARGET_DIRECTORY)
		return S_IFREG | 0444;
	return target->query.place == PLACE_SNAPSHOTS ? S_IFDIR | 0777 : S_IFDIR | 0555;
}

int view_stat(struct fs *fs, const struct view *view, struct node *dir, uint64_t inode,
	      struct stat *stat)
{
	bool is_dir = view->target.kind == TARGET_DIRECTORY;

	*stat = (struct stat){.st_ino = inode, .st_nlink = 1, .st_blksize = 4096};
	stat->st_mode = mode_of(&view->target) & ~fs->umask;
	stat->st_uid = fs->uid;
	stat->st_gid = fs->gid;
	stat->st_mtim = stat->st_atim = view->sample->time;
	stat->st_ctim = view->sample->catalog->made;
	if (view->tag != CATALOG_NONE)
		stat_tag(view, stat);
	else if (view->target.kind == TARGET_ALLOCINFO)
		stat->st_size = (off_t)content_listing_length(view->sample);
	else if (!is_dir)
		return stat_rendered(fs, view, dir, inode, stat);
	return 0;
}
