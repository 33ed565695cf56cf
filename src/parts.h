/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of a sample that was gathered last: a stat is followed by an open, a listing by the
 * reading of what it lists. Keeps account of what gathering costs as well, because at some point
 * one full read is cheaper. Any thread.
 */
#ifndef ALLOCFS_PARTS_H
#define ALLOCFS_PARTS_H

#include "plan.h"
#include "sample.h"

struct parts;

/* max_age in microseconds: how long a part serves. */
struct parts *parts_new(int64_t max_age);
void parts_free(struct parts *parts);

/* The part, if it is young, of that catalog and has all the plan asks for, as a new reference; or
 * NULL. */
struct sample *parts_find(struct parts *parts, const struct catalog *catalog,
			  const struct plan *plan);

/* Keeps a part that was gathered by the plan. */
void parts_keep(struct parts *parts, const struct plan *plan, struct sample *part);

/* Gathering has taken so many microseconds, whatever came of it. */
void parts_charge(struct parts *parts, int64_t cost);

/*
 * Whether gathering has cost more within the last max_age than a full read would have, which takes
 * full_cost microseconds and serves all for as long.
 */
bool parts_too_dear(struct parts *parts, int64_t full_cost);

/* Drops the part: there is news, or its names are of the past. */
void parts_drop(struct parts *parts);

#endif
