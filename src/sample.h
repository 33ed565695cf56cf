/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sample: the counters of all tags of one catalog at one instant, or of a part of them. Immutable
 * once made, shared by reference count, read without a lock. Made from a text listing by a reader
 * that gets the text in runs of any length; where the names are those of a catalog that exists, the
 * sample shares it. A part is made from the counters that a filtered pass gave.
 */
#ifndef ALLOCFS_SAMPLE_H
#define ALLOCFS_SAMPLE_H

#include "catalog.h"

struct counter {
	int64_t bytes; /* can be negative */
	uint64_t calls; /* can be a wrapped negative number */
};

/* What is to be said of the listing as a whole. */
struct sample_listing {
	int64_t bytes; /* sums over all tags, wrapping */
	uint64_t calls;
	int64_t slab_bytes; /* of the slab pages: counted in their objects as well */
	uint32_t inaccurate_count; /* tags */
	uint32_t negative_count; /* tags with bytes below 0 */
	uint64_t skipped; /* lines of the listing that nothing could be made of */
	char version[16]; /* of the listing's format, "2.0" where it names none */
};

struct sample {
	gint refs;
	uint64_t serial; /* unique in the process, rising */
	uint64_t content_id; /* as the ioctls give it: the source's own, or one made up here */
	struct catalog *catalog;
	struct counter *counters; /* by number of tag */
	uint8_t *inaccurate; /* a bit per tag */
	GHashTable *tails; /* tag -> its tail, where that is not just "accurate:no"; or NULL */
	struct timespec time; /* when the counters were read */
	int64_t began; /* the same by g_get_monotonic_time(), for reckoning ages */
	uint32_t *part; /* of a part: the tags it has counters of, in listing order; else NULL */
	uint32_t part_count;
	struct sample_listing listing; /* of a part: as it was in the sample with all names */
	uint64_t text_length; /* see sample_text_length(); 0: nobody has asked */
	/* A part of what one sample holds more than another: see difference.h. */
	bool is_difference;
	int64_t seconds; /* between the two */
	uint32_t guessed; /* tags whose counterpart is at another line */
};

struct sample *sample_ref(struct sample *sample);
void sample_unref(struct sample *sample);

/* Whether the counter of a tag counted everything. */
bool sample_is_accurate(const struct sample *sample, uint32_t tag);

/*
 * The line of a tag: its length, room that is enough for it and quicker to tell, and writing it,
 * which returns the end. See text.h.
 */
size_t sample_line_length(const struct sample *sample, uint32_t tag);
size_t sample_line_room(const struct sample *sample, uint32_t tag);
char *sample_write_line(const struct sample *sample, uint32_t tag, char *to);

/* The length of all lines of a full sample; what it costs is paid when it is first asked for. */
uint64_t sample_text_length(const struct sample *sample);

/* A tag and its counter as the ioctls give them; spans live as long as the sample. */
void sample_cut_record(const struct sample *sample, uint32_t tag, struct abi_record *record);

/*
 * The reader. known is the catalog that the names are expected to be those of, or NULL; the reader
 * keeps a reference while it lives. sample_reader_feed() is a source_sink (see source.h)
 * and returns 0, or -ENOMEM, after which the reader can only be cancelled or finished.
 * sample_reader_finish() frees the reader and returns 0 and a new reference in *sample; -EBADMSG
 * where there was text but nothing in it belongs to a listing; or -ENOMEM.
 */
struct sample_reader;
struct sample_reader *sample_reader_begin(struct catalog *known);
int sample_reader_feed(void *reader, struct span text);
int sample_reader_finish(struct sample_reader *reader, struct timespec time,
			 struct sample **sample);
void sample_reader_cancel(struct sample_reader *reader);

/* To be called before the end, where the source numbers the states of its names. */
void sample_reader_set_content_id(struct sample_reader *reader, uint64_t content_id);

/*
 * A part of a sample: begins without tags, gets the counters of one tag after the other, in any
 * order, the later ones replacing the earlier; sample_part_finish() puts them in order, and only
 * then it is shared. A tag that is not in the part has no bytes and calls, and counted everything
 * unless sample_part_mark() said otherwise. names is the sample that it has all else from but the
 * catalog; a tag has the tail that it has there, where names is not NULL. sample_part_has_room()
 * says whether there is memory for it, be it of all tags: see heap_has_room().
 */
bool sample_part_has_room(const struct catalog *catalog);
struct sample *sample_part_begin(const struct sample *names, struct catalog *catalog,
				 struct timespec time, int64_t began);
void sample_part_add(struct sample *part, const struct sample *names, uint32_t tag,
		     struct counter counter, bool accurate);
void sample_part_mark(struct sample *part, uint32_t tag, bool accurate);
void sample_part_finish(struct sample *part);

/* For what makes samples: the serial of the next one. */
uint64_t sample_next_serial(void);

/* Whether a sample has the counter of a tag. */
bool sample_has(const struct sample *sample, uint32_t tag);

#endif
