/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file status of the mount's root: one "key: value" a line, for people and scripts. */
#ifndef ALLOCFS_STATUS_H
#define ALLOCFS_STATUS_H

#include "snapshots.h"

/* Appends the text. sample is the last good one, also where the source fails by now. */
void status_append(struct sampler *sampler, struct snapshots *snapshots,
		   const struct sample *sample, GString *out);

#endif
