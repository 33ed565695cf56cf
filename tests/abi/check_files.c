/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Filter and position belong to the open file: opened twice they are two, through dup() and fork()
 * they are one, and read() and lseek() have another position of their own.
 */
#include "check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct query everything;

static bool two_descriptors(const struct target *target)
{
	CLOSED int fd = target_open(target);
	CLOSED int other = target_open(target);
	CLOSED int third = target_open(target);
	struct query one, two;
	size_t i, k;

	if (!pick_file(target, 0, 3, &one) || !pick_file(target, 1, 3, &two))
		return skip("not two source files with three tags each");
	i = query_find(&one, target->listing, 0);
	k = query_find(&two, target->listing, 0);
	if (!at_gives(target, fd, "of the first", &one, i) ||
	    !at_gives(target, other, "of the second", &two, k))
		return false;
	for (size_t n = 0; i != NONE && k != NONE; n++) {
		i = match_after(target, &one, i);
		k = match_after(target, &two, k);
		if (!next_gives(target, fd, "of the first", i) ||
		    !next_gives(target, third, "of the third", n) ||
		    !next_gives(target, other, "of the second", k))
			return false;
	}
	return true;
}

static bool dup_shares(const struct target *target)
{
	CLOSED int fd = target_open(target);
	CLOSED int copy = dup(fd);
	struct query query;
	size_t i;

	if (!pick_file(target, 0, 3, &query))
		return skip("no source file with three tags");
	i = query_find(&query, target->listing, 0);
	if (!at_gives(target, fd, "of the first", &query, i))
		return false;
	for (size_t n = 0; i != NONE; n++) {
		i = match_after(target, &query, i);
		if (!next_gives(target, n % 2 ? fd : copy, "of one of two that share", i))
			return false;
	}
	return at_gives(target, copy, "of the copy", &everything, 0) &&
	       next_gives(target, fd, "of the first, after the copy's", 1);
}

/* It goes on living in a copy when the first descriptor is closed. */
static bool dup_outlives(const struct target *target)
{
	int fd = target_open(target);
	CLOSED int copy = dup(fd);
	bool right = at_gives(target, fd, "at 0", &everything, 0);

	close(fd);
	return right && some_gives(target, copy, "of the copy", &everything, 1, 100);
}

static bool fork_shares(const struct target *target)
{
	CLOSED int fd = target_open(target);
	struct query query;
	int status = 0;
	size_t i;
	pid_t child;

	if (!pick_file(target, 0, 4, &query))
		return skip("no source file with four tags");
	i = query_find(&query, target->listing, 0);
	if (!at_gives(target, fd, "before fork", &query, i))
		return false;
	child = fork();
	if (child == 0)
		_exit(!next_gives(target, fd, "in the child", match_after(target, &query, i)));
	if (child < 0 || waitpid(child, &status, 0) < 0 || status)
		return fail("the child was not given the next match");
	i = match_after(target, &query, i);
	return next_gives(target, fd, "after the child", match_after(target, &query, i));
}

/* The text as one string, read in small pieces with calls of all kinds between. */
static char *read_among_calls(const struct target *target, int fd, bool *right)
{
	size_t len = 0, room = 1 << 16;
	char *text = must_alloc(room, 1);
	struct query query = {0};
	struct tag tag;
	ssize_t n;

	while ((n = read(fd, text + len, 1500)) > 0) {
		len += (size_t)n;
		if (room - len < 2000)
			text = must_resize(text, room *= 2, 1);
		query.pos = len % target->listing->count;
		*right = *right && tag_at(target->layout, fd, &query, &tag) == 0 &&
			 lseek(fd, 0, SEEK_CUR) == (off_t)len;
		tag_next(target->layout, fd, &tag);
	}
	*right = *right && n == 0;
	text[len] = '\0';
	return text;
}

static bool text_among_calls(const struct target *target)
{
	CLOSED int fd = target_open(target);
	CLOSED int plain = target_open(target);
	bool right = true, same;
	char *text = read_among_calls(target, fd, &right), *whole = text_read(plain);
	struct listing *listing;

	same = target->live || strcmp(text, whole) == 0;
	listing = listing_parse(text);
	right = right && listing && listing_same_names(listing, target->listing);
	listing_free(listing);
	free(text);
	free(whole);
	return (right || fail("ioctls disturb read()")) &&
	       (same || fail("the text read among ioctls is another"));
}

/* The other way round: reads and seeks do not move the walk. */
static bool walk_among_reads(const struct target *target)
{
	CLOSED int fd = target_open(target);
	char head[16], again[16], piece[700];
	size_t i;

	if (pread(fd, head, sizeof(head), 0) != sizeof(head))
		return fail("pread: %s", strerror(errno));
	for (i = 0; i < target->listing->count && i < 60; i++) {
		if (!next_gives(target, fd, "among reads", i))
			return false;
		if (read(fd, piece, sizeof(piece)) < 0)
			return fail("read: %s", strerror(errno));
		if (i % 7 == 0 && (lseek(fd, 0, SEEK_SET) != 0 ||
				   read(fd, again, sizeof(again)) != sizeof(again) ||
				   memcmp(head, again, sizeof(head)) != 0))
			return fail("read after lseek is not the beginning of the text");
		if (i % 5 == 0 && (pread(fd, again, sizeof(again), 0) != sizeof(again) ||
				   memcmp(head, again, sizeof(head)) != 0))
			return fail("pread is not the beginning of the text");
	}
	return some_gives(target, fd, "among reads", &everything, i, 100);
}

/* The ends of pipes that hold kernel memory for as long as they are open. */
#define PIPES 100

static bool tags_moved(const struct target *target)
{
	struct listing *now = listing_read(target->path);
	bool moved = false;

	for (size_t i = 0; i < now->count && i < target->listing->count; i++)
		moved = moved || now->tags[i].calls - target->listing->tags[i].calls == PIPES;
	listing_free(now);
	return moved;
}

/* A descriptor sees what the counters are at the call, not what they were when it was opened. */
static bool counters_follow(const struct target *target)
{
	CLOSED int fd = target_open(target);
	struct pass pass = {.query = everything};
	int pipes[PIPES][2], opened = 0;
	uint64_t before, after;
	bool right, moved;

	if (!target->live)
		return skip("only with --live");
	if (!next_gives(target, fd, "early", 0) || content_id(fd, &before))
		return fail("the first call on it failed");
	while (opened < PIPES && pipe(pipes[opened]) == 0)
		opened++;
	/* A mount may answer from readings as old as a tenth of a second. */
	usleep(200 * 1000);
	moved = tags_moved(target);
	right = passes_right(target, fd, &pass, 1);
	if (content_id(fd, &after) || after != before)
		right = fail("the content id follows counters");
	while (opened-- > 0) {
		close(pipes[opened][0]);
		close(pipes[opened][1]);
	}
	return moved || !right ? right : skip("no tag has moved by %d calls", PIPES);
}

const struct check file_checks[] = {
	{"open file: two descriptors are independent", two_descriptors},
	{"open file: dup shares filter and position", dup_shares},
	{"open file: a copy outlives the first", dup_outlives},
	{"open file: a child shares filter and position", fork_shares},
	{"open file: ioctls do not move read()", text_among_calls},
	{"open file: read, pread and lseek do not move the walk", walk_among_reads},
	{"open file: counters are those of the moment", counters_follow},
	{NULL, NULL},
};
