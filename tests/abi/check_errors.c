/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which error there is for what, which bytes of the caller's memory a call writes, and what a call
 * has done although the memory for its answer was bad.
 */
#include "check.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define JUNK 0xAA

static const struct query everything;

/* The call fails like that. */
static bool gives_error(int fd, const char *what, unsigned long command, void *arg, int error)
{
	int result = call(fd, command, arg);

	return result == -error || fail("%s (command 0x%lx): %s is due, it gave %s", what, command,
					strerror(error), strerror(-result));
}

static bool unknown_bits(const struct target *target)
{
	CLOSED int fd = target_open(target);

	for (unsigned int bit = 7; bit < 64; bit++) {
		struct query query = {.mask = 1ull << bit};

		if (!at_fails(target, fd, "with an unknown bit", &query, EINVAL))
			return false;
		query.mask |= ALLOCINFO_MASK_LINENO;
		query.pos = UINT64_MAX;
		if (!at_fails(target, fd, "with an unknown bit, far away", &query, EINVAL))
			return false;
	}
	return next_gives(target, fd, "after all that", 0);
}

static bool contradictory_sizes(const struct target *target)
{
	static const uint64_t pairs[][2] = {
		{1, 0}, {4097, 4096}, {1ull << 32, 1}, {1ull << 63, INT64_MAX}, {UINT64_MAX, 0}};
	CLOSED int fd = target_open(target);

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct query query = {.min_size = pairs[i][0], .max_size = pairs[i][1]};

		query.mask = MASK_SIZES;
		if (!at_fails(target, fd, "with min above max", &query, EINVAL))
			return false;
		query.pos = UINT64_MAX;
		if (!at_fails(target, fd, "with min above max, far away", &query, EINVAL))
			return false;
		query.pos = 0;
		query.mask = 0;
		if (!at_gives(target, fd, "with unused min above max", &query, 0))
			return false;
	}
	return true;
}

/* One bit alone cannot contradict, whatever stands in the member of the other. */
static bool one_size_alone(const struct target *target)
{
	CLOSED int fd = target_open(target);
	struct pass passes[] = {
		{.query = {.mask = ALLOCINFO_MASK_MIN_SIZE, .min_size = 1, .max_size = 0}},
		{.query = {.mask = ALLOCINFO_MASK_MAX_SIZE, .min_size = 2, .max_size = 1}},
	};

	return passes_right(target, fd, passes, 2);
}

static bool untouched(const char *when, const union args *before, const union args *after)
{
	for (size_t i = 0; i < sizeof(*before); i++)
		if (before->bytes[i] != after->bytes[i])
			return fail("%s: byte %zu has changed from 0x%02x to 0x%02x", when, i,
				    before->bytes[i], after->bytes[i]);
	return true;
}

static bool failing_at_writes_nothing(const struct target *target, int fd,
				      const struct query *query, int error)
{
	union args before, after;

	args_fill(target->layout, query, &before);
	memset(before.bytes + GET_AT_DATA, JUNK, sizeof(before) - GET_AT_DATA);
	after = before;
	return gives_error(fd, "GET_AT", target->layout->get_at, &after, error) &&
	       untouched("GET_AT that failed", &before, &after);
}

static bool failure_writes_nothing(const struct target *target)
{
	struct query far = {.pos = UINT64_MAX}, bad = {.mask = 1 << 7},
		     none = {.mask = ALLOCINFO_MASK_FILENAME, .filename = "\1"};
	CLOSED int fd = target_open(target);
	union args before, after;

	memset(&before, JUNK, sizeof(before));
	after = before;
	return failing_at_writes_nothing(target, fd, &far, ENOENT) &&
	       failing_at_writes_nothing(target, fd, &bad, EINVAL) &&
	       failing_at_writes_nothing(target, fd, &none, ENOENT) &&
	       gives_error(fd, "GET_NEXT", target->layout->get_next, &after, ENOENT) &&
	       untouched("GET_NEXT at the end", &before, &after);
}

/* Bytes behind a string and the padding are zeros from GET_NEXT, whatever was there. */
static bool string_is_padded(const unsigned char *string)
{
	size_t len = strnlen((const char *)string, ALLOCINFO_STRING_SIZE);

	for (size_t i = len; i < ALLOCINFO_STRING_SIZE; i++)
		if (string[i])
			return false;
	return len < ALLOCINFO_STRING_SIZE;
}

static bool next_fills_all(const struct target *target)
{
	const size_t padding =
		target->layout->counter + offsetof(struct allocinfo_counter, padding);
	CLOSED int fd = target_open(target);
	struct tag tag;

	for (size_t i = 0; i < target->listing->count; i++) {
		union args args, junk;

		memset(&junk, JUNK, sizeof(junk));
		args = junk;
		if (call(fd, target->layout->get_next, &args))
			return fail("GET_NEXT number %zu failed", i);
		tag_fill(target->layout, args.bytes, &tag);
		if (!tag_same_names(&tag, &target->listing->tags[i]))
			return fail("number %zu into junk is another tag", i);
		for (size_t string = 0; string < 3; string++)
			if (!string_is_padded(args.bytes + string * ALLOCINFO_STRING_SIZE))
				return fail("junk behind string %zu of number %zu", string, i);
		for (size_t at = padding; at < target->layout->data_size; at++)
			if (args.bytes[at])
				return fail("junk in the padding of number %zu", i);
		memset(args.bytes, JUNK, target->layout->data_size);
		if (!untouched("behind a record", &junk, &args))
			return false;
	}
	return true;
}

/* The kernel leaves there what it took, with GET_AT, so that only the strings themselves count. */
static bool at_into_junk(const struct target *target)
{
	const size_t count = target->listing->count, behind = target->layout->get_at_size;
	CLOSED int fd = target_open(target);
	struct tag tag;

	for (size_t i = 0; i < count && i < 100; i++) {
		union args args, given;
		struct query query = {.pos = sample_index(i, count, 100)};

		args_fill(target->layout, &query, &given);
		memset(given.bytes + GET_AT_DATA, JUNK, sizeof(given) - GET_AT_DATA);
		args = given;
		if (call(fd, target->layout->get_at, &args))
			return fail("GET_AT %zu failed", (size_t)query.pos);
		tag_fill(target->layout, args.bytes + GET_AT_DATA, &tag);
		if (!tag_same_names(&tag, &target->listing->tags[query.pos]))
			return fail("number %zu into junk is another tag", (size_t)query.pos);
		memset(args.bytes + GET_AT_DATA, JUNK, behind - GET_AT_DATA);
		if (!untouched("GET_AT outside of its record", &given, &args))
			return false;
	}
	return true;
}

/* Two pages, the second of which nobody may touch; NULL where there is no memory. */
static unsigned char *pages(size_t *page)
{
	unsigned char *memory;

	*page = (size_t)sysconf(_SC_PAGESIZE);
	memory = mmap(NULL, 2 * *page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || mprotect(memory + *page, *page, PROT_NONE))
		bail_out("no memory for two pages");
	return memory;
}

static bool content_id_faults(const struct target *target)
{
	CLOSED int fd = target_open(target);
	size_t page;
	unsigned char *memory = pages(&page);
	bool right = gives_error(fd, "NULL", ALLOCINFO_CONTENT_ID, NULL, EFAULT) &&
		     gives_error(fd, "no access", ALLOCINFO_CONTENT_ID, memory + page, EFAULT) &&
		     gives_error(fd, "half", ALLOCINFO_CONTENT_ID, memory + page - 4, EFAULT) &&
		     mprotect(memory, page, PROT_READ) == 0 &&
		     gives_error(fd, "read only", ALLOCINFO_CONTENT_ID, memory, EFAULT);

	munmap(memory, 2 * page);
	return right;
}

/* What GET_AT cannot read it has not done. */
static bool at_faults(const struct target *target)
{
	const size_t sizes[] = {8,
				100,
				GET_AT_DATA - 8,
				GET_AT_DATA,
				GET_AT_DATA + 8,
				target->layout->get_at_size - 8};
	const unsigned long command = target->layout->get_at;
	CLOSED int fd = target_open(target);
	size_t page;
	unsigned char *memory = pages(&page);
	bool right = at_gives(target, fd, "at 0", &everything, 0) &&
		     gives_error(fd, "NULL", command, NULL, EFAULT) &&
		     gives_error(fd, "no access", command, memory + page, EFAULT);

	for (size_t i = 0; right && i < sizeof(sizes) / sizeof(*sizes); i++)
		right = gives_error(fd, "half", command, memory + page - sizes[i], EFAULT);
	munmap(memory, 2 * page);
	return right &&
	       next_gives(target, fd, "after bad pointers", match_after(target, &everything, 0));
}

/* Where it can read but not write, filter and position are as if all had been well. */
static bool at_read_only(const struct target *target)
{
	CLOSED int fd = target_open(target);
	struct query query;
	union args args;
	size_t page, first;
	unsigned char *memory;
	bool right;

	if (!pick_file(target, 0, 3, &query))
		return skip("no source file with three tags");
	memory = pages(&page);
	query.pos = 1;
	first = query_find(&query, target->listing, 0);
	args_fill(target->layout, &query, &args);
	memcpy(memory, &args, sizeof(args));
	right = mprotect(memory, page, PROT_READ) == 0 &&
		gives_error(fd, "read only", target->layout->get_at, memory, EFAULT) &&
		rest_gives(target, fd, "after GET_AT into read-only memory", &query,
			   match_after(target, &query, first) + 1);
	munmap(memory, 2 * page);
	return right;
}

/* A record that could not be delivered is gone. */
static bool next_faults(const struct target *target)
{
	const unsigned long command = target->layout->get_next;
	CLOSED int fd = target_open(target);
	struct query last = {.pos = target->listing->count - 1};
	size_t page;
	unsigned char *memory = pages(&page);
	bool right;

	if (target->listing->count < 6)
		return skip("fewer than six tags");
	right = at_gives(target, fd, "at 0", &everything, 0) &&
		gives_error(fd, "NULL", command, NULL, EFAULT) &&
		next_gives(target, fd, "after NULL", 2) &&
		gives_error(fd, "no access", command, memory + page, EFAULT) &&
		gives_error(fd, "half", command, memory + page - 200, EFAULT) &&
		mprotect(memory, page, PROT_READ) == 0 &&
		gives_error(fd, "read only", command, memory, EFAULT) &&
		some_gives(target, fd, "after bad pointers", &everything, 6, 100) &&
		at_gives(target, fd, "the last", &last, last.pos) &&
		gives_error(fd, "at the end with NULL", command, NULL, ENOENT) &&
		next_gives(target, fd, "after the end", 0);
	munmap(memory, 2 * page);
	return right;
}

/* The command with this in place of its size, or of its direction. */
static unsigned long with_size(unsigned long command, size_t size)
{
	const unsigned long mask = (unsigned long)_IOC_SIZEMASK << _IOC_SIZESHIFT;

	return (command & ~mask) | size << _IOC_SIZESHIFT;
}

static unsigned long with_direction(unsigned long command, unsigned long direction)
{
	const unsigned long mask = (unsigned long)_IOC_DIRMASK << _IOC_DIRSHIFT;

	return (command & ~mask) | direction << _IOC_DIRSHIFT;
}

/* With memory for the largest size that a command can name: FUSE takes it before the file is asked.
 */
static bool all_unknown(int fd, const unsigned long *commands, size_t count)
{
	unsigned char memory[_IOC_SIZEMASK + 1] = {0};

	for (size_t i = 0; i < count; i++)
		if (!gives_error(fd, "unknown", commands[i], memory, ENOTTY))
			return false;
	return true;
}

/* In the midst of a walk, which they must not move. */
static bool other_sizes(const struct target *target)
{
	const struct layout *layout = target->layout;
	const struct layout *other = layout == &layout_v3 ? &layout_mainline : &layout_v3;
	const unsigned long id = ALLOCINFO_CONTENT_ID, at = layout->get_at, next = layout->get_next;
	const unsigned long commands[] = {
		other->get_at,
		other->get_next,
		with_size(id, 0),
		with_size(id, 4),
		with_size(id, 16),
		with_size(at, 0),
		with_size(at, layout->get_at_size - 8),
		with_size(at, layout->get_at_size + 32),
		with_size(next, 0),
		with_size(next, layout->data_size - 1),
		with_size(next, layout->data_size + 32),
	};
	CLOSED int fd = target_open(target);

	return at_gives(target, fd, "at 0", &everything, 0) &&
	       all_unknown(fd, commands, sizeof(commands) / sizeof(*commands)) &&
	       next_gives(target, fd, "after other sizes", match_after(target, &everything, 0));
}

static bool other_directions(const struct target *target)
{
	const unsigned long known[] = {ALLOCINFO_CONTENT_ID, target->layout->get_at,
				       target->layout->get_next};
	CLOSED int fd = target_open(target);

	if (!at_gives(target, fd, "at 0", &everything, 0))
		return false;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		for (unsigned long direction = 0; direction < 4; direction++) {
			unsigned long command = with_direction(known[i], direction);

			if (command != known[i] && !all_unknown(fd, &command, 1))
				return false;
		}
	return next_gives(target, fd, "after other directions",
			  match_after(target, &everything, 0));
}

static bool other_commands(const struct target *target)
{
	static const unsigned long commands[] = {
		_IO(ALLOCINFO_IOC_BASE, 0),
		_IO(ALLOCINFO_IOC_BASE, 1),
		_IO(ALLOCINFO_IOC_BASE, 2),
		_IO(ALLOCINFO_IOC_BASE, 255),
		_IOR(ALLOCINFO_IOC_BASE - 1, 0, uint64_t),
		_IOR(ALLOCINFO_IOC_BASE + 1, 0, uint64_t),
		TCGETS,
		TIOCGWINSZ,
		UINT32_MAX,
	};
	CLOSED int fd = target_open(target);

	if (!at_gives(target, fd, "at 0", &everything, 0) ||
	    !all_unknown(fd, commands, sizeof(commands) / sizeof(*commands)))
		return false;
	for (unsigned int number = 3; number <= 10; number++) {
		const unsigned long unknown[] = {
			_IO(ALLOCINFO_IOC_BASE, number),
			_IOR(ALLOCINFO_IOC_BASE, number, uint64_t),
			_IOW(ALLOCINFO_IOC_BASE, number, uint64_t),
			_IOWR(ALLOCINFO_IOC_BASE, number, union args),
		};

		if (!all_unknown(fd, unknown, sizeof(unknown) / sizeof(*unknown)))
			return false;
	}
	return next_gives(target, fd, "after unknown commands",
			  match_after(target, &everything, 0));
}

const struct check error_checks[] = {
	{"EINVAL: each unknown bit of the mask, before the position is looked at", unknown_bits},
	{"EINVAL: min_size above max_size, without sign", contradictory_sizes},
	{"EINVAL: not with one size alone", one_size_alone},
	{"memory: a failure writes nothing", failure_writes_nothing},
	{"memory: GET_NEXT fills its record with zeros, nothing outside", next_fills_all},
	{"memory: GET_AT writes its record, nothing outside", at_into_junk},
	{"EFAULT: CONTENT_ID", content_id_faults},
	{"EFAULT: GET_AT that could not be read has done nothing", at_faults},
	{"EFAULT: GET_AT that could not be answered has set filter and position", at_read_only},
	{"EFAULT: GET_NEXT has gone on by a record", next_faults},
	{"ENOTTY: other sizes of the known commands, the other layout's too", other_sizes},
	{"ENOTTY: other directions", other_directions},
	{"ENOTTY: other commands", other_commands},
	{NULL, NULL},
};
