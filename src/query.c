/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a query and a name to the next query or a file: see query.h. */
#include "query.h"

#include <errno.h>
#include "number.h"
#include "report.h"

/* Where a rank would not fit any more: what NAME_LIMIT leaves of NAME_MAX. */
#define RANK_WIDTH_MAX 14
#define RANK_WIDTH_MIN 3

/* clang-format off */
const struct root_file query_root_files[] = {
	{"README", TARGET_README, 0, false, REALM_LIVE, "this text"},
	{"status", TARGET_STATUS, 0, false, REALM_LIVE, "what is mounted, sums, state of the source"},
	{"allocinfo", TARGET_ALLOCINFO, 0, true, REALM_SNAPSHOT, "the whole listing, as in /proc/allocinfo"},
	{"snapshots", TARGET_DIRECTORY, PLACE_SNAPSHOTS, false, REALM_LIVE, "mkdir freezes a tree, rmdir drops it"},
	{"since", TARGET_DIRECTORY, PLACE_SINCE, false, REALM_LIVE, "what grew since a snapshot"},
};
/* clang-format on */
const size_t query_root_file_count = G_N_ELEMENTS(query_root_files);

const char *query_view_name(enum query_view view)
{
	static const char *const names[VIEW_COUNT] = {NULL, "sized", "raw"};

	return names[view];
}

void query_root(enum query_realm realm, struct query *query)
{
	*query = (struct query){.realm = realm, .view = VIEW_TEXT, .place = PLACE_ROOT};
}

bool query_has(const struct query *query, enum filter_id filter)
{
	for (unsigned int i = 0; i < query->steps; i++)
		if (query->step[i] == filter)
			return true;
	return false;
}

bool query_is_ranked(const struct query *query)
{
	return query_has(query, FILTER_TOP) || query_has(query, FILTER_TOP_CALLS);
}

unsigned int query_steps_before_ranking(const struct query *query)
{
	unsigned int steps = 0;

	while (steps < query->steps && query->step[steps] != FILTER_TOP &&
	       query->step[steps] != FILTER_TOP_CALLS)
		steps++;
	return steps;
}

struct query query_front(const struct query *query, unsigned int steps)
{
	struct query front = *query;

	front.steps = (uint8_t)steps;
	return front;
}

unsigned int query_rank_width(const struct catalog *catalog, const struct query *query)
{
	uint64_t most = catalog->count;

	for (unsigned int i = 0; i < query->steps; i++)
		if (query->step[i] == FILTER_TOP || query->step[i] == FILTER_TOP_CALLS)
			most = MIN(most, query->value[query->step[i]]);
	return MAX(number_width(most), RANK_WIDTH_MIN);
}

bool query_by_counters(const struct query *query)
{
	for (enum filter_id id = 0; id < FILTER_COUNT; id++)
		if (query->used & (1u << id) && filter_get(id)->by_counters)
			return true;
	return false;
}

bool query_names_match(const struct catalog *catalog, const struct query *query, uint32_t number)
{
	const struct tag *tag = &catalog->tags[number];

	for (unsigned int i = 0; i < query->steps; i++) {
		uint64_t value = query->value[query->step[i]];

		switch (query->step[i]) {
		case FILTER_FILE:
			if (!catalog_path_within(catalog, tag->path, (uint32_t)value))
				return false;
			break;
		case FILTER_MODULE:
			if (tag->module != value)
				return false;
			break;
		case FILTER_FUNCTION:
			if (tag->function != value)
				return false;
			break;
		case FILTER_LINE:
			if (tag->line != value)
				return false;
			break;
		default: break;
		}
	}
	return true;
}

uint32_t query_candidates(const struct catalog *catalog, const struct query *query,
			  const uint32_t **tags)
{
	uint32_t count = catalog->count;

	*tags = NULL;
	if (query_has(query, FILTER_MODULE)) {
		const struct word *word = &catalog->modules.list[query->value[FILTER_MODULE]];

		*tags = catalog->modules.tags + word->first;
		count = word->count;
	}
	if (query_has(query, FILTER_FUNCTION)) {
		const struct word *word = &catalog->functions.list[query->value[FILTER_FUNCTION]];

		if (word->count < count) {
			*tags = catalog->functions.tags + word->first;
			count = word->count;
		}
	}
	if (query_has(query, FILTER_FILE)) {
		const struct path *path = &catalog->paths[query->value[FILTER_FILE]];

		if (path->count < count) {
			*tags = catalog->path_tags + path->first;
			count = path->count;
		}
	}
	return count;
}

static bool any_tag(const struct catalog *catalog, const struct query *query)
{
	const uint32_t *tags;
	uint32_t count = query_candidates(catalog, query, &tags);

	for (uint32_t i = 0; i < count; i++)
		if (query_names_match(catalog, query, tags ? tags[i] : i))
			return true;
	return false;
}

/* min-size/2M/max-size/1M, accurate/inaccurate: no tag could ever be there. */
static bool contradicts(const struct query *query)
{
	static const enum filter_id ranges[][2] = {
		{FILTER_MIN_SIZE, FILTER_MAX_SIZE},
		{FILTER_MIN_CALLS, FILTER_MAX_CALLS},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++)
		if (query_has(query, ranges[i][0]) && query_has(query, ranges[i][1]) &&
		    query->value[ranges[i][0]] > query->value[ranges[i][1]])
			return true;
	return query_has(query, FILTER_ACCURATE) && query_has(query, FILTER_INACCURATE);
}

/* The directory that from becomes when filter has its value. */
static int add_step(const struct query *from, enum filter_id filter, uint64_t value,
		    struct target *to)
{
	to->kind = TARGET_DIRECTORY;
	to->query = *from;
	to->query.used |= 1u << filter;
	to->query.value[filter] = value;
	if (!query_has(from, filter))
		to->query.step[to->query.steps++] = (uint8_t)filter;
	to->query.place = filter == FILTER_FILE ? PLACE_PATH : PLACE_SET;
	return contradicts(&to->query) ? -EINVAL : 0;
}

void query_value(const struct query *from, uint64_t number, struct target *to)
{
	add_step(from, from->place == PLACE_PATH ? FILTER_FILE : from->waiting, number, to);
}

/* ... which has to hold a tag by its names. */
static int add_name_step(const struct catalog *catalog, const struct query *from,
			 enum filter_id filter, uint64_t value, struct target *to)
{
	add_step(from, filter, value, to);
	return any_tag(catalog, &to->query) ? 0 : -ENOENT;
}

static int step_word(const struct catalog *catalog, const struct query *from, struct span name,
		     struct target *to)
{
	const struct words *words =
		from->waiting == FILTER_MODULE ? &catalog->modules : &catalog->functions;
	uint32_t number = catalog_find_word(words, name);

	if (number == CATALOG_NONE)
		return -ENOENT;
	return add_name_step(catalog, from, from->waiting, number, to);
}

/* A name in the directory of a filter: its value. */
static int step_value(const struct catalog *catalog, const struct query *from, struct span name,
		      struct target *to)
{
	enum filter_value kind = filter_get(from->waiting)->value;
	uint64_t number;
	int err;

	if (kind == VALUE_WORD)
		return step_word(catalog, from, name, to);
	err = kind == VALUE_SIZE ? number_parse_size(name, &number) : number_parse(name, &number);
	if (err)
		return err;
	if (kind == VALUE_LINE)
		return add_name_step(catalog, from, FILTER_LINE, number, to);
	if (kind == VALUE_RANK && number == 0)
		return -EINVAL;
	if (kind == VALUE_AT) {
		*to = (struct target){.kind = TARGET_AT, .number = number, .query = *from};
		return 0;
	}
	return add_step(from, from->waiting, number, to);
}

/* A name that is that of a filter. */
static int step_filter(const struct query *from, enum filter_id filter, struct target *to)
{
	if (from->used & (1u << filter))
		return -ENOENT;
	switch (filter_get(filter)->value) {
	case VALUE_NONE:
	case VALUE_PATH: return add_step(from, filter, 0, to);
	default:
		*to = (struct target){.kind = TARGET_DIRECTORY, .query = *from};
		to->query.place = PLACE_FILTER;
		to->query.waiting = filter;
		to->query.used |= 1u << filter;
		return 0;
	}
}

/* Takes "001," away where names are led by ranks. Returns false where it is not there. */
static bool skip_rank(const struct query *query, struct span *name)
{
	size_t digits = 0;

	if (!query_is_ranked(query))
		return true;
	while (digits < name->len && g_ascii_isdigit(name->at[digits]))
		digits++;
	if (digits == 0 || digits > RANK_WIDTH_MAX || digits == name->len ||
	    name->at[digits] != ',')
		return false;
	name->at += digits + 1;
	name->len -= digits + 1;
	return true;
}

static int step_tag(const struct catalog *catalog, const struct query *from, struct span name,
		    struct target *to)
{
	uint32_t tag;

	if (!skip_rank(from, &name))
		return -ENOENT;
	if (from->place == PLACE_PATH)
		tag = catalog_find_in_file(catalog, (uint32_t)from->value[FILTER_FILE], name);
	else
		tag = catalog_find_flat(catalog, name);
	if (tag == CATALOG_NONE || !query_names_match(catalog, from, tag))
		return -ENOENT;
	*to = (struct target){.kind = TARGET_TAG, .number = tag, .query = *from};
	return 0;
}

/* "slub.c:2478", pasted from a kernel message. In names colons are escaped. */
static int step_place(const struct catalog *catalog, const struct query *from, struct span name,
		      struct target *to)
{
	const char *colon = memchr(name.at, ':', name.len);
	struct span file = {name.at, colon ? (size_t)(colon - name.at) : 0};
	struct query place;
	uint32_t path;
	int err;

	if (!colon)
		return -ENOENT;
	path = catalog_find_child(catalog, (uint32_t)from->value[FILTER_FILE], file);
	if (path == CATALOG_NONE || catalog->paths[path].own == 0)
		return -ENOENT;
	*to = (struct target){.kind = TARGET_PLACE, .number = path, .query = *from};
	err = number_parse((struct span){colon + 1, name.len - file.len - 1}, &to->line);
	if (err)
		return err;
	place = *from;
	place.value[FILTER_FILE] = path;
	for (uint32_t i = 0; i < catalog->paths[path].own; i++) {
		uint32_t tag = catalog->path_tags[catalog->paths[path].first + i];

		if (catalog->tags[tag].line == to->line && query_names_match(catalog, &place, tag))
			return 0;
	}
	return -ENOENT;
}

static int step_path(const struct catalog *catalog, const struct query *from, struct span name,
		     struct target *to)
{
	uint32_t child = catalog_find_child(catalog, (uint32_t)from->value[FILTER_FILE], name);
	int err;

	if (child != CATALOG_NONE)
		return add_name_step(catalog, from, FILTER_FILE, child, to);
	err = step_tag(catalog, from, name, to);
	return err == -ENOENT ? step_place(catalog, from, name, to) : err;
}

static int step_root(const struct query *from, struct span name, struct target *to)
{
	for (size_t i = 0; i < query_root_file_count; i++) {
		const struct root_file *file = &query_root_files[i];

		if (span_equal(name, span_of(file->name)) && from->realm <= file->last &&
		    (file->in_views || from->view == VIEW_TEXT)) {
			*to = (struct target){.kind = file->kind, .query = *from};
			if (file->kind == TARGET_DIRECTORY)
				to->query.place = file->place;
			return 0;
		}
	}
	for (enum query_view view = VIEW_TEXT + 1; view < VIEW_COUNT; view++) {
		if (from->view == VIEW_TEXT && span_equal(name, span_of(query_view_name(view)))) {
			*to = (struct target){.kind = TARGET_DIRECTORY, .query = *from};
			to->query.view = view;
			return 0;
		}
	}
	return -ENOENT;
}

int query_step(const struct catalog *catalog, const struct query *from, struct span name,
	       struct target *to)
{
	enum report_id report;
	enum filter_id filter;

	if (from->place == PLACE_SNAPSHOTS || from->place == PLACE_SINCE) {
		*to = (struct target){.kind = TARGET_WORLD, .query = *from};
		return 0;
	}
	if (name.len > 0 && name.at[0] == '.') {
		report = report_find(name);
		if (report == REPORT_COUNT)
			return -ENOENT;
		*to = (struct target){.kind = TARGET_REPORT, .number = report, .query = *from};
		return 0;
	}
	if (from->place == PLACE_FILTER)
		return step_value(catalog, from, name, to);
	filter = filter_find(name);
	if (filter != FILTER_COUNT)
		return step_filter(from, filter, to);
	switch (from->place) {
	case PLACE_ROOT: return step_root(from, name, to);
	case PLACE_PATH: return step_path(catalog, from, name, to);
	default: return step_tag(catalog, from, name, to);
	}
}
