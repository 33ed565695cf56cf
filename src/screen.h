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

/* The largest few of some numbered things, in order. */
struct screen_largest {
	uint32_t number[SCREEN_LARGEST];
	unsigned int count;
};

/* How large a thing is; what is 0 or below is not among the largest. */
typedef int64_t (*screen_size_of)(const void *things, uint32_t number);

/* The largest of rows, by their counters; of equal ones the earlier first. */
struct screen_largest screen_largest_rows(const struct report_input *input, screen_size_of size_of);

/*
 * Ends the line of a tag that begins at start in out: its calls, "FILE:LINE FUNCTION[ [MODULE]]" in
 * what room is left, a newline.
 */
void screen_end_site(const struct sample *sample, uint32_t tag, gsize start, GString *out);

/* Sizes by the bytes of counters (struct counter), and the reverse. */
int64_t screen_counter(const void *counters, uint32_t number);
int64_t screen_counter_below(const void *counters, uint32_t number);

/* What rows hold by module and by the directory that their source file is in. */
struct screen_groups {
	struct total *by_module;
	struct total *by_path;
};
/* Whether there is memory for it; with many paths it is much. See heap_has_room(). */
bool screen_has_room(const struct catalog *catalog);
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
