/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One hash for inode numbers, content ids and the indexes of the catalog: 64 bits, multiply and
 * fold, eight bytes a step. Not for keeping secrets; an index that holds names from outside seeds
 * it with a random number (hash_seed) so that nobody can prepare names that all collide.
 */
#ifndef ALLOCFS_HASH_H
#define ALLOCFS_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

__extension__ typedef unsigned __int128 hash_wide;

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	hash_wide product = (hash_wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_bytes(uint64_t seed, const void *data, size_t len)
{
	const unsigned char *at = data;
	uint64_t state = seed ^ hash_fold(len ^ 0x9e3779b97f4a7c15u, 0xd6e8feb86659fd93u);
	uint64_t word;

	for (; len >= 8; at += 8, len -= 8) {
		memcpy(&word, at, 8);
		state = hash_fold(state ^ word, 0xa0761d6478bd642fu);
	}
	word = 0;
	if (len > 0)
		memcpy(&word, at, len);
	state = hash_fold(state ^ word, 0xe7037ed1a0b428dbu);
	return hash_fold(state ^ 0x8ebc6af09c88c6e3u, 0x589965cc75374cc3u);
}

static inline uint64_t hash_number(uint64_t seed, uint64_t number)
{
	return hash_bytes(seed, &number, sizeof(number));
}

/* A random number, the same for the life of the process. */
uint64_t hash_seed(void);

#endif
