/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples and how they are read from text: see sample.h. */
#include "sample.h"

#include <errno.h>
#include "hash.h"
#include "heap.h"

/* Longer than any line can be of which the names would fit into a path. */
#define LINE_MAX_LENGTH 65536

/* Tags, where nothing says how many there will be. */
#define FIRST_ROOM 1024

/*
 * What a tag of a new catalog can take, but for its words, while that is built; at the end it is
 * half of that. What a path or word can, and a tail in the table of tails. After so much text
 * memory is asked for what more of it can become: at worst a path for two bytes.
 */
#define BUILD_SIZE 512
#define NAME_BUILD_SIZE 192
#define TAIL_SIZE 64
#define TEXT_AT_ONCE (1 << 16)
#define TEXT_SIZE 100

struct sample_reader {
	struct catalog *known;
	struct catalog_build *build; /* from the first line on that is not as known, else NULL */
	GString *partial; /* the line that the last run broke off in */
	bool overlong; /* ... of which there is too much to keep */
	bool has_header, has_text, has_content_id;
	struct counter *counters;
	uint8_t *inaccurate; /* one per tag */
	uint32_t count, room; /* of both: tags read, and for how many there is room */
	size_t text; /* that came since memory was asked for */
	int error; /* -ENOMEM: nothing more is taken in */
	struct sample *sample;
};

struct sample *sample_ref(struct sample *sample)
{
	g_atomic_int_inc(&sample->refs);
	return sample;
}

void sample_unref(struct sample *sample)
{
	if (!sample || !g_atomic_int_dec_and_test(&sample->refs))
		return;
	catalog_unref(sample->catalog);
	g_free(sample->counters);
	g_free(sample->inaccurate);
	g_free(sample->part);
	if (sample->tails)
		g_hash_table_destroy(sample->tails);
	g_free(sample);
}

bool sample_is_accurate(const struct sample *sample, uint32_t tag)
{
	return !(sample->inaccurate[tag / 8] & (1u << tag % 8));
}

static struct span tail_of(const struct sample *sample, uint32_t tag)
{
	const char *tail = NULL;

	if (sample->tails)
		tail = g_hash_table_lookup(sample->tails, GUINT_TO_POINTER(tag));
	return tail ? span_of(tail) : (struct span){NULL, 0};
}

static struct text_counter counter_of(const struct sample *sample, uint32_t tag)
{
	const struct counter *counter = &sample->counters[tag];

	return (struct text_counter){counter->bytes, counter->calls, sample->is_difference};
}

size_t sample_line_length(const struct sample *sample, uint32_t number)
{
	const struct tag *tag = &sample->catalog->tags[number];
	struct text_counter counter = counter_of(sample, number);

	return text_length((struct span){tag->site, tag->site_len}, &counter,
			   sample_is_accurate(sample, number), tail_of(sample, number));
}

size_t sample_line_room(const struct sample *sample, uint32_t number)
{
	return text_room(sample->catalog->tags[number].site_len, tail_of(sample, number));
}

uint64_t sample_text_length(const struct sample *sample)
{
	uint64_t *kept = (uint64_t *)&sample->text_length;
	uint64_t length = __atomic_load_n(kept, __ATOMIC_RELAXED);

	if (length > 0)
		return length;
	for (uint32_t i = 0; i < sample->catalog->count; i++)
		length += sample_line_length(sample, i);
	__atomic_store_n(kept, length, __ATOMIC_RELAXED);
	return length;
}

char *sample_write_line(const struct sample *sample, uint32_t number, char *to)
{
	const struct tag *tag = &sample->catalog->tags[number];
	struct text_counter counter = counter_of(sample, number);

	return text_format(to, (struct span){tag->site, tag->site_len}, &counter,
			   sample_is_accurate(sample, number), tail_of(sample, number));
}

void sample_cut_record(const struct sample *sample, uint32_t tag, struct abi_record *record)
{
	const struct counter *counter = &sample->counters[tag];
	struct text_site site;

	catalog_site(sample->catalog, tag, &site);
	abi_cut_record(record, &site, counter->bytes, counter->calls,
		       sample_is_accurate(sample, tag));
}

/* Whether there is memory for so much more; if not, that is the end of it. */
static bool ask_for(struct sample_reader *reader, size_t bytes)
{
	if (!reader->error && !heap_has_room(bytes))
		reader->error = -ENOMEM;
	return !reader->error;
}

static bool make_room(struct sample_reader *reader, uint32_t room)
{
	size_t size = sizeof(struct counter) + 1 + (reader->build ? BUILD_SIZE : 0);

	if (!ask_for(reader, room * size))
		return false;
	reader->counters = g_renew(struct counter, reader->counters, (size_t)room + 1);
	reader->inaccurate = g_renew(uint8_t, reader->inaccurate, (size_t)room + 1);
	reader->room = room;
	return true;
}

struct sample_reader *sample_reader_begin(struct catalog *known)
{
	struct sample_reader *reader = g_new0(struct sample_reader, 1);
	reader->known = known ? catalog_ref(known) : NULL;
	reader->partial = g_string_new(NULL);
	make_room(reader, known ? known->count : FIRST_ROOM);
	reader->sample = g_new0(struct sample, 1);
	reader->sample->refs = 1;
	reader->sample->began = g_get_monotonic_time();
	g_strlcpy(reader->sample->listing.version, TEXT_VERSION_DEFAULT,
		  sizeof(reader->sample->listing.version));
	return reader;
}

static void free_reader(struct sample_reader *reader)
{
	catalog_unref(reader->known);
	g_string_free(reader->partial, TRUE);
	g_free(reader->counters);
	g_free(reader->inaccurate);
	g_free(reader);
}

void sample_reader_cancel(struct sample_reader *reader)
{
	catalog_build_cancel(reader->build);
	sample_unref(reader->sample);
	free_reader(reader);
}

/* The names are no longer those known: starts a catalog with what was as known up to here. */
static bool diverge(struct sample_reader *reader)
{
	struct text_site site;

	if (!ask_for(reader, (size_t)reader->room * BUILD_SIZE))
		return false;
	reader->build = catalog_build_begin();
	for (uint32_t i = 0; i < reader->count; i++) {
		catalog_site(reader->known, i, &site);
		catalog_build_add(reader->build, &site);
	}
	return true;
}

/* The tag that the next line is of while all goes as known, or NULL. */
static const struct tag *next_known(const struct sample_reader *reader)
{
	if (reader->build || !reader->known || reader->count >= reader->known->count)
		return NULL;
	return &reader->known->tags[reader->count];
}

static bool is_as_known(const struct sample_reader *reader, struct span site)
{
	const struct tag *tag = next_known(reader);

	return tag && span_equal(site, (struct span){tag->site, tag->site_len});
}

static void add_counter(struct sample_reader *reader, int64_t bytes, uint64_t calls, bool accurate)
{
	if (reader->count == reader->room && !make_room(reader, 2 * reader->room + FIRST_ROOM))
		return;
	reader->counters[reader->count] = (struct counter){bytes, calls};
	reader->inaccurate[reader->count] = !accurate;
	reader->count++;
}

/* The line that nearly all are: the next tag known, with the usual end. No name is parsed. */
static bool feed_known_line(struct sample_reader *reader, struct span line)
{
	const struct tag *tag = next_known(reader);
	int64_t bytes;
	uint64_t calls;
	size_t at;

	if (!tag)
		return false;
	at = text_parse_counter(line, &bytes, &calls);
	if (at == 0 || line.len != at + tag->site_len + 1 || line.at[line.len - 1] != ' ' ||
	    memcmp(line.at + at, tag->site, tag->site_len) != 0)
		return false;
	add_counter(reader, bytes, calls, true);
	return true;
}

static void feed_tag(struct sample_reader *reader, const struct text_line *line)
{
	struct sample *sample = reader->sample;
	uint32_t number = reader->count;

	if (!is_as_known(reader, line->site.site)) {
		if (!reader->build && !diverge(reader))
			return;
		catalog_build_add(reader->build, &line->site);
	}
	add_counter(reader, line->bytes, line->calls, line->accurate);
	if (line->tail.len == 0)
		return;
	if (!sample->tails)
		sample->tails = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	g_hash_table_insert(sample->tails, GUINT_TO_POINTER(number),
			    g_strndup(line->tail.at, line->tail.len));
}

/* A version that does not fit is of no format that is known here. */
static void feed_version(struct sample_reader *reader, struct span version)
{
	char *kept = reader->sample->listing.version;

	reader->has_header = true;
	if (version.len >= sizeof(reader->sample->listing.version))
		return;
	memcpy(kept, version.at, version.len);
	kept[version.len] = '\0';
}

static void feed_line(struct sample_reader *reader, struct span text)
{
	struct text_line line;

	if (text.len > LINE_MAX_LENGTH) {
		reader->sample->listing.skipped++;
		return;
	}
	if (feed_known_line(reader, text))
		return;
	switch (text_parse(text, &line)) {
	case TEXT_TAG: feed_tag(reader, &line); break;
	case TEXT_VERSION: feed_version(reader, line.tail); break;
	case TEXT_COMMENT: break;
	case TEXT_UNKNOWN: reader->sample->listing.skipped++; break;
	}
}

static void keep_partial(struct sample_reader *reader, struct span text)
{
	if (reader->partial->len + text.len > LINE_MAX_LENGTH) {
		reader->overlong = true;
		g_string_truncate(reader->partial, 0);
	} else if (!reader->overlong) {
		g_string_append_len(reader->partial, text.at, (gssize)text.len);
	}
}

static void end_partial(struct sample_reader *reader, struct span text)
{
	keep_partial(reader, text);
	if (reader->overlong)
		reader->sample->listing.skipped++;
	else
		feed_line(reader, (struct span){reader->partial->str, reader->partial->len});
	g_string_truncate(reader->partial, 0);
	reader->overlong = false;
}

/* What a text can take, however few tags it is of; tables of names grow to twice their size. */
static void ask_for_words(struct sample_reader *reader, size_t more)
{
	size_t names = reader->build ? catalog_build_names(reader->build) : 0;
	size_t tails = reader->sample->tails ? g_hash_table_size(reader->sample->tails) : 0;

	reader->text += more;
	if ((!reader->build && !tails) || reader->text < TEXT_AT_ONCE)
		return;
	ask_for(reader, reader->text * TEXT_SIZE + names * NAME_BUILD_SIZE + tails * TAIL_SIZE);
	reader->text = 0;
}

int sample_reader_feed(void *context, struct span text)
{
	struct sample_reader *reader = context;

	if (text.len > 0)
		reader->has_text = true;
	ask_for_words(reader, text.len);
	while (text.len > 0 && !reader->error) {
		const char *newline = memchr(text.at, '\n', text.len);
		struct span line = {text.at, newline ? (size_t)(newline - text.at) : text.len};
		size_t step = newline ? line.len + 1 : line.len;

		if (!newline)
			keep_partial(reader, line);
		else if (reader->partial->len > 0 || reader->overlong)
			end_partial(reader, line);
		else
			feed_line(reader, line);
		text.at += step;
		text.len -= step;
	}
	return reader->error;
}

/*
 * A last line without its newline was cut off, perhaps within a name, and then it must not become a
 * tag of its own. It is whole where the blank is there that stands at the end of every line.
 */
static void end_of_text(struct sample_reader *reader)
{
	GString *last = reader->partial;

	if (reader->overlong || (last->len > 0 && last->str[last->len - 1] != ' '))
		reader->sample->listing.skipped++;
	else if (last->len > 0)
		end_partial(reader, (struct span){NULL, 0});
}

static void sum_up(struct sample *sample, const uint8_t *inaccurate)
{
	const struct catalog *catalog = sample->catalog;
	uint64_t bytes = 0, slab = 0;

	sample->inaccurate = g_malloc0(catalog->count / 8 + 1);
	for (uint32_t i = 0; i < catalog->count; i++) {
		const struct counter *counter = &sample->counters[i];

		if (inaccurate[i]) {
			sample->inaccurate[i / 8] |= (uint8_t)(1u << i % 8);
			sample->listing.inaccurate_count++;
		}
		bytes += (uint64_t)counter->bytes;
		sample->listing.calls += counter->calls;
		sample->listing.negative_count += counter->bytes < 0;
		if (catalog_is_slab_page(catalog, i))
			slab += (uint64_t)counter->bytes;
	}
	sample->listing.bytes = (int64_t)bytes;
	sample->listing.slab_bytes = (int64_t)slab;
}

void sample_reader_set_content_id(struct sample_reader *reader, uint64_t content_id)
{
	reader->sample->content_id = content_id;
	reader->has_content_id = true;
}

uint64_t sample_next_serial(void)
{
	static uint64_t last;

	return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

/*
 * Names that come back after others are another state of the listing: who reads in between two
 * equal ids relies on that, so that the names alone will not do.
 */
static uint64_t make_content_id(const struct catalog *catalog)
{
	return hash_number(catalog->names_hash, catalog->serial);
}

int sample_reader_finish(struct sample_reader *reader, struct timespec time, struct sample **result)
{
	struct sample *sample = reader->sample;

	end_of_text(reader);
	if (reader->count == 0 && reader->has_text && !reader->has_header && !reader->error)
		reader->error = -EBADMSG;
	if (!reader->build && (!reader->known || reader->count < reader->known->count))
		diverge(reader);
	if (reader->build)
		ask_for(reader, (size_t)reader->count * BUILD_SIZE / 2 +
					catalog_build_names(reader->build) * NAME_BUILD_SIZE);
	if (reader->error) {
		int err = reader->error;

		sample_reader_cancel(reader);
		return err;
	}
	if (reader->build)
		sample->catalog = catalog_build_finish(reader->build);
	else
		sample->catalog = catalog_ref(reader->known);
	reader->build = NULL;
	sample->counters = g_renew(struct counter, reader->counters, (size_t)reader->count + 1);
	reader->counters = NULL;
	sample->serial = sample_next_serial();
	if (!reader->has_content_id)
		sample->content_id = make_content_id(sample->catalog);
	sample->time = time;
	sum_up(sample, reader->inaccurate);
	free_reader(reader);
	*result = sample;
	return 0;
}
