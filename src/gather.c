/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From records to tags: see gather.h. */
#include "gather.h"

#include <errno.h>

#define ALL_NAMES                                                                     \
	(ALLOCINFO_MASK_MODNAME | ALLOCINFO_MASK_FUNCTION | ALLOCINFO_MASK_FILENAME | \
	 ALLOCINFO_MASK_LINENO)

/*
 * Of tags whose words are equal once cut, a filter by counters may let some through, and nothing
 * tells which; a pass for such a group gives all of it. With more groups than these the listing is
 * cheaper.
 */
#define GROUPS_MAX 32

struct gather {
	struct source *source;
	const struct sample *names;
	struct sample *part;
	GArray *groups; /* struct abi_filter: passes by names alone, still to be run */
};

/* One pass that is under way. */
struct pass {
	struct gather *gather;
	struct abi_filter names; /* of the filter, what is about names */
	bool by_names; /* ... which is all of it */
	uint32_t next; /* no record before this tag is to come */
};

static void cut_tag(const struct catalog *catalog, uint32_t tag, struct abi_record *record)
{
	struct text_site site;

	catalog_site(catalog, tag, &site);
	abi_cut_record(record, &site, 0, 0, true);
}

/* The first tag from pass->next on that the names of the filter let through, or the end. */
static uint32_t next_expected(const struct pass *pass, struct abi_record *words)
{
	const struct catalog *catalog = pass->gather->names->catalog;
	uint32_t tag = pass->next;

	for (; tag < catalog->count; tag++) {
		if (pass->names.mask & ALLOCINFO_MASK_LINENO &&
		    catalog->tags[tag].line != pass->names.lineno)
			continue;
		cut_tag(catalog, tag, words);
		if (abi_filter_passes(&pass->names, words))
			break;
	}
	return tag;
}

/* The first tag from pass->next on that has the words of the record, or the end. */
static uint32_t next_alike(const struct pass *pass, const struct abi_record *record)
{
	const struct catalog *catalog = pass->gather->names->catalog;
	struct abi_record words;
	uint32_t tag = pass->next;

	for (; tag < catalog->count; tag++) {
		if (catalog->tags[tag].line != record->lineno)
			continue;
		cut_tag(catalog, tag, &words);
		if (abi_same_words(record, &words))
			break;
	}
	return tag;
}

static uint32_t find_tag(const struct pass *pass, const struct abi_record *record)
{
	struct abi_record words;
	uint32_t tag;

	if (!pass->by_names)
		return next_alike(pass, record);
	tag = next_expected(pass, &words);
	if (tag < pass->gather->names->catalog->count && !abi_same_words(record, &words))
		return pass->gather->names->catalog->count;
	return tag;
}

static int add_group(struct gather *gather, const struct abi_record *record)
{
	struct abi_filter filter = {.mask = ALL_NAMES, .lineno = record->lineno};

	abi_fill_string(filter.modname, record->modname);
	abi_fill_string(filter.function, record->function);
	abi_fill_string(filter.filename, record->filename);
	for (guint i = 0; i < gather->groups->len; i++)
		if (memcmp(&g_array_index(gather->groups, struct abi_filter, i), &filter,
			   sizeof(filter)) == 0)
			return 0;
	if (gather->groups->len == GROUPS_MAX)
		return -ENODATA;
	g_array_append_val(gather->groups, filter);
	return 0;
}

static int take_record(void *context, const struct abi_record *record)
{
	struct pass *pass = context;
	struct gather *gather = pass->gather;
	struct catalog *catalog = gather->names->catalog;
	struct counter counter = {record->bytes, record->calls};
	uint32_t tag = find_tag(pass, record);

	if (tag == catalog->count)
		return -ENODATA;
	pass->next = tag + 1;
	if (!pass->by_names && catalog_is_ambiguous(catalog, tag))
		return add_group(gather, record);
	sample_part_add(gather->part, gather->names, tag, counter, record->accurate);
	return 0;
}

static int check_end(const struct pass *pass)
{
	struct abi_record words;

	if (pass->by_names && next_expected(pass, &words) < pass->gather->names->catalog->count)
		return -ENODATA;
	return 0;
}

static int run_pass(struct gather *gather, const struct abi_filter *filter)
{
	struct pass pass = {.gather = gather, .names = *filter};
	struct source_stamp stamp;
	int err;

	pass.names.mask &= ALL_NAMES;
	pass.by_names = pass.names.mask == filter->mask;
	err = gather->source->ops->pass(gather->source, filter, take_record, &pass, &stamp);
	if (err == -EAGAIN || (!err && stamp.names != gather->names->content_id))
		return -ESTALE;
	/* Which names were wrong, if they were, is seen when they are read again. */
	if (!err)
		err = check_end(&pass);
	if (!err && (stamp.time.tv_sec || stamp.time.tv_nsec))
		gather->part->time = stamp.time;
	return err;
}

int gather(struct source *source, const struct sample *names, const struct plan *plan,
	   struct sample **part)
{
	g_autoptr(GArray) groups = g_array_new(FALSE, FALSE, sizeof(struct abi_filter));
	struct gather gather = {.source = source, .names = names, .groups = groups};
	struct timespec now;
	int err = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	gather.part = sample_part_begin(names, now, g_get_monotonic_time());
	for (uint32_t i = 0; !err && i < plan->passes; i++)
		err = run_pass(&gather, &plan->filter[i]);
	for (guint i = 0; !err && i < groups->len; i++) {
		struct abi_filter group = g_array_index(groups, struct abi_filter, i);

		err = run_pass(&gather, &group);
	}
	if (err) {
		sample_unref(gather.part);
		return err;
	}
	sample_part_finish(gather.part);
	*part = gather.part;
	return 0;
}
