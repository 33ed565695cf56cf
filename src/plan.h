/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of a query: which filtered passes over the source give all tags that it can hold, or
 * that the whole listing has to be read. Pure. What the kernel cannot test (directories, calls,
 * bytes with their sign, names that are equal once cut) is left to select, which tests everything.
 */
#ifndef ALLOCFS_PLAN_H
#define ALLOCFS_PLAN_H

#include "abi.h"
#include "query.h"
#include "sample.h"

/* A pass for each spelling of a source path; more than these, and the listing is read. */
#define PLAN_PASSES 4

struct plan {
	uint32_t passes; /* 0: the whole listing */
	uint32_t tag; /* the only one that is wanted, or CATALOG_NONE */
	struct query query; /* else: what is wanted */
	struct abi_filter filter[PLAN_PASSES]; /* no tag passes two of them */
};

/* Bits of a filter's mask that are about names; the others are about counters. */
#define PLAN_NAMES                                                                    \
	(ALLOCINFO_MASK_MODNAME | ALLOCINFO_MASK_FUNCTION | ALLOCINFO_MASK_FILENAME | \
	 ALLOCINFO_MASK_LINENO)

/* The plan for what a target shows of counters. */
void plan_make(const struct catalog *catalog, const struct target *target, struct plan *plan);

/*
 * Whether a part, gathered by the plan, has all it should have: every tag that was let through by
 * names, where counters had no say.
 */
bool plan_is_met(const struct plan *plan, const struct sample *part);

/* Whether two plans for the same catalog are for the same passes. */
bool plan_equal(const struct plan *a, const struct plan *b);

#endif
