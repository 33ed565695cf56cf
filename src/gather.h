/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gathering: filtered passes over a source, and the records they give put to the tags of a catalog.
 * The records' names are cut; but they come in the order of the listing, so that both are walked
 * forward together.
 */
#ifndef ALLOCFS_GATHER_H
#define ALLOCFS_GATHER_H

#include "plan.h"
#include "sample.h"
#include "source.h"

/*
 * Runs the plan, which reads less than the whole listing, over a source that can pass. names is a
 * full sample of the source. Returns 0 and in *part a part of a sample with every tag that the
 * filters let through; -ESTALE where the source's names are not those of names any more; -ENODATA
 * where it gives records that are not as the plan and the names say, or too many that only others
 * of their own can tell apart: then the listing has to be read; else -errno. Any thread.
 */
int gather(struct source *source, const struct sample *names, const struct plan *plan,
	   struct sample **part);

#endif
