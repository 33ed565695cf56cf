/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sample: the counters of all tags of one catalog at one instant. Immutable once made, shared by
 * reference count, read without a lock. Made from a text listing by a reader that gets the text in
 * runs of any length; where the names are those of a catalog that exists, the sample shares it.
 */
#ifndef ALLOCFS_SAMPLE_H
#define ALLOCFS_SAMPLE_H

#include "catalog.h"

struct counter {
	int64_t bytes; /* can be negative */
	uint64_t calls; /* can be a wrapped negative number */
};

struct sample {
	gint refs;
	uint64_t serial; /* unique in the process */
	struct catalog *catalog;
	struct counter *counters; /* by number of tag */
	uint8_t *inaccurate; /* a bit per tag */
	GHashTable *tails; /* tag -> its tail, where that is not just "accurate:no"; or NULL */
	struct timespec time; /* when the counters were read */
	int64_t bytes; /* sums over all tags, wrapping */
	uint64_t calls;
	int64_t slab_bytes; /* of the slab pages: counted in their objects as well */
	uint32_t inaccurate_count; /* tags */
	uint32_t negative_count; /* tags with bytes below 0 */
	uint64_t skipped; /* lines of the listing that nothing could be made of */
	uint64_t text_length; /* of all lines as text, without the header */
	char version[16]; /* of the listing's format, "2.0" where it names none */
};

struct sample *sample_ref(struct sample *sample);
void sample_unref(struct sample *sample);

/* Whether the counter of a tag counted everything. */
bool sample_is_accurate(const struct sample *sample, uint32_t tag);

/* The line of a tag: its length, and writing it (at room for that) returning the end. See text.h.
 */
size_t sample_line_length(const struct sample *sample, uint32_t tag);
char *sample_write_line(const struct sample *sample, uint32_t tag, char *to);

/*
 * The reader. known is the catalog that the names are expected to be those of, or NULL; the reader
 * keeps a reference while it lives. sample_reader_feed() is a source_sink (see source.h).
 * sample_reader_finish() frees the reader and returns 0 and a new reference in *sample, or -EBADMSG
 * where there was text but nothing in it belongs to a listing.
 */
struct sample_reader;
struct sample_reader *sample_reader_begin(struct catalog *known);
int sample_reader_feed(void *reader, struct span text);
int sample_reader_finish(struct sample_reader *reader, struct timespec time,
			 struct sample **sample);
void sample_reader_cancel(struct sample_reader *reader);

#endif
