/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding out what a source is, and saying what is wrong with one that cannot be used. */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "interrupt.h"

#define RUN_SIZE (256 * 1024)

void source_set_stopped(struct source *source, bool (*stopped)(void *data), void *data)
{
	source->stopped = stopped;
	source->stopped_data = data;
}

bool source_is_stopped(const struct source *source)
{
	return (source->stopped && source->stopped(source->stopped_data)) || interrupt_is_raised();
}

int source_failure(const struct source *source)
{
	if (errno != EINTR)
		return -errno;
	return source_is_stopped(source) ? -ECANCELED : 0;
}

int source_reopen(const struct source *source, int dir, const char *base)
{
	int fd, err = 0;

	do {
		fd = openat(dir, base, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0)
			err = source_failure(source);
	} while (fd < 0 && !err);
	return fd < 0 ? err : fd;
}

int source_pump(struct source *source, int fd, source_sink sink, void *context)
{
	g_autofree char *run = g_malloc(RUN_SIZE);

	for (;;) {
		ssize_t got = read(fd, run, RUN_SIZE);
		int err;

		if (source_is_stopped(source))
			return -ECANCELED;
		if (got == 0)
			return 0;
		if (got < 0)
			err = source_failure(source);
		else
			err = sink(context, (struct span){run, (size_t)got});
		if (err)
			return err;
	}
}

#define DUMP_WAY_OUT "a saved listing can be mounted instead: allocfs FILE MOUNTPOINT"

static char *explain_open(const char *path, int err)
{
	bool kernel = strcmp(path, "/proc/allocinfo") == 0;

	if (err == ENOENT && kernel)
		return g_strdup_printf(
			"%s does not exist: this kernel was built without "
			"CONFIG_MEM_ALLOC_PROFILING (6.10 and later can have it) or booted with "
			"sysctl.vm.mem_profiling=never; " DUMP_WAY_OUT,
			path);
	if ((err == EACCES || err == EPERM) && kernel)
		return g_strdup_printf("%s: %s: only root may read the kernel's listing; mount as "
				       "root, or: " DUMP_WAY_OUT,
				       path, g_strerror(err));
	if (err == EACCES || err == EPERM)
		return g_strdup_printf("%s: %s: the user who mounts must be able to read it", path,
				       g_strerror(err));
	return g_strdup_printf("%s: %s: give the path of /proc/allocinfo or of a saved copy of it",
			       path, g_strerror(err));
}

static bool is_on_proc(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/*
 * Tries one kind after the other. The directory is opened now, so that the file can be found again
 * after chdir and mounting. Takes over fd.
 */
static struct source *open_kind(const char *path, int fd, char **message)
{
	g_autofree char *dir_name = g_path_get_dirname(path);
	g_autofree char *base = g_path_get_basename(path);
	int dir = open(dir_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool on_proc = is_on_proc(fd);
	struct source *source;

	if (dir < 0) {
		*message = explain_open(dir_name, errno);
		close(fd);
		return NULL;
	}
	source = source_new_ioctl(fd, dir, base, on_proc);
	if (!source && on_proc) {
		close(dir);
		source = source_new_live(fd);
	} else if (!source) {
		close(fd);
		source = source_new_dump(dir, base);
	}
	return source;
}

struct source *source_open(const char *path, char **message)
{
	struct source *source;
	struct stat stat;
	/* Not blocking: path may turn out to be a fifo. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		*message = explain_open(path, errno);
		return NULL;
	}
	if (fstat(fd, &stat) == 0 && !S_ISREG(stat.st_mode)) {
		*message = g_strdup_printf(
			"%s is %s, not a file with a listing of allocations: "
			"give the path of /proc/allocinfo or of a saved copy",
			path, S_ISDIR(stat.st_mode) ? "a directory" : "a special file");
		close(fd);
		return NULL;
	}
	source = open_kind(path, fd, message);
	if (source)
		source->name = g_canonicalize_filename(path, NULL);
	return source;
}

void source_close(struct source *source)
{
	if (!source)
		return;
	g_free(source->name);
	source->ops->close(source);
}
