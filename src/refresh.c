/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking at the source, and reading it until a pass was not disturbed: see refresh.h. */
#include "refresh.h"

#include <errno.h>

#define TRIES 10
#define FIRST_PAUSE 1000 /* microseconds between tries; doubles up to ... */
#define LONGEST_PAUSE 64000

/* For how long the sample before may stand in for a dump that is being written, microseconds. */
#define SETTLE_MAX (1000 * 1000)

/* After that, how long to wait for whoever writes to be done, and how often to look. */
#define REST_MAX (400 * 1000)
#define REST_PAUSE (20 * 1000)

/*
 * Somebody seems to be writing to the dump that the known sample was read from: reading it now
 * could show an end that is none. So the known one stands in for it, but not for long.
 */
static bool stands_in(struct known *known, const struct source_stamp *stamp)
{
	int64_t now = g_get_monotonic_time();

	if (!known->sample || !known->may_stand_in || !stamp->recent ||
	    stamp->file != known->file || stamp->names == known->names)
		return false;
	if (known->changing_since == 0)
		known->changing_since = now;
	return now - known->changing_since < SETTLE_MAX;
}

/* Whether the known sample will do, as far as the stamp tells. */
static bool still_good(struct known *known, enum sampler_need need,
		       const struct source_stamp *stamp)
{
	if (stamp->names == known->names)
		return need == SAMPLER_NAMES || stamp->steady;
	return stands_in(known, stamp);
}

/* One pass over the source, against the names of the catalog, or NULL. */
static int read_sample(struct known *known, struct catalog *catalog, struct source_stamp *stamp,
		       struct sample **sample)
{
	struct sample_reader *reader = sample_reader_begin(catalog);
	struct timespec time;
	int err;

	clock_gettime(CLOCK_REALTIME, &time);
	err = known->source->ops->read(known->source, sample_reader_feed, reader, stamp);
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
static int confirm(struct known *known, struct source_stamp *stamp, struct sample **sample)
{
	struct sample *first = *sample;
	int err = read_sample(known, first->catalog, stamp, sample);

	if (!err && (*sample)->catalog != first->catalog) {
		sample_unref(*sample);
		err = -EAGAIN;
	}
	sample_unref(first);
	return err;
}

static int read_once(struct known *known, struct catalog *catalog, struct refresh *refresh)
{
	struct source_stamp stamp;
	struct sample *sample;
	int err = read_sample(known, catalog, &stamp, &sample);

	if (!err && stamp.may_be_torn && sample->catalog != catalog)
		err = confirm(known, &stamp, &sample);
	refresh->steady = !err && stamp.steady;
	if (err)
		return err;
	if (stands_in(known, &stamp)) {
		sample_unref(sample);
		return 0;
	}
	refresh->names = stamp.names;
	refresh->file = stamp.file;
	refresh->sample = sample;
	return 0;
}

/* Whether the known sample needs no reading; else refresh->error says whether reading makes sense.
 */
static bool is_up_to_date(struct known *known, enum sampler_need need, struct refresh *refresh)
{
	struct source *source = known->source;
	struct source_stamp stamp;

	refresh->error = 0;
	if (!known->sample || (source->live && need == SAMPLER_COUNTERS))
		return false;
	refresh->error = source->ops->stamp(source, &stamp);
	if (refresh->error || !still_good(known, need, &stamp))
		return false;
	refresh->steady = stamp.steady;
	return true;
}

/* Reads until a pass was not disturbed, or the known sample turns out to do. */
static void read_all(struct known *known, enum sampler_need need, struct refresh *refresh)
{
	struct catalog *catalog = known->sample ? known->sample->catalog : NULL;
	gulong pause = FIRST_PAUSE;

	for (int try = 0; try < TRIES; try++) {
		int64_t began;

		if (try > 0) {
			g_usleep(pause);
			pause = MIN(2 * pause, LONGEST_PAUSE);
		}
		if (source_is_stopped(known->source)) {
			refresh->error = -ECANCELED;
			return;
		}
		began = g_get_monotonic_time();
		refresh->error = read_once(known, catalog, refresh);
		refresh->cost = MAX(g_get_monotonic_time() - began, 1);
		if (refresh->error != -EAGAIN || is_up_to_date(known, need, refresh))
			return;
		refresh->error = -EAGAIN;
	}
}

/*
 * Who has found a dump being written long ago, and again now, cannot know whether it was written
 * all the time or is just being written anew. In the second case it rests soon, and then it is
 * whole.
 */
static void let_rest(struct known *known)
{
	struct source_stamp stamp;

	if (known->changing_since == 0)
		return;
	for (int waited = 0; waited < REST_MAX; waited += REST_PAUSE) {
		if (known->source->ops->stamp(known->source, &stamp) != 0 || !stamp.recent ||
		    stamp.file != known->file || source_is_stopped(known->source))
			return;
		g_usleep(REST_PAUSE);
	}
}

void refresh_look(struct known *known, enum sampler_need need, struct refresh *refresh)
{
	if (is_up_to_date(known, need, refresh) || refresh->error)
		return;
	let_rest(known);
	read_all(known, need, refresh);
}
