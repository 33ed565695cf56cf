/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generated listings and paths for the tests of what goes down to the kernel. Listings have several
 * tags of one key, names that are equal once cut to 63 bytes, several spellings of one source file,
 * counters at the edges; paths mostly lead to something.
 */
#ifndef ALLOCFS_TEST_GENERATE_H
#define ALLOCFS_TEST_GENERATE_H

#include "catalog.h"
#include "fake_kernel.h"

/* Fills a kernel without tags with up to so many, and writes its text. */
void generate_listing(GRand *random, struct fake_kernel *kernel, guint most);

/* One of the edges, where comparisons go wrong. */
int64_t generate_edge(GRand *random);

/* The path of a directory, a tag, a place, a position or a report; the caller frees it. */
char *generate_path(GRand *random, const struct catalog *catalog);

#endif
