/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One sample minus another: see difference.h. */
#include "difference.h"

#include "heap.h"

/* What a tag of two different catalogs takes while they are matched, its words included. */
#define MATCH_SIZE 768

struct pairing {
	struct catalog *now, *then, *both;
	struct match *match; /* NULL: the catalogs are one */
};

/* Behind the tags of now, so that those keep their names. */
static struct catalog *join(const struct pairing *pairing)
{
	struct catalog_build *build;
	struct text_site site;

	if (!pairing->match || pairing->match->gone_count == 0)
		return catalog_ref(pairing->now);
	build = catalog_build_begin();
	for (uint32_t i = 0; i < pairing->now->count; i++) {
		catalog_site(pairing->now, i, &site);
		catalog_build_add(build, &site);
	}
	for (uint32_t i = 0; i < pairing->match->gone_count; i++) {
		catalog_site(pairing->then, pairing->match->gone[i], &site);
		catalog_build_add(build, &site);
	}
	return catalog_build_finish(build);
}

bool pairing_has_room(const struct catalog *now, const struct catalog *then)
{
	return now == then || heap_has_room(((size_t)now->count + then->count) * MATCH_SIZE);
}

struct pairing *pairing_new(struct catalog *now, struct catalog *then)
{
	struct pairing *pairing = g_new0(struct pairing, 1);

	pairing->now = catalog_ref(now);
	pairing->then = catalog_ref(then);
	if (now != then)
		pairing->match = match_new(now, then);
	pairing->both = join(pairing);
	return pairing;
}

void pairing_free(struct pairing *pairing)
{
	if (!pairing)
		return;
	catalog_unref(pairing->now);
	catalog_unref(pairing->then);
	catalog_unref(pairing->both);
	match_free(pairing->match);
	g_free(pairing);
}

bool pairing_is_of(const struct pairing *pairing, const struct catalog *now,
		   const struct catalog *then)
{
	return pairing->now == now && pairing->then == then;
}

struct catalog *pairing_catalog(const struct pairing *pairing)
{
	return pairing->both;
}

uint32_t pairing_guessed(const struct pairing *pairing)
{
	return pairing->match ? pairing->match->guessed : 0;
}

/* A tag of both catalogs' union in one sample; CATALOG_NONE: it is not there. */
struct half {
	const struct sample *sample;
	uint32_t tag;
};

static struct counter counter_of(const struct half *half)
{
	struct counter nothing = {0, 0};

	return half->tag == CATALOG_NONE ? nothing : half->sample->counters[half->tag];
}

static bool is_accurate(const struct half *half)
{
	return half->tag == CATALOG_NONE || sample_is_accurate(half->sample, half->tag);
}

static void add(struct sample *difference, uint32_t tag, const struct half *now,
		const struct half *then)
{
	struct counter a = counter_of(now), b = counter_of(then);
	struct counter more = {(int64_t)((uint64_t)a.bytes - (uint64_t)b.bytes), a.calls - b.calls};
	bool accurate = is_accurate(now) && is_accurate(then);

	if (more.bytes != 0 || more.calls != 0)
		sample_part_add(difference, NULL, tag, more, accurate);
	else
		sample_part_mark(difference, tag, accurate);
}

struct sample *difference_new(const struct pairing *pairing, const struct sample *now,
			      const struct sample *then)
{
	const struct match *match = pairing->match;
	uint32_t count = pairing->now->count, gone = match ? match->gone_count : 0;
	struct sample *difference = sample_part_begin(now, pairing->both, now->time, now->began);

	difference->is_difference = true;
	difference->seconds = now->time.tv_sec - then->time.tv_sec;
	difference->guessed = pairing_guessed(pairing);
	for (uint32_t i = 0; i < count; i++) {
		struct half a = {now, i}, b = {then, match ? match->then[i] : i};

		add(difference, i, &a, &b);
	}
	for (uint32_t i = 0; i < gone; i++) {
		struct half a = {now, CATALOG_NONE}, b = {then, match->gone[i]};

		add(difference, count + i, &a, &b);
	}
	sample_part_finish(difference);
	return difference;
}
