/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source for tests of the sampler: does as it is told, counts what is asked of it, and notices
 * when two threads are in it at once.
 */
#ifndef ALLOCFS_FAKE_SOURCE_H
#define ALLOCFS_FAKE_SOURCE_H

#include "sampler.h"

struct fake {
	struct source source;
	/* What it is told to do. */
	struct source_stamp stamp;
	int stamp_error, read_error;
	int again; /* so many reads end in EAGAIN */
	int torn; /* so many reads show other names, each its own */
	bool garbage;
	gulong read_time; /* microseconds, to let others come meanwhile */
	/* What was done to it. */
	gint reads, stamps;
	gint inside; /* calls at this moment */
	bool overlapped;
	bool *closed;
	/* A read waits while shut. */
	GMutex lock;
	GCond changed;
	bool shut, waiting;
};

/*
 * A live source, or a dump whose time is FAKE_DUMP_TIME. Its only tag holds as many bytes as reads
 * were begun, the one at hand included; the tag's line is the stamp of the names. Sets *closed to
 * false, and to true when the source is closed.
 */
struct fake *fake_new(bool live, bool *closed);

#define FAKE_DUMP_TIME 77
#define FAKE_NAME "/fake/allocinfo"

#endif
