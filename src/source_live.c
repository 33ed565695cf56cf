/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of a running kernel's /proc/allocinfo. A read() of it returns at most a page, and
 * modules may come and go in between, so a pass is bracketed by the list of modules. That does not
 * show all: the tags of a module come and go a little before or after its state says so, and one
 * may be loaded and unloaded within a pass. So new names count once they have been read twice. The
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
	int modules; /* /proc/modules, or -1: */
	int modules_error; /* 0 where the kernel has no modules, else why it could not be opened */
};

/* What /proc/modules says. */
struct modules {
	uint64_t hash;
	bool moving; /* one is being loaded or unloaded: its tags come or go at any moment */
};

enum column { NAME, SIZE, USES, USERS, STATE, ADDRESS };

static int append(void *context, struct span text)
{
	g_string_append_len(context, text.at, (gssize)text.len);
	return 0;
}

/* Who uses a module changes without a load or unload. */
static void parse_modules(char *list, struct modules *modules)
{
	char *line, *lines = list;

	while ((line = strsep(&lines, "\n"))) {
		char *field;

		for (int column = NAME; (field = strsep(&line, " ")); column++) {
			if (column != USES && column != USERS)
				modules->hash = hash_bytes(modules->hash, field, strlen(field));
			if (column == STATE && strcmp(field, "Live") != 0)
				modules->moving = true;
		}
	}
}

static int read_modules(struct live *live, struct modules *modules)
{
	g_autoptr(GString) list = NULL;
	int err;

	*modules = (struct modules){.hash = 1};
	if (live->modules < 0)
		return live->modules_error;
	list = g_string_new(NULL);
	if (lseek(live->modules, 0, SEEK_SET) < 0)
		return -errno;
	err = source_pump(&live->source, live->modules, append, list);
	if (!err)
		parse_modules(list->str, modules);
	return err;
}

/* While a module comes or goes no two stamps are equal. */
static void fill_stamp(const struct modules *modules, struct source_stamp *stamp)
{
	*stamp = (struct source_stamp){.names = modules->hash};
	if (modules->moving)
		stamp->names = hash_number(modules->hash, (uint64_t)g_get_monotonic_time());
}

static int live_stamp(struct source *source, struct source_stamp *stamp)
{
	struct modules modules;
	int err = read_modules((struct live *)source, &modules);

	fill_stamp(&modules, stamp);
	return err;
}

static int live_read(struct source *source, source_sink sink, void *context,
		     struct source_stamp *stamp)
{
	struct live *live = (struct live *)source;
	struct modules before, after;
	int err = read_modules(live, &before);

	if (!err && lseek(live->fd, 0, SEEK_SET) < 0)
		err = -errno;
	if (!err)
		err = source_pump(source, live->fd, sink, context);
	if (!err)
		err = read_modules(live, &after);
	if (!err && after.hash != before.hash)
		err = -EAGAIN;
	fill_stamp(&before, stamp);
	stamp->may_be_torn = true;
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
	static const struct source_ops ops = {live_stamp, live_read, NULL, live_close};
	struct live *live = g_new0(struct live, 1);

	live->source = (struct source){.ops = &ops, .interface = "text", .live = true};
	live->fd = fd;
	live->modules = open("/proc/modules", O_RDONLY | O_CLOEXEC);
	if (live->modules < 0 && errno != ENOENT)
		live->modules_error = -errno;
	return &live->source;
}
