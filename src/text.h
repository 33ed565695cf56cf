/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line grammar of /proc/allocinfo, both ways. Pure.
 *
 *     %12lli %8llu FILE:LINE[ [MODULE]] func:FUNCTION[ KEY:VALUE]... \n
 *
 * From lib/alloc_tag.c and lib/codetag.c of Linux 6.10 and later: bytes and calls overflow their
 * widths, the line ends in a blank and a newline, version 2.0 adds the key "accurate:no". A FILE of
 * PATH_MAX bytes or more is not one that a compiler was given: such a line is unknown.
 */
#ifndef ALLOCFS_TEXT_H
#define ALLOCFS_TEXT_H

#include <stdint.h>
#include "span.h"

enum text_kind {
	TEXT_TAG, /* a tag with its counter */
	TEXT_VERSION, /* "allocinfo - version: X" */
	TEXT_COMMENT, /* a line that begins with '#': the column titles */
	TEXT_UNKNOWN, /* anything else, a line with a NUL byte included */
};

/* What the words of a tag are, as spelled. All spans lie within site. */
struct text_site {
	struct span site; /* "FILE:LINE[ [MODULE]] func:FUNCTION" */
	struct span file;
	struct span module; /* .at is NULL for built-in code */
	struct span function;
	uint64_t line;
};

struct text_line {
	struct text_site site;
	int64_t bytes; /* can be negative */
	uint64_t calls; /* can be a wrapped negative number */
	bool accurate; /* no "accurate:no" in the tail */
	struct span tail; /* " KEY:VALUE..." where there is more than "accurate:no", else empty */
};

/*
 * Parses one line without its newline. For TEXT_TAG all of *line is set, spans pointing into text;
 * for TEXT_VERSION line->tail is the version; else *line is undefined.
 */
enum text_kind text_parse(struct span text, struct text_line *line);

/*
 * Parses the two numbers in front of a line. Returns the offset of what follows them and the blank
 * behind them, or 0 where there are no two numbers that fit.
 */
size_t text_parse_counter(struct span text, int64_t *bytes, uint64_t *calls);

/* What stands in front of a site. */
struct text_counter {
	int64_t bytes;
	uint64_t calls;
	bool signed_calls; /* calls is a difference in two's complement */
};

/* The length that text_format() gives, newline included. */
size_t text_length(struct span site, const struct text_counter *counter, bool accurate,
		   struct span tail);

/* As much as text_length() can be for a site of that length, whatever its counter. */
size_t text_room(size_t site_len, struct span tail);

/*
 * Writes the line, newline included, at to, which has room for text_length() bytes; no NUL. A tail
 * that is not empty stands for itself, else accurate decides. Returns the first byte behind it.
 */
char *text_format(char *to, struct span site, const struct text_counter *counter, bool accurate,
		  struct span tail);

/*
 * Writes "%12lli %8llu " (a difference: "%12lli %8lli ") at to, which has room for
 * TEXT_COUNTER_SIZE bytes; returns the end.
 */
char *text_format_counter(char *to, const struct text_counter *counter);

#define TEXT_COUNTER_SIZE 42

/* The version where the source names none, and the line of column titles. */
#define TEXT_VERSION_DEFAULT "2.0"
#define TEXT_VERSION_LEAD "allocinfo - version: "
#define TEXT_COLUMNS "#     <size>  <calls> <tag info>\n"

#endif
