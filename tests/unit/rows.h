/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a sample answers to a question, as text: two answers are the same where this is. */
#ifndef ALLOCFS_TEST_ROWS_H
#define ALLOCFS_TEST_ROWS_H

#include "select.h"

/*
 * The rows of a target, or its one tag, a line each: number, rank, and the line of the listing,
 * which has names and counters. The caller frees it.
 */
char *rows_show(const struct sample *sample, const struct target *target);

#endif
