/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the counters come from. A source can say cheaply whether its names may have changed (its
 * stamp) and can be read whole as text; what it is, is found out when it is opened. Knows nothing
 * of catalogs: text goes out, run by run, to whoever reads.
 *
 * One thread at a time may call read and stamp: the sampler sees to that.
 */
#ifndef ALLOCFS_SOURCE_H
#define ALLOCFS_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <glib.h>
#include "span.h"

/*
 * What a source looked like. Names cannot have changed while names stays the same; where counters
 * cannot have changed either (a dump on a disk), steady says so.
 */
struct source_stamp {
	uint64_t names;
	uint64_t file; /* which file it was: one that was replaced is another one */
	bool steady;
	bool recent; /* a dump that was written to a moment ago, and may be again */
	struct timespec time; /* of the counters: a dump's own mtime; else 0, which means now */
};

/* Takes a run of text; the end of a run is not the end of a line. Returns 0, or -errno to stop. */
typedef int (*source_sink)(void *context, struct span text);

struct source;

struct source_ops {
	const char *interface; /* as status shows it */
	bool live; /* the running kernel's counters */
	/* 0 or -errno. */
	int (*stamp)(struct source *source, struct source_stamp *stamp);
	/*
	 * Reads the whole listing from its start, as one consistent text: *stamp is what was seen
	 * before and after. 0, -EAGAIN where that was not the same, -errno, or what sink returned.
	 */
	int (*read)(struct source *source, source_sink sink, void *context,
		    struct source_stamp *stamp);
	void (*close)(struct source *source);
};

/* The common head of every kind of source. */
struct source {
	const struct source_ops *ops;
	char *name; /* the absolute path, for people */
	bool (*stopped)(void *data); /* or NULL: never */
	void *stopped_data;
};

/*
 * Opens the file at path, whatever it is. Returns NULL and sets *message, one line that says what
 * is wrong and what to do, to be freed by the caller.
 */
struct source *source_open(const char *path, char **message);

void source_close(struct source *source);

/* Reads fd from its current offset to its end into sink. 0, -errno, or what sink returned. */
int source_pump(struct source *source, int fd, source_sink sink, void *context);

/* Once stopped(data) says yes, a read that is under way ends with -ECANCELED. Any thread. */
void source_set_stopped(struct source *source, bool (*stopped)(void *data), void *data);

/* The constructors of the kinds; each takes over the descriptors that it is given. */
struct source *source_new_live(int fd);
struct source *source_new_dump(int dir, const char *base);

#endif
