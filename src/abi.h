/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ioctls' structs, in both layouts, to and from what the rest of the house works with. Pure.
 * The layouts are data: one row each of sizes, offsets and command numbers, taken from
 * include/allocfs/allocinfo.h; the code here is the same for both.
 */
#ifndef ALLOCFS_ABI_H
#define ALLOCFS_ABI_H

#include "allocfs/allocinfo.h"
#include "text.h"

enum abi_layout_id {
	ABI_MAINLINE,
	ABI_V3,
	ABI_LAYOUT_COUNT,
};

/* What differs between the layouts; all offsets from the start of the struct named. */
struct abi_layout {
	const char *name;
	unsigned int get_at, get_next; /* command numbers */
	size_t record_size; /* tag_data */
	size_t record_counter;
	size_t get_at_size;
	size_t filter_min_size, filter_max_size, filter_inaccurate;
};

/* Room for the largest struct of either layout, aligned as the structs are. */
struct abi_buffer {
	_Alignas(struct allocinfo_v3_get_at) unsigned char at[sizeof(struct allocinfo_v3_get_at)];
};

/* A filter, NULs behind its strings. */
struct abi_filter {
	uint64_t mask; /* ALLOCINFO_MASK_... */
	char modname[ALLOCINFO_STRING_SIZE];
	char function[ALLOCINFO_STRING_SIZE];
	char filename[ALLOCINFO_STRING_SIZE];
	uint64_t lineno;
	uint64_t inaccurate;
	uint64_t min_size, max_size;
};

/* A tag and its counter as the ioctls give them; no span is NULL. */
struct abi_record {
	struct span modname, function, filename; /* at most 63 bytes each */
	uint64_t lineno;
	int64_t bytes;
	uint64_t calls;
	bool accurate;
};

const struct abi_layout *abi_layout(enum abi_layout_id id);

/* Fills a string of a filter: cut, the rest zeros. */
void abi_fill_string(char to[ALLOCINFO_STRING_SIZE], struct span words);

/* What the ioctls give for the words of a tag and its counter. Spans into those of site. */
void abi_cut_record(struct abi_record *record, const struct text_site *site, int64_t bytes,
		    uint64_t calls, bool accurate);

/* Whether two records have the same words and line. */
bool abi_same_words(const struct abi_record *a, const struct abi_record *b);

/* Whether a record passes a filter, by the rules of the kernel: see allocinfo.h. */
bool abi_filter_passes(const struct abi_filter *filter, const struct abi_record *record);

/*
 * To and from the structs. A tag_data has layout->record_size bytes, all of which are written; its
 * spans are into the bytes it was read from. A get_at has layout->get_at_size bytes, of which
 * abi_put_get_at() writes all but the data.
 */
void abi_put_record(const struct abi_layout *layout, const struct abi_record *record,
		    unsigned char *to);
void abi_take_record(const struct abi_layout *layout, const unsigned char *from,
		     struct abi_record *record);
void abi_put_get_at(const struct abi_layout *layout, uint64_t pos, const struct abi_filter *filter,
		    unsigned char *to);
void abi_take_get_at(const struct abi_layout *layout, const unsigned char *from, uint64_t *pos,
		     struct abi_filter *filter);

/* Where the tag_data lies in a get_at of either layout. */
#define ABI_GET_AT_DATA offsetof(struct allocinfo_get_at, data)

#endif
