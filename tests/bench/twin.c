/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage: bench-twin DIRECTORY MOUNTPOINT
 * A static tree of the shape that DIRECTORY has: the same names, modes and sizes, all in memory
 * before the first request. What walking it costs is what FUSE costs. Files are full of zeros.
 */
#include <dirent.h>
#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include "serve.h"

struct twin {
	char *name;
	struct stat attr;
	GPtrArray *children; /* struct twin, in the order of the listing; NULL: a file */
	GHashTable *by_name;
};

static GPtrArray *twins; /* by number; FUSE_ROOT_ID is 1 */

static struct twin *twin_of(fuse_ino_t id)
{
	return g_ptr_array_index(twins, id);
}

static struct twin *new_twin(const char *name, const struct stat *attr)
{
	struct twin *twin = g_new0(struct twin, 1);

	twin->name = g_strdup(name);
	twin->attr = *attr;
	twin->attr.st_ino = twins->len;
	if (S_ISDIR(attr->st_mode)) {
		twin->children = g_ptr_array_new();
		twin->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	}
	g_ptr_array_add(twins, twin);
	return twin;
}

/* Returns whether all could be read. */
static bool copy_children(struct twin *into, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool ok = dir != NULL;

	while (ok && (entry = readdir(dir))) {
		g_autofree char *below = g_build_filename(path, entry->d_name, NULL);
		struct stat attr;
		struct twin *twin;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		ok = lstat(below, &attr) == 0;
		if (!ok)
			break;
		twin = new_twin(entry->d_name, &attr);
		g_ptr_array_add(into->children, twin);
		g_hash_table_insert(into->by_name, twin->name, twin);
		if (twin->children)
			ok = copy_children(twin, below);
	}
	if (dir)
		closedir(dir);
	return ok;
}

static void fill_param(const struct twin *twin, struct fuse_entry_param *param)
{
	*param = (struct fuse_entry_param){
		.ino = twin->attr.st_ino, .attr_timeout = TIMEOUT, .entry_timeout = TIMEOUT};
	param->attr = twin->attr;
}

static void twin_init(void *data, struct fuse_conn_info *connection)
{
	(void)data;
	connection->want &= ~(unsigned int)FUSE_CAP_READDIRPLUS_AUTO;
	connection->want |= connection->capable & (FUSE_CAP_READDIRPLUS | FUSE_CAP_PARALLEL_DIROPS);
}

static void twin_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	GHashTable *by_name = twin_of(parent)->by_name;
	const struct twin *twin = by_name ? g_hash_table_lookup(by_name, name) : NULL;
	struct fuse_entry_param param = {.entry_timeout = TIMEOUT};

	if (twin)
		fill_param(twin, &param);
	fuse_reply_entry(req, &param);
}

static void twin_getattr(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *file)
{
	(void)file;
	fuse_reply_attr(req, &twin_of(id)->attr, TIMEOUT);
}

static void twin_read(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
		      struct fuse_file_info *file)
{
	off_t length = twin_of(id)->attr.st_size;
	size_t left = offset < length ? (size_t)(length - offset) : 0;
	g_autofree char *zeros = g_malloc0(MIN(size, left) + 1);

	(void)file;
	fuse_reply_buf(req, zeros, MIN(size, left));
}

static void twin_opendir(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *file)
{
	(void)id;
	fuse_reply_open(req, file);
}

static void twin_readdirplus(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
			     struct fuse_file_info *file)
{
	const GPtrArray *children = twin_of(id)->children;
	g_autofree char *bytes = g_malloc(size);
	size_t used = 0;

	(void)file;
	for (size_t i = (size_t)offset; i < children->len; i++) {
		const struct twin *twin = g_ptr_array_index(children, i);
		struct fuse_entry_param param;
		size_t len;

		fill_param(twin, &param);
		len = fuse_add_direntry_plus(req, bytes + used, size - used, twin->name, &param,
					     (off_t)i + 1);
		if (len > size - used)
			break;
		used += len;
	}
	fuse_reply_buf(req, bytes, used);
}

static const struct fuse_lowlevel_ops operations = {
	.init = twin_init,
	.lookup = twin_lookup,
	.getattr = twin_getattr,
	.open = serve_open,
	.read = twin_read,
	.release = serve_release,
	.opendir = twin_opendir,
	.readdirplus = twin_readdirplus,
	.releasedir = serve_release,
};

int main(int argc, char **argv)
{
	struct stat attr;

	if (argc < 3)
		return 2;
	twins = g_ptr_array_new();
	g_ptr_array_add(twins, NULL);
	if (stat(argv[1], &attr) != 0 || !copy_children(new_twin("", &attr), argv[1])) {
		g_printerr("%s: %s\n", argv[1], g_strerror(errno));
		return 1;
	}
	return serve(argc - 1, argv + 1, &operations);
}
