/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of samples: see sample.h. */
#include "sample.h"

#include <stdlib.h>
#include "heap.h"

/* The list of tags doubles; the keys by which records are found are the catalog's, made once. */
bool sample_part_has_room(const struct catalog *catalog)
{
	size_t size = sizeof(struct counter) + 1 + 5 * sizeof(uint32_t);

	return heap_has_room(catalog->count * size);
}

struct sample *sample_part_begin(const struct sample *names, struct catalog *catalog,
				 struct timespec time, int64_t began)
{
	struct sample *part = g_new0(struct sample, 1);
	uint32_t tags = catalog->count;

	part->refs = 1;
	part->serial = sample_next_serial();
	part->content_id = names->content_id;
	part->catalog = catalog_ref(catalog);
	part->listing = names->listing;
	/* Zeros that nobody looks at cost nothing. */
	part->counters = g_new0(struct counter, tags + 1);
	part->inaccurate = g_malloc0(tags / 8 + 1);
	part->time = time;
	part->began = began;
	part->part = g_new(uint32_t, 1);
	return part;
}

/* Room doubles where the count is a power of two. */
static void add_number(struct sample *part, uint32_t tag)
{
	uint32_t count = part->part_count;

	if ((count & (count - 1)) == 0)
		part->part = g_renew(uint32_t, part->part, MAX(2 * (size_t)count, 1));
	part->part[count] = tag;
	part->part_count++;
}

/* A tail that says something of accuracy says it of the counter that it stood behind. */
static void add_tail(struct sample *part, const struct sample *names, uint32_t tag)
{
	const char *tail = NULL;

	if (names && names->tails &&
	    sample_is_accurate(names, tag) == sample_is_accurate(part, tag))
		tail = g_hash_table_lookup(names->tails, GUINT_TO_POINTER(tag));
	if (!tail)
		return;
	if (!part->tails)
		part->tails = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	g_hash_table_insert(part->tails, GUINT_TO_POINTER(tag), g_strdup(tail));
}

void sample_part_mark(struct sample *part, uint32_t tag, bool accurate)
{
	uint8_t bit = (uint8_t)(1u << tag % 8);

	part->inaccurate[tag / 8] &= (uint8_t)~bit;
	if (!accurate)
		part->inaccurate[tag / 8] |= bit;
}

void sample_part_add(struct sample *part, const struct sample *names, uint32_t tag,
		     struct counter counter, bool accurate)
{
	part->counters[tag] = counter;
	sample_part_mark(part, tag, accurate);
	add_tail(part, names, tag);
	add_number(part, tag);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

void sample_part_finish(struct sample *part)
{
	uint32_t kept = 0;

	qsort(part->part, part->part_count, sizeof(*part->part), by_number);
	for (uint32_t i = 0; i < part->part_count; i++)
		if (kept == 0 || part->part[i] != part->part[kept - 1])
			part->part[kept++] = part->part[i];
	part->part_count = kept;
}

bool sample_has(const struct sample *sample, uint32_t tag)
{
	return !sample->part || bsearch(&tag, sample->part, sample->part_count,
					sizeof(*sample->part), by_number) != NULL;
}
