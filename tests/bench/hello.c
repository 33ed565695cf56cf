/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage: bench-hello MOUNTPOINT
 * The least that a low-level FUSE filesystem can be: one file, "hello", the bytes of which are at
 * hand. What reading it costs is what a round trip through FUSE costs.
 */
#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 12)
#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdlib.h>
#include <string.h>

#define HELLO_ID 2
#define TIMEOUT 1.0 /* seconds */

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

static void hello_open(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *file)
{
	(void)id;
	file->direct_io = 1;
	fuse_reply_open(req, file);
}

static void hello_read(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
		       struct fuse_file_info *file)
{
	size_t len = strlen(text), at = (size_t)offset < len ? (size_t)offset : len;

	(void)id;
	(void)file;
	fuse_reply_buf(req, text + at, size < len - at ? size : len - at);
}

static void hello_release(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *file)
{
	(void)id;
	(void)file;
	fuse_reply_err(req, 0);
}

static const struct fuse_lowlevel_ops operations = {
	.lookup = hello_lookup,
	.getattr = hello_getattr,
	.open = hello_open,
	.read = hello_read,
	.release = hello_release,
};

int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct fuse_cmdline_opts options;
	struct fuse_session *session;
	int failed = 1;

	if (fuse_parse_cmdline(&args, &options) != 0 || !options.mountpoint)
		return 2;
	session = fuse_session_new(&args, &operations, sizeof(operations), NULL);
	if (session && fuse_session_mount(session, options.mountpoint) == 0) {
		struct fuse_loop_config *config = fuse_loop_cfg_create();

		fuse_daemonize(options.foreground);
		failed = fuse_session_loop_mt(session, config) != 0;
		fuse_loop_cfg_destroy(config);
		fuse_session_unmount(session);
	}
	if (session)
		fuse_session_destroy(session);
	free(options.mountpoint);
	fuse_opt_free_args(&args);
	return failed;
}
