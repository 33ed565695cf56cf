/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Select: which tags a query holds in a sample, and how a directory divides them among its
 * children. Pure; reads the sample and its catalog.
 */
#ifndef ALLOCFS_SELECT_H
#define ALLOCFS_SELECT_H

#include "query.h"
#include "sample.h"

struct row {
	uint32_t tag;
	uint32_t rank; /* from 1 under top/ and top-calls/, else 0 */
};

/* What some tags hold together, and how many they are. */
struct total {
	int64_t bytes; /* wrapping */
	uint64_t calls;
	uint64_t tags;
};

/* The rows of the query: in listing order, where it ranks in the order of ranks. The caller owns
 * it. */
GArray *select_rows(const struct sample *sample, const struct query *query);

/*
 * Whether there is memory for the rows and values of a query, which can be as many as there are
 * tags: to be asked before select_rows(), select_at() and select_values(), see heap_has_room().
 */
bool select_has_room(const struct sample *sample, const struct query *query);

/* The tag at a position of the query's rows, from 0, or CATALOG_NONE behind their end. */
uint32_t select_at(const struct sample *sample, const struct query *query, uint64_t position);

/* Adds a tag to a total. */
void select_add(const struct sample *sample, uint32_t tag, struct total *total);

/* The sum of rows. */
struct total select_total(const struct sample *sample, const GArray *rows);

enum children_kind {
	CHILDREN_FIXED, /* names that are always listed: filters of a root, presets */
	CHILDREN_VALUES, /* values that occur in the set: by number of module, function, path, line
			  */
	CHILDREN_NONE,
	CHILDREN_WORLDS, /* snapshots, by name */
};

/* Which child directories a directory has. */
enum children_kind select_children_kind(const struct query *query);

/* The name of fixed child number i (from 0), or NULL behind the last. */
const char *select_fixed_child(const struct query *query, size_t i);

/*
 * For CHILDREN_VALUES: those of rows, in the order of their names (lines: of their numbers), with
 * their totals. An array of struct value, which the caller owns.
 */
struct value {
	uint64_t number;
	struct total total;
};
GArray *select_values(const struct sample *sample, const struct query *query, const GArray *rows);

/* Writes the name of a value of select_values() as it is listed; returns its length. */
size_t select_value_name(const struct catalog *catalog, const struct query *query, uint64_t number,
			 char name[NAME_SIZE]);

#endif
