/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listings. What a directory lists is fixed at opendir: a sample and numbers of tags and children;
 * names and attributes are made as the kernel asks for them, by one pump for both kinds of readdir.
 */
#include "fs.h"

#include <errno.h>
#include "select.h"
#include "view.h"

struct dir {
	struct view view;
	GPtrArray *fixed; /* const char *: files and filters of a root, presets */
	char **worlds; /* names of snapshots, or NULL */
	GArray *values; /* struct value, or NULL */
	GArray *rows; /* struct row: the tags that are listed, or NULL */
};

/* One entry of a listing. */
struct entry {
	char name[NAME_MAX + 1];
	size_t len; /* of name */
	struct target target;
	uint32_t tag; /* or CATALOG_NONE */
};

enum { DOT, DOT_DOT, DOTS };

/* What a lookup would not find is not listed: README in a view, presets that contradict the path.
 */
static void add_if_there(struct dir *dir, const char *name)
{
	struct target target;

	if (query_step(dir->view.sample->catalog, &dir->view.target.query, span_of(name),
		       &target) == 0)
		g_ptr_array_add(dir->fixed, (void *)name);
}

/* The fixed entries of a root that are files, or those that are directories. */
static void add_root_files(struct dir *dir, bool directories)
{
	for (size_t i = 0; i < query_root_file_count; i++)
		if ((query_root_files[i].kind == TARGET_DIRECTORY) == directories)
			add_if_there(dir, query_root_files[i].name);
}

static void add_fixed(struct dir *dir)
{
	const struct query *query = &dir->view.target.query;
	const char *name;

	if (query->place == PLACE_ROOT)
		add_root_files(dir, false);
	for (size_t i = 0; (name = select_fixed_child(query, i)); i++)
		add_if_there(dir, name);
	if (query->place == PLACE_ROOT)
		add_root_files(dir, true);
}

static void add_worlds(struct fs *fs, struct dir *dir)
{
	dir->worlds = snapshots_names(fs->snapshots);
	for (size_t i = 0; dir->worlds[i]; i++)
		g_ptr_array_add(dir->fixed, dir->worlds[i]);
}

/* Of a directory of the source tree, only the tags of the file that it is. */
static void keep_own_tags(struct dir *dir)
{
	const struct query *query = &dir->view.target.query;
	const struct tag *tags = dir->view.sample->catalog->tags;
	guint kept = 0;

	for (guint i = 0; i < dir->rows->len; i++) {
		struct row row = g_array_index(dir->rows, struct row, i);

		if (tags[row.tag].path == query->value[FILTER_FILE])
			g_array_index(dir->rows, struct row, kept++) = row;
	}
	g_array_set_size(dir->rows, kept);
}

/* Tags, and the values that divide them. */
static int add_set(struct dir *dir, enum children_kind children)
{
	const struct query *query = &dir->view.target.query;

	if (!select_has_room(dir->view.sample, query))
		return -ENOMEM;
	dir->rows = select_rows(dir->view.sample, query);
	if (children == CHILDREN_VALUES)
		dir->values = select_values(dir->view.sample, query, dir->rows);
	if (query->place == PLACE_PATH)
		keep_own_tags(dir);
	else if (children == CHILDREN_VALUES)
		g_array_set_size(dir->rows, 0);
	return 0;
}

static int fill(struct fs *fs, struct dir *dir)
{
	enum children_kind children = select_children_kind(&dir->view.target.query);

	switch (children) {
	case CHILDREN_FIXED: add_fixed(dir); break;
	case CHILDREN_WORLDS: add_worlds(fs, dir); break;
	default: return add_set(dir, children);
	}
	return 0;
}

static void free_dir(void *pointer)
{
	struct dir *dir = pointer;

	view_clear(&dir->view);
	g_ptr_array_free(dir->fixed, TRUE);
	g_strfreev(dir->worlds);
	if (dir->values)
		g_array_free(dir->values, TRUE);
	if (dir->rows)
		g_array_free(dir->rows, TRUE);
	g_free(dir);
}

void dir_open(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *file)
{
	struct fs *fs = fuse_req_userdata(req);
	struct dir *dir = g_new0(struct dir, 1);
	struct node *node = node_from_id(fs->nodes, id);
	int err = fs_look(req, node, NULL, VIEW_LISTING, &dir->view);

	dir->fixed = g_ptr_array_new();
	if (!err)
		err = fill(fs, dir);
	if (!err) {
		file->fh = (uint64_t)(uintptr_t)dir;
		handle_keep(fs->handles, dir, free_dir);
		if (fuse_reply_open(req, file) == 0)
			return;
		handle_drop(fs->handles, dir);
	} else {
		fuse_reply_err(req, -err);
	}
	free_dir(dir);
}

void dir_release(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *file)
{
	struct fs *fs = fuse_req_userdata(req);
	struct dir *dir = (struct dir *)(uintptr_t)file->fh;

	(void)id;
	handle_drop(fs->handles, dir);
	free_dir(dir);
	fuse_reply_err(req, 0);
}

static void name_tag(const struct dir *dir, const struct row *row, struct entry *entry)
{
	const struct catalog *catalog = dir->view.sample->catalog;
	const struct query *query = &dir->view.target.query;
	enum catalog_form form = query->place == PLACE_PATH ? CATALOG_IN_FILE : CATALOG_FLAT;
	int rank = 0;

	if (row->rank > 0)
		rank = g_snprintf(entry->name, sizeof(entry->name) - NAME_LIMIT, "%0*u,",
				  (int)query_rank_width(catalog, query), row->rank);
	entry->len = (size_t)rank;
	entry->len += catalog_tag_name(catalog, row->tag, form, entry->name + rank);
	entry->target = (struct target){.kind = TARGET_TAG, .number = row->tag, .query = *query};
	entry->tag = row->tag;
}

/* Entry number i behind the dots. Returns false behind the last. */
static bool get_entry(const struct dir *dir, size_t i, struct entry *entry)
{
	const struct catalog *catalog = dir->view.sample->catalog;
	const struct query *query = &dir->view.target.query;
	size_t values = dir->values ? dir->values->len : 0;

	entry->tag = CATALOG_NONE;
	if (i < dir->fixed->len) {
		/* fill() has seen that this is there. */
		entry->len = g_strlcpy(entry->name, g_ptr_array_index(dir->fixed, i),
				       sizeof(entry->name));
		query_step(catalog, query, span_of(entry->name), &entry->target);
	} else if ((i -= dir->fixed->len) < values) {
		uint64_t number = g_array_index(dir->values, struct value, i).number;

		entry->len = select_value_name(catalog, query, number, entry->name);
		query_value(query, number, &entry->target);
	} else if (dir->rows && (i -= values) < dir->rows->len) {
		name_tag(dir, &g_array_index(dir->rows, struct row, i), entry);
	} else {
		return false;
	}
	return true;
}

/* What the pump fills. */
struct page {
	fuse_req_t req;
	char *bytes;
	size_t size, used;
	bool plus;
	bool stale; /* by now an answer would be from a newer sample than the listing's */
};

static size_t add_plain(struct page *page, const char *name, const struct stat *stat, off_t next)
{
	return fuse_add_direntry(page->req, page->bytes + page->used, page->size - page->used, name,
				 stat, next);
}

static size_t add_plus(struct page *page, const char *name, const struct fuse_entry_param *param,
		       off_t next)
{
	return fuse_add_direntry_plus(page->req, page->bytes + page->used, page->size - page->used,
				      name, param, next);
}

/* The kernel looks at nothing of "." and ".." but their names. Returns whether it fitted. */
static bool add_dot(struct page *page, size_t i, uint64_t inode)
{
	struct fuse_entry_param param = {.attr = {.st_ino = inode, .st_mode = S_IFDIR}};
	const char *name = i == DOT ? "." : "..";
	size_t len;

	if (page->plus)
		len = add_plus(page, name, &param, (off_t)i + 1);
	else
		len = add_plain(page, name, &param.attr, (off_t)i + 1);
	if (len > page->size - page->used)
		return false;
	page->used += len;
	return true;
}

static bool is_directory(const struct target *target)
{
	return target->kind == TARGET_DIRECTORY || target->kind == TARGET_WORLD;
}

/*
 * The entry with its attributes. A stale listing gives the name alone, as an entry without node id:
 * the kernel would take its attributes for news, over those it has. So do snapshots, which are
 * worlds of their own, and what there is no memory to make a node for: who wants to know looks them
 * up.
 */
static void fill_param(struct page *page, struct fs *fs, struct node *node, const struct dir *dir,
		       const struct entry *entry, struct fuse_entry_param *param)
{
	struct span name = {entry->name, entry->len};
	struct view view = {dir->view.world, dir->view.sample, entry->target, entry->tag};
	struct node *child = NULL;

	if (page->plus && !page->stale && entry->target.kind != TARGET_WORLD)
		child = node_lookup(fs->nodes, node, name, view.world, view.sample->catalog,
				    &entry->target);
	if (!child) {
		param->attr.st_ino = node_child_inode(node, name);
		param->attr.st_mode = is_directory(&entry->target) ? S_IFDIR : S_IFREG;
		return;
	}
	/* What has to be rendered for that, and can fail, is not listed but README and status. */
	view_stat(fs, &view, node, node_inode(child), &param->attr);
	param->ino = node_id(fs->nodes, child);
	param->attr_timeout = view_timeout(fs, &view);
	param->entry_timeout = view_name_timeout(fs, &view);
}

/* Asks for the size first: an entry that is handed out counts as a lookup. */
static bool add_entry(struct page *page, struct fs *fs, struct node *node, const struct dir *dir,
		      const struct entry *entry, off_t next)
{
	struct fuse_entry_param param = {.attr_timeout = 0};
	size_t left = page->size - page->used, len;

	if (page->plus)
		len = fuse_add_direntry_plus(page->req, NULL, 0, entry->name, NULL, 0);
	else
		len = fuse_add_direntry(page->req, NULL, 0, entry->name, NULL, 0);
	if (len > left)
		return false;
	fill_param(page, fs, node, dir, entry, &param);
	page->used += page->plus ? add_plus(page, entry->name, &param, next)
				 : add_plain(page, entry->name, &param.attr, next);
	return true;
}

static void pump(struct page *page, fuse_ino_t id, off_t offset, const struct dir *dir)
{
	struct fs *fs = fuse_req_userdata(page->req);
	struct node *node = node_from_id(fs->nodes, id);
	struct node *parent = node_parent(node) ? node_parent(node) : node;
	uint64_t dots[DOTS] = {node_inode(node), node_inode(parent)};
	struct entry entry;
	bool fitted = true;

	page->stale = !world_is_young(dir->view.world, dir->view.sample);
	for (size_t i = (size_t)offset; fitted; i++) {
		if (i < DOTS)
			fitted = add_dot(page, i, dots[i]);
		else if (get_entry(dir, i - DOTS, &entry))
			fitted = add_entry(page, fs, node, dir, &entry, (off_t)i + 1);
		else
			break;
	}
}

static void read_page(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
		      struct fuse_file_info *file, bool plus)
{
	struct page page = {req, g_try_malloc(size), size, 0, plus, false};

	if (!page.bytes) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	pump(&page, id, offset, (const struct dir *)(uintptr_t)file->fh);
	fuse_reply_buf(req, page.bytes, page.used);
	g_free(page.bytes);
}

void dir_read(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset, struct fuse_file_info *file)
{
	read_page(req, id, size, offset, file, false);
}

void dir_read_plus(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
		   struct fuse_file_info *file)
{
	read_page(req, id, size, offset, file, true);
}
