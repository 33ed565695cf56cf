/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The binary interface of /proc/allocinfo: what its ioctls take and return, and what the files
 * under raw/ and the .raw reports hold. Kernels after 7.2 have the mainline layout; those that
 * carry the series of June 2026 have the one called v3 here. For programs that speak to the kernel
 * or to the file allocinfo of a mounted allocfs; needs no other header of allocfs. All integers are
 * in the byte order of the machine.
 *
 * ALLOCINFO_CONTENT_ID  gives a number that changes when tags come or go, never with counters.
 * ALLOCINFO_GET_AT      sets the filter of the open file and gives the match at position pos, from
 *                       0. EINVAL: an unknown bit in the mask, or min_size above max_size where
 *                       both are to match. ENOENT: no such match. With EINVAL, and where pos is not
 *                       below the number of all tags, the filter and position from before stay;
 *                       where it is, the filter is set and the pass at its end.
 * ALLOCINFO_GET_NEXT    gives the match behind the last one given, or the first one if no pass is
 *                       under way. ENOENT at the end of a pass, once: the next call starts over
 *                       with the same filter.
 */
#ifndef ALLOCFS_ALLOCINFO_H
#define ALLOCFS_ALLOCINFO_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

/* Strings are NUL-terminated; of a longer one the LAST 63 bytes are kept, in patterns as well. */
#define ALLOCINFO_STRING_SIZE 64

/* Bits of a filter's mask: what has to match. All set bits must. */
#define ALLOCINFO_MASK_MODNAME (1u << 0) /* exactly; an empty name: built-in code */
#define ALLOCINFO_MASK_FUNCTION (1u << 1) /* exactly */
#define ALLOCINFO_MASK_FILENAME (1u << 2) /* exactly */
#define ALLOCINFO_MASK_LINENO (1u << 3)
#define ALLOCINFO_MASK_INACCURATE (1u << 4) /* 0: what was all counted; else: what was not */
#define ALLOCINFO_MASK_MIN_SIZE (1u << 5) /* bytes, inclusive, compared without sign */
#define ALLOCINFO_MASK_MAX_SIZE (1u << 6)
#define ALLOCINFO_MASK_ALL 0x7fu

struct allocinfo_content_id {
	uint64_t id;
};

struct allocinfo_counter {
	uint64_t bytes; /* two's complement where the kernel's counter is negative */
	uint64_t calls;
	uint8_t accurate; /* 1, or 0 where allocations of the tag were not all counted */
	uint8_t padding[7];
};

/* The mainline layout. */

struct allocinfo_tag {
	char modname[ALLOCINFO_STRING_SIZE]; /* empty for built-in code */
	char function[ALLOCINFO_STRING_SIZE];
	char filename[ALLOCINFO_STRING_SIZE];
	uint64_t lineno;
};

struct allocinfo_tag_data {
	struct allocinfo_tag tag;
	struct allocinfo_counter counter;
};

struct allocinfo_filter {
	uint64_t mask;
	struct allocinfo_tag tag;
	uint64_t min_size;
	uint64_t max_size;
	uint64_t inaccurate;
};

struct allocinfo_get_at {
	uint64_t pos; /* taken */
	struct allocinfo_filter filter; /* taken */
	struct allocinfo_tag_data data; /* given */
};

#define ALLOCINFO_IOC_BASE 0xA6
#define ALLOCINFO_CONTENT_ID _IOR(ALLOCINFO_IOC_BASE, 0, struct allocinfo_content_id)
#define ALLOCINFO_GET_AT _IOWR(ALLOCINFO_IOC_BASE, 1, struct allocinfo_get_at)
#define ALLOCINFO_GET_NEXT _IOR(ALLOCINFO_IOC_BASE, 2, struct allocinfo_tag_data)

/* The v3 layout: the same, but that what a filter says of accuracy is in its tag. */

struct allocinfo_v3_tag {
	char modname[ALLOCINFO_STRING_SIZE];
	char function[ALLOCINFO_STRING_SIZE];
	char filename[ALLOCINFO_STRING_SIZE];
	uint64_t lineno;
	uint64_t inaccurate; /* of a filter */
};

struct allocinfo_v3_tag_data {
	struct allocinfo_v3_tag tag;
	struct allocinfo_counter counter;
};

struct allocinfo_v3_filter {
	uint64_t mask;
	struct allocinfo_v3_tag tag;
	uint64_t min_size;
	uint64_t max_size;
};

struct allocinfo_v3_get_at {
	uint64_t pos;
	struct allocinfo_v3_filter filter;
	struct allocinfo_v3_tag_data data;
};

#define ALLOCINFO_V3_GET_AT _IOWR(ALLOCINFO_IOC_BASE, 1, struct allocinfo_v3_get_at)
#define ALLOCINFO_V3_GET_NEXT _IOR(ALLOCINFO_IOC_BASE, 2, struct allocinfo_v3_tag_data)

/* Every offset, size and command number of both. */

#define ALLOCINFO_AT(type, member, offset) \
	static_assert(offsetof(struct type, member) == (offset), #type "." #member)
#define ALLOCINFO_TAKES(type, size) static_assert(sizeof(struct type) == (size), #type)
#define ALLOCINFO_NUMBER(command, number) static_assert((command) == (number), #command)

ALLOCINFO_TAKES(allocinfo_content_id, 8);
ALLOCINFO_AT(allocinfo_counter, bytes, 0);
ALLOCINFO_AT(allocinfo_counter, calls, 8);
ALLOCINFO_AT(allocinfo_counter, accurate, 16);
ALLOCINFO_TAKES(allocinfo_counter, 24);

ALLOCINFO_AT(allocinfo_tag, modname, 0);
ALLOCINFO_AT(allocinfo_tag, function, 64);
ALLOCINFO_AT(allocinfo_tag, filename, 128);
ALLOCINFO_AT(allocinfo_tag, lineno, 192);
ALLOCINFO_TAKES(allocinfo_tag, 200);
ALLOCINFO_AT(allocinfo_tag_data, tag, 0);
ALLOCINFO_AT(allocinfo_tag_data, counter, 200);
ALLOCINFO_TAKES(allocinfo_tag_data, 224);
ALLOCINFO_AT(allocinfo_filter, mask, 0);
ALLOCINFO_AT(allocinfo_filter, tag, 8);
ALLOCINFO_AT(allocinfo_filter, min_size, 208);
ALLOCINFO_AT(allocinfo_filter, max_size, 216);
ALLOCINFO_AT(allocinfo_filter, inaccurate, 224);
ALLOCINFO_TAKES(allocinfo_filter, 232);
ALLOCINFO_AT(allocinfo_get_at, pos, 0);
ALLOCINFO_AT(allocinfo_get_at, filter, 8);
ALLOCINFO_AT(allocinfo_get_at, data, 240);
ALLOCINFO_TAKES(allocinfo_get_at, 464);
ALLOCINFO_NUMBER(ALLOCINFO_CONTENT_ID, 0x8008a600);
ALLOCINFO_NUMBER(ALLOCINFO_GET_AT, 0xc1d0a601);
ALLOCINFO_NUMBER(ALLOCINFO_GET_NEXT, 0x80e0a602);

ALLOCINFO_AT(allocinfo_v3_tag, modname, 0);
ALLOCINFO_AT(allocinfo_v3_tag, function, 64);
ALLOCINFO_AT(allocinfo_v3_tag, filename, 128);
ALLOCINFO_AT(allocinfo_v3_tag, lineno, 192);
ALLOCINFO_AT(allocinfo_v3_tag, inaccurate, 200);
ALLOCINFO_TAKES(allocinfo_v3_tag, 208);
ALLOCINFO_AT(allocinfo_v3_tag_data, tag, 0);
ALLOCINFO_AT(allocinfo_v3_tag_data, counter, 208);
ALLOCINFO_TAKES(allocinfo_v3_tag_data, 232);
ALLOCINFO_AT(allocinfo_v3_filter, mask, 0);
ALLOCINFO_AT(allocinfo_v3_filter, tag, 8);
ALLOCINFO_AT(allocinfo_v3_filter, min_size, 216);
ALLOCINFO_AT(allocinfo_v3_filter, max_size, 224);
ALLOCINFO_TAKES(allocinfo_v3_filter, 232);
ALLOCINFO_AT(allocinfo_v3_get_at, pos, 0);
ALLOCINFO_AT(allocinfo_v3_get_at, filter, 8);
ALLOCINFO_AT(allocinfo_v3_get_at, data, 240);
ALLOCINFO_TAKES(allocinfo_v3_get_at, 472);
ALLOCINFO_NUMBER(ALLOCINFO_V3_GET_AT, 0xc1d8a601);
ALLOCINFO_NUMBER(ALLOCINFO_V3_GET_NEXT, 0x80e8a602);

#undef ALLOCINFO_AT
#undef ALLOCINFO_TAKES
#undef ALLOCINFO_NUMBER

#endif
