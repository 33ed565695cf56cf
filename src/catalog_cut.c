/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ioctls give for a tag, and which tags they cannot tell apart: see catalog_cut_keys(). */
#include "catalog.h"

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

uint32_t catalog_cut_key(const struct abi_record *record)
{
	return (uint32_t)hash_record(record) & ~CATALOG_AMBIGUOUS;
}

bool catalog_has_words(const struct catalog *catalog, uint32_t tag, const struct abi_record *record)
{
	struct abi_record words;

	if (catalog->tags[tag].line != record->lineno)
		return false;
	cut_site(catalog, tag, &words);
	return abi_same_words(&words, record);
}

static bool has_words(const void *owner, uint32_t tag, const void *key)
{
	return catalog_has_words(owner, tag, key);
}

static uint32_t *make_keys(const struct catalog *catalog)
{
	uint32_t *keys = g_new(uint32_t, (size_t)catalog->count + 1);
	struct index index = {NULL, 0, 0};

	for (uint32_t i = 0; i < catalog->count; i++) {
		struct abi_record record;
		uint64_t hash;
		uint32_t first;

		cut_site(catalog, i, &record);
		hash = hash_record(&record);
		keys[i] = (uint32_t)hash & ~CATALOG_AMBIGUOUS;
		first = index_find(&index, hash, has_words, catalog, &record);
		if (first == INDEX_NONE) {
			index_add(&index, hash, i);
		} else {
			keys[first] |= CATALOG_AMBIGUOUS;
			keys[i] |= CATALOG_AMBIGUOUS;
		}
	}
	index_clear(&index);
	return keys;
}

const uint32_t *catalog_cut_keys(struct catalog *catalog)
{
	if (g_once_init_enter(&catalog->cut_keys))
		g_once_init_leave(&catalog->cut_keys, make_keys(catalog));
	return catalog->cut_keys;
}
