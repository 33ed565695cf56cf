/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a filter lets through. Each check makes queries, runs them all and compares each with the
 * text, so that a filter that lets too much through shows as well as one that holds too much back.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#define DISTINCT_MOST 400

#define PART 20

struct passes {
	const struct listing *listing;
	struct pass *array;
	size_t count, room;
};

static void add_part(struct passes *passes, struct query query, size_t most)
{
	if (passes->count == passes->room) {
		passes->room = passes->room ? 2 * passes->room : 64;
		passes->array = must_resize(passes->array, passes->room, sizeof(struct pass));
	}
	passes->array[passes->count++] = (struct pass){.query = query, .most = most};
}

static void add_whole(struct passes *passes, struct query query)
{
	add_part(passes, query, 0);
}

/* Of a query that gives much only how it begins and how it ends; in between pos counts its matches.
 * A call into a mount is some hundred times dearer than one into the kernel. */
static void add(struct passes *passes, struct query query)
{
	const struct listing *listing = passes->listing;
	size_t matches = 0;

	for (size_t i = 0; i < listing->count; i++)
		matches += query_accepts_names(&query, &listing->tags[i]) &&
			   query_accepts_sizes(&query, &listing->tags[i]);
	if (matches <= query.pos + 2 * PART) {
		add_whole(passes, query);
		return;
	}
	add_part(passes, query, PART);
	query.pos = matches - PART;
	add_whole(passes, query);
}

static bool finish(const struct target *target, struct passes *passes)
{
	CLOSED int fd = target_open(target);
	bool right = passes_right(target, fd, passes->array, passes->count);

	free(passes->array);
	return right;
}

/* Any order will do that makes equal ones neighbours. */
static int compare_queries(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct query));
}

/* Every value that a member has, each as a filter on that member alone. */
static bool each_value(const struct target *target, uint64_t mask)
{
	const struct listing *listing = target->listing;
	struct query *queries = must_alloc(listing->count, sizeof(*queries));
	struct passes passes = {.listing = target->listing};
	size_t distinct = 0;

	for (size_t i = 0; i < listing->count; i++)
		queries[i] = query_like(&listing->tags[i], mask);
	qsort(queries, listing->count, sizeof(*queries), compare_queries);
	for (size_t i = 0; i < listing->count; i++)
		if (distinct == 0 || compare_queries(&queries[i], &queries[distinct - 1]))
			queries[distinct++] = queries[i];
	for (size_t i = 0; i < distinct && i < DISTINCT_MOST; i++)
		add_whole(&passes, queries[sample_index(i, distinct, DISTINCT_MOST)]);
	free(queries);
	return finish(target, &passes);
}

static bool each_file(const struct target *target)
{
	return each_value(target, ALLOCINFO_MASK_FILENAME);
}

static bool each_function(const struct target *target)
{
	return each_value(target, ALLOCINFO_MASK_FUNCTION);
}

static bool each_line(const struct target *target)
{
	return each_value(target, ALLOCINFO_MASK_LINENO);
}

static bool each_module(const struct target *target)
{
	return each_value(target, ALLOCINFO_MASK_MODNAME);
}

static bool each_accuracy(const struct target *target)
{
	const uint64_t values[] = {0, 1, 2, 3, 256, 1ull << 32, 1ull << 63, UINT64_MAX};
	struct passes passes = {.listing = target->listing};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		add(&passes,
		    (struct query){.mask = ALLOCINFO_MASK_INACCURATE, .inaccurate = values[i]});
	return finish(target, &passes);
}

static bool built_in(const struct target *target)
{
	struct passes passes = {.listing = target->listing};
	struct query query = {.mask = ALLOCINFO_MASK_MODNAME};

	add(&passes, query);
	strcpy(query.modname, "vmlinux");
	add(&passes, query);
	strcpy(query.modname, "kernel");
	add(&passes, query);
	return finish(target, &passes);
}

/* No prefix, no end, no other case, no pattern. */
static void add_unlike(struct passes *passes, const struct query *like, char *member)
{
	char name[ALLOCINFO_STRING_SIZE];
	size_t len = strlen(member);

	memcpy(name, member, sizeof(name));
	if (len == 0)
		return;
	member[len - 1] = '\0';
	add(passes, *like);
	memmove(member, name + 1, len);
	add(passes, *like);
	memcpy(member, name, sizeof(name));
	member[0] ^= 0x20;
	add(passes, *like);
	strcpy(member, "*");
	add(passes, *like);
	member[0] = '\0';
	add(passes, *like);
	memcpy(member, name, sizeof(name));
	if (len < ALLOCINFO_STRING_SIZE - 1) {
		member[len] = 'x';
		add(passes, *like);
		member[len] = ' ';
		add(passes, *like);
	}
}

static bool names_match_whole(const struct target *target)
{
	const struct listing *listing = target->listing;
	struct passes passes = {.listing = target->listing};

	for (size_t i = 0; i < listing->count && i < 30; i++) {
		const struct tag *tag = &listing->tags[sample_index(i, listing->count, 30)];
		struct query query = query_like(tag, ALLOCINFO_MASK_FILENAME);

		add_unlike(&passes, &query, query.filename);
		query = query_like(tag, ALLOCINFO_MASK_FUNCTION);
		add_unlike(&passes, &query, query.function);
		query = query_like(tag, ALLOCINFO_MASK_MODNAME);
		add_unlike(&passes, &query, query.modname);
	}
	return finish(target, &passes);
}

/* A string ends at its first NUL, and one of 64 bytes without any is longer than every name. */
static bool string_ends(const struct target *target)
{
	const struct listing *listing = target->listing;
	struct passes passes = {.listing = target->listing};
	struct query query;
	char *const strings[] = {query.modname, query.function, query.filename};

	for (size_t i = 0; i < listing->count && i < 20; i++) {
		query = query_like(&listing->tags[sample_index(i, listing->count, 20)], MASK_NAMES);
		for (size_t s = 0; s < 3; s++) {
			size_t len = strlen(strings[s]) + 1;

			memset(strings[s] + len, 'x', ALLOCINFO_STRING_SIZE - len);
		}
		add(&passes, query);
	}
	for (size_t s = 0; s < 3; s++)
		memset(strings[s], 'x', ALLOCINFO_STRING_SIZE);
	for (unsigned int bit = 0; bit < 3; bit++) {
		query.mask = 1u << bit;
		add(&passes, query);
		query.mask |= ALLOCINFO_MASK_LINENO;
		add(&passes, query);
	}
	return finish(target, &passes);
}

/* What has no bit in the mask may be anything: junk in all, then the one that counts is put right.
 */
static struct query among_junk(const struct tag *tag, uint64_t mask)
{
	struct query like = query_like(tag, mask), query;

	memset(&query, 0xff, sizeof(query));
	query.pos = 0;
	query.mask = mask;
	query.max_size = 0;
	if (mask & ALLOCINFO_MASK_MODNAME)
		memcpy(query.modname, like.modname, sizeof(query.modname));
	if (mask & ALLOCINFO_MASK_FUNCTION)
		memcpy(query.function, like.function, sizeof(query.function));
	if (mask & ALLOCINFO_MASK_FILENAME)
		memcpy(query.filename, like.filename, sizeof(query.filename));
	if (mask & ALLOCINFO_MASK_LINENO)
		query.lineno = like.lineno;
	if (mask & ALLOCINFO_MASK_INACCURATE)
		query.inaccurate = like.inaccurate;
	if (mask & ALLOCINFO_MASK_MIN_SIZE)
		query.min_size = like.min_size;
	if (mask & ALLOCINFO_MASK_MAX_SIZE)
		query.max_size = like.max_size;
	return query;
}

static bool unmasked_ignored(const struct target *target)
{
	const struct listing *listing = target->listing;
	struct passes passes = {.listing = target->listing};

	add(&passes, among_junk(&listing->tags[0], 0));
	for (size_t i = 0; i < listing->count && i < 20; i++) {
		const struct tag *tag = &listing->tags[sample_index(i, listing->count, 20)];

		for (unsigned int bit = 0; bit < 7; bit++)
			add(&passes, among_junk(tag, 1u << bit));
	}
	return finish(target, &passes);
}

static bool line_has_64_bits(const struct target *target)
{
	struct query query = query_like(&target->listing->tags[0], ALLOCINFO_MASK_LINENO);
	struct passes passes = {.listing = target->listing};
	uint64_t line = query.lineno;

	query.lineno = line + (1ull << 32);
	add(&passes, query);
	query.lineno = line | (1ull << 63);
	add(&passes, query);
	query.lineno = 0;
	add(&passes, query);
	query.lineno = UINT64_MAX;
	add(&passes, query);
	return finish(target, &passes);
}

/* All set bits must match: of one tag, and those that no tag has together. */
static bool combined(const struct target *target)
{
	static const uint64_t masks[] = {
		ALLOCINFO_MASK_FILENAME | ALLOCINFO_MASK_FUNCTION,
		ALLOCINFO_MASK_FILENAME | ALLOCINFO_MASK_LINENO,
		ALLOCINFO_MASK_FUNCTION | ALLOCINFO_MASK_MODNAME,
		ALLOCINFO_MASK_MODNAME | ALLOCINFO_MASK_LINENO,
		MASK_NAMES,
		MASK_NAMES | ALLOCINFO_MASK_INACCURATE,
		ALLOCINFO_MASK_FILENAME | ALLOCINFO_MASK_MIN_SIZE,
		ALLOCINFO_MASK_FILENAME | ALLOCINFO_MASK_MAX_SIZE,
		ALLOCINFO_MASK_FILENAME | MASK_SIZES,
		ALLOCINFO_MASK_MODNAME | ALLOCINFO_MASK_INACCURATE | ALLOCINFO_MASK_MIN_SIZE,
		ALLOCINFO_MASK_ALL,
	};
	const struct listing *listing = target->listing;
	struct passes passes = {.listing = target->listing};

	for (size_t i = 0; i < listing->count && i < 30; i++) {
		size_t index = sample_index(i, listing->count, 30);
		const struct tag *tag = &listing->tags[index];
		const struct tag *other = &listing->tags[(index + 1) % listing->count];

		for (size_t m = 0; m < sizeof(masks) / sizeof(*masks); m++) {
			struct query query = query_like(tag, masks[m]);

			add(&passes, query);
			memcpy(query.function, other->function, sizeof(query.function));
			query.inaccurate = 1;
			query.min_size = 0;
			query.pos = i % 3;
			add(&passes, query);
		}
	}
	return finish(target, &passes);
}

static int compare_sizes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

#define SIZES_MOST 8

/* Sizes that occur, from least to most, and with those the ends of what a u64 and an s64 hold. */
static size_t pick_sizes(const struct target *target, uint64_t *picked)
{
	static const uint64_t ends[] = {0, 1, INT64_MAX, 1ull << 63, UINT64_MAX};
	const struct listing *listing = target->listing;
	uint64_t *sizes = must_alloc(listing->count, sizeof(*sizes));
	size_t distinct = 0, count = 0;

	for (size_t i = 0; i < listing->count; i++)
		sizes[i] = listing->tags[i].bytes;
	qsort(sizes, listing->count, sizeof(*sizes), compare_sizes);
	for (size_t i = 0; i < listing->count; i++)
		if (distinct == 0 || sizes[i] != sizes[distinct - 1])
			sizes[distinct++] = sizes[i];
	for (; count < distinct && count < SIZES_MOST; count++)
		picked[count] = sizes[sample_index(count, distinct, SIZES_MOST)];
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		picked[count++] = ends[i];
	free(sizes);
	return count;
}

/* With one more and one less, which wrap at the ends as they should. */
static bool one_bound(const struct target *target, uint64_t mask)
{
	uint64_t sizes[SIZES_MOST + 5];
	size_t count = pick_sizes(target, sizes);
	struct passes passes = {.listing = target->listing};

	add_whole(&passes, (struct query){.mask = mask, .min_size = 1, .max_size = 1});
	for (size_t i = 0; i < count; i++)
		for (uint64_t by = 0; by < 3; by++)
			add(&passes, (struct query){.mask = mask,
						    .min_size = sizes[i] + by - 1,
						    .max_size = sizes[i] + by - 1});
	return finish(target, &passes);
}

static bool min_size(const struct target *target)
{
	return one_bound(target, ALLOCINFO_MASK_MIN_SIZE);
}

static bool max_size(const struct target *target)
{
	return one_bound(target, ALLOCINFO_MASK_MAX_SIZE);
}

static bool exact_size(const struct target *target)
{
	return one_bound(target, MASK_SIZES);
}

/* Ranges, seen from several positions. */
static bool size_range(const struct target *target)
{
	uint64_t sizes[SIZES_MOST + 5];
	size_t count = pick_sizes(target, sizes);
	struct passes passes = {.listing = target->listing};

	qsort(sizes, count, sizeof(*sizes), compare_sizes);
	for (size_t i = 0; i + 1 < count; i++) {
		struct query query = {.mask = MASK_SIZES, .min_size = sizes[i]};

		query.max_size = sizes[i + 1];
		add(&passes, query);
		query.pos = 1;
		add(&passes, query);
		query.max_size = UINT64_MAX;
		query.pos = i;
		add(&passes, query);
		query.pos = target->listing->count / 2;
		add(&passes, query);
		query.pos = target->listing->count - 1;
		add(&passes, query);
	}
	return finish(target, &passes);
}

const struct check filter_checks[] = {
	{"filter: each source file", each_file},
	{"filter: each function", each_function},
	{"filter: each line number", each_line},
	{"filter: each module", each_module},
	{"filter: an empty module is built-in code", built_in},
	{"filter: inaccurate is 0 or anything else", each_accuracy},
	{"filter: names match whole", names_match_whole},
	{"filter: strings end at the first NUL, and without one match nothing", string_ends},
	{"filter: what the mask does not name is ignored", unmasked_ignored},
	{"filter: line numbers have 64 bits", line_has_64_bits},
	{"filter: several at once must all match", combined},
	{"filter: min_size is inclusive and unsigned", min_size},
	{"filter: max_size is inclusive and unsigned", max_size},
	{"filter: min_size and max_size the same", exact_size},
	{"filter: ranges of sizes, from several positions", size_range},
	{NULL, NULL},
};
