/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answering the ioctls from samples: see server.h. */
#include "server.h"

#include <errno.h>

struct server_cursor {
	GMutex lock; /* guards the rest */
	struct abi_filter filter;
	struct sample *sample; /* of the pass that is under way; NULL before its first record */
	uint32_t next; /* the tag that the pass goes on with */
};

struct server_cursor *server_cursor_new(void)
{
	struct server_cursor *cursor = g_new0(struct server_cursor, 1);

	g_mutex_init(&cursor->lock);
	return cursor;
}

void server_cursor_free(struct server_cursor *cursor)
{
	if (!cursor)
		return;
	sample_unref(cursor->sample);
	g_mutex_clear(&cursor->lock);
	g_free(cursor);
}

static void restart(struct server_cursor *cursor, struct sample *sample)
{
	sample_unref(cursor->sample);
	cursor->sample = sample;
	cursor->next = 0;
}

/* The next match of the pass. At its end the one after it begins: -ENOENT. */
static int advance(struct server_cursor *cursor, struct abi_record *record)
{
	const struct sample *sample = cursor->sample;

	while (cursor->next < sample->catalog->count) {
		sample_cut_record(sample, cursor->next++, record);
		if (abi_filter_passes(&cursor->filter, record))
			return 0;
	}
	restart(cursor, NULL);
	return -ENOENT;
}

static bool is_valid(const struct abi_filter *filter)
{
	const uint64_t sizes = ALLOCINFO_MASK_MIN_SIZE | ALLOCINFO_MASK_MAX_SIZE;

	return !(filter->mask & ~(uint64_t)ALLOCINFO_MASK_ALL) &&
	       ((filter->mask & sizes) != sizes || filter->min_size <= filter->max_size);
}

/*
 * What takes the place of the old filter and position, and what leaves them: see allocinfo.h. Takes
 * over the reference to sample.
 */
static int get_at(struct server_cursor *cursor, const struct abi_filter *filter, uint64_t pos,
		  struct sample *sample, struct abi_record *record)
{
	bool was_under_way = cursor->sample;
	int err;

	if (pos >= sample->catalog->count) {
		sample_unref(sample);
		return -ENOENT;
	}
	cursor->filter = *filter;
	restart(cursor, sample_ref(sample));
	do {
		err = advance(cursor, record);
	} while (!err && pos-- > 0);
	/* The pass that was under way has come to its end, which GET_NEXT has still to tell. */
	if (err && was_under_way) {
		restart(cursor, sample_ref(sample));
		cursor->next = sample->catalog->count;
	}
	sample_unref(sample);
	return err;
}

static int answer_content_id(struct abi_buffer *out, size_t *out_len, server_look look,
			     void *context)
{
	struct sample *sample;
	int err = look(context, SAMPLER_NAMES, &sample);

	if (err)
		return err;
	*out_len = sizeof(sample->content_id);
	memcpy(out->at, &sample->content_id, *out_len);
	sample_unref(sample);
	return 0;
}

static int answer_get_at(struct server_cursor *cursor, const struct abi_layout *layout,
			 const void *in, struct abi_buffer *out, size_t *out_len, server_look look,
			 void *context)
{
	struct abi_filter filter;
	struct abi_record record;
	struct sample *sample;
	uint64_t pos;
	int err;

	abi_take_get_at(layout, in, &pos, &filter);
	if (!is_valid(&filter))
		return -EINVAL;
	err = look(context, SAMPLER_COUNTERS, &sample);
	if (!err)
		err = get_at(cursor, &filter, pos, sample, &record);
	if (err)
		return err;
	*out_len = layout->get_at_size;
	memcpy(out->at, in, ABI_GET_AT_DATA);
	abi_put_record(layout, &record, out->at + ABI_GET_AT_DATA);
	return 0;
}

static int answer_get_next(struct server_cursor *cursor, const struct abi_layout *layout,
			   struct abi_buffer *out, size_t *out_len, server_look look, void *context)
{
	struct abi_record record;
	struct sample *sample;
	int err = 0;

	if (!cursor->sample) {
		err = look(context, SAMPLER_COUNTERS, &sample);
		if (!err)
			restart(cursor, sample);
	}
	if (!err)
		err = advance(cursor, &record);
	if (err)
		return err;
	*out_len = layout->record_size;
	abi_put_record(layout, &record, out->at);
	return 0;
}

int server_ioctl(struct server_cursor *cursor, const struct abi_layout *layout,
		 unsigned int command, const void *in, struct abi_buffer *out, size_t *out_len,
		 server_look look, void *context)
{
	int err = -ENOTTY;

	*out_len = 0;
	if (command == ALLOCINFO_CONTENT_ID)
		return answer_content_id(out, out_len, look, context);
	g_mutex_lock(&cursor->lock);
	if (command == layout->get_at)
		err = answer_get_at(cursor, layout, in, out, out_len, look, context);
	else if (command == layout->get_next)
		err = answer_get_next(cursor, layout, out, out_len, look, context);
	g_mutex_unlock(&cursor->lock);
	return err;
}
