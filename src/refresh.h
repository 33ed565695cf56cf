/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A refresh: finding out whether the sample that is known is still what the source shows, and
 * reading the source if it is not, again and again until nothing came in between. Takes its time;
 * whoever calls sees to it that there is one at a time.
 */
#ifndef ALLOCFS_REFRESH_H
#define ALLOCFS_REFRESH_H

#include "sampler.h"

/* What is known of a source. */
struct known {
	struct source *source;
	bool may_stand_in; /* for a dump that somebody is writing */
	struct sample *sample; /* the last one read, or NULL */
	uint64_t names, file; /* from its stamp */
	int64_t changing_since; /* when a dump in the course of being written was met; or 0 */
};

/* What came of it; all zeros before. */
struct refresh {
	struct sample *sample; /* a new one, or NULL: that from before is up to date */
	uint64_t names, file; /* of the new one */
	bool steady; /* ... its counters too */
	int64_t cost; /* of reading it, microseconds; or 0: it was not read */
	int error; /* 0, or -errno: -EAGAIN where it changed each time it was read */
};

void refresh_look(struct known *known, enum sampler_need need, struct refresh *refresh);

#endif
