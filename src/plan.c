/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a target to the passes that it needs: see plan.h. */
#include "plan.h"

/*
 * The kernel compares bytes without their sign, so that a negative counter passes every min_size,
 * which select mends, but no max_size, which nothing could: that goes down only beside a min_size,
 * which no negative counter passes here either.
 */
static void add_sizes(const struct query *query, struct abi_filter *filter)
{
	if (!query_has(query, FILTER_MIN_SIZE))
		return;
	filter->mask |= ALLOCINFO_MASK_MIN_SIZE;
	filter->min_size = query->value[FILTER_MIN_SIZE];
	filter->max_size = UINT64_MAX;
	if (!query_has(query, FILTER_MAX_SIZE))
		return;
	filter->mask |= ALLOCINFO_MASK_MAX_SIZE;
	filter->max_size = query->value[FILTER_MAX_SIZE];
}

static void add_words(const struct catalog *catalog, const struct query *query,
		      struct abi_filter *filter)
{
	if (query_has(query, FILTER_MODULE)) {
		filter->mask |= ALLOCINFO_MASK_MODNAME;
		abi_fill_string(filter->modname,
				catalog->modules.list[query->value[FILTER_MODULE]].text);
	}
	if (query_has(query, FILTER_FUNCTION)) {
		filter->mask |= ALLOCINFO_MASK_FUNCTION;
		abi_fill_string(filter->function,
				catalog->functions.list[query->value[FILTER_FUNCTION]].text);
	}
	if (query_has(query, FILTER_LINE)) {
		filter->mask |= ALLOCINFO_MASK_LINENO;
		filter->lineno = query->value[FILTER_LINE];
	}
}

static void add_accuracy(const struct query *query, struct abi_filter *filter)
{
	if (!query_has(query, FILTER_ACCURATE) && !query_has(query, FILTER_INACCURATE))
		return;
	filter->mask |= ALLOCINFO_MASK_INACCURATE;
	filter->inaccurate = query_has(query, FILTER_INACCURATE);
}

/* Adds a pass for a spelling; another file can be spelled the same once it is cut. */
static bool add_spelling(struct plan *plan, const struct abi_filter *filter, struct span file)
{
	char filename[ALLOCINFO_STRING_SIZE];

	abi_fill_string(filename, file);
	for (uint32_t i = 0; i < plan->passes; i++)
		if (memcmp(plan->filter[i].filename, filename, sizeof(filename)) == 0)
			return true;
	if (plan->passes == PLAN_PASSES)
		return false;
	plan->filter[plan->passes] = *filter;
	plan->filter[plan->passes].mask |= ALLOCINFO_MASK_FILENAME;
	memcpy(plan->filter[plan->passes].filename, filename, sizeof(filename));
	plan->passes++;
	return true;
}

/* A pass for each spelling under the path that passes the filters about names. */
static bool add_spellings(const struct catalog *catalog, const struct query *query, uint32_t number,
			  const struct abi_filter *filter, struct plan *plan)
{
	const struct path *path = &catalog->paths[number];

	for (uint32_t i = 0; i < path->count; i++) {
		uint32_t tag = catalog->path_tags[path->first + i];
		struct text_site site;

		if (!query_names_match(catalog, query, tag))
			continue;
		catalog_site(catalog, tag, &site);
		if (!add_spelling(plan, filter, site.file))
			return false;
	}
	return true;
}

/* As many tags as the names that go down leave, at most. path is 0 where it does not. */
static uint32_t most_records(const struct catalog *catalog, const struct query *query,
			     uint32_t path)
{
	uint32_t most = catalog->paths[path].count;

	if (query_has(query, FILTER_MODULE))
		most = MIN(most, catalog->modules.list[query->value[FILTER_MODULE]].count);
	if (query_has(query, FILTER_FUNCTION))
		most = MIN(most, catalog->functions.list[query->value[FILTER_FUNCTION]].count);
	return most;
}

/*
 * A record costs a call, a line of text a fraction of that: passes that would give most of the
 * listing are not worth it. What holds something, and what was not all counted, is far less.
 */
static bool is_selective(const struct abi_filter *filter, uint32_t most, uint32_t all)
{
	if (filter->mask & ALLOCINFO_MASK_MIN_SIZE && filter->min_size > 0)
		return true;
	if (filter->mask & ALLOCINFO_MASK_INACCURATE && filter->inaccurate)
		return true;
	return filter->mask & ALLOCINFO_MASK_LINENO || most <= all / 2;
}

static void plan_set(const struct catalog *catalog, struct plan *plan)
{
	const struct query *query = &plan->query;
	struct abi_filter filter = {.mask = 0};
	uint32_t path = 0;

	add_sizes(query, &filter);
	add_words(catalog, query, &filter);
	add_accuracy(query, &filter);
	if (query_has(query, FILTER_FILE))
		path = (uint32_t)query->value[FILTER_FILE];
	/* Only a file: counters from passes for each of several are further apart than need be. */
	if (catalog->paths[path].children > 0)
		path = 0;
	if (path == 0 || !add_spellings(catalog, query, path, &filter, plan)) {
		path = 0;
		plan->filter[0] = filter;
		plan->passes = 1;
	}
	if (!is_selective(&filter, most_records(catalog, query, path), catalog->count))
		plan->passes = 0;
}

/* The lines of one place are those of a file in which the line is that one. */
static void plan_place(const struct catalog *catalog, const struct target *target,
		       struct plan *plan)
{
	struct query *query = &plan->query;

	/* What is ranked is more than the place. */
	if (query_is_ranked(&target->query)) {
		plan_set(catalog, plan);
		return;
	}
	query->value[FILTER_FILE] = target->number;
	query->value[FILTER_LINE] = target->line;
	if (!query_has(query, FILTER_FILE))
		query->step[query->steps++] = FILTER_FILE;
	if (!query_has(query, FILTER_LINE))
		query->step[query->steps++] = FILTER_LINE;
	plan_set(catalog, plan);
}

static void plan_tag(const struct catalog *catalog, uint32_t tag, struct plan *plan)
{
	struct abi_filter *filter = &plan->filter[0];
	struct text_site site;

	catalog_site(catalog, tag, &site);
	filter->mask = PLAN_NAMES;
	abi_fill_string(filter->modname, site.module);
	abi_fill_string(filter->function, site.function);
	abi_fill_string(filter->filename, site.file);
	filter->lineno = site.line;
	plan->passes = 1;
	plan->tag = tag;
}

void plan_make(const struct catalog *catalog, const struct target *target, struct plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->tag = CATALOG_NONE;
	plan->query = query_front(&target->query, query_steps_before_ranking(&target->query));
	switch (target->kind) {
	case TARGET_TAG: plan_tag(catalog, (uint32_t)target->number, plan); break;
	case TARGET_PLACE: plan_place(catalog, target, plan); break;
	case TARGET_DIRECTORY:
	case TARGET_AT:
	case TARGET_REPORT: plan_set(catalog, plan); break;
	default: break;
	}
}

bool plan_is_met(const struct plan *plan, const struct sample *part)
{
	const struct catalog *catalog = part->catalog;
	const uint32_t *tags;
	uint32_t count;

	if (plan->tag != CATALOG_NONE)
		return sample_has(part, plan->tag);
	if (plan->filter[0].mask & ~(uint64_t)PLAN_NAMES)
		return true;
	count = query_candidates(catalog, &plan->query, &tags);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t tag = tags ? tags[i] : i;

		if (query_names_match(catalog, &plan->query, tag) && !sample_has(part, tag))
			return false;
	}
	return true;
}

bool plan_equal(const struct plan *a, const struct plan *b)
{
	return a->passes == b->passes && a->tag == b->tag &&
	       memcmp(a->filter, b->filter, a->passes * sizeof(*a->filter)) == 0;
}
