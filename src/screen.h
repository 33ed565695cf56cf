/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the screens for people are put together from: sizes, names and rankings, in 80 columns.
 * Names are shown as they stand in the tree, with their bytes escaped, so that no listing can play
 * with the terminal.
 */
#ifndef ALLOCFS_SCREEN_H
#define ALLOCFS_SCREEN_H

#include "report.h"

enum { SCREEN_LARGEST = 10, SCREEN_WIDTH = 79 };

/* Appends eleven columns: "   24.0 MiB". */
void screen_size(GString *out, int64_t bytes);

/* Appends text in at most width columns; the end of a long one tells more than its start. */
void screen_cut(GString *out, const char *text, size_t width);

/* Appends the components of a path of the source tree; nothing for its root. */
void screen_path(const struct catalog *catalog, uint32_t path, GString *out);

/* Appends "FILE:LINE FUNCTION[ [MODULE]]" in at most width columns. */
void screen_site(const struct catalog *catalog, uint32_t tag, size_t width, GString *out);

/* The largest few of some numbered things, in order. */
struct screen_largest {
	uint32_t number[SCREEN_LARGEST];
	unsigned int count;
};

/* How large a thing is; what is 0 or below is not among the largest. */
typedef int64_t (*screen_size_of)(const void *things, uint32_t number);

/* Puts number in its place among the largest, behind those that are as large. */
void screen_consider(struct screen_largest *largest, screen_size_of size_of, const void *things,
		     uint32_t number);

/* Sizes by the bytes of counters (struct counter) and totals (struct total), and the reverse. */
int64_t screen_counter(const void *counters, uint32_t number);
int64_t screen_counter_below(const void *counters, uint32_t number);
int64_t screen_total(const void *totals, uint32_t number);

/* What rows hold by module and by the directory that their source file is in. */
struct screen_groups {
	struct total *by_module;
	struct total *by_path;
};
void screen_group(const struct report_input *input, struct screen_groups *groups);
void screen_groups_clear(struct screen_groups *groups);

/* Appends one entry of a group; name is cut. */
typedef void (*screen_entry)(GString *out, int64_t bytes, int64_t total, const char *name);

/*
 * Appends lines of the largest directories to the left and the largest modules to the right, which
 * begin at the column given: so it stays one screen. total is handed to the entries.
 */
void screen_append_groups(const struct catalog *catalog, const struct screen_groups *groups,
			  screen_entry entry, int64_t total, size_t column, GString *out);

#endif
