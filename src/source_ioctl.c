/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file that answers the ioctls: that of a kernel which has them, or the allocinfo of another
 * mount. Whole listings are read as text, which has the full names; everything is bracketed by the
 * content id. Filter and position live in the open file, so that each pass that is under way has a
 * descriptor for itself; all are opened at the start, because the daemon need not stay root.
 */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "interrupt.h"

/* Who finds none left waits for one. */
#define POOL_SIZE 16

struct ioctl_source {
	struct source source;
	const struct abi_layout *layout;
	int text; /* the kernel's listing, read again from its start; or -1: */
	int dir; /* what another mount shows is fixed when it is opened: base, in here */
	char *base;
	GMutex lock; /* guards the rest */
	GCond returned;
	int free[POOL_SIZE];
	unsigned int free_count, waiting; /* descriptors, and threads that wait for one */
};

static int call(const struct ioctl_source *source, int fd, unsigned int command, void *arg)
{
	while (ioctl(fd, command, arg) < 0) {
		int err = source_failure(&source->source);

		if (err)
			return err;
	}
	return 0;
}

/* A descriptor, or -ECANCELED. */
static int take_descriptor(struct ioctl_source *source)
{
	int fd = -ECANCELED;

	g_mutex_lock(&source->lock);
	source->waiting++;
	while (source->free_count == 0 && !source_is_stopped(&source->source))
		interrupt_wait(&source->returned, &source->lock);
	source->waiting--;
	if (source->free_count > 0)
		fd = source->free[--source->free_count];
	g_mutex_unlock(&source->lock);
	return fd;
}

static void return_descriptor(struct ioctl_source *source, int fd)
{
	if (fd < 0)
		return;
	g_mutex_lock(&source->lock);
	source->free[source->free_count++] = fd;
	/* Waking nobody is a system call as well. */
	if (source->waiting > 0)
		g_cond_signal(&source->returned);
	g_mutex_unlock(&source->lock);
}

/* The kernel's counters are of now; another mount says when it read them. */
static int fill_time(const struct ioctl_source *source, int fd, struct source_stamp *stamp)
{
	struct stat stat;

	if (source->source.live)
		return 0;
	while (fstat(fd, &stat) != 0) {
		int err = source_failure(&source->source);

		if (err)
			return err;
	}
	stamp->time = stat.st_mtim;
	return 0;
}

static int stamp_descriptor(const struct ioctl_source *source, int fd, struct source_stamp *stamp)
{
	int err;

	*stamp = (struct source_stamp){.is_content_id = true};
	err = call(source, fd, ALLOCINFO_CONTENT_ID, &stamp->names);
	return err ? err : fill_time(source, fd, stamp);
}

/* -EAGAIN where the names are not as they were stamped. */
static int check_stamp(const struct ioctl_source *source, int fd, const struct source_stamp *stamp)
{
	uint64_t names;
	int err = call(source, fd, ALLOCINFO_CONTENT_ID, &names);

	return !err && names != stamp->names ? -EAGAIN : err;
}

static int ioctl_stamp(struct source *base, struct source_stamp *stamp)
{
	struct ioctl_source *source = (struct ioctl_source *)base;
	int fd = take_descriptor(source);
	int err = fd < 0 ? fd : stamp_descriptor(source, fd, stamp);

	return_descriptor(source, fd);
	return err;
}

static int read_kernel(struct ioctl_source *source, source_sink sink, void *context)
{
	if (lseek(source->text, 0, SEEK_SET) < 0)
		return -errno;
	return source_pump(&source->source, source->text, sink, context);
}

static int read_mount(struct ioctl_source *source, source_sink sink, void *context)
{
	int fd = source_reopen(&source->source, source->dir, source->base);
	int err;

	if (fd < 0)
		return fd;
	err = source_pump(&source->source, fd, sink, context);
	close(fd);
	return err;
}

static int ioctl_read(struct source *base, source_sink sink, void *context,
		      struct source_stamp *stamp)
{
	struct ioctl_source *source = (struct ioctl_source *)base;
	int fd = take_descriptor(source);
	int err = fd < 0 ? fd : stamp_descriptor(source, fd, stamp);

	if (!err && source->text >= 0)
		err = read_kernel(source, sink, context);
	else if (!err)
		err = read_mount(source, sink, context);
	if (!err)
		err = check_stamp(source, fd, stamp);
	return_descriptor(source, fd);
	return err;
}

/* From the first match to the ENOENT behind the last. */
static int pump_records(struct ioctl_source *source, int fd, const struct abi_filter *filter,
			source_record_sink sink, void *context)
{
	const struct abi_layout *layout = source->layout;
	struct abi_buffer buffer;
	struct abi_record record;
	const unsigned char *given = buffer.at + ABI_GET_AT_DATA;
	int err;

	memset(&buffer, 0, sizeof(buffer));
	abi_put_get_at(layout, 0, filter, buffer.at);
	err = call(source, fd, layout->get_at, buffer.at);
	while (!err) {
		abi_take_record(layout, given, &record);
		err = sink(context, &record);
		if (!err && source_is_stopped(&source->source))
			err = -ECANCELED;
		if (!err)
			err = call(source, fd, layout->get_next, buffer.at);
		given = buffer.at;
	}
	return err == -ENOENT ? 0 : err;
}

static int ioctl_pass(struct source *base, const struct abi_filter *filter, source_record_sink sink,
		      void *context, struct source_stamp *stamp)
{
	struct ioctl_source *source = (struct ioctl_source *)base;
	int fd = take_descriptor(source);
	int err = fd < 0 ? fd : stamp_descriptor(source, fd, stamp);

	if (!err)
		err = pump_records(source, fd, filter, sink, context);
	if (!err)
		err = check_stamp(source, fd, stamp);
	return_descriptor(source, fd);
	return err;
}

static void ioctl_close(struct source *base)
{
	struct ioctl_source *source = (struct ioctl_source *)base;

	for (unsigned int i = 0; i < source->free_count; i++)
		close(source->free[i]);
	if (source->text >= 0)
		close(source->text);
	close(source->dir);
	g_mutex_clear(&source->lock);
	g_cond_clear(&source->returned);
	g_free(source->base);
	g_free(source);
}

/* A source that is changing, or that fails just now, has the layout all the same. */
static bool answers(int fd, const struct abi_layout *layout)
{
	struct abi_filter everything = {.mask = 0};
	struct abi_buffer buffer;

	memset(&buffer, 0, sizeof(buffer));
	abi_put_get_at(layout, 0, &everything, buffer.at);
	return ioctl(fd, layout->get_at, buffer.at) == 0 || errno == ENOENT || errno == EAGAIN ||
	       errno == EIO;
}

/* The layout that fd answers in, or ABI_LAYOUT_COUNT. */
static enum abi_layout_id probe(int fd)
{
	enum abi_layout_id id = 0;
	uint64_t content_id;

	if (ioctl(fd, ALLOCINFO_CONTENT_ID, &content_id) != 0 && errno != EAGAIN)
		return ABI_LAYOUT_COUNT;
	while (id < ABI_LAYOUT_COUNT && !answers(fd, abi_layout(id)))
		id++;
	return id;
}

/* fd is the first; fewer than wanted will do. */
static void fill_pool(struct ioctl_source *source, int fd)
{
	do {
		source->free[source->free_count++] = fd;
		fd = openat(source->dir, source->base, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	} while (fd >= 0 && source->free_count < POOL_SIZE);
	if (source->source.live && source->free_count > 1)
		source->text = fd >= 0 ? fd : source->free[--source->free_count];
	else if (fd >= 0)
		close(fd);
}

struct source *source_new_ioctl(int fd, int dir, const char *base, bool on_proc)
{
	static const struct source_ops ops = {ioctl_stamp, ioctl_read, ioctl_pass, ioctl_close};
	static const char *const interfaces[ABI_LAYOUT_COUNT] = {
		[ABI_MAINLINE] = "ioctl mainline",
		[ABI_V3] = "ioctl v3",
	};
	enum abi_layout_id layout = probe(fd);
	struct ioctl_source *source;

	if (layout == ABI_LAYOUT_COUNT)
		return NULL;
	source = g_new0(struct ioctl_source, 1);
	source->source =
		(struct source){.ops = &ops, .interface = interfaces[layout], .live = on_proc};
	source->layout = abi_layout(layout);
	source->text = -1;
	source->dir = dir;
	source->base = g_strdup(base);
	g_mutex_init(&source->lock);
	g_cond_init(&source->returned);
	fill_pool(source, fd);
	return &source->source;
}
