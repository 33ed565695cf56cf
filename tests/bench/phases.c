/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage: bench-phases LISTING [ROUNDS]
 * What the parts of an answer cost without FUSE, in the process itself: the median of each, in
 * microseconds and as a multiple of reading the text. A file with the ioctls has two phases more.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "gather.h"
#include "report.h"
#include "sample.h"
#include "select.h"
#include "source.h"

#define ROUNDS 50
#define FILE_ASKED "mm/memory.c"

/* What the phases work on; each leaves what the next ones need. */
struct phases {
	const char *listing;
	struct source *source;
	struct sample *sample; /* the last one read */
	uint64_t bytes;
};

/* 0 or -errno; -EOPNOTSUPP where the source cannot. */
typedef int (*phase_run)(struct phases *phases);

static int count(void *context, struct span text)
{
	*(uint64_t *)context += text.len;
	return 0;
}

/* As cat does. */
static int run_cat(struct phases *phases)
{
	static char buffer[128 * 1024];
	int fd = open(phases->listing, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;

	while (fd >= 0 && (got = read(fd, buffer, sizeof(buffer))) > 0)
		phases->bytes += (uint64_t)got;
	if (fd >= 0)
		close(fd);
	return got < 0 ? -errno : 0;
}

static int run_stamp(struct phases *phases)
{
	struct source_stamp stamp;

	return phases->source->ops->stamp(phases->source, &stamp);
}

static int run_read(struct phases *phases)
{
	struct source_stamp stamp;

	return phases->source->ops->read(phases->source, count, &phases->bytes, &stamp);
}

static int run_sample(struct phases *phases)
{
	struct catalog *known = phases->sample ? phases->sample->catalog : NULL;
	struct sample_reader *reader = sample_reader_begin(known);
	struct source_stamp stamp;
	struct sample *sample;
	int err = phases->source->ops->read(phases->source, sample_reader_feed, reader, &stamp);

	if (err) {
		sample_reader_cancel(reader);
		return err;
	}
	if (stamp.is_content_id)
		sample_reader_set_content_id(reader, stamp.names);
	err = sample_reader_finish(reader, (struct timespec){1, 0}, &sample);
	if (err)
		return err;
	sample_unref(phases->sample);
	phases->sample = sample;
	return 0;
}

static int run_select(struct phases *phases)
{
	struct query query;
	GArray *rows;

	query_root(REALM_LIVE, &query);
	rows = select_rows(phases->sample, &query);
	phases->bytes += rows->len;
	g_array_unref(rows);
	return 0;
}

static int run_render(struct phases *phases)
{
	struct query query;
	GString *out = g_string_new(NULL);
	struct report_input input = {phases->sample, &query, NULL, ""};

	query_root(REALM_LIVE, &query);
	input.rows = select_rows(phases->sample, &query);
	report_get(REPORT_ALLOCINFO)->render(&input, out);
	phases->bytes += out->len;
	g_array_unref((GArray *)input.rows);
	g_string_free(out, TRUE);
	return 0;
}

/* The kernel's part of a filtered query alone, and all of it. */
static int run_pass_of(struct phases *phases, bool gathers)
{
	static const struct span steps[] = {{"by-file", 7}, {"mm", 2}, {"memory.c", 8}};
	struct target target = {.kind = TARGET_DIRECTORY};
	struct sample *part;
	struct plan plan;
	int err = 0;

	if (!phases->source->ops->pass)
		return -EOPNOTSUPP;
	query_root(REALM_LIVE, &target.query);
	for (size_t i = 0; !err && i < G_N_ELEMENTS(steps); i++) {
		struct query from = target.query;

		err = query_step(phases->sample->catalog, &from, steps[i], &target);
	}
	if (err)
		return err;
	plan_make(phases->sample->catalog, &target, &plan);
	if (!gathers)
		return 0;
	err = gather(phases->source, phases->sample, &plan, &part);
	if (!err)
		sample_unref(part);
	return err;
}

static int run_plan(struct phases *phases)
{
	return run_pass_of(phases, false);
}

static int run_gather(struct phases *phases)
{
	return run_pass_of(phases, true);
}

static const struct {
	const char *name;
	phase_run run;
} table[] = {
	{"read(2) the text", run_cat},	{"look at the names", run_stamp},
	{"read the source", run_read},	{"read and parse", run_sample},
	{"select all", run_select},	{"select and render", run_render},
	{"plan " FILE_ASKED, run_plan}, {"plan and gather it", run_gather},
};

static int by_size(const void *a, const void *b)
{
	gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

	return x < y ? -1 : x > y;
}

/* The median, or -errno. */
static gint64 measure(struct phases *phases, phase_run run, int rounds)
{
	g_autofree gint64 *times = g_new(gint64, rounds);

	for (int i = 0; i < rounds; i++) {
		gint64 start = g_get_monotonic_time();
		int err = run(phases);

		if (err)
			return err;
		times[i] = g_get_monotonic_time() - start;
	}
	qsort(times, (size_t)rounds, sizeof(*times), by_size);
	return times[rounds / 2];
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : ROUNDS;
	char *message = NULL;
	struct phases phases = {.listing = argc > 1 ? argv[1] : NULL};
	gint64 reference = 0;
	int failed = 0;

	if (!phases.listing || rounds < 1) {
		fprintf(stderr, "usage: %s LISTING [ROUNDS]\n", argv[0]);
		return 2;
	}
	phases.source = source_open(phases.listing, &message);
	if (!phases.source || run_sample(&phases) != 0) {
		fprintf(stderr, "%s\n", message ? message : "the listing cannot be read");
		g_free(message);
		return 1;
	}
	printf("%s: %s, %u tags, %d rounds; microseconds\n", phases.listing,
	       phases.source->interface, phases.sample->catalog->count, rounds);
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		gint64 time = measure(&phases, table[i].run, rounds);

		if (i == 0)
			reference = MAX(time, 1);
		if (time >= 0)
			printf("%-20s %8" G_GINT64_FORMAT " %7.2f\n", table[i].name, time,
			       (double)time / (double)reference);
		else if (time != -EOPNOTSUPP)
			failed = fprintf(stderr, "%s: %s\n", table[i].name, g_strerror((int)-time));
	}
	sample_unref(phases.sample);
	source_close(phases.source);
	return failed != 0;
}
