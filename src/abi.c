/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layouts of the ioctls' structs as a table, and reading and writing by it: see abi.h. */
#include "abi.h"

static const struct abi_layout layouts[ABI_LAYOUT_COUNT] = {
	[ABI_MAINLINE] =
		{
			.name = "mainline",
			.get_at = ALLOCINFO_GET_AT,
			.get_next = ALLOCINFO_GET_NEXT,
			.record_size = sizeof(struct allocinfo_tag_data),
			.record_counter = offsetof(struct allocinfo_tag_data, counter),
			.get_at_size = sizeof(struct allocinfo_get_at),
			.filter_min_size = offsetof(struct allocinfo_filter, min_size),
			.filter_max_size = offsetof(struct allocinfo_filter, max_size),
			.filter_inaccurate = offsetof(struct allocinfo_filter, inaccurate),
		},
	[ABI_V3] =
		{
			.name = "v3",
			.get_at = ALLOCINFO_V3_GET_AT,
			.get_next = ALLOCINFO_V3_GET_NEXT,
			.record_size = sizeof(struct allocinfo_v3_tag_data),
			.record_counter = offsetof(struct allocinfo_v3_tag_data, counter),
			.get_at_size = sizeof(struct allocinfo_v3_get_at),
			.filter_min_size = offsetof(struct allocinfo_v3_filter, min_size),
			.filter_max_size = offsetof(struct allocinfo_v3_filter, max_size),
			.filter_inaccurate = offsetof(struct allocinfo_v3_filter, tag.inaccurate),
		},
};

/* The same in both layouts. */
enum {
	TAG_MODNAME = offsetof(struct allocinfo_tag, modname),
	TAG_FUNCTION = offsetof(struct allocinfo_tag, function),
	TAG_FILENAME = offsetof(struct allocinfo_tag, filename),
	TAG_LINENO = offsetof(struct allocinfo_tag, lineno),
	COUNTER_BYTES = offsetof(struct allocinfo_counter, bytes),
	COUNTER_CALLS = offsetof(struct allocinfo_counter, calls),
	COUNTER_ACCURATE = offsetof(struct allocinfo_counter, accurate),
	FILTER_MASK = offsetof(struct allocinfo_filter, mask),
	FILTER_TAG = offsetof(struct allocinfo_filter, tag),
	GET_AT_POS = offsetof(struct allocinfo_get_at, pos),
	GET_AT_FILTER = offsetof(struct allocinfo_get_at, filter),
};

static_assert(offsetof(struct allocinfo_v3_get_at, data) == ABI_GET_AT_DATA, "in both layouts");

const struct abi_layout *abi_layout(enum abi_layout_id id)
{
	return &layouts[id];
}

/* The last 63 bytes of words; empty for NULL. */
static struct span cut_words(struct span words)
{
	size_t kept = words.len < ALLOCINFO_STRING_SIZE ? words.len : ALLOCINFO_STRING_SIZE - 1;

	if (!words.at)
		return span_of("");
	return (struct span){words.at + words.len - kept, kept};
}

void abi_fill_string(char to[ALLOCINFO_STRING_SIZE], struct span words)
{
	struct span cut = cut_words(words);

	memset(to, 0, ALLOCINFO_STRING_SIZE);
	memcpy(to, cut.at, cut.len);
}

static struct span string_at(const void *from)
{
	return (struct span){from, strnlen(from, ALLOCINFO_STRING_SIZE)};
}

static void put_number(unsigned char *to, uint64_t number)
{
	memcpy(to, &number, sizeof(number));
}

static uint64_t take_number(const unsigned char *from)
{
	uint64_t number;

	memcpy(&number, from, sizeof(number));
	return number;
}

void abi_cut_record(struct abi_record *record, const struct text_site *site, int64_t bytes,
		    uint64_t calls, bool accurate)
{
	record->modname = cut_words(site->module);
	record->function = cut_words(site->function);
	record->filename = cut_words(site->file);
	record->lineno = site->line;
	record->bytes = bytes;
	record->calls = calls;
	record->accurate = accurate;
}

bool abi_same_words(const struct abi_record *a, const struct abi_record *b)
{
	return a->lineno == b->lineno && span_equal(a->function, b->function) &&
	       span_equal(a->filename, b->filename) && span_equal(a->modname, b->modname);
}

bool abi_filter_passes(const struct abi_filter *filter, const struct abi_record *record)
{
	uint64_t mask = filter->mask, bytes = (uint64_t)record->bytes;

	if (mask & ALLOCINFO_MASK_LINENO && record->lineno != filter->lineno)
		return false;
	if (mask & ALLOCINFO_MASK_MODNAME &&
	    !span_equal(record->modname, string_at(filter->modname)))
		return false;
	if (mask & ALLOCINFO_MASK_FUNCTION &&
	    !span_equal(record->function, string_at(filter->function)))
		return false;
	if (mask & ALLOCINFO_MASK_FILENAME &&
	    !span_equal(record->filename, string_at(filter->filename)))
		return false;
	if (mask & ALLOCINFO_MASK_INACCURATE && record->accurate == (filter->inaccurate != 0))
		return false;
	if (mask & ALLOCINFO_MASK_MIN_SIZE && bytes < filter->min_size)
		return false;
	return !(mask & ALLOCINFO_MASK_MAX_SIZE) || bytes <= filter->max_size;
}

void abi_put_record(const struct abi_layout *layout, const struct abi_record *record,
		    unsigned char *to)
{
	unsigned char *counter = to + layout->record_counter;

	memset(to, 0, layout->record_size);
	memcpy(to + TAG_MODNAME, record->modname.at, record->modname.len);
	memcpy(to + TAG_FUNCTION, record->function.at, record->function.len);
	memcpy(to + TAG_FILENAME, record->filename.at, record->filename.len);
	put_number(to + TAG_LINENO, record->lineno);
	put_number(counter + COUNTER_BYTES, (uint64_t)record->bytes);
	put_number(counter + COUNTER_CALLS, record->calls);
	counter[COUNTER_ACCURATE] = record->accurate;
}

void abi_take_record(const struct abi_layout *layout, const unsigned char *from,
		     struct abi_record *record)
{
	const unsigned char *counter = from + layout->record_counter;

	record->modname = string_at(from + TAG_MODNAME);
	record->function = string_at(from + TAG_FUNCTION);
	record->filename = string_at(from + TAG_FILENAME);
	record->lineno = take_number(from + TAG_LINENO);
	record->bytes = (int64_t)take_number(counter + COUNTER_BYTES);
	record->calls = take_number(counter + COUNTER_CALLS);
	record->accurate = counter[COUNTER_ACCURATE] != 0;
}

void abi_put_get_at(const struct abi_layout *layout, uint64_t pos, const struct abi_filter *filter,
		    unsigned char *to)
{
	unsigned char *place = to + GET_AT_FILTER, *tag = place + FILTER_TAG;

	memset(place, 0, ABI_GET_AT_DATA - GET_AT_FILTER);
	put_number(to + GET_AT_POS, pos);
	put_number(place + FILTER_MASK, filter->mask);
	memcpy(tag + TAG_MODNAME, filter->modname, ALLOCINFO_STRING_SIZE);
	memcpy(tag + TAG_FUNCTION, filter->function, ALLOCINFO_STRING_SIZE);
	memcpy(tag + TAG_FILENAME, filter->filename, ALLOCINFO_STRING_SIZE);
	put_number(tag + TAG_LINENO, filter->lineno);
	put_number(place + layout->filter_inaccurate, filter->inaccurate);
	put_number(place + layout->filter_min_size, filter->min_size);
	put_number(place + layout->filter_max_size, filter->max_size);
}

void abi_take_get_at(const struct abi_layout *layout, const unsigned char *from, uint64_t *pos,
		     struct abi_filter *filter)
{
	const unsigned char *place = from + GET_AT_FILTER, *tag = place + FILTER_TAG;

	*pos = take_number(from + GET_AT_POS);
	filter->mask = take_number(place + FILTER_MASK);
	memcpy(filter->modname, tag + TAG_MODNAME, ALLOCINFO_STRING_SIZE);
	memcpy(filter->function, tag + TAG_FUNCTION, ALLOCINFO_STRING_SIZE);
	memcpy(filter->filename, tag + TAG_FILENAME, ALLOCINFO_STRING_SIZE);
	filter->lineno = take_number(tag + TAG_LINENO);
	filter->inaccurate = take_number(place + layout->filter_inaccurate);
	filter->min_size = take_number(place + layout->filter_min_size);
	filter->max_size = take_number(place + layout->filter_max_size);
}
