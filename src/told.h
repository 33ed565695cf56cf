/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which errors of a source were told: each is told once until the attempt that met it succeeds,
 * however many fail and whatever else succeeds in between. Not locked: that is the owner's.
 */
#ifndef ALLOCFS_TOLD_H
#define ALLOCFS_TOLD_H

#include <glib.h>

/* What can fail, and come back, apart from the others. */
enum attempt { LOOKING_AT_NAMES, READING_ALL, PASSING };

struct told;

/* name: what the errors are about; kept by the caller. */
struct told *told_new(const char *name);
void told_free(struct told *told);

/*
 * Takes note of how an attempt went: err is 0 or -errno, -ECANCELED being no failure. Returns what
 * is to be logged, which the caller frees, or NULL.
 */
char *told_note(struct told *told, enum attempt attempt, int err);

/* What was told last, or NULL. */
const char *told_last(const struct told *told);

#endif
