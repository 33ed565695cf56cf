/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the samples of a tree come from: see world.h. */
#include "world.h"

#include <errno.h>
#include "difference.h"

/* Differences that are made at one time. */
#define KEPT 4

struct differences {
	gint refs;
	GMutex lock; /* guards the rest; taken before that of a world */
	struct world *worlds[KEPT]; /* that may have one, the last used first; no references */
};

struct world {
	gint refs;
	enum query_realm realm;
	struct sampler *sampler; /* of the live world */
	struct sample *sample; /* of a frozen one */
	struct world *now, *then; /* of a difference, with: */
	struct differences *differences;
	GMutex lock; /* guards the rest */
	struct pairing *pairing; /* of the catalogs last met; or NULL */
	uint32_t guessed; /* as the last pairing told */
	struct sample *difference; /* made last, or NULL, ... */
	uint64_t now_serial; /* ... from the sample of that serial */
};

static struct world *new_world(enum query_realm realm)
{
	struct world *world = g_new0(struct world, 1);

	world->refs = 1;
	world->realm = realm;
	g_mutex_init(&world->lock);
	return world;
}

struct world *world_new_live(struct sampler *sampler)
{
	struct world *world = new_world(REALM_LIVE);

	world->sampler = sampler;
	return world;
}

struct world *world_new_frozen(struct sample *sample)
{
	struct world *world = new_world(REALM_SNAPSHOT);

	world->sample = sample_ref(sample);
	return world;
}

struct world *world_new_since(struct world *now, struct world *then,
			      struct differences *differences)
{
	struct world *world = new_world(REALM_SINCE);

	world->now = world_ref(now);
	world->then = world_ref(then);
	g_atomic_int_inc(&differences->refs);
	world->differences = differences;
	return world;
}

struct differences *differences_new(void)
{
	struct differences *differences = g_new0(struct differences, 1);

	differences->refs = 1;
	g_mutex_init(&differences->lock);
	return differences;
}

void differences_unref(struct differences *differences)
{
	if (!differences || !g_atomic_int_dec_and_test(&differences->refs))
		return;
	g_mutex_clear(&differences->lock);
	g_free(differences);
}

static void forget_difference(struct world *world)
{
	g_mutex_lock(&world->lock);
	g_clear_pointer(&world->difference, sample_unref);
	g_clear_pointer(&world->pairing, pairing_free);
	g_mutex_unlock(&world->lock);
}

/* Locked. Moves those in front of at one place back; what stood there is gone. */
static void make_way(struct differences *differences, size_t at)
{
	for (; at > 0; at--)
		differences->worlds[at] = differences->worlds[at - 1];
}

/* The world has made a difference: whoever was asked longest ago forgets his. */
static void note_use(struct world *world)
{
	struct differences *differences = world->differences;
	size_t at = 0;

	g_mutex_lock(&differences->lock);
	while (at < KEPT - 1 && differences->worlds[at] != world)
		at++;
	if (differences->worlds[at] && differences->worlds[at] != world)
		forget_difference(differences->worlds[at]);
	make_way(differences, at);
	differences->worlds[0] = world;
	g_mutex_unlock(&differences->lock);
}

static void leave(struct world *world)
{
	struct differences *differences = world->differences;

	if (!differences)
		return;
	g_mutex_lock(&differences->lock);
	for (size_t at = 0; at < KEPT; at++)
		if (differences->worlds[at] == world)
			differences->worlds[at] = NULL;
	g_mutex_unlock(&differences->lock);
	differences_unref(differences);
}

struct world *world_ref(struct world *world)
{
	g_atomic_int_inc(&world->refs);
	return world;
}

void world_unref(struct world *world)
{
	if (!world || !g_atomic_int_dec_and_test(&world->refs))
		return;
	leave(world);
	sample_unref(world->sample);
	world_unref(world->now);
	world_unref(world->then);
	pairing_free(world->pairing);
	sample_unref(world->difference);
	g_mutex_clear(&world->lock);
	g_free(world);
}

enum query_realm world_realm(const struct world *world)
{
	return world->realm;
}

bool world_is_frozen(const struct world *world)
{
	return world->sample || (world->now && world_is_frozen(world->now));
}

uint32_t world_guessed(struct world *world)
{
	uint32_t guessed;

	g_mutex_lock(&world->lock);
	guessed = world->guessed;
	g_mutex_unlock(&world->lock);
	return guessed;
}

/* Locked. Matching is done anew only where one of the catalogs is another one. NULL: no memory. */
static const struct pairing *pair(struct world *world, struct catalog *now)
{
	struct catalog *then = world->then->sample->catalog;

	if (world->pairing && pairing_is_of(world->pairing, now, then))
		return world->pairing;
	g_clear_pointer(&world->pairing, pairing_free);
	if (!pairing_has_room(now, then))
		return NULL;
	world->pairing = pairing_new(now, then);
	world->guessed = pairing_guessed(world->pairing);
	return world->pairing;
}

/* Locked. NULL where there is no memory for it. */
static struct sample *make_difference(struct world *world, const struct sample *now)
{
	const struct pairing *pairing = pair(world, now->catalog);

	if (!pairing || !sample_part_has_room(pairing_catalog(pairing)))
		return NULL;
	return difference_new(pairing, now, world->then->sample);
}

/* The difference that now makes, which is made once, or NULL: takes over the reference to now. */
static struct sample *subtract(struct world *world, struct sample *now)
{
	struct sample *difference;

	g_mutex_lock(&world->lock);
	if (world->now_serial != now->serial)
		g_clear_pointer(&world->difference, sample_unref);
	if (!world->difference)
		world->difference = make_difference(world, now);
	world->now_serial = now->serial;
	difference = world->difference ? sample_ref(world->difference) : NULL;
	g_mutex_unlock(&world->lock);
	if (difference)
		note_use(world);
	sample_unref(now);
	return difference;
}

int world_get(struct world *world, enum sampler_need need, struct sample **sample)
{
	struct sample *now;
	int err;

	if (world->sampler)
		return sampler_get(world->sampler, need, sample);
	if (world->sample) {
		*sample = sample_ref(world->sample);
		return 0;
	}
	err = world_get(world->now, need, &now);
	if (err)
		return err;
	*sample = subtract(world, now);
	return *sample ? 0 : -ENOMEM;
}

int world_get_some(struct world *world, const struct sample *names, const struct target *target,
		   struct sample **sample)
{
	if (world->sampler)
		return sampler_get_some(world->sampler, names, target, sample);
	return world_get(world, SAMPLER_COUNTERS, sample);
}

bool world_is_young(struct world *world, const struct sample *sample)
{
	struct sample *now;
	bool young;

	if (world->sampler)
		return sampler_is_young(world->sampler, sample);
	if (world->sample)
		return true;
	now = world_last(world->now);
	g_mutex_lock(&world->lock);
	young = now && sample == world->difference && now->serial == world->now_serial;
	g_mutex_unlock(&world->lock);
	sample_unref(now);
	return young;
}

struct sample *world_last(struct world *world)
{
	struct sample *now;

	if (world->sampler)
		return sampler_last(world->sampler);
	if (world->sample)
		return sample_ref(world->sample);
	now = world_last(world->now);
	return now ? subtract(world, now) : NULL;
}
