/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the counters come from. A source can say cheaply whether its names may have changed (its
 * stamp), can be read whole as text, and perhaps be asked for some records by a filter; what it is,
 * is found out when it is opened. Knows nothing of catalogs: text goes out, run by run, and records
 * one by one, to whoever reads.
 *
 * One thread at a time may call read and stamp: the sampler sees to that. Any number may call pass.
 */
#ifndef ALLOCFS_SOURCE_H
#define ALLOCFS_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <glib.h>
#include "abi.h"

/*
 * What a source looked like. Names cannot have changed while names stays the same; where counters
 * cannot have changed either (a dump on a disk), steady says so.
 */
struct source_stamp {
	uint64_t names;
	bool may_be_torn; /* no two reads in a row show the same unless the names are right */
	bool is_content_id; /* names is: the source numbers the states of its names itself */
	uint64_t file; /* which file it was: one that was replaced is another one */
	bool steady;
	bool recent; /* a dump that was written to a moment ago, and may be again */
	struct timespec time; /* of the counters: a file's own mtime; else 0, which means now */
};

/* Takes a run of text; the end of a run is not the end of a line. Returns 0, or -errno to stop. */
typedef int (*source_sink)(void *context, struct span text);

/* Takes a record, which is gone afterwards. Returns 0, or -errno to stop. */
typedef int (*source_record_sink)(void *context, const struct abi_record *record);

struct source;

struct source_ops {
	/* 0 or -errno. */
	int (*stamp)(struct source *source, struct source_stamp *stamp);
	/*
	 * Reads the whole listing from its start, as one consistent text: *stamp is what was seen
	 * before and after. 0, -EAGAIN where that was not the same, -errno, or what sink returned.
	 */
	int (*read)(struct source *source, source_sink sink, void *context,
		    struct source_stamp *stamp);
	/*
	 * Gives the records that pass the filter, in the order of the listing; NULL where the
	 * source cannot. stamp->names is what it was before and after. 0, -EAGAIN where that was
	 * not the same, -errno, or what sink returned.
	 */
	int (*pass)(struct source *source, const struct abi_filter *filter, source_record_sink sink,
		    void *context, struct source_stamp *stamp);
	void (*close)(struct source *source);
};

/* The common head of every kind of source. */
struct source {
	const struct source_ops *ops;
	const char *interface; /* as status shows it */
	bool live; /* the running kernel's counters */
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

/*
 * A system call on the source has failed: 0 where it was only disturbed by a signal and is to be
 * tried again, -ECANCELED where it is not, because the read or pass has to end; else -errno.
 */
int source_failure(const struct source *source);

/* Opens base in dir to be read, in any case without waiting; a descriptor, or as source_failure().
 */
int source_reopen(const struct source *source, int dir, const char *base);

/* Reads fd from its current offset to its end into sink. 0, -errno, or what sink returned. */
int source_pump(struct source *source, int fd, source_sink sink, void *context);

/* Once stopped(data) says yes, a read that is under way ends with -ECANCELED. Any thread. */
void source_set_stopped(struct source *source, bool (*stopped)(void *data), void *data);

/*
 * Whether a read or a pass that is under way has to end: all of them, or that of the request which
 * the calling thread serves (see interrupt.h).
 */
bool source_is_stopped(const struct source *source);

/* The constructors of the kinds; each takes over the descriptors that it is given. */
struct source *source_new_live(int fd);
struct source *source_new_dump(int dir, const char *base);

/*
 * The same for a file that answers the ioctls, in either layout: fd, which is base in the directory
 * dir; on_proc is whether it is the kernel's own. NULL where it does not answer, and then the
 * descriptors stay the caller's.
 */
struct source *source_new_ioctl(int fd, int dir, const char *base, bool on_proc);

#endif
