/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calls are made on bytes, with offsets from the header of the ABI, so that one function serves
 * both layouts and a test can put junk into any byte.
 */
#include "ioctls.h"

#include <errno.h>
#include <string.h>

/* clang-format off */
#define LAYOUT(prefix, in_filter, command_at, command_next) \
	{ \
		.get_at = (command_at), \
		.get_next = (command_next), \
		.get_at_size = sizeof(struct prefix##_get_at), \
		.data_size = sizeof(struct prefix##_tag_data), \
		.inaccurate = offsetof(struct prefix##_get_at, filter.in_filter), \
		.min_size = offsetof(struct prefix##_get_at, filter.min_size), \
		.max_size = offsetof(struct prefix##_get_at, filter.max_size), \
		.counter = offsetof(struct prefix##_tag_data, counter), \
	}
/* clang-format on */

const struct layout layout_mainline =
	LAYOUT(allocinfo, inaccurate, ALLOCINFO_GET_AT, ALLOCINFO_GET_NEXT);
const struct layout layout_v3 =
	LAYOUT(allocinfo_v3, tag.inaccurate, ALLOCINFO_V3_GET_AT, ALLOCINFO_V3_GET_NEXT);

static_assert(offsetof(struct allocinfo_v3_get_at, data) == GET_AT_DATA, "data");
static_assert(sizeof(struct allocinfo_v3_get_at) <= sizeof(union args), "args");

struct query query_like(const struct tag *tag, uint64_t mask)
{
	struct query query = {.mask = mask};

	if (mask & ALLOCINFO_MASK_MODNAME)
		memcpy(query.modname, tag->modname, sizeof(query.modname));
	if (mask & ALLOCINFO_MASK_FUNCTION)
		memcpy(query.function, tag->function, sizeof(query.function));
	if (mask & ALLOCINFO_MASK_FILENAME)
		memcpy(query.filename, tag->filename, sizeof(query.filename));
	if (mask & ALLOCINFO_MASK_LINENO)
		query.lineno = tag->lineno;
	if (mask & ALLOCINFO_MASK_INACCURATE)
		query.inaccurate = !tag->accurate;
	if (mask & ALLOCINFO_MASK_MIN_SIZE)
		query.min_size = tag->bytes;
	if (mask & ALLOCINFO_MASK_MAX_SIZE)
		query.max_size = tag->bytes;
	return query;
}

/* A pattern without a NUL in its 64 bytes is longer than any name: it matches none. */
static bool string_accepts(const char *pattern, const char *name)
{
	return strncmp(pattern, name, ALLOCINFO_STRING_SIZE) == 0;
}

bool query_accepts_names(const struct query *query, const struct tag *tag)
{
	uint64_t mask = query->mask;

	if (mask & ALLOCINFO_MASK_MODNAME && !string_accepts(query->modname, tag->modname))
		return false;
	if (mask & ALLOCINFO_MASK_FUNCTION && !string_accepts(query->function, tag->function))
		return false;
	if (mask & ALLOCINFO_MASK_FILENAME && !string_accepts(query->filename, tag->filename))
		return false;
	if (mask & ALLOCINFO_MASK_LINENO && query->lineno != tag->lineno)
		return false;
	/* Any number but 0 asks for the inaccurate ones. */
	return !(mask & ALLOCINFO_MASK_INACCURATE) || !query->inaccurate == !!tag->accurate;
}

bool query_accepts_sizes(const struct query *query, const struct tag *tag)
{
	if (query->mask & ALLOCINFO_MASK_MIN_SIZE && tag->bytes < query->min_size)
		return false;
	return !(query->mask & ALLOCINFO_MASK_MAX_SIZE) || tag->bytes <= query->max_size;
}

size_t query_find(const struct query *query, const struct listing *listing, size_t from)
{
	for (size_t i = from; i < listing->count; i++)
		if (query_accepts_names(query, &listing->tags[i]))
			return i;
	return NONE;
}

size_t query_count(const struct query *query, const struct listing *listing)
{
	size_t count = 0;

	for (size_t i = 0; i < listing->count; i++)
		count += query_accepts_names(query, &listing->tags[i]);
	return count;
}

static void put(union args *args, size_t at, const void *from, size_t size)
{
	memcpy(args->bytes + at, from, size);
}

#define PUT(args, at, member) put(args, at, &(member), sizeof(member))
#define IN_FILTER(member) offsetof(struct allocinfo_get_at, filter.member)

void args_fill(const struct layout *layout, const struct query *query, union args *args)
{
	memset(args, 0, sizeof(*args));
	PUT(args, offsetof(struct allocinfo_get_at, pos), query->pos);
	PUT(args, IN_FILTER(mask), query->mask);
	PUT(args, IN_FILTER(tag.modname), query->modname);
	PUT(args, IN_FILTER(tag.function), query->function);
	PUT(args, IN_FILTER(tag.filename), query->filename);
	PUT(args, IN_FILTER(tag.lineno), query->lineno);
	PUT(args, layout->inaccurate, query->inaccurate);
	PUT(args, layout->min_size, query->min_size);
	PUT(args, layout->max_size, query->max_size);
}

void tag_fill(const struct layout *layout, const unsigned char *data, struct tag *tag)
{
	struct allocinfo_tag names;
	struct allocinfo_counter counter;

	memcpy(&names, data, sizeof(names));
	memcpy(&counter, data + layout->counter, sizeof(counter));
	memset(tag, 0, sizeof(*tag));
	memcpy(tag->modname, names.modname, strnlen(names.modname, ALLOCINFO_STRING_SIZE));
	memcpy(tag->function, names.function, strnlen(names.function, ALLOCINFO_STRING_SIZE));
	memcpy(tag->filename, names.filename, strnlen(names.filename, ALLOCINFO_STRING_SIZE));
	tag->lineno = names.lineno;
	tag->bytes = counter.bytes;
	tag->calls = counter.calls;
	tag->accurate = counter.accurate;
}

int call(int fd, unsigned long command, void *arg)
{
	int result = ioctl(fd, command, arg);

	if (result == -1)
		return -errno;
	return result == 0 ? 0 : -EPROTO;
}

int content_id(int fd, uint64_t *id)
{
	struct allocinfo_content_id got = {0};
	int result = call(fd, ALLOCINFO_CONTENT_ID, &got);

	*id = got.id;
	return result;
}

int tag_at(const struct layout *layout, int fd, const struct query *query, struct tag *tag)
{
	union args args;
	int result;

	args_fill(layout, query, &args);
	result = call(fd, layout->get_at, &args);
	tag_fill(layout, args.bytes + GET_AT_DATA, tag);
	return result;
}

int tag_next(const struct layout *layout, int fd, struct tag *tag)
{
	union args args = {{0}};
	int result = call(fd, layout->get_next, &args);

	tag_fill(layout, args.bytes, tag);
	return result;
}
