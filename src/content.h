/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of files. A report has to be rendered for its size to be known, so the renderings that
 * stat asked for are kept for a moment, for the open that usually follows. Knows no requests.
 */
#ifndef ALLOCFS_CONTENT_H
#define ALLOCFS_CONTENT_H

#include "snapshots.h"
#include "query.h"

struct content_cache;

/* max_age in microseconds: how long a rendering of status serves; others do while their sample
 * does. */
struct content_cache *content_cache_new(int64_t max_age);
void content_cache_free(struct content_cache *cache);

/* What a file is rendered from. */
struct content_input {
	struct sampler *sampler; /* for status; and this: */
	struct snapshots *snapshots;
	const struct sample *sample; /* the last good one where the source fails */
	const struct target *target; /* a file */
	uint32_t tag; /* that the file is, or CATALOG_NONE */
	const char *path; /* of its directory, see report.h; reports alone need it */
};

/*
 * The bytes of a file, as a new reference. inode is the file's, for the cache; a rendering from the
 * same sample is taken from there. Returns 0, -ENOMEM, or -EISDIR.
 */
int content_get(struct content_cache *cache, uint64_t inode, const struct content_input *input,
		GBytes **bytes);

/* Its length alone; of a file too long to be kept that is remembered for as long. */
int content_size(struct content_cache *cache, uint64_t inode, const struct content_input *input,
		 uint64_t *size);

/* The length of the file allocinfo, without rendering it. */
uint64_t content_listing_length(const struct sample *sample);

#endif
