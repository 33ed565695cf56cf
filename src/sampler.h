/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sampler stands in front of the source: it keeps the last sample, answers from it while it is
 * young enough, and lets concurrent callers share one read. All functions may be called from any
 * thread.
 */
#ifndef ALLOCFS_SAMPLER_H
#define ALLOCFS_SAMPLER_H

#include "query.h"
#include "sample.h"
#include "source.h"

struct sampler;

enum sampler_need {
	SAMPLER_NAMES, /* the catalog is up to date; the counters may be older */
	SAMPLER_COUNTERS, /* the counters are not older than max_age either */
};

struct sampler_stats {
	uint64_t from_memory; /* questions for counters that memory answered */
	uint64_t full_reads; /* passes over the whole source */
	uint64_t pushed_down; /* questions that filtered passes answered */
	char *last_error; /* or NULL; the caller frees it */
};

/* Takes over the source. max_age in microseconds; 0 means that each question is a new read. */
struct sampler *sampler_new(struct source *source, int64_t max_age);
void sampler_free(struct sampler *sampler);

/*
 * Returns 0 and a new reference in *sample; -EAGAIN where the source kept changing while it was
 * read, -ENOMEM where there is not enough memory for it, -EINTR where the request is given up (see
 * interrupt.h); else -EIO where it fails. All but -EINTR are also logged once and kept for
 * sampler_stats().
 */
int sampler_get(struct sampler *sampler, enum sampler_need need, struct sample **sample);

/* As sampler_get() for counters that are not older than the question. */
int sampler_get_now(struct sampler *sampler, struct sample **sample);

/*
 * As sampler_get() for counters, but of those tags alone that the target shows, where that is
 * cheaper: *sample may be a part, but may be a full one as well. names is what sampler_get() gave
 * last, and the target is of its catalog. -ESTALE where the source has other names by now, so that
 * all has to be done again.
 */
int sampler_get_some(struct sampler *sampler, const struct sample *names,
		     const struct target *target, struct sample **sample);

/* Whether no answer that was given has newer counters than the sample. */
bool sampler_is_young(struct sampler *sampler, const struct sample *sample);

/* The last good full sample, however old, as a new reference; NULL where there was none yet. */
struct sample *sampler_last(struct sampler *sampler);

void sampler_stats(struct sampler *sampler, struct sampler_stats *stats);

/* The source, for what can be asked or told at any time. */
struct source *sampler_source(const struct sampler *sampler);

int64_t sampler_max_age(const struct sampler *sampler);

#endif
