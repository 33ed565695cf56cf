/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Open files. What one reads was fixed when it was opened; allocinfo answers ioctls besides, each
 * with the counters of that moment.
 */
#include "fs.h"

#include <errno.h>
#include "server.h"
#include "view.h"

struct file {
	GMutex lock; /* guards bytes and view */
	GBytes *bytes; /* or NULL: nobody has read yet, and this is to be rendered: */
	struct view view;
	struct server_cursor *cursor; /* of allocinfo, else NULL */
};

static struct file *file_of(const struct fuse_file_info *info)
{
	return (struct file *)(uintptr_t)info->fh;
}

static void free_file(void *pointer)
{
	struct file *file = pointer;

	view_clear(&file->view);
	if (file->bytes)
		g_bytes_unref(file->bytes);
	server_cursor_free(file->cursor);
	g_mutex_clear(&file->lock);
	g_free(file);
}

/* Renders what was fixed at open. Locked, or not shared yet. */
static int render(struct fs *fs, struct node *node, struct file *file)
{
	int err = view_content(fs, &file->view, node_parent(node), node_inode(node), &file->bytes);

	if (!err)
		view_clear(&file->view);
	return err;
}

/* allocinfo is long, and many who open it only want its ioctls: it is rendered when it is read. */
static int fix_content(struct fs *fs, struct node *node, struct file *file)
{
	if (file->view.target.kind != TARGET_ALLOCINFO)
		return render(fs, node, file);
	file->cursor = server_cursor_new();
	return 0;
}

void file_open(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *info)
{
	struct fs *fs = fuse_req_userdata(req);
	struct node *node = node_from_id(fs->nodes, id);
	struct file *file = g_new0(struct file, 1);
	bool reads = (info->flags & O_ACCMODE) == O_RDONLY && !(info->flags & O_TRUNC);
	int err = reads ? fs_look(req, node, NULL, VIEW_FILE, &file->view) : -EROFS;

	g_mutex_init(&file->lock);
	if (!err)
		err = fix_content(fs, node, file);
	if (err) {
		free_file(file);
		fuse_reply_err(req, -err);
		return;
	}
	/* What is read was fixed at open, and may be longer than st_size was. */
	info->direct_io = 1;
	info->fh = (uint64_t)(uintptr_t)file;
	handle_keep(fs->handles, file, free_file);
	if (fuse_reply_open(req, info) == 0)
		return;
	handle_drop(fs->handles, file);
	free_file(file);
}

bool file_fixed_size(const struct fuse_file_info *info, off_t *size)
{
	struct file *file = file_of(info);
	bool fixed = true;

	g_mutex_lock(&file->lock);
	if (file->bytes)
		*size = (off_t)g_bytes_get_size(file->bytes);
	else if (file->view.target.kind == TARGET_ALLOCINFO)
		*size = (off_t)content_listing_length(file->view.sample);
	else
		fixed = false;
	g_mutex_unlock(&file->lock);
	return fixed;
}

static int take_bytes(struct fs *fs, struct node *node, struct file *file, GBytes **bytes)
{
	int err = 0;

	g_mutex_lock(&file->lock);
	if (!file->bytes)
		err = render(fs, node, file);
	if (!err)
		*bytes = g_bytes_ref(file->bytes);
	g_mutex_unlock(&file->lock);
	return err;
}

/* The reply can wake a reader who closes the file before fuse_reply_buf() has returned. */
void file_read(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
	       struct fuse_file_info *info)
{
	struct fs *fs = fuse_req_userdata(req);
	GBytes *bytes;
	int err = take_bytes(fs, node_from_id(fs->nodes, id), file_of(info), &bytes);
	const char *data;
	gsize total, at;

	if (err) {
		fuse_reply_err(req, -err);
		return;
	}
	data = g_bytes_get_data(bytes, &total);
	at = MIN((gsize)offset, total);
	fuse_reply_buf(req, data ? data + at : NULL, MIN(size, total - at));
	g_bytes_unref(bytes);
}

void file_release(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *info)
{
	(void)id;
	handle_drop(((struct fs *)fuse_req_userdata(req))->handles, file_of(info));
	free_file(file_of(info));
	fuse_reply_err(req, 0);
}

static int look(void *world, enum sampler_need need, struct sample **sample)
{
	return world_get(world, need, sample);
}

/* The kernel has copied as many bytes as the command says by itself, in and out. */
static bool has_room(unsigned int command, size_t in_size, size_t out_size)
{
	return (!(_IOC_DIR(command) & _IOC_WRITE) || in_size == _IOC_SIZE(command)) &&
	       (!(_IOC_DIR(command) & _IOC_READ) || out_size == _IOC_SIZE(command));
}

void file_ioctl(fuse_req_t req, fuse_ino_t id, unsigned int command, void *arg,
		struct fuse_file_info *info, unsigned int flags, const void *in, size_t in_size,
		size_t out_size)
{
	struct fs *fs = fuse_req_userdata(req);
	struct file *file = flags & FUSE_IOCTL_DIR ? NULL : file_of(info);
	struct interrupt interrupt;
	struct abi_buffer out;
	size_t out_len;
	int err = -ENOTTY;

	(void)arg;
	fs_begin_waiting(req, &interrupt);
	if (file && file->cursor && has_room(command, in_size, out_size))
		err = server_ioctl(file->cursor, fs->layout, command, in, &out, &out_len, look,
				   node_world(node_from_id(fs->nodes, id)));
	fs_end_waiting(req);
	/* A result below 0 would still be copied out. */
	if (err)
		fuse_reply_err(req, -err);
	else
		fuse_reply_ioctl(req, 0, out.at, out_len);
}
