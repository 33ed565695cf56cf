/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The query language: a directory of the tree is a query, and each component of a path leads from
 * one query to the next, or to a file. Pure: the catalog is only read. What exists is decided here,
 * by names alone; which tags a query holds at an instant is decided by select.
 *
 * docs/tree.md has the grammar for users.
 */
#ifndef ALLOCFS_QUERY_H
#define ALLOCFS_QUERY_H

#include "catalog.h"
#include "filter.h"

/* What the files of tags show. */
enum query_view {
	VIEW_TEXT, /* the line of the tag */
	VIEW_SIZED, /* the same, but st_size is the bytes held */
	VIEW_RAW, /* the binary record */
	VIEW_COUNT,
};

/* Whose tree a query is in: this decides what its roots list. */
enum query_realm {
	REALM_LIVE, /* of the mount */
	REALM_SNAPSHOT,
	REALM_SINCE, /* differences */
	REALM_COUNT,
};

/* What kind of directory a query is: this decides what is listed and what a name can mean. */
enum query_place {
	PLACE_ROOT, /* of the mount, or of a view */
	PLACE_SET, /* lists its tags under their flat names */
	PLACE_PATH, /* a directory or file of the source tree: children, then its own tags */
	PLACE_FILTER, /* a filter that waits for its value */
	PLACE_SNAPSHOTS, /* lists the snapshots */
	PLACE_SINCE, /* lists them too: as the starts of differences */
};

struct query {
	enum query_realm realm;
	enum query_view view;
	enum query_place place;
	enum filter_id waiting; /* PLACE_FILTER: for a value of this filter */
	uint32_t used; /* bit per filter that has occurred */
	uint8_t steps; /* filters that have a value, in the order of the path: */
	uint8_t step[FILTER_COUNT];
	/* By filter; for by-file, by-module and by-function the number in the catalog. */
	uint64_t value[FILTER_COUNT];
};

enum target_kind {
	TARGET_DIRECTORY,
	TARGET_WORLD, /* in snapshots/ or since/: a directory, if there is a world of that name */
	TARGET_TAG, /* number: the tag */
	TARGET_PLACE, /* number: path, line: the lines of one place, "slub.c:2478" */
	TARGET_AT, /* number: position in the set */
	TARGET_REPORT, /* number: which, see report.h */
	TARGET_README,
	TARGET_STATUS,
	TARGET_ALLOCINFO,
};

/* What a name stands for. */
struct target {
	enum target_kind kind;
	uint64_t number;
	uint64_t line;
	struct query query; /* the directory itself, or the one that the file is in */
};

/* The query of the root of a tree: the mount's, or that of a snapshot or difference. */
void query_root(enum query_realm realm, struct query *query);

/*
 * What name means in the directory from. Returns 0 and fills *to; -ENOENT where there is no such
 * name, -EINVAL where a number is malformed, does not fit 64 bits or contradicts the path.
 */
int query_step(const struct catalog *catalog, const struct query *from, struct span name,
	       struct target *to);

/*
 * The directory of a value that select_values() found in the set of from: it exists, so that
 * nothing is looked for.
 */
void query_value(const struct query *from, uint64_t number, struct target *to);

/* Whether a filter stands in the path and has its value. */
bool query_has(const struct query *query, enum filter_id filter);

/* Whether the path ranks: under top/N or top-calls/N. */
bool query_is_ranked(const struct query *query);

/* How many steps stand in front of the first ranking: all of them where there is none. */
unsigned int query_steps_before_ranking(const struct query *query);

/* The path up to and with its first steps. */
struct query query_front(const struct query *query, unsigned int steps);

/* How many digits ranks have in this directory. */
unsigned int query_rank_width(const struct catalog *catalog, const struct query *query);

/* Whether counters decide about the set, so that it may be another one at each look. */
bool query_by_counters(const struct query *query);

/* Whether a tag passes the filters that are about names. */
bool query_names_match(const struct catalog *catalog, const struct query *query, uint32_t tag);

/*
 * The shortest list the catalog has that holds every tag that can pass the filters about names:
 * *tags is NULL for all tags. Returns how many. The list is in listing order but for by-file.
 */
uint32_t query_candidates(const struct catalog *catalog, const struct query *query,
			  const uint32_t **tags);

/* The fixed files and directories of a root, in the order they are listed in. */
struct root_file {
	const char *name;
	enum target_kind kind;
	enum query_place place; /* of a directory */
	bool in_views; /* in the roots of the views too, and in: */
	enum query_realm last; /* ... this realm and those before */
	const char *help;
};
extern const struct root_file query_root_files[];
extern const size_t query_root_file_count;

/* The directory names of the views; NULL for the plain one, which is the root. */
const char *query_view_name(enum query_view view);

#endif
