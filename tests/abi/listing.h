/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of an allocinfo file as an array of tags, with a parser of its own: what the ioctls give
 * is compared with this. Strings are cut to their last 63 bytes, as in the binary records.
 */
#ifndef ALLOCFS_TESTS_ABI_LISTING_H
#define ALLOCFS_TESTS_ABI_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <allocfs/allocinfo.h>

struct tag {
	char modname[ALLOCINFO_STRING_SIZE]; /* empty for built-in code; zeros behind each name */
	char function[ALLOCINFO_STRING_SIZE];
	char filename[ALLOCINFO_STRING_SIZE];
	uint64_t lineno;
	uint64_t bytes, calls;
	uint8_t accurate;
};

struct listing {
	struct tag *tags;
	size_t count;
};

/* All that read() gives from where fd stands, NUL-terminated, for free(). Ends the program where a
 * read fails. */
char *text_read(int fd);

/* Reads all of fd, which stands at the beginning of path. Ends the program, with a line of TAP that
 * says why, where that fails or a line is not of the grammar. Never NULL; for listing_free(). */
struct listing *listing_of(int fd, const char *path);

/* The same of path opened anew, and closed again. */
struct listing *listing_read(const char *path);

/* The same of a text in memory, which is written to. NULL where a line is not of the grammar. */
struct listing *listing_parse(char *text);

/* Takes NULL. */
void listing_free(struct listing *listing);

/* All but the counters. */
bool tag_same_names(const struct tag *a, const struct tag *b);
bool tag_same_counters(const struct tag *a, const struct tag *b);
bool listing_same_names(const struct listing *a, const struct listing *b);

/* Says what is wrong with the test's surroundings, as TAP wants it, and exits with 1. */
__attribute__((noreturn, format(printf, 1, 2))) void bail_out(const char *format, ...);

/* malloc and friends that end the program instead of giving NULL. */
void *must_alloc(size_t count, size_t size);
void *must_resize(void *memory, size_t count, size_t size);

#endif
