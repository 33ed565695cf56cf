/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage: bench-hello MOUNTPOINT
 * The least that a low-level FUSE filesystem can be: one file, "hello", the bytes of which are at
 * hand. What reading it costs is what a round trip through FUSE costs.
 */
#include <errno.h>
#include <string.h>
#include "serve.h"

#define HELLO_ID 2

static const char text[] = "hello\n";

static void fill(fuse_ino_t id, struct stat *attr)
{
	*attr = (struct stat){.st_ino = id, .st_nlink = 1};
	attr->st_mode = id == HELLO_ID ? S_IFREG | 0444 : S_IFDIR | 0555;
	attr->st_size = id == HELLO_ID ? (off_t)strlen(text) : 0;
}

static void hello_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = {
		.ino = HELLO_ID, .attr_timeout = TIMEOUT, .entry_timeout = TIMEOUT};

	if (parent != FUSE_ROOT_ID || strcmp(name, "hello") != 0) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	fill(HELLO_ID, &entry.attr);
	fuse_reply_entry(req, &entry);
}

static void hello_getattr(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *file)
{
	struct stat attr;

	(void)file;
	fill(id, &attr);
	fuse_reply_attr(req, &attr, TIMEOUT);
}

static void hello_read(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
		       struct fuse_file_info *file)
{
	size_t len = strlen(text), at = (size_t)offset < len ? (size_t)offset : len;

	(void)id;
	(void)file;
	fuse_reply_buf(req, text + at, size < len - at ? size : len - at);
}

static const struct fuse_lowlevel_ops operations = {
	.lookup = hello_lookup,
	.getattr = hello_getattr,
	.open = serve_open,
	.read = hello_read,
	.release = serve_release,
};

int main(int argc, char **argv)
{
	return serve(argc, argv, &operations);
}
