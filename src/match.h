/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Matching: which tag of one catalog is which of another. The tags of one module, file and function
 * are a group. Where a group has as many tags in both, they are matched in the order of the
 * listing: a patch moves lines, but seldom the sites of one function past each other. Where it has
 * not, those of equal line (and the same place among these) are matched first, and what is left
 * over in the order of the listing. A match of tags whose lines differ is a guess, and counted.
 */
#ifndef ALLOCFS_MATCH_H
#define ALLOCFS_MATCH_H

#include "catalog.h"

struct match {
	uint32_t *then; /* by tag of now: the tag of then, or CATALOG_NONE: it is new */
	uint32_t *gone; /* the tags of then that have none, in listing order */
	uint32_t gone_count;
	uint32_t guessed;
};

/* The caller frees it. */
struct match *match_new(const struct catalog *now, const struct catalog *then);
void match_free(struct match *match);

#endif
