/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From records to tags: see gather.h. */
#include "gather.h"

#include <errno.h>

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
	unsigned int passes; /* that were run */
	struct timespec moment; /* the source's time before the first */
};

/* One pass that is under way. */
struct pass {
	struct gather *gather;
	bool by_names; /* counters have no say */
	const uint32_t *keys;
	uint32_t next; /* no record before this tag is to come */
};

/* The first tag from pass->next on that has the words of the record, or the end. */
static uint32_t find_tag(const struct pass *pass, const struct abi_record *record)
{
	const struct catalog *catalog = pass->gather->names->catalog;
	uint32_t key = catalog_cut_key(record), tag = pass->next;

	for (; tag < catalog->count; tag++)
		if ((pass->keys[tag] & ~CATALOG_AMBIGUOUS) == key &&
		    catalog_has_words(catalog, tag, record))
			break;
	return tag;
}

static int add_group(struct gather *gather, const struct abi_record *record)
{
	struct abi_filter filter = {.mask = PLAN_NAMES, .lineno = record->lineno};

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
	struct counter counter = {record->bytes, record->calls};
	uint32_t tag = find_tag(pass, record);

	if (tag == gather->names->catalog->count)
		return -ENODATA;
	pass->next = tag + 1;
	if (!pass->by_names && pass->keys[tag] & CATALOG_AMBIGUOUS)
		return add_group(gather, record);
	sample_part_add(gather->part, gather->names, tag, counter, record->accurate);
	return 0;
}

static int run_pass(struct pass *pass, const struct abi_filter *filter)
{
	struct gather *gather = pass->gather;
	struct source_stamp stamp;
	int err;

	pass->by_names = !(filter->mask & ~(uint64_t)PLAN_NAMES);
	pass->next = 0;
	err = gather->source->ops->pass(gather->source, filter, take_record, pass, &stamp);
	if (err == -EAGAIN || (!err && stamp.names != gather->names->content_id))
		return -ESTALE;
	if (!err && gather->passes++ == 0)
		gather->moment = stamp.time;
	if (!err && (stamp.time.tv_sec || stamp.time.tv_nsec))
		gather->part->time = stamp.time;
	return err;
}

/*
 * Tags that have the same words are told apart by their order alone: if one is there and another is
 * not, each may have been taken for the other.
 */
static bool has_broken_groups(const struct sample *part)
{
	const uint32_t *keys = catalog_cut_keys(part->catalog);
	g_autoptr(GHashTable) groups = g_hash_table_new(NULL, NULL);

	for (uint32_t i = 0; i < part->part_count; i++)
		if (keys[part->part[i]] & CATALOG_AMBIGUOUS)
			g_hash_table_add(groups, GUINT_TO_POINTER(keys[part->part[i]]));
	if (g_hash_table_size(groups) == 0)
		return false;
	for (uint32_t tag = 0; tag < part->catalog->count; tag++)
		if (keys[tag] & CATALOG_AMBIGUOUS && !sample_has(part, tag) &&
		    g_hash_table_contains(groups, GUINT_TO_POINTER(keys[tag])))
			return true;
	return false;
}

/* Each pass is of one moment: were they all of the same? The kernel's counters never stand still.
 */
static int check_moment(const struct gather *gather)
{
	struct source *source = gather->source;
	struct source_stamp stamp;
	int err;

	if (gather->passes < 2 || source->live)
		return 0;
	err = source->ops->stamp(source, &stamp);
	if (!err && (stamp.time.tv_sec != gather->moment.tv_sec ||
		     stamp.time.tv_nsec != gather->moment.tv_nsec))
		err = -ENODATA;
	return err;
}

int gather(struct source *source, const struct sample *names, const struct plan *plan,
	   struct sample **part)
{
	g_autoptr(GArray) groups = g_array_new(FALSE, FALSE, sizeof(struct abi_filter));
	struct gather gather = {.source = source, .names = names, .groups = groups};
	struct pass pass = {.gather = &gather};
	struct timespec now;
	int err = 0;

	if (!sample_part_has_room(names->catalog))
		return -ENOMEM;
	pass.keys = catalog_cut_keys(names->catalog);
	clock_gettime(CLOCK_REALTIME, &now);
	gather.part = sample_part_begin(names, names->catalog, now, g_get_monotonic_time());
	for (uint32_t i = 0; !err && i < plan->passes; i++)
		err = run_pass(&pass, &plan->filter[i]);
	/* Such a pass adds no groups. */
	for (guint i = 0; !err && i < groups->len; i++)
		err = run_pass(&pass, &g_array_index(groups, struct abi_filter, i));
	if (!err)
		err = check_moment(&gather);
	sample_part_finish(gather.part);
	if (!err && (!plan_is_met(plan, gather.part) || has_broken_groups(gather.part)))
		err = -ENODATA;
	if (err) {
		sample_unref(gather.part);
		return err;
	}
	*part = gather.part;
	return 0;
}
