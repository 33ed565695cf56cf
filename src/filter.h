/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of filters: what may stand in a path, which values it takes, what is listed. Lookup,
 * readdir, the README in the mount and the escaping of source directories are made from it.
 */
#ifndef ALLOCFS_FILTER_H
#define ALLOCFS_FILTER_H

#include "span.h"

/* In the order in which the listed ones stand in a root directory. */
enum filter_id {
	FILTER_LIVE,
	FILTER_ALL,
	FILTER_FILE,
	FILTER_MODULE,
	FILTER_FUNCTION,
	FILTER_TOP,
	FILTER_MIN_SIZE,
	FILTER_MIN_CALLS,
	FILTER_TOP_CALLS,
	FILTER_MAX_SIZE,
	FILTER_MAX_CALLS,
	FILTER_LINE,
	FILTER_ACCURATE,
	FILTER_INACCURATE,
	FILTER_AT,
	FILTER_COUNT,
};

enum filter_value {
	VALUE_NONE, /* the filter's name is all: live/ */
	VALUE_PATH, /* a path of directories: by-file/mm/memory.c/ */
	VALUE_WORD, /* a name of the catalog: by-module/xfs/ */
	VALUE_LINE, /* a number of the catalog: by-line/1024/ */
	VALUE_NUMBER, /* any number: min-calls/100/ */
	VALUE_RANK, /* any number but 0: top/20/ */
	VALUE_SIZE, /* any size: min-size/1M/ */
	VALUE_AT, /* a position; the value is a file: at/0 */
};

struct filter {
	const char *name;
	enum filter_value value;
	bool listed; /* in a root directory */
	bool by_counters; /* counters, not names, decide about the set */
	const char *const *presets; /* listed values, NULL behind the last */
	const char *example; /* for README: a path ... */
	const char *help; /* ... and what it shows */
};

/* The row of a filter. */
const struct filter *filter_get(enum filter_id id);

/* The filter of that name, or FILTER_COUNT where there is none. */
enum filter_id filter_find(struct span name);

#endif
