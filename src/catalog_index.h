/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hashes that the catalog's indexes are built and searched with. Only for catalog*.c. */
#ifndef ALLOCFS_CATALOG_INDEX_H
#define ALLOCFS_CATALOG_INDEX_H

#include "hash.h"
#include "span.h"

static inline uint64_t catalog_hash_flat(struct span name)
{
	return hash_bytes(hash_seed(), name.at, name.len);
}

static inline uint64_t catalog_hash_in_file(uint32_t path, struct span name)
{
	return hash_bytes(hash_seed() + path, name.at, name.len);
}

#endif
