/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole passes of a query, compared with the text. While counters move, a size filter may have let
 * a tag through or not, so a pass is right if SOME choice for the tags that moved explains all it
 * gave: line by line a set is kept of how many matches there may have been so far.
 */
#include "check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RETRIES 20

enum chance { OUT, IN, EITHER };

void pass_run(const struct target *target, int fd, struct pass *pass)
{
	size_t room = 0;
	struct tag tag;

	pass->count = 0;
	pass->tags = NULL;
	pass->end = tag_at(target->layout, fd, &pass->query, &tag);
	while (pass->end == 0) {
		if (pass->count > target->listing->count) {
			pass->end = -EOVERFLOW;
			return;
		}
		if (pass->count == room) {
			room = room ? 2 * room : 4;
			pass->tags = must_resize(pass->tags, room, sizeof(tag));
		}
		pass->tags[pass->count++] = tag;
		if (pass->count == pass->most)
			return;
		pass->end = tag_next(target->layout, fd, &tag);
	}
}

static enum chance chance_of(const struct query *query, const struct tag *line, bool moved)
{
	if (!query_accepts_names(query, line))
		return OUT;
	if (!(query->mask & MASK_SIZES))
		return IN;
	if (moved)
		return EITHER;
	return query_accepts_sizes(query, line) ? IN : OUT;
}

/* Whether the match after `matches` others may have been this line. Those before pos were not seen.
 */
static bool may_give(const struct pass *pass, size_t matches, const struct tag *line, bool moved)
{
	const struct tag *tag;

	if (matches < pass->query.pos)
		return true;
	if (matches - pass->query.pos >= pass->count)
		return pass->end == 0;
	tag = &pass->tags[matches - pass->query.pos];
	if (!tag_same_names(tag, line))
		return false;
	return moved ? query_accepts_sizes(&pass->query, tag) : tag_same_counters(tag, line);
}

static bool ends_right(const struct pass *pass, size_t matches)
{
	if (matches < pass->query.pos)
		return pass->end == -ENOENT && pass->count == 0;
	if (pass->end == 0)
		return matches - pass->query.pos >= pass->count;
	return pass->end == -ENOENT && matches - pass->query.pos == pass->count;
}

bool pass_explained(const struct pass *pass, const struct listing *before,
		    const struct listing *after)
{
	bool *possible = must_alloc(before->count + 2, sizeof(bool)), right = false;
	size_t low = 0, high = 0;

	possible[0] = true;
	for (size_t i = 0; i < before->count && low <= high; i++) {
		const struct tag *line = &before->tags[i];
		bool moved = !after || !tag_same_counters(line, &after->tags[i]);
		enum chance chance = chance_of(&pass->query, line, moved);

		/* Downwards, so that what is set above is not looked at again. */
		for (size_t k = high + 1; chance != OUT && k-- > low;) {
			if (!possible[k])
				continue;
			possible[k] = chance == EITHER;
			if (!may_give(pass, k, line, moved))
				continue;
			possible[k + 1] = true;
			high = k + 1 > high ? k + 1 : high;
		}
		while (low <= high && !possible[low])
			low++;
	}
	for (size_t k = low; k <= high; k++)
		right = right || (possible[k] && ends_right(pass, k));
	free(possible);
	return right;
}

/* How many bytes of a pattern to print: what is not in the mask may be junk. */
static int shown(const struct query *query, uint64_t bit)
{
	return query->mask & bit ? ALLOCINFO_STRING_SIZE : 0;
}

static bool say_wrong(const struct pass *pass)
{
	const struct query *q = &pass->query;

	return fail("pos %" PRIu64 " mask 0x%" PRIx64 " module '%.*s' function '%.*s' "
		    "file '%.*s' line %" PRIu64 " inaccurate %" PRIu64 " min %" PRIu64
		    " max %" PRIu64 ": %zu records (first: %.64s:%" PRIu64 ") and then '%s' are "
		    "not what the text says",
		    q->pos, q->mask, shown(q, ALLOCINFO_MASK_MODNAME), q->modname,
		    shown(q, ALLOCINFO_MASK_FUNCTION), q->function,
		    shown(q, ALLOCINFO_MASK_FILENAME), q->filename, q->lineno, q->inaccurate,
		    q->min_size, q->max_size, pass->count,
		    pass->count ? pass->tags[0].filename : "none",
		    pass->count ? pass->tags[0].lineno : 0, strerror(-pass->end));
}

static bool compare(const struct target *target, struct pass *passes, size_t count,
		    const struct listing *before, const struct listing *after)
{
	if (!listing_same_names(before, target->listing) || !listing_same_names(before, after))
		return fail("the names in the text changed meanwhile");
	for (size_t i = 0; i < count; i++)
		passes[i].right = pass_explained(&passes[i], before, after);
	return true;
}

/* One reading of the text, all passes, another reading. The descriptor of the text is kept open
 * during the passes: an open /proc/allocinfo is kernel memory itself, and would be missed. */
static bool run_between(const struct target *target, int fd, struct pass *passes, size_t count)
{
	int text = target->live ? target_open(target) : -1;
	struct listing *before = target->live ? listing_of(text, target->path) : NULL, *after;
	bool same;

	for (size_t i = 0; i < count; i++)
		pass_run(target, fd, &passes[i]);
	if (!target->live)
		return compare(target, passes, count, target->listing, target->listing);
	close(text);
	after = listing_read(target->path);
	same = compare(target, passes, count, before, after);
	listing_free(before);
	listing_free(after);
	return same;
}

/* A moving counter can be to blame for what was given, not for another error. */
static bool worth_a_retry(const struct target *target, const struct pass *pass)
{
	return target->live && !pass->right && (pass->end == 0 || pass->end == -ENOENT);
}

bool passes_right(const struct target *target, int fd, struct pass *passes, size_t count)
{
	bool right = run_between(target, fd, passes, count);

	for (size_t i = 0; right && i < count; i++) {
		for (int n = 0; right && worth_a_retry(target, &passes[i]) && n < RETRIES; n++) {
			free(passes[i].tags);
			right = run_between(target, fd, &passes[i], 1);
		}
		if (right && !passes[i].right)
			right = say_wrong(&passes[i]);
	}
	for (size_t i = 0; i < count; i++)
		free(passes[i].tags);
	return right;
}
