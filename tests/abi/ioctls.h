/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ioctls of an allocinfo file in either layout, and what a filter means, written down apart
 * from any implementation. Calls return 0 or -errno; that an ioctl gave neither 0 nor -1 is
 * -EPROTO.
 */
#ifndef ALLOCFS_TESTS_ABI_IOCTLS_H
#define ALLOCFS_TESTS_ABI_IOCTLS_H

#include "listing.h"

struct query {
	uint64_t pos;
	uint64_t mask;
	char modname[ALLOCINFO_STRING_SIZE]; /* not always NUL-terminated: some tests want that */
	char function[ALLOCINFO_STRING_SIZE];
	char filename[ALLOCINFO_STRING_SIZE];
	uint64_t lineno;
	uint64_t inaccurate;
	uint64_t min_size, max_size;
};

#define MASK_SIZES (ALLOCINFO_MASK_MIN_SIZE | ALLOCINFO_MASK_MAX_SIZE)
#define MASK_NAMES                                                                    \
	(ALLOCINFO_MASK_MODNAME | ALLOCINFO_MASK_FUNCTION | ALLOCINFO_MASK_FILENAME | \
	 ALLOCINFO_MASK_LINENO)

/* No tag, or no more. */
#define NONE SIZE_MAX

/* Command numbers and sizes, and where the members are that the layouts have in different places.
 */
struct layout {
	unsigned long get_at, get_next;
	size_t get_at_size, data_size;
	size_t inaccurate, min_size, max_size; /* in what GET_AT takes */
	size_t counter; /* in a record */
};

extern const struct layout layout_mainline, layout_v3;

/* Where the record is in what GET_AT takes, in both layouts: all before it is the caller's. */
#define GET_AT_DATA offsetof(struct allocinfo_get_at, data)

/* Memory for the argument of any of the calls. */
union args {
	uint64_t words[64];
	unsigned char bytes[512];
};

/* What the tag has in each member that mask names, zeros elsewhere, pos 0. */
struct query query_like(const struct tag *tag, uint64_t mask);

/* By the strings, the line and the accuracy; by the sizes, without sign. */
bool query_accepts_names(const struct query *query, const struct tag *tag);
bool query_accepts_sizes(const struct query *query, const struct tag *tag);

/* The first tag from index `from` on that the query accepts by names alone, or NONE. */
size_t query_find(const struct query *query, const struct listing *listing, size_t from);

/* How many. */
size_t query_count(const struct query *query, const struct listing *listing);

/* The query as GET_AT takes it; what the record will stand in is zeros. */
void args_fill(const struct layout *layout, const struct query *query, union args *args);

/* A record. Takes what is at data; strings end at their NUL. */
void tag_fill(const struct layout *layout, const unsigned char *data, struct tag *tag);

int call(int fd, unsigned long command, void *arg);
int content_id(int fd, uint64_t *id);
int tag_at(const struct layout *layout, int fd, const struct query *query, struct tag *tag);
int tag_next(const struct layout *layout, int fd, struct tag *tag);

#endif
