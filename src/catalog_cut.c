/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which tags the ioctls cannot tell from each other: see catalog_is_ambiguous(). */
#include "catalog.h"

#include "abi.h"
#include "hash.h"

static void cut_site(const struct catalog *catalog, uint32_t tag, struct abi_record *record)
{
	struct text_site site;

	catalog_site(catalog, tag, &site);
	abi_cut_record(record, &site, 0, 0, true);
}

static uint64_t hash_record(const struct abi_record *record)
{
	uint64_t hash = hash_number(hash_seed(), record->lineno);

	hash = hash_bytes(hash, record->filename.at, record->filename.len);
	hash = hash_bytes(hash, record->function.at, record->function.len);
	return hash_bytes(hash, record->modname.at, record->modname.len);
}

static bool has_words(const void *owner, uint32_t tag, const void *key)
{
	const struct catalog *catalog = owner;
	const struct abi_record *wanted = key;
	struct abi_record record;

	if (catalog->tags[tag].line != wanted->lineno)
		return false;
	cut_site(catalog, tag, &record);
	return abi_same_words(&record, wanted);
}

static void set_bit(uint8_t *bits, uint32_t i)
{
	bits[i / 8] |= (uint8_t)(1u << i % 8);
}

static uint8_t *find_ambiguous(const struct catalog *catalog)
{
	uint8_t *bits = g_malloc0(catalog->count / 8 + 1);
	struct index index = {NULL, 0, 0};

	for (uint32_t i = 0; i < catalog->count; i++) {
		struct abi_record record;
		uint64_t hash;
		uint32_t first;

		cut_site(catalog, i, &record);
		hash = hash_record(&record);
		first = index_find(&index, hash, has_words, catalog, &record);
		if (first == INDEX_NONE) {
			index_add(&index, hash, i);
		} else {
			set_bit(bits, first);
			set_bit(bits, i);
		}
	}
	index_clear(&index);
	return bits;
}

bool catalog_is_ambiguous(struct catalog *catalog, uint32_t tag)
{
	if (g_once_init_enter(&catalog->ambiguous))
		g_once_init_leave(&catalog->ambiguous, find_ambiguous(catalog));
	return catalog->ambiguous[tag / 8] & (1u << tag % 8);
}
