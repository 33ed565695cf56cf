/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all checks share: the file under test, how a check says what is wrong, and single steps that
 * compare one answer with the listing. A check returns true where all was right; of the many ways
 * to be wrong it tells the first.
 */
#ifndef ALLOCFS_TESTS_ABI_CHECK_H
#define ALLOCFS_TESTS_ABI_CHECK_H

#include "ioctls.h"

struct target {
	const char *path;
	const struct layout *layout;
	bool live; /* the counters move, the names do not */
	struct listing *listing; /* read before the check began; never empty */
};

struct check {
	const char *name;
	bool (*run)(const struct target *target);
};

/* Each ends with a check without a name. */
extern const struct check walk_checks[], filter_checks[], error_checks[], file_checks[],
	thread_checks[];

/* The reason that fail() and skip() noted on this thread; the number of bytes is the room. */
#define REASON_SIZE 1024
extern _Thread_local char reason[REASON_SIZE];
extern _Thread_local bool skipped;

/* false, so that a check can return it. */
__attribute__((format(printf, 1, 2))) bool fail(const char *format, ...);
/* true: the listing has not what the check needs. */
__attribute__((format(printf, 1, 2))) bool skip(const char *format, ...);

/* A new descriptor of the file; ends the program where there is none. */
int target_open(const struct target *target);

void close_fd(const int *fd);
#define CLOSED __attribute__((cleanup(close_fd)))

/* The next call, or GET_AT with the query, gives the tag at index `want` of the listing, or fails
 * with ENOENT where that is NONE. `when` is for the message. */
bool at_gives(const struct target *target, int fd, const char *when, const struct query *query,
	      size_t want);
bool next_gives(const struct target *target, int fd, const char *when, size_t want);

/* GET_NEXT gives `most` matches from index `from` on; where there are fewer, ENOENT behind them. */
bool some_gives(const struct target *target, int fd, const char *when, const struct query *query,
		size_t from, size_t most);

/* GET_NEXT gives all matches from index `from` on, then ENOENT. */
bool rest_gives(const struct target *target, int fd, const char *when, const struct query *query,
		size_t from);

/* GET_AT fails with this error, a positive number. */
bool at_fails(const struct target *target, int fd, const char *when, const struct query *query,
	      int error);

/* The index of the match behind the one at `index`, or NONE. */
size_t match_after(const struct target *target, const struct query *query, size_t index);

/* A query for the nth source file, from 0, that has at least `least` tags but not all. false: none.
 */
bool pick_file(const struct target *target, size_t nth, size_t least, struct query *query);

/* Which of `count` things, of which `wanted` at most are tried, is tried as number i. */
size_t sample_index(size_t i, size_t count, size_t wanted);

/* All that a query gives: GET_AT at its pos, then GET_NEXT to the end, or `most` records of it. */
struct pass {
	struct query query;
	size_t most; /* 0: all */
	struct tag *tags;
	size_t count;
	int end; /* what ended it, -errno; 0 where `most` did */
	bool right;
};

void pass_run(const struct target *target, int fd, struct pass *pass);

/* Whether the pass gives what the text says. A tag whose counters are not the same in both listings
 * may have any, and may match a size or not; where after is NULL all tags are so. */
bool pass_explained(const struct pass *pass, const struct listing *before,
		    const struct listing *after);

/* Runs all on fd and compares them with the text read before and, of a live file, after; what is
 * wrong there is tried a few times more, for a counter may have moved and come back. Frees their
 * tags; the array stays the caller's. */
bool passes_right(const struct target *target, int fd, struct pass *passes, size_t count);

#endif
