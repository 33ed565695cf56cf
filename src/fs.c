/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests about names. Each gets the node, looks at it in the latest sample, and
 * replies. What a request does not find in fs_operations libfuse answers with ENOSYS, which the
 * kernel takes as "never ask again" where that is all right (flush, fsync, xattr, poll, ...).
 */
#include "fs.h"

#include <errno.h>
#include <unistd.h>
#include "view.h"

static struct fs *fs_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

static void fs_init(void *data, struct fuse_conn_info *connection)
{
	const struct fs *fs = data;

	connection->max_read = fs->max_read;
	connection->want &= ~(unsigned int)FUSE_CAP_READDIRPLUS_AUTO;
	/*
	 * Who looks a name up need not wait for who looks another one up beside it. Before 3.17
	 * libfuse keeps this wish to itself.
	 */
	connection->want |= connection->capable & (FUSE_CAP_READDIRPLUS | FUSE_CAP_PARALLEL_DIROPS);
}

static void on_interrupt(fuse_req_t req, void *interrupt)
{
	(void)req;
	interrupt_raise(interrupt);
}

void fs_begin_waiting(fuse_req_t req, struct interrupt *interrupt)
{
	interrupt_begin(interrupt);
	fuse_req_interrupt_func(req, on_interrupt, interrupt);
}

/* Waits for an interrupt that is just being raised. */
void fs_end_waiting(fuse_req_t req)
{
	fuse_req_interrupt_func(req, NULL, NULL);
	interrupt_end();
}

int fs_look(fuse_req_t req, struct node *node, const struct span *name, enum view_need need,
	    struct view *view)
{
	struct interrupt interrupt;
	int err;

	fs_begin_waiting(req, &interrupt);
	err = view_look(fs_of(req), node, name, need, view);
	fs_end_waiting(req);
	return err;
}

/* There is no such name; the kernel may remember that as long as it would remember a name. */
static void reply_absent(fuse_req_t req, struct fs *fs, const struct view *view)
{
	struct fuse_entry_param entry = {.entry_timeout = view_absence_timeout(fs, view)};

	if (entry.entry_timeout == 0)
		fuse_reply_err(req, ENOENT);
	else
		fuse_reply_entry(req, &entry);
}

/* What the view shows, under that name: an entry that counts as a lookup. */
int fs_reply_entry(fuse_req_t req, struct node *dir, struct span name, const struct view *view)
{
	struct fs *fs = fs_of(req);
	struct fuse_entry_param entry = {.attr_timeout = 0};
	struct node *node;
	int err;

	node = node_lookup(fs->nodes, dir, name, view->world, view->sample->catalog, &view->target);
	err = node ? view_stat(fs, view, dir, node_inode(node), &entry.attr) : -ENOMEM;
	if (err) {
		fuse_reply_err(req, -err);
		if (node)
			node_forget(fs->nodes, node, 1);
		return err;
	}
	entry.ino = node_id(fs->nodes, node);
	entry.attr_timeout = view_timeout(fs, view);
	entry.entry_timeout = view_name_timeout(fs, view);
	if (fuse_reply_entry(req, &entry) != 0)
		node_forget(fs->nodes, node, 1);
	return 0;
}

static void fs_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fs *fs = fs_of(req);
	struct node *dir = node_from_id(fs->nodes, parent);
	struct span component = span_of(name);
	struct view view = {.sample = NULL};
	int err = -ENAMETOOLONG;

	if (component.len <= NAME_MAX)
		err = fs_look(req, dir, &component, VIEW_FILE, &view);
	if (err == -ENOENT)
		reply_absent(req, fs, &view);
	else if (err)
		fuse_reply_err(req, -err);
	else
		fs_reply_entry(req, dir, component, &view);
	view_clear(&view);
}

static void fs_forget(fuse_req_t req, fuse_ino_t id, uint64_t count)
{
	struct fs *fs = fs_of(req);

	node_forget(fs->nodes, node_from_id(fs->nodes, id), count);
	fuse_reply_none(req);
}

static void fs_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	struct fs *fs = fs_of(req);

	for (size_t i = 0; i < count; i++)
		node_forget(fs->nodes, node_from_id(fs->nodes, forgets[i].ino), forgets[i].nlookup);
	fuse_reply_none(req);
}

static void fs_getattr(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *file)
{
	struct fs *fs = fs_of(req);
	struct node *node = node_from_id(fs->nodes, id);
	struct view view = {.sample = NULL};
	struct stat stat;
	int err = fs_look(req, node, NULL, VIEW_FILE, &view);
	double timeout;
	bool is_sized;

	if (!err)
		err = view_stat(fs, &view, node_parent(node), node_inode(node), &stat);
	if (err) {
		fuse_reply_err(req, -err);
		view_clear(&view);
		return;
	}
	timeout = view_timeout(fs, &view);
	is_sized = view.tag != CATALOG_NONE && view.target.query.view == VIEW_SIZED;
	/* Where the end of an open file is, is asked so: others have the length of now. */
	if (file && S_ISREG(stat.st_mode) && !is_sized && file_fixed_size(file, &stat.st_size))
		timeout = 0;
	fuse_reply_attr(req, &stat, timeout);
	view_clear(&view);
}

static void fs_statfs(fuse_req_t req, fuse_ino_t id)
{
	struct fs *fs = fs_of(req);
	struct sample *sample = sampler_last(fs->sampler);
	struct statvfs statfs = {.f_namemax = NAME_MAX};
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), used = 0;

	(void)id;
	statfs.f_bsize = statfs.f_frsize = page;
	if (sample && sampler_source(fs->sampler)->live) {
		statfs.f_blocks = (fsblkcnt_t)sysconf(_SC_PHYS_PAGES);
		used = (uint64_t)MAX(sample->listing.bytes, 0) / page;
		statfs.f_bfree = statfs.f_blocks - MIN(used, statfs.f_blocks);
		statfs.f_bavail = statfs.f_bfree;
	}
	sample_unref(sample);
	fuse_reply_statfs(req, &statfs);
}

const struct fuse_lowlevel_ops fs_operations = {
	.init = fs_init,
	.lookup = fs_lookup,
	.forget = fs_forget,
	.forget_multi = fs_forget_multi,
	.getattr = fs_getattr,
	.setattr = change_setattr,
	.mknod = change_mknod,
	.create = change_create,
	.symlink = change_symlink,
	.link = change_link,
	.unlink = change_unlink,
	.mkdir = change_mkdir,
	.rmdir = change_rmdir,
	.rename = change_rename,
	.open = file_open,
	.read = file_read,
	.release = file_release,
	.opendir = dir_open,
	.readdir = dir_read,
	.readdirplus = dir_read_plus,
	.releasedir = dir_release,
	.statfs = fs_statfs,
	.ioctl = file_ioctl,
};
