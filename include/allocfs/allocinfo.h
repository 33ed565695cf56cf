/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The binary form of an allocation tag in the mainline layout of the allocinfo ioctls (Linux after
 * 7.2): what the files under raw/ and the .raw reports hold. For programs that read them; needs no
 * other header of allocfs. All integers are in the byte order of the machine.
 */
#ifndef ALLOCFS_ALLOCINFO_H
#define ALLOCFS_ALLOCINFO_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* Strings are NUL-terminated; of a longer one the LAST 63 bytes are kept. */
#define ALLOCINFO_STRING_SIZE 64

struct allocinfo_tag {
	char modname[ALLOCINFO_STRING_SIZE]; /* empty for built-in code */
	char function[ALLOCINFO_STRING_SIZE];
	char filename[ALLOCINFO_STRING_SIZE];
	uint64_t lineno;
};

struct allocinfo_counter {
	uint64_t bytes; /* two's complement where the kernel's counter is negative */
	uint64_t calls;
	uint8_t accurate; /* 1, or 0 where allocations of the tag were not all counted */
	uint8_t padding[7];
};

struct allocinfo_tag_data {
	struct allocinfo_tag tag;
	struct allocinfo_counter counter;
};

static_assert(offsetof(struct allocinfo_tag, function) == 64, "function at 64");
static_assert(offsetof(struct allocinfo_tag, filename) == 128, "filename at 128");
static_assert(offsetof(struct allocinfo_tag, lineno) == 192, "lineno at 192");
static_assert(sizeof(struct allocinfo_tag) == 200, "a tag takes 200 bytes");
static_assert(offsetof(struct allocinfo_counter, calls) == 8, "calls at 8");
static_assert(offsetof(struct allocinfo_counter, accurate) == 16, "accurate at 16");
static_assert(sizeof(struct allocinfo_counter) == 24, "a counter takes 24 bytes");
static_assert(offsetof(struct allocinfo_tag_data, counter) == 200, "counter at 200");
static_assert(sizeof(struct allocinfo_tag_data) == 224, "a record takes 224 bytes");

#endif
