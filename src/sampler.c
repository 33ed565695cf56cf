/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cache in front of the source: see sampler.h. */
#include "sampler.h"

#include <errno.h>
#include "gather.h"
#include "interrupt.h"
#include "parts.h"
#include "refresh.h"
#include "told.h"

/* For how long an error answers at the most, microseconds. */
#define ERROR_MAX_AGE G_TIME_SPAN_SECOND

struct sampler {
	struct source *source;
	int64_t max_age;
	struct parts *parts;

	GMutex lock; /* guards all below; never held while the source is read */
	GCond finished;
	bool busy; /* somebody refreshes */
	unsigned int waiting; /* for it to be finished */
	uint64_t started; /* refreshes begun */
	uint64_t done[2]; /* by need: the last refresh finished that was good for it */
	int error[2]; /* by need: of the last refresh that was for it; 0: current will do */
	int64_t failed_at;
	struct known known; /* a refresh reads it without the lock, while busy */
	int64_t checked[2]; /* by need: since when current is known to be up to date */
	uint64_t moment; /* counts the beginnings and ends of reading counters */
	uint64_t refresh_began, last_ended; /* such moments: of the last refresh, of anything */
	uint64_t newest; /* serial of the sample that alone may answer again; or 0 */
	uint64_t from_memory, full_reads, pushed_down;
	int64_t full_cost; /* of the last full read, microseconds */
	struct told *told;
};

struct sampler *sampler_new(struct source *source, int64_t max_age)
{
	struct sampler *sampler = g_new0(struct sampler, 1);

	sampler->source = source;
	sampler->max_age = max_age;
	sampler->known = (struct known){.source = source, .may_stand_in = max_age > 0};
	sampler->parts = parts_new(max_age);
	sampler->told = told_new(source->name);
	g_mutex_init(&sampler->lock);
	g_cond_init(&sampler->finished);
	return sampler;
}

void sampler_free(struct sampler *sampler)
{
	if (!sampler)
		return;
	source_close(sampler->source);
	parts_free(sampler->parts);
	sample_unref(sampler->known.sample);
	told_free(sampler->told);
	g_mutex_clear(&sampler->lock);
	g_cond_clear(&sampler->finished);
	g_free(sampler);
}

/* With the lock let go: a log that blocks shall not hold the others up. */
static void log_unlocked(struct sampler *sampler, const char *message)
{
	g_mutex_unlock(&sampler->lock);
	g_warning("%s", message);
	g_mutex_lock(&sampler->lock);
}

/*
 * The counters of a sample are in, whose reading began at that moment. Who has seen some shall not
 * see older ones next: memory answers with those that came in last alone, and not with these if
 * others came in while they were read.
 */
static void settle(struct sampler *sampler, const struct sample *sample, uint64_t began)
{
	sampler->newest = began > sampler->last_ended ? sample->serial : 0;
	sampler->last_ended = ++sampler->moment;
}

static void accept(struct sampler *sampler, const struct refresh *refresh, int64_t began)
{
	if (refresh->sample) {
		sample_unref(sampler->known.sample);
		sampler->known.sample = refresh->sample;
		sampler->known.names = refresh->names;
		sampler->known.file = refresh->file;
		sampler->known.changing_since = 0;
		parts_drop(sampler->parts);
	}
	sampler->checked[SAMPLER_NAMES] = began;
	told_note(sampler->told, LOOKING_AT_NAMES, 0);
	if (!refresh->sample && !refresh->steady)
		return;
	sampler->checked[SAMPLER_COUNTERS] = began;
	settle(sampler, sampler->known.sample, sampler->refresh_began);
	told_note(sampler->told, READING_ALL, 0);
}

/* That names could be looked at does not mend counters that could not be read. */
static void note_result(struct sampler *sampler, enum sampler_need need,
			const struct refresh *refresh)
{
	if (refresh->error)
		sampler->failed_at = g_get_monotonic_time();
	sampler->error[SAMPLER_NAMES] = refresh->error;
	if (refresh->error || need == SAMPLER_COUNTERS || refresh->sample || refresh->steady)
		sampler->error[SAMPLER_COUNTERS] = refresh->error;
}

/* Returns 0 when it is done, whatever came of it; -EINTR where it was given up. */
static int refresh_now(struct sampler *sampler, enum sampler_need need)
{
	struct refresh refresh = {.error = 0};
	g_autofree char *message = NULL;
	uint64_t number = ++sampler->started;
	int64_t began = g_get_monotonic_time();

	sampler->busy = true;
	sampler->refresh_began = ++sampler->moment;
	g_mutex_unlock(&sampler->lock);
	refresh_look(&sampler->known, need, &refresh);
	g_mutex_lock(&sampler->lock);
	sampler->busy = false;
	if (refresh.error == -ECANCELED) {
		/* What is wanted by others is theirs to do. */
		g_cond_broadcast(&sampler->finished);
		return -EINTR;
	}
	sampler->full_reads += refresh.cost > 0;
	if (refresh.cost > 0)
		sampler->full_cost = refresh.cost;
	note_result(sampler, need, &refresh);
	if (!refresh.error)
		accept(sampler, &refresh, began);
	else
		message =
			told_note(sampler->told, refresh.cost > 0 ? READING_ALL : LOOKING_AT_NAMES,
				  refresh.error);
	sampler->done[SAMPLER_NAMES] = number;
	if (need == SAMPLER_COUNTERS || refresh.sample || refresh.steady)
		sampler->done[SAMPLER_COUNTERS] = number;
	/* Waking nobody is a system call as well. */
	if (sampler->waiting > 0)
		g_cond_broadcast(&sampler->finished);
	if (message)
		log_unlocked(sampler, message);
	return 0;
}

/* An error answers for a while too: reading what cannot be read may cost more than anything. */
static bool is_young(const struct sampler *sampler, enum sampler_need need)
{
	int64_t age = g_get_monotonic_time() - sampler->checked[need];

	if (sampler->error[need])
		return g_get_monotonic_time() - sampler->failed_at <
		       MIN(sampler->max_age, ERROR_MAX_AGE);
	if (!sampler->known.sample)
		return false;
	if (need == SAMPLER_COUNTERS && sampler->known.sample->serial != sampler->newest)
		return false;
	return age < sampler->max_age;
}

/*
 * A refresh that is under way when the question comes will do for it, unless counters have come in
 * since it began, or every question is to be a new read: then only one that begins after the
 * question.
 */
static uint64_t next_refresh(const struct sampler *sampler, enum sampler_need need)
{
	bool join = sampler->busy && sampler->max_age > 0 &&
		    (need == SAMPLER_NAMES || sampler->refresh_began > sampler->last_ended);

	return join ? sampler->started : sampler->started + 1;
}

/* Locked. 0, or -EINTR where the request is given up. */
static int wait_for(struct sampler *sampler, enum sampler_need need, uint64_t refresh)
{
	int err = 0;

	while (!err && sampler->done[need] < refresh) {
		if (source_is_stopped(sampler->source)) {
			err = -EINTR;
		} else if (!sampler->busy) {
			err = refresh_now(sampler, need);
		} else {
			sampler->waiting++;
			interrupt_wait(&sampler->finished, &sampler->lock);
			sampler->waiting--;
		}
	}
	return err;
}

/* What whoever asked is told: what exactly went wrong with the source is in the log. */
static int telling(int err)
{
	return err == 0 || err == -EAGAIN || err == -ENOMEM ? err : -EIO;
}

/* Locked. What the last refresh has brought. */
static int take_current(struct sampler *sampler, enum sampler_need need, struct sample **sample)
{
	int err = sampler->error[need];

	if (!err)
		*sample = sample_ref(sampler->known.sample);
	return telling(err);
}

int sampler_get(struct sampler *sampler, enum sampler_need need, struct sample **sample)
{
	int err = 0;

	g_mutex_lock(&sampler->lock);
	if (is_young(sampler, need))
		sampler->from_memory += need == SAMPLER_COUNTERS && !sampler->error[need];
	else
		err = wait_for(sampler, need, next_refresh(sampler, need));
	if (!err)
		err = take_current(sampler, need, sample);
	g_mutex_unlock(&sampler->lock);
	return err;
}

int sampler_get_now(struct sampler *sampler, struct sample **sample)
{
	int err;

	g_mutex_lock(&sampler->lock);
	err = wait_for(sampler, SAMPLER_COUNTERS, sampler->started + 1);
	if (!err)
		err = take_current(sampler, SAMPLER_COUNTERS, sample);
	g_mutex_unlock(&sampler->lock);
	return err;
}

/* The young current sample, as a new reference, or NULL. */
static struct sample *find_young(struct sampler *sampler)
{
	struct sample *sample = NULL;

	g_mutex_lock(&sampler->lock);
	if (!sampler->error[SAMPLER_COUNTERS] && is_young(sampler, SAMPLER_COUNTERS))
		sample = sample_ref(sampler->known.sample);
	sampler->from_memory += sample != NULL;
	g_mutex_unlock(&sampler->lock);
	return sample;
}

static struct sample *find_part(struct sampler *sampler, const struct sample *names,
				const struct plan *plan)
{
	struct sample *part;

	g_mutex_lock(&sampler->lock);
	part = parts_find(sampler->parts, names->catalog, plan);
	if (part && part->serial != sampler->newest)
		g_clear_pointer(&part, sample_unref);
	sampler->from_memory += part != NULL;
	g_mutex_unlock(&sampler->lock);
	return part;
}

static bool is_too_dear(struct sampler *sampler)
{
	int64_t full_cost;

	g_mutex_lock(&sampler->lock);
	full_cost = sampler->full_cost;
	g_mutex_unlock(&sampler->lock);
	return parts_too_dear(sampler->parts, full_cost);
}

/* What was known of the names is no longer so: the next question has to look. */
static void distrust(struct sampler *sampler)
{
	g_mutex_lock(&sampler->lock);
	sampler->checked[SAMPLER_NAMES] = sampler->checked[SAMPLER_COUNTERS] = G_MININT64 / 2;
	g_mutex_unlock(&sampler->lock);
	parts_drop(sampler->parts);
}

static uint64_t begin_pass(struct sampler *sampler)
{
	uint64_t moment;

	g_mutex_lock(&sampler->lock);
	moment = ++sampler->moment;
	g_mutex_unlock(&sampler->lock);
	return moment;
}

static void end_pass(struct sampler *sampler, int err, const struct sample *part, uint64_t moment)
{
	g_autofree char *message = NULL;

	g_mutex_lock(&sampler->lock);
	sampler->pushed_down += err == 0;
	if (!err)
		settle(sampler, part, moment);
	message = told_note(sampler->told, PASSING, err);
	if (message)
		log_unlocked(sampler, message);
	g_mutex_unlock(&sampler->lock);
}

static int gather_now(struct sampler *sampler, const struct sample *names, const struct plan *plan,
		      struct sample **part)
{
	uint64_t moment = begin_pass(sampler);
	int64_t began = g_get_monotonic_time();
	int err = gather(sampler->source, names, plan, part);

	parts_charge(sampler->parts, g_get_monotonic_time() - began);
	if (err == -ESTALE)
		distrust(sampler);
	if (err == -ESTALE || err == -ENODATA)
		return err;
	end_pass(sampler, err, *part, moment);
	if (!err)
		parts_keep(sampler->parts, plan, *part);
	return err == -ECANCELED ? -EINTR : telling(err);
}

int sampler_get_some(struct sampler *sampler, const struct sample *names,
		     const struct target *target, struct sample **sample)
{
	struct plan plan;
	int err = -ENODATA;

	if (!sampler->source->ops->pass)
		return sampler_get(sampler, SAMPLER_COUNTERS, sample);
	*sample = find_young(sampler);
	if (*sample)
		return 0;
	plan_make(names->catalog, target, &plan);
	if (plan.passes == 0)
		return sampler_get(sampler, SAMPLER_COUNTERS, sample);
	*sample = find_part(sampler, names, &plan);
	if (*sample)
		return 0;
	if (!is_too_dear(sampler))
		err = gather_now(sampler, names, &plan, sample);
	return err == -ENODATA ? sampler_get(sampler, SAMPLER_COUNTERS, sample) : err;
}

bool sampler_is_young(struct sampler *sampler, const struct sample *sample)
{
	bool young;

	g_mutex_lock(&sampler->lock);
	young = sample->serial == sampler->newest;
	g_mutex_unlock(&sampler->lock);
	return young;
}

struct sample *sampler_last(struct sampler *sampler)
{
	struct sample *sample = NULL;

	g_mutex_lock(&sampler->lock);
	if (sampler->known.sample)
		sample = sample_ref(sampler->known.sample);
	g_mutex_unlock(&sampler->lock);
	return sample;
}

void sampler_stats(struct sampler *sampler, struct sampler_stats *stats)
{
	g_mutex_lock(&sampler->lock);
	stats->from_memory = sampler->from_memory;
	stats->full_reads = sampler->full_reads;
	stats->pushed_down = sampler->pushed_down;
	stats->last_error = g_strdup(told_last(sampler->told));
	g_mutex_unlock(&sampler->lock);
}

struct source *sampler_source(const struct sampler *sampler)
{
	return sampler->source;
}

int64_t sampler_max_age(const struct sampler *sampler)
{
	return sampler->max_age;
}
