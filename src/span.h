/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run of bytes that somebody else owns: not NUL-terminated, any byte allowed. The parsers return
 * spans into the text they were given, so that reading a listing copies nothing.
 */
#ifndef ALLOCFS_SPAN_H
#define ALLOCFS_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *at; /* NULL means "not there", which is not the same as empty */
	size_t len;
};

static inline struct span span_of(const char *string)
{
	return (struct span){string, strlen(string)};
}

static inline bool span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

#endif
