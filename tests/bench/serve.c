/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mounting and serving: see serve.h. */
#include "serve.h"

#include <stdlib.h>

void serve_open(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *file)
{
	(void)id;
	file->direct_io = 1;
	fuse_reply_open(req, file);
}

void serve_release(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *file)
{
	(void)id;
	(void)file;
	fuse_reply_err(req, 0);
}

static int serve_session(struct fuse_session *session, const struct fuse_cmdline_opts *options)
{
	struct fuse_loop_config *config;
	int failed;

	if (fuse_session_mount(session, options->mountpoint) != 0)
		return 1;
	config = fuse_loop_cfg_create();
	fuse_daemonize(options->foreground);
	failed = fuse_session_loop_mt(session, config) != 0;
	fuse_loop_cfg_destroy(config);
	fuse_session_unmount(session);
	return failed;
}

int serve(int argc, char **argv, const struct fuse_lowlevel_ops *operations)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct fuse_cmdline_opts options;
	struct fuse_session *session;
	int failed = 1;

	if (fuse_parse_cmdline(&args, &options) != 0 || !options.mountpoint)
		return 2;
	session = fuse_session_new(&args, operations, sizeof(*operations), NULL);
	if (session) {
		failed = serve_session(session, &options);
		fuse_session_destroy(session);
	}
	free(options.mountpoint);
	fuse_opt_free_args(&args);
	return failed;
}
