/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cache in front of the source: see sampler.h. */
#include "sampler.h"

#include <errno.h>
#include "gather.h"
#include "parts.h"
#include "told.h"

#define TRIES 10
#define FIRST_PAUSE 1000 /* microseconds between tries; doubles up to ... */
#define LONGEST_PAUSE 64000

/* For how long the sample before may stand in for a dump that is being written, microseconds. */
#define SETTLE_MAX (1000 * 1000)

/* After that, how long to wait for whoever writes to be done, and how often to look. */
#define REST_MAX (400 * 1000)
#define REST_PAUSE (20 * 1000)

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
	struct sample *current; /* or NULL */
	uint64_t current_names, current_file; /* from the stamp of current */
	int64_t changing_since; /* when a dump in the course of being written was met; or 0 */
	int64_t checked[2]; /* by need: since when current is known to be up to date */
	uint64_t moment; /* counts the beginnings and ends of reading counters */
	uint64_t refresh_began, last_ended; /* such moments: of the last refresh, of anything */
	uint64_t newest; /* serial of the sample that alone may answer again; or 0 */
	uint64_t from_memory, full_reads, pushed_down;
	int64_t full_cost; /* of the last full read, microseconds */
	struct told *told;
};

/* What a refresh found out, while the lock was not held. */
struct refresh {
	struct sample *sample; /* a new one, or NULL: that from before is up to date */
	uint64_t names, file;
	bool steady; /* ... its counters too */
	int64_t cost; /* of reading it; or 0: it was not read */
	int error;
};

struct sampler *sampler_new(struct source *source, int64_t max_age)
{
	struct sampler *sampler = g_new0(struct sampler, 1);

	sampler->source = source;
	sampler->max_age = max_age;
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
	sample_unref(sampler->current);
	told_free(sampler->told);
	g_mutex_clear(&sampler->lock);
	g_cond_clear(&sampler->finished);
	g_free(sampler);
}

/*
 * Somebody seems to be writing to the dump that current was read from: reading it now could show an
 * end that is none. So current stands in for it, but not for long.
 */
static bool stands_in(struct sampler *sampler, const struct source_stamp *stamp)
{
	int64_t now = g_get_monotonic_time();

	if (!sampler->current || sampler->max_age == 0 || !stamp->recent ||
	    stamp->file != sampler->current_file || stamp->names == sampler->current_names)
		return false;
	if (sampler->changing_since == 0)
		sampler->changing_since = now;
	return now - sampler->changing_since < SETTLE_MAX;
}

/* Whether current will do, as far as the stamp tells. */
static bool still_good(struct sampler *sampler, enum sampler_need need,
		       const struct source_stamp *stamp)
{
	if (stamp->names == sampler->current_names)
		return need == SAMPLER_NAMES || stamp->steady;
	return stands_in(sampler, stamp);
}

/* One pass over the source, against the names of known. */
static int read_sample(struct sampler *sampler, struct catalog *known, struct source_stamp *stamp,
		       struct sample **sample)
{
	struct sample_reader *reader = sample_reader_begin(known);
	struct timespec time;
	int err;

	clock_gettime(CLOCK_REALTIME, &time);
	err = sampler->source->ops->read(sampler->source, sample_reader_feed, reader, stamp);
	if (err) {
		sample_reader_cancel(reader);
		return err;
	}
	if (stamp->time.tv_sec || stamp->time.tv_nsec)
		time = stamp->time;
	if (stamp->is_content_id)
		sample_reader_set_content_id(reader, stamp->names);
	return sample_reader_finish(reader, time, sample);
}

/* New names that may be torn have to be there in a second pass. */
static int confirm(struct sampler *sampler, struct source_stamp *stamp, struct sample **sample)
{
	struct sample *first = *sample;
	int err = read_sample(sampler, first->catalog, stamp, sample);

	if (!err && (*sample)->catalog != first->catalog) {
		sample_unref(*sample);
		err = -EAGAIN;
	}
	sample_unref(first);
	return err;
}

static int read_once(struct sampler *sampler, struct catalog *known, struct refresh *refresh)
{
	struct source_stamp stamp;
	struct sample *sample;
	int err = read_sample(sampler, known, &stamp, &sample);

	if (!err && stamp.may_be_torn && sample->catalog != known)
		err = confirm(sampler, &stamp, &sample);
	refresh->steady = !err && stamp.steady;
	if (err)
		return err;
	if (stands_in(sampler, &stamp)) {
		sample_unref(sample);
		return 0;
	}
	refresh->names = stamp.names;
	refresh->file = stamp.file;
	refresh->sample = sample;
	return 0;
}

/* Whether current needs no reading; else refresh->error says whether reading makes sense. */
static bool is_up_to_date(struct sampler *sampler, enum sampler_need need, struct refresh *refresh)
{
	struct source *source = sampler->source;
	struct source_stamp stamp;

	refresh->error = 0;
	if (!sampler->current || (source->live && need == SAMPLER_COUNTERS))
		return false;
	refresh->error = source->ops->stamp(source, &stamp);
	if (refresh->error || !still_good(sampler, need, &stamp))
		return false;
	refresh->steady = stamp.steady;
	return true;
}

/* Reads until a pass was not disturbed, or current turns out to do. */
static void read_all(struct sampler *sampler, enum sampler_need need, struct refresh *refresh)
{
	struct catalog *known = sampler->current ? sampler->current->catalog : NULL;
	gulong pause = FIRST_PAUSE;

	for (int try = 0; try < TRIES; try++) {
		int64_t began;

		if (try > 0) {
			g_usleep(pause);
			pause = MIN(2 * pause, LONGEST_PAUSE);
		}
		began = g_get_monotonic_time();
		refresh->error = read_once(sampler, known, refresh);
		refresh->cost = MAX(g_get_monotonic_time() - began, 1);
		if (refresh->error != -EAGAIN || is_up_to_date(sampler, need, refresh))
			return;
		refresh->error = -EAGAIN;
	}
}

/*
 * Who has found a dump being written long ago, and again now, cannot know whether it was written
 * all the time or is just being written anew. In the second case it rests soon, and then it is
 * whole.
 */
static void let_rest(struct sampler *sampler)
{
	struct source_stamp stamp;

	if (sampler->changing_since == 0)
		return;
	for (int waited = 0; waited < REST_MAX; waited += REST_PAUSE) {
		if (sampler->source->ops->stamp(sampler->source, &stamp) != 0 || !stamp.recent ||
		    stamp.file != sampler->current_file)
			return;
		g_usleep(REST_PAUSE);
	}
}

/* Runs without the lock; busy keeps others from changing what is read here. */
static void look(struct sampler *sampler, enum sampler_need need, struct refresh *refresh)
{
	if (is_up_to_date(sampler, need, refresh) || refresh->error)
		return;
	let_rest(sampler);
	read_all(sampler, need, refresh);
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
		sample_unref(sampler->current);
		sampler->current = refresh->sample;
		sampler->current_names = refresh->names;
		sampler->current_file = refresh->file;
		sampler->changing_since = 0;
		parts_drop(sampler->parts);
	}
	sampler->checked[SAMPLER_NAMES] = began;
	told_note(sampler->told, LOOKING_AT_NAMES, 0);
	if (!refresh->sample && !refresh->steady)
		return;
	sampler->checked[SAMPLER_COUNTERS] = began;
	settle(sampler, sampler->current, sampler->refresh_began);
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

static void refresh_now(struct sampler *sampler, enum sampler_need need)
{
	struct refresh refresh = {.error = 0};
	g_autofree char *message = NULL;
	uint64_t number = ++sampler->started;
	int64_t began = g_get_monotonic_time();

	sampler->busy = true;
	sampler->refresh_began = ++sampler->moment;
	g_mutex_unlock(&sampler->lock);
	look(sampler, need, &refresh);
	g_mutex_lock(&sampler->lock);
	sampler->busy = false;
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
}

/* An error answers for max_age as well: reading what cannot be read may cost more than anything. */
static bool is_young(const struct sampler *sampler, enum sampler_need need)
{
	int64_t age = g_get_monotonic_time() - sampler->checked[need];

	if (sampler->error[need])
		return g_get_monotonic_time() - sampler->failed_at < sampler->max_age;
	if (!sampler->current)
		return false;
	if (need == SAMPLER_COUNTERS && sampler->current->serial != sampler->newest)
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

static void wait_for(struct sampler *sampler, enum sampler_need need, uint64_t refresh)
{
	while (sampler->done[need] < refresh) {
		if (!sampler->busy) {
			refresh_now(sampler, need);
			continue;
		}
		sampler->waiting++;
		g_cond_wait(&sampler->finished, &sampler->lock);
		sampler->waiting--;
	}
}

/* Locked. What the last refresh has brought. */
static int take_current(struct sampler *sampler, enum sampler_need need, struct sample **sample)
{
	int err = sampler->error[need];

	if (!err)
		*sample = sample_ref(sampler->current);
	return err == 0 || err == -EAGAIN ? err : -EIO;
}

int sampler_get(struct sampler *sampler, enum sampler_need need, struct sample **sample)
{
	int err;

	g_mutex_lock(&sampler->lock);
	if (is_young(sampler, need))
		sampler->from_memory += need == SAMPLER_COUNTERS && !sampler->error[need];
	else
		wait_for(sampler, need, next_refresh(sampler, need));
	err = take_current(sampler, need, sample);
	g_mutex_unlock(&sampler->lock);
	return err;
}

int sampler_get_now(struct sampler *sampler, struct sample **sample)
{
	int err;

	g_mutex_lock(&sampler->lock);
	wait_for(sampler, SAMPLER_COUNTERS, sampler->started + 1);
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
		sample = sample_ref(sampler->current);
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
	return err ? -EIO : 0;
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
	if (sampler->current)
		sample = sample_ref(sampler->current);
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
