/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world is what a tree shows: the source as it is now, a sample that is frozen, or what one of
 * these holds more than a frozen one. It gives the samples that all below its root is made from.
 * Immutable but for what it keeps at hand; shared by reference count; any thread.
 */
#ifndef ALLOCFS_WORLD_H
#define ALLOCFS_WORLD_H

#include "query.h"
#include "sampler.h"

struct world;

/* The sampler has to outlive the world. */
struct world *world_new_live(struct sampler *sampler);

/* Takes a reference to a full sample. */
struct world *world_new_frozen(struct sample *sample);

/*
 * Which differences are kept at hand: a made one takes as much as a sample, or a catalog. Of all
 * worlds that share one of these, the few that were asked last keep theirs.
 */
struct differences;
struct differences *differences_new(void);
void differences_unref(struct differences *differences);

/* now minus then, of which then is frozen; takes references to all. */
struct world *world_new_since(struct world *now, struct world *then,
			      struct differences *differences);

struct world *world_ref(struct world *world);
void world_unref(struct world *world);

/* What the roots of such a tree are. */
enum query_realm world_realm(const struct world *world);

/* Whether nothing in it can change any more. */
bool world_is_frozen(const struct world *world);

/* How many tags of a difference were matched by guessing, as far as it has been looked at. */
uint32_t world_guessed(struct world *world);

/*
 * As sampler_get(), sampler_get_some(), sampler_is_young() and sampler_last() of the world. Where
 * there is no memory for a difference it is -ENOMEM, which is not logged, and NULL.
 */
int world_get(struct world *world, enum sampler_need need, struct sample **sample);
int world_get_some(struct world *world, const struct sample *names, const struct target *target,
		   struct sample **sample);
bool world_is_young(struct world *world, const struct sample *sample);
struct sample *world_last(struct world *world);

#endif
