/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where GET_AT and GET_NEXT stand: the whole listing, positions, the end, and what a call that
 * fails does to the filter and the position of the descriptor.
 */
#include "check.h"

#include <errno.h>
#include <stdlib.h>

/* Steps that tell where a walk stands, without going to its end. */
#define SOME 100

static const struct query everything;

static bool same_content_id(const struct target *target)
{
	CLOSED int fd = target_open(target);
	CLOSED int other = target_open(target);
	struct query query, bad = {.mask = ~0ull}, far = {.pos = UINT64_MAX};
	uint64_t first, again;

	pick_file(target, 0, 1, &query);
	if (content_id(fd, &first) || content_id(fd, &again) || first != again)
		return fail("two calls on one descriptor differ");
	if (content_id(other, &again) || first != again)
		return fail("two descriptors differ");
	if (!some_gives(target, fd, "for the content id", &everything, 0, SOME))
		return false;
	if (!at_gives(target, fd, "for the content id", &query,
		      query_find(&query, target->listing, 0)))
		return false;
	if (!at_fails(target, fd, "of a bad mask", &bad, EINVAL) ||
	    !at_fails(target, fd, "far behind the end", &far, ENOENT))
		return false;
	if (content_id(fd, &again) || first != again)
		return fail("other calls have changed it");
	return true;
}

/* Asking for it is no part of a walk. */
static bool content_id_keeps_cursor(const struct target *target)
{
	CLOSED int fd = target_open(target);
	struct query query;
	uint64_t id;

	if (!pick_file(target, 0, 2, &query))
		return skip("no source file with two tags");
	for (size_t i = query_find(&query, target->listing, 0), n = 0;; n++) {
		if (content_id(fd, &id))
			return fail("CONTENT_ID within a walk failed");
		if (n ? !next_gives(target, fd, "behind CONTENT_ID", i)
		      : !at_gives(target, fd, "behind CONTENT_ID", &query, i))
			return false;
		if (i == NONE)
			return true;
		i = match_after(target, &query, i);
	}
}

static bool whole_listing(const struct target *target)
{
	CLOSED int fd = target_open(target);
	struct pass pass = {.query = everything};

	return passes_right(target, fd, &pass, 1);
}

static bool fresh_descriptor(const struct target *target)
{
	CLOSED int fd = target_open(target);

	return rest_gives(target, fd, "on a fresh descriptor", &everything, 0);
}

static bool starts_over(const struct target *target)
{
	CLOSED int fd = target_open(target);

	for (int round = 0; round < 2; round++)
		if (!rest_gives(target, fd, "without a filter", &everything, 0))
			return false;
	return true;
}

static bool starts_over_filtered(const struct target *target)
{
	struct query query;

	for (size_t nth = 0; nth < 20; nth++) {
		CLOSED int fd = target_open(target);

		if (!pick_file(target, nth, 1, &query))
			return nth > 0 || skip("all tags are of one source file");
		if (!at_gives(target, fd, "at 0", &query, query_find(&query, target->listing, 0)))
			return false;
		for (int round = 0; round < 3; round++)
			if (!rest_gives(target, fd, "after the end", &query,
					round ? 0 : query_find(&query, target->listing, 0) + 1))
				return false;
	}
	return true;
}

/* GET_AT at pos, which is the tag at `index`, and two steps on. */
static bool goes_on(const struct target *target, int fd, const struct query *query, size_t index)
{
	if (!at_gives(target, fd, "at a position", query, index))
		return false;
	for (int step = 0; step < 2 && index != NONE; step++) {
		index = match_after(target, query, index);
		if (!next_gives(target, fd, "behind a position", index))
			return false;
	}
	return true;
}

static bool positions(const struct target *target)
{
	CLOSED int fd = target_open(target);
	size_t count = target->listing->count, wanted = 150;

	for (size_t i = 0; i < count && i < wanted; i++) {
		size_t index = sample_index(i, count, wanted);
		struct query query = {.pos = index};

		if (!goes_on(target, fd, &query, index))
			return false;
		query.pos = count - 1 - index;
		if (!goes_on(target, fd, &query, count - 1 - index))
			return false;
	}
	return true;
}

static bool positions_filtered(const struct target *target)
{
	CLOSED int fd = target_open(target);
	struct query query;

	for (size_t nth = 0; nth < 40; nth++) {
		if (!pick_file(target, nth, 2, &query))
			return nth > 0 || skip("no source file with two tags");
		for (size_t i = query_find(&query, target->listing, 0); i != NONE;
		     i = match_after(target, &query, i), query.pos++)
			if (!goes_on(target, fd, &query, i))
				return false;
		if (!at_fails(target, fd, "behind the last match", &query, ENOENT))
			return false;
	}
	return true;
}

/* A new filter takes the place of the old one, nothing of it stays. */
static bool filter_replaced(const struct target *target)
{
	CLOSED int fd = target_open(target);
	struct query one, other;

	if (!pick_file(target, 0, 2, &one) || !pick_file(target, 1, 2, &other))
		return skip("not two source files with two tags each");
	return at_gives(target, fd, "of one file", &one, query_find(&one, target->listing, 0)) &&
	       at_gives(target, fd, "of another", &other, query_find(&other, target->listing, 0)) &&
	       rest_gives(target, fd, "of another", &other,
			  query_find(&other, target->listing, 0) + 1) &&
	       at_gives(target, fd, "of all", &everything, 0) &&
	       some_gives(target, fd, "of all", &everything, 1, SOME);
}

/* Whether a walk that the query began goes on behind its first match, however GET_AT failed
 * between. */
static bool unmoved_by(const struct target *target, const struct query *walk,
		       const struct query *failing, int error, const char *when)
{
	size_t first = query_find(walk, target->listing, 0);
	CLOSED int fd = target_open(target);
	CLOSED int fresh = target_open(target);

	return at_gives(target, fd, "before the failure", walk, first) &&
	       at_fails(target, fd, when, failing, error) &&
	       next_gives(target, fd, when, match_after(target, walk, first)) &&
	       at_fails(target, fd, when, failing, error) &&
	       at_fails(target, fd, when, failing, error) &&
	       some_gives(target, fd, when, walk, match_after(target, walk, first) + 1, SOME) &&
	       at_fails(target, fresh, when, failing, error) && next_gives(target, fresh, when, 0);
}

static bool einval_changes_nothing(const struct target *target)
{
	struct query walk, bad_mask = {.mask = 1 << 7},
			   bad_sizes = {.mask = MASK_SIZES, .min_size = 2, .max_size = 1};

	if (!pick_file(target, 0, 3, &walk))
		return skip("no source file with three tags");
	return unmoved_by(target, &walk, &bad_mask, EINVAL, "with a bad mask") &&
	       unmoved_by(target, &walk, &bad_sizes, EINVAL, "with min above max") &&
	       unmoved_by(target, &everything, &bad_mask, EINVAL, "with a bad mask");
}

/* Positions that no tag has are told before the filter is set. */
static bool far_pos_changes_nothing(const struct target *target)
{
	struct query walk, failing;

	if (!pick_file(target, 0, 3, &walk) || !pick_file(target, 1, 1, &failing))
		return skip("no source file with three tags, or no other");
	for (int with_filter = 0; with_filter < 2; with_filter++) {
		const uint64_t far[] = {target->listing->count,
					target->listing->count + 1,
					1ull << 31,
					1ull << 32,
					1ull << 63,
					UINT64_MAX};

		failing.mask = with_filter ? ALLOCINFO_MASK_FILENAME : 0;
		for (size_t i = 0; i < sizeof(far) / sizeof(*far); i++) {
			failing.pos = far[i];
			if (!unmoved_by(target, &walk, &failing, ENOENT, "far behind the end"))
				return false;
		}
	}
	return true;
}

/* A query for a source file, at the first position that it has no match for, and another file. */
static bool pick_beyond(const struct target *target, struct query *beyond, struct query *walk)
{
	if (!pick_file(target, 0, 2, walk) || !pick_file(target, 1, 2, beyond))
		return false;
	beyond->pos = query_count(beyond, target->listing);
	return true;
}

/* Where nothing has been given since the last end, the filter is set and its first match is next.
 */
static bool no_match_at_start(const struct target *target)
{
	const struct query nothing = {.mask = ALLOCINFO_MASK_FILENAME, .filename = "\1"};
	struct query beyond, walk;
	CLOSED int fd = target_open(target);
	CLOSED int fresh = target_open(target);
	CLOSED int other = target_open(target);

	if (!pick_beyond(target, &beyond, &walk))
		return skip("not two source files with two tags each");
	if (!at_fails(target, fresh, "on a fresh descriptor", &beyond, ENOENT) ||
	    !rest_gives(target, fresh, "after no match on a fresh descriptor", &beyond, 0) ||
	    !at_fails(target, other, "of no file", &nothing, ENOENT) ||
	    !next_gives(target, other, "of no file", NONE) ||
	    !next_gives(target, other, "of no file, again", NONE) ||
	    !at_gives(target, fd, "of one file", &walk, query_find(&walk, target->listing, 0)) ||
	    !rest_gives(target, fd, "of one file", &walk,
			query_find(&walk, target->listing, 0) + 1) ||
	    !at_fails(target, fd, "after the end", &beyond, ENOENT) ||
	    !rest_gives(target, fd, "after the end and no match", &beyond, 0))
		return false;
	beyond.pos = target->listing->count - 1;
	return at_fails(target, fd, "after the end", &beyond, ENOENT) &&
	       at_fails(target, fd, "after the end, again", &beyond, ENOENT) &&
	       rest_gives(target, fd, "after the end and no match twice", &beyond, 0);
}

/* In the midst of a walk the filter is set as well, but the walk is at its end, which GET_NEXT
 * tells before it starts over. */
static bool no_match_in_walk(const struct target *target)
{
	struct query beyond, walk;
	size_t first;

	if (!pick_beyond(target, &beyond, &walk))
		return skip("not two source files with two tags each");
	first = query_find(&walk, target->listing, 0);
	for (int steps = 0; steps < 2; steps++)
		for (int times = 1; times < 3; times++) {
			CLOSED int fd = target_open(target);

			if (!at_gives(target, fd, "of one file", &walk, first))
				return false;
			if (steps && !next_gives(target, fd, "of one file",
						 match_after(target, &walk, first)))
				return false;
			for (int i = 0; i < times; i++)
				if (!at_fails(target, fd, "of another", &beyond, ENOENT))
					return false;
			if (!next_gives(target, fd, "after no match in a walk", NONE) ||
			    !rest_gives(target, fd, "after that end", &beyond, 0))
				return false;
			beyond.pos = target->listing->count - 1;
		}
	return true;
}

const struct check walk_checks[] = {
	{"content id: always the same", same_content_id},
	{"content id: does not move a walk", content_id_keeps_cursor},
	{"walk: GET_AT and GET_NEXT give the text", whole_listing},
	{"walk: a fresh descriptor begins at the first tag, unfiltered", fresh_descriptor},
	{"walk: after the end it starts over", starts_over},
	{"walk: after the end it starts over with the same filter", starts_over_filtered},
	{"position: counts tags, and the walk goes on there", positions},
	{"position: counts matches, and the walk goes on there", positions_filtered},
	{"filter: the next one replaces it", filter_replaced},
	{"failure: EINVAL changes neither filter nor position", einval_changes_nothing},
	{"failure: nor does a position behind all tags", far_pos_changes_nothing},
	{"failure: no match at the start sets the filter, its first match is next",
	 no_match_at_start},
	{"failure: no match in a walk sets the filter and ends the walk", no_match_in_walk},
	{NULL, NULL},
};
