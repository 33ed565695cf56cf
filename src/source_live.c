/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of a running kernel's /proc/allocinfo. A read() of it returns at most a page, and
 * modules may come and go in between, so a pass is bracketed by the list of modules. The
 * descriptors are kept open: the file is for root, and the daemon need not stay root.
 */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "hash.h"

struct live {
	struct source source;
	int fd;
	int modules; /* /proc/modules, or -1 where the kernel has no modules */
};

static int append(void *context, struct span text)
{
	g_string_append_len(context, text.at, (gssize)text.len);
	return 0;
}

/* The columns that change on load and unload: name, size, state and address, not who uses it. */
static uint64_t hash_modules(char *list)
{
	uint64_t hash = 1;
	char *line, *lines = list;

	while ((line = strsep(&lines, "\n"))) {
		char *field;

		for (int column = 0; (field = strsep(&line, " ")); column++)
			if (column != 2 && column != 3)
				hash = hash_bytes(hash, field, strlen(field));
	}
	return hash;
}

static int live_stamp(struct source *source, struct source_stamp *stamp)
{
	struct live *live = (struct live *)source;
	g_autoptr(GString) list = NULL;
	int err;

	*stamp = (struct source_stamp){.names = 1};
	if (live->modules < 0)
		return 0;
	list = g_string_new(NULL);
	if (lseek(live->modules, 0, SEEK_SET) < 0)
		return -errno;
	err = source_pump(source, live->modules, append, list);
	if (!err)
		stamp->names = hash_modules(list->str);
	return err;
}

static int live_read(struct source *source, source_sink sink, void *context,
		     struct source_stamp *stamp)
{
	struct live *live = (struct live *)source;
	struct source_stamp after;
	int err = live_stamp(source, stamp);

	if (!err && lseek(live->fd, 0, SEEK_SET) < 0)
		err = -errno;
	if (!err)
		err = source_pump(source, live->fd, sink, context);
	if (!err)
		err = live_stamp(source, &after);
	if (!err && after.names != stamp->names)
		err = -EAGAIN;
	return err;
}

static void live_close(struct source *source)
{
	struct live *live = (struct live *)source;

	close(live->fd);
	if (live->modules >= 0)
		close(live->modules);
	g_free(live);
}

struct source *source_new_live(int fd)
{
	static const struct source_ops ops = {"text", true, live_stamp, live_read, live_close};
	struct live *live = g_new0(struct live, 1);

	live->source.ops = &ops;
	live->fd = fd;
	live->modules = open("/proc/modules", O_RDONLY | O_CLOEXEC);
	return &live->source;
}
