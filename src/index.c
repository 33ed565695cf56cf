/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open addressing with linear probing, at most three quarters full: see index.h. */
#include "index.h"

#include <glib.h>
#include "hash.h"

uint64_t hash_seed(void)
{
	static gsize seed;

	if (g_once_init_enter(&seed)) {
		uint64_t random = (uint64_t)g_random_int() << 32 | g_random_int();

		g_once_init_leave(&seed, (gsize)(random | 1));
	}
	return seed;
}

static uint32_t first_slot(const struct index *index, uint32_t hash)
{
	return hash & index->mask;
}

uint32_t index_find(const struct index *index, uint64_t hash, index_match match, const void *owner,
		    const void *key)
{
	uint32_t short_hash = (uint32_t)(hash >> 32);

	if (!index->slots)
		return INDEX_NONE;
	for (uint32_t at = first_slot(index, short_hash);; at = (at + 1) & index->mask) {
		struct index_slot slot = index->slots[at];

		if (slot.number == INDEX_NONE)
			return INDEX_NONE;
		if (slot.hash == short_hash && match(owner, slot.number, key))
			return slot.number;
	}
}

static void put(struct index *index, struct index_slot slot)
{
	uint32_t at = first_slot(index, slot.hash);

	while (index->slots[at].number != INDEX_NONE)
		at = (at + 1) & index->mask;
	index->slots[at] = slot;
}

static void grow(struct index *index)
{
	struct index old = *index;
	size_t size = old.slots ? 2 * ((size_t)old.mask + 1) : 16;

	index->slots = g_new(struct index_slot, size);
	index->mask = (uint32_t)(size - 1);
	for (size_t i = 0; i < size; i++)
		index->slots[i].number = INDEX_NONE;
	for (size_t i = 0; old.slots && i <= old.mask; i++)
		if (old.slots[i].number != INDEX_NONE)
			put(index, old.slots[i]);
	g_free(old.slots);
}

void index_add(struct index *index, uint64_t hash, uint32_t number)
{
	if (!index->slots || index->used >= (index->mask + 1u) / 4 * 3)
		grow(index);
	put(index, (struct index_slot){(uint32_t)(hash >> 32), number});
	index->used++;
}

void index_clear(struct index *index)
{
	g_free(index->slots);
	*index = (struct index){NULL, 0, 0};
}
