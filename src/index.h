/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hash index from keys to the numbers of things that live in an array elsewhere: 8 bytes a slot,
 * no keys stored. What GHashTable would cost per tag (a key, a value, a hash, each a pointer wide,
 * and the key's own memory) is why this exists. Not locked: built by one thread, then read by many.
 */
#ifndef ALLOCFS_INDEX_H
#define ALLOCFS_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#define INDEX_NONE UINT32_MAX

struct index_slot {
	uint32_t hash;
	uint32_t number; /* INDEX_NONE: free */
};

struct index {
	struct index_slot *slots; /* NULL while empty */
	uint32_t mask;
	uint32_t used;
};

/* Whether the thing of that number has that key; owner is what index_find() was given. */
typedef bool (*index_match)(const void *owner, uint32_t number, const void *key);

/* The number stored under hash for which match says yes, or INDEX_NONE. */
uint32_t index_find(const struct index *index, uint64_t hash, index_match match, const void *owner,
		    const void *key);

/* Adds number; the caller knows that its key is not there yet. */
void index_add(struct index *index, uint64_t hash, uint32_t number);

/* Frees what the index holds and leaves it empty. */
void index_clear(struct index *index);

#endif
