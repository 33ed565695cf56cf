/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Differences: what one sample holds more than another, tag by tag, as a sample of its own, so that
 * everything which is made from samples can be made from growth. Its catalog has the tags of both;
 * it is a part, and what did not change is not in it.
 */
#ifndef ALLOCFS_DIFFERENCE_H
#define ALLOCFS_DIFFERENCE_H

#include "match.h"
#include "sample.h"

/* Two catalogs brought together; immutable. */
struct pairing;

/* Matches the tags of two catalogs, which it keeps references to. */
struct pairing *pairing_new(struct catalog *now, struct catalog *then);
/* Whether there is memory for that: see heap_has_room(). */
bool pairing_has_room(const struct catalog *now, const struct catalog *then);
void pairing_free(struct pairing *pairing);

/* Whether it is of these two. */
bool pairing_is_of(const struct pairing *pairing, const struct catalog *now,
		   const struct catalog *then);

/* The catalog of all tags: those of now under their numbers, those that are gone behind them. */
struct catalog *pairing_catalog(const struct pairing *pairing);

/* Tags whose counterpart stands at another line. */
uint32_t pairing_guessed(const struct pairing *pairing);

/* now minus then, as a new reference; full samples of the two catalogs of the pairing. */
struct sample *difference_new(const struct pairing *pairing, const struct sample *now,
			      const struct sample *then);

#endif
