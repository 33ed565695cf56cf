/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single steps of a check: one call, one answer, one message that has both what came and what not.
 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

_Thread_local char reason[REASON_SIZE];
_Thread_local bool skipped;

/* One line of ASCII, whatever bytes a name had. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

bool fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	make_printable(reason);
	return false;
}

bool skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	skipped = true;
	return true;
}

int target_open(const struct target *target)
{
	int fd = open(target->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		bail_out("%s: %s", target->path, strerror(errno));
	return fd;
}

void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define TAG_TEXT_SIZE 320

static const char *tag_text(const struct tag *tag, char *to)
{
	snprintf(to, TAG_TEXT_SIZE, "%" PRId64 " %" PRIu64 " %.64s:%" PRIu64 " [%.64s] %.64s %u",
		 (int64_t)tag->bytes, tag->calls, tag->filename, tag->lineno, tag->modname,
		 tag->function, tag->accurate);
	return to;
}

static bool answer_is(const struct target *target, const char *call_name, const char *when,
		      int result, const struct tag *tag, size_t want)
{
	char got[TAG_TEXT_SIZE], due[TAG_TEXT_SIZE];
	const struct tag *wanted = want == NONE ? NULL : &target->listing->tags[want];

	if (!wanted) {
		if (result == -ENOENT)
			return true;
		return fail("%s %s: ENOENT is due, it gave %s", call_name, when,
			    result ? strerror(-result) : tag_text(tag, got));
	}
	if (result)
		return fail("%s %s: %s; number %zu is due, %s", call_name, when, strerror(-result),
			    want, tag_text(wanted, due));
	if (!tag_same_names(tag, wanted) || (!target->live && !tag_same_counters(tag, wanted)))
		return fail("%s %s: it gave %s; number %zu is due, %s", call_name, when,
			    tag_text(tag, got), want, tag_text(wanted, due));
	return true;
}

bool at_gives(const struct target *target, int fd, const char *when, const struct query *query,
	      size_t want)
{
	struct tag tag;
	int result = tag_at(target->layout, fd, query, &tag);

	return answer_is(target, "GET_AT", when, result, &tag, want);
}

bool next_gives(const struct target *target, int fd, const char *when, size_t want)
{
	struct tag tag;
	int result = tag_next(target->layout, fd, &tag);

	return answer_is(target, "GET_NEXT", when, result, &tag, want);
}

bool some_gives(const struct target *target, int fd, const char *when, const struct query *query,
		size_t from, size_t most)
{
	size_t i = query_find(query, target->listing, from);

	for (; most > 0; most--) {
		if (!next_gives(target, fd, when, i))
			return false;
		if (i == NONE)
			return true;
		i = match_after(target, query, i);
	}
	return true;
}

bool rest_gives(const struct target *target, int fd, const char *when, const struct query *query,
		size_t from)
{
	return some_gives(target, fd, when, query, from, SIZE_MAX);
}

bool at_fails(const struct target *target, int fd, const char *when, const struct query *query,
	      int error)
{
	struct tag tag;
	int result = tag_at(target->layout, fd, query, &tag);

	if (result == -error)
		return true;
	return fail("GET_AT %s: %s is due, it gave %s", when, strerror(error),
		    result ? strerror(-result) : "a tag");
}

size_t match_after(const struct target *target, const struct query *query, size_t index)
{
	return query_find(query, target->listing, index + 1);
}

bool pick_file(const struct target *target, size_t nth, size_t least, struct query *query)
{
	const struct listing *listing = target->listing;

	for (size_t i = 0; i < listing->count; i++) {
		size_t count;

		*query = query_like(&listing->tags[i], ALLOCINFO_MASK_FILENAME);
		if (query_find(query, listing, 0) != i)
			continue;
		count = query_count(query, listing);
		if (count >= least && count < listing->count && nth-- == 0)
			return true;
	}
	return false;
}

size_t sample_index(size_t i, size_t count, size_t wanted)
{
	return count <= wanted ? i : i * (count - 1) / (wanted - 1);
}
