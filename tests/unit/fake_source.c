/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The source that does as it is told: see fake_source.h. */
#include "fake_source.h"

#include <errno.h>

static void enter(struct fake *fake)
{
	if (g_atomic_int_add(&fake->inside, 1) != 0)
		fake->overlapped = true;
}

static void leave(struct fake *fake)
{
	g_atomic_int_add(&fake->inside, -1);
}

static int fake_stamp(struct source *source, struct source_stamp *stamp)
{
	struct fake *fake = (struct fake *)source;

	enter(fake);
	g_atomic_int_inc(&fake->stamps);
	*stamp = fake->stamp;
	leave(fake);
	return fake->stamp_error;
}

static void wait_while_shut(struct fake *fake)
{
	g_mutex_lock(&fake->lock);
	fake->waiting = true;
	g_cond_broadcast(&fake->changed);
	while (fake->shut)
		g_cond_wait(&fake->changed, &fake->lock);
	g_mutex_unlock(&fake->lock);
}

/* The bytes of the only tag are the number of the read, from 1; its name is made from the stamp. */
static int give_listing(struct fake *fake, gint number, source_sink sink, void *context)
{
	uint64_t line = fake->torn > 0 ? 1000 + (uint64_t)fake->torn-- : fake->stamp.names;
	g_autofree char *text = g_strdup_printf(
		"allocinfo - version: 2.0\n%d 1 a.c:%" G_GUINT64_FORMAT " func:f \n", number, line);

	if (fake->garbage)
		return sink(context, span_of("hello\n"));
	return sink(context, span_of(text));
}

static int fake_read(struct source *source, source_sink sink, void *context,
		     struct source_stamp *stamp)
{
	struct fake *fake = (struct fake *)source;
	gint number = g_atomic_int_add(&fake->reads, 1) + 1;
	int err = fake->read_error;

	enter(fake);
	if (fake->read_time > 0)
		g_usleep(fake->read_time);
	wait_while_shut(fake);
	*stamp = fake->stamp;
	if (fake->again > 0) {
		fake->again--;
		err = -EAGAIN;
	}
	if (!err)
		err = give_listing(fake, number, sink, context);
	leave(fake);
	return err;
}

static void fake_close(struct source *source)
{
	struct fake *fake = (struct fake *)source;

	*fake->closed = true;
	g_mutex_clear(&fake->lock);
	g_cond_clear(&fake->changed);
	g_free(fake);
}

static const struct source_ops ops = {fake_stamp, fake_read, NULL, fake_close};

struct fake *fake_new(bool live, bool *closed)
{
	struct fake *fake = g_new0(struct fake, 1);

	*closed = false;
	fake->source = (struct source){
		.ops = &ops, .interface = "fake", .live = live, .name = g_strdup(FAKE_NAME)};
	fake->stamp = (struct source_stamp){
		.names = 1, .steady = !live, .time = {live ? 0 : FAKE_DUMP_TIME, 0}};
	fake->closed = closed;
	g_mutex_init(&fake->lock);
	g_cond_init(&fake->changed);
	return fake;
}
