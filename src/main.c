/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a mount: start what will unmount, open the source, read it once, mount, give up
 * rights, become a daemon, serve.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fs.h"
#include "heap.h"
#include "interrupt.h"
#include "log.h"
#include "loop.h"
#include "options.h"
#include "sandbox.h"
#include "unmounter.h"

/* How long the end may take that the unmounter makes, milliseconds: with that of the loop below 2
 * s. */
#define UNMOUNT_TIMEOUT 900

static void print_version(void)
{
	printf("allocfs %s, libfuse %s\n", ALLOCFS_VERSION, fuse_pkgversion());
}

static int complain(const char *message)
{
	fprintf(stderr, "allocfs: %s\n", message);
	return -EINVAL;
}

/* Absolute, because a daemon works in the root directory when it comes to unmounting. */
static int resolve_mountpoint(struct options *options)
{
	char *path = realpath(options->mountpoint, NULL);

	if (!path)
		return -errno;
	g_free(options->mountpoint);
	options->mountpoint = g_strdup(path);
	free(path);
	return 0;
}

/* Says what is wrong with a mountpoint before libfuse would, in more words. */
static int check_mountpoint(const char *path)
{
	g_autofree char *message = NULL;
	struct stat stat_buffer;

	if (g_str_has_prefix(path, "/dev/fd/"))
		message = g_strdup_printf("%s: a descriptor that somebody else mounts (mount's "
					  "drop_privileges) would go past the modes of the tree: "
					  "mount without that option",
					  path);
	else if (stat(path, &stat_buffer) != 0 && errno == ENOTCONN)
		message = g_strdup_printf("%s: an earlier mount died there; unmount it first: "
					  "fusermount3 -u %s",
					  path, path);
	else if (stat(path, &stat_buffer) != 0)
		message = g_strdup_printf("%s: %s: give a directory that exists as the mountpoint",
					  path, g_strerror(errno));
	else if (!S_ISDIR(stat_buffer.st_mode))
		message =
			g_strdup_printf("%s is not a directory: give one as the mountpoint", path);
	return message ? complain(message) : 0;
}

/* A saved listing becomes a snapshot. */
static int add_saved(struct fs *fs, const struct saved_snapshot *saved)
{
	g_autofree char *message = NULL;
	struct source *source = source_open(saved->file, &message);
	struct sampler *sampler;
	struct sample *sample = NULL;
	int err;

	if (!source)
		return complain(message);
	sampler = sampler_new(source, 0);
	err = sampler_get(sampler, SAMPLER_COUNTERS, &sample);
	if (!err)
		err = snapshots_add(fs->snapshots, span_of(saved->name), sample);
	if (err == -EEXIST || err == -ENOSPC)
		fprintf(stderr, "allocfs: snapshot=%s=%s: %s\n", saved->name, saved->file,
			err == -EEXIST ? "there is one of that name already"
				       : "there are more than max_snapshots allows");
	sample_unref(sample);
	sampler_free(sampler);
	return err;
}

/*
 * The first read says whether this is a listing at all, while there is somebody to tell; of what
 * changes it is kept as well.
 */
static int take_first(struct fs *fs, const struct options *options)
{
	struct sample *sample = NULL;
	int err = sampler_get(fs->sampler, SAMPLER_COUNTERS, &sample);

	if (!err && sampler_source(fs->sampler)->live)
		err = snapshots_add(fs->snapshots, span_of("mount"), sample);
	for (guint i = 0; !err && i < options->saved->len; i++)
		err = add_saved(fs, g_ptr_array_index(options->saved, i));
	sample_unref(sample);
	return err;
}

static int open_source(struct fs *fs, const struct options *options)
{
	g_autofree char *message = NULL;
	struct source *source = source_open(options->source, &message);

	if (!source)
		return complain(message);
	fs->sampler = sampler_new(source, options->max_age);
	fs->live = world_new_live(fs->sampler);
	fs->snapshots = snapshots_new(fs->live, options->max_snapshots);
	return take_first(fs, options);
}

/* Sets the daemon's end of the unmounter's socket. */
static int start_unmounter(const char *mountpoint, int argc, char **argv, int *unmounter)
{
	*unmounter = unmounter_start(mountpoint, argc, argv);
	if (*unmounter >= 0)
		return 0;
	fprintf(stderr,
		"allocfs: the process that unmounts in the end could not be started: %s: "
		"allow one more process and descriptor\n",
		g_strerror(-*unmounter));
	return *unmounter;
}

/* The unmounter sees to the rest. */
static void on_late_end(int number)
{
	(void)number;
	_exit(EXIT_SUCCESS);
}

/* Ends the loop; should a thread hang that the loop waits for, the process ends without it. */
static void on_end(int number)
{
	(void)number;
	loop_end();
}

static const int end_signals[] = {SIGHUP, SIGINT, SIGTERM};

static void handle_signals(struct fuse_session *session)
{
	struct sigaction end = {.sa_handler = on_end}, late = {.sa_handler = on_late_end};

	loop_set_up(session);
	for (size_t i = 0; i < G_N_ELEMENTS(end_signals); i++)
		sigaction(end_signals[i], &end, NULL);
	sigaction(SIGALRM, &late, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* There is nothing left to end. */
static void ignore_signals(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(end_signals); i++)
		signal(end_signals[i], SIG_IGN);
	signal(SIGALRM, SIG_IGN);
}

/* Gives up what serving does not need. */
static int drop(const struct fs *fs)
{
	const struct source *source = sampler_source(fs->sampler);
	const char *what;
	int err = sandbox_enter(!source->ops->pass && !source->live, &what);

	if (err)
		fprintf(stderr, "allocfs: %s: %s: it would run with more rights than it needs\n",
			what, g_strerror(-err));
	return err;
}

/* libfuse's own messages, but for those that --debug asks for. */
static void log_fuse(enum fuse_log_level level, const char *format, va_list args)
{
	g_autofree char *message = NULL;

	if (level == FUSE_LOG_DEBUG) {
		vfprintf(stderr, format, args);
		return;
	}
	message = g_strchomp(g_strdup_vprintf(format, args));
	g_log("fuse", level <= FUSE_LOG_WARNING ? G_LOG_LEVEL_WARNING : G_LOG_LEVEL_MESSAGE, "%s",
	      message);
}

static bool has_to_end(void *session)
{
	return fuse_session_exited(session);
}

/* Aborted: unmounted by force, or lazily and then let go. That is a good end as well. */
static int serve(void)
{
	int err = loop_run();

	if (err == -EAGAIN)
		g_warning("not one thread could be started: allow the daemon more memory or tasks");
	return err == -ECONNABORTED ? 0 : err;
}

/*
 * libfuse frees what it knows of a mount only when it unmounts, which is done by now and no longer
 * this process's right. It lets go of one whose descriptor is in error, as that of a pipe without a
 * reader is.
 */
static void forget_mount(struct fuse_session *session)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return;
	close(ends[0]);
	dup2(ends[1], fuse_session_fd(session));
	close(ends[1]);
	fuse_session_unmount(session);
}

/* The mount is there: serves until it is gone, and sees to it that it is. */
static int serve_mount(struct fs *fs, struct fuse_session *session, const struct options *options,
		       int unmounter)
{
	bool foreground = options->foreground || options->debug;
	int err;

	if (unmounter_tell(unmounter, options->mountpoint) != 0) {
		fuse_session_unmount(session);
		return complain("the process that unmounts in the end is gone");
	}
	log_to(foreground);
	fuse_set_log_func(log_fuse);
	source_set_stopped(sampler_source(fs->sampler), has_to_end, session);
	heap_settle();
	err = drop(fs);
	/* libfuse says why itself. */
	if (!err && fuse_daemonize(foreground) != 0)
		err = -EAGAIN;
	if (!err)
		err = serve();
	/* Before: what is unmounted has to be dead. */
	forget_mount(session);
	unmounter_finish(unmounter, UNMOUNT_TIMEOUT);
	return err;
}

static int run(struct options *options, int argc, char **argv)
{
	struct fs fs = {.uid = options->uid,
			.gid = options->gid,
			.umask = options->umask,
			.max_read = options->max_read,
			.layout = abi_layout(options->abi)};
	struct fuse_session *session = NULL;
	int unmounter, err = check_mountpoint(options->mountpoint);

	if (!err)
		err = resolve_mountpoint(options);
	/* Before there is much in memory that it would keep. */
	if (!err)
		err = start_unmounter(options->mountpoint, argc, argv, &unmounter);
	if (!err)
		err = open_source(&fs, options);
	if (err)
		goto out_source;
	fs.nodes = node_table_new(fs.live);
	fs.cache = content_cache_new(options->max_age);
	fs.handles = handle_table_new();
	err = -EINVAL;
	session = fuse_session_new(&options->rest, &fs_operations, sizeof(fs_operations), &fs);
	if (!session) {
		complain("nothing was mounted: see allocfs --help for the options there are");
		goto out_fs;
	}
	/* Before there is something to be seen, which somebody might end. */
	handle_signals(session);
	interrupt_set_up();
	if (fuse_session_mount(session, options->mountpoint) == 0)
		err = serve_mount(&fs, session, options, unmounter);
	ignore_signals();
	fuse_session_destroy(session);
out_fs:
	handle_table_free(fs.handles);
	content_cache_free(fs.cache);
	node_table_free(fs.nodes);
out_source:
	snapshots_free(fs.snapshots);
	world_unref(fs.live);
	sampler_free(fs.sampler);
	return err;
}

/* What is opened must not take the numbers of what was closed, or it is written to. */
static void open_standard(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	close(fd);
}

int main(int argc, char **argv)
{
	struct options options;
	int err;

	open_standard();
	heap_set_up();
	log_to(true);
	err = options_parse(&options, argc, argv);
	if (!err && options.help)
		options_print_help();
	else if (!err && options.version)
		print_version();
	else if (!err)
		err = run(&options, argc, argv);
	options_clear(&options);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
