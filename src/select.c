/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Query x sample -> rows, and rows -> children: see select.h. */
#include "select.h"

#include "heap.h"
#include "number.h"

/* Counters are compared as signed numbers: one that went below 0 holds less than nothing. */
static bool at_least(int64_t counter, uint64_t wanted)
{
	return counter >= 0 && (uint64_t)counter >= wanted;
}

static bool at_most(int64_t counter, uint64_t wanted)
{
	return counter < 0 || (uint64_t)counter <= wanted;
}

/* Whether a tag passes one filter that is about counters; the others all pass. */
static bool counters_match(const struct sample *sample, enum filter_id filter, uint64_t value,
			   uint32_t tag)
{
	int64_t bytes = sample->counters[tag].bytes;
	int64_t calls = (int64_t)sample->counters[tag].calls;

	switch (filter) {
	case FILTER_LIVE: return bytes != 0 || calls != 0;
	case FILTER_MIN_SIZE: return at_least(bytes, value);
	case FILTER_MAX_SIZE: return at_most(bytes, value);
	case FILTER_MIN_CALLS: return at_least(calls, value);
	case FILTER_MAX_CALLS: return at_most(calls, value);
	case FILTER_ACCURATE: return sample_is_accurate(sample, tag);
	case FILTER_INACCURATE: return !sample_is_accurate(sample, tag);
	default: return true;
	}
}

static int by_tag(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return x->tag < y->tag ? -1 : x->tag > y->tag;
}

static int descending(int64_t a, int64_t b)
{
	return a > b ? -1 : a < b;
}

static int by_bytes(const void *a, const void *b, void *counters)
{
	const struct counter *x = (const struct counter *)counters + ((const struct row *)a)->tag;
	const struct counter *y = (const struct counter *)counters + ((const struct row *)b)->tag;
	int order = descending(x->bytes, y->bytes);

	return order ? order : by_tag(a, b);
}

static int by_calls(const void *a, const void *b, void *counters)
{
	const struct counter *x = (const struct counter *)counters + ((const struct row *)a)->tag;
	const struct counter *y = (const struct counter *)counters + ((const struct row *)b)->tag;
	int order = descending((int64_t)x->calls, (int64_t)y->calls);

	return order ? order : by_tag(a, b);
}

/* Lets the row at a place of a heap sink to where it belongs; the last in order is at its top. */
static void sink(struct row *heap, guint count, guint at, GCompareDataFunc compare, void *counters)
{
	for (guint child; (child = 2 * at + 1) < count; at = child) {
		struct row row = heap[at];

		if (child + 1 < count && compare(&heap[child], &heap[child + 1], counters) < 0)
			child++;
		if (compare(&row, &heap[child], counters) >= 0)
			return;
		heap[at] = heap[child];
		heap[child] = row;
	}
}

/* Keeps the count rows that are first in order, in any order. Sorting all would take longer. */
static void keep_first(GArray *rows, guint count, GCompareDataFunc compare, void *counters)
{
	struct row *heap = &g_array_index(rows, struct row, 0);

	for (guint i = count / 2; i-- > 0;)
		sink(heap, count, i, compare, counters);
	for (guint i = count; i < rows->len; i++) {
		if (compare(&heap[i], &heap[0], counters) >= 0)
			continue;
		heap[0] = heap[i];
		sink(heap, count, 0, compare, counters);
	}
	g_array_set_size(rows, count);
}

/* Keeps the count largest rows, in order, and gives them their ranks; count is not 0. */
static void rank_rows(const struct sample *sample, GArray *rows, GCompareDataFunc compare,
		      uint64_t count)
{
	if (count < rows->len)
		keep_first(rows, (guint)count, compare, sample->counters);
	g_array_sort_with_data(rows, compare, sample->counters);
	for (guint i = 0; i < rows->len; i++)
		g_array_index(rows, struct row, i).rank = i + 1;
}

static void filter_rows(const struct sample *sample, GArray *rows, enum filter_id filter,
			uint64_t value)
{
	guint kept = 0;

	for (guint i = 0; i < rows->len; i++) {
		struct row row = g_array_index(rows, struct row, i);

		if (counters_match(sample, filter, value, row.tag))
			g_array_index(rows, struct row, kept++) = row;
	}
	g_array_set_size(rows, kept);
}

/* The filters about names that stand behind a ranking, applied to what was ranked. */
static void filter_rows_by_names(const struct sample *sample, const struct query *query,
				 GArray *rows)
{
	guint kept = 0;

	for (guint i = 0; i < rows->len; i++) {
		struct row row = g_array_index(rows, struct row, i);

		if (query_names_match(sample->catalog, query, row.tag))
			g_array_index(rows, struct row, kept++) = row;
	}
	g_array_set_size(rows, kept);
}

static GArray *rows_by_names(const struct sample *sample, const struct query *query)
{
	const uint32_t *tags = sample->part;
	uint32_t count = sample->part_count;
	struct row row = {0, 0};
	guint kept = 0;
	GArray *rows;

	if (!tags)
		count = query_candidates(sample->catalog, query, &tags);
	rows = g_array_sized_new(FALSE, FALSE, sizeof(struct row), count);
	g_array_set_size(rows, count);
	for (uint32_t i = 0; i < count; i++) {
		row.tag = tags ? tags[i] : i;
		if (query->steps == 0 || query_names_match(sample->catalog, query, row.tag))
			g_array_index(rows, struct row, kept++) = row;
	}
	g_array_set_size(rows, kept);
	if (!sample->part && query_has(query, FILTER_FILE))
		g_array_sort(rows, by_tag);
	return rows;
}

GArray *select_rows(const struct sample *sample, const struct query *query)
{
	unsigned int unranked = query_steps_before_ranking(query);
	struct query front = query_front(query, unranked);
	GArray *rows = rows_by_names(sample, &front);

	for (unsigned int i = 0; i < query->steps; i++) {
		enum filter_id filter = query->step[i];
		uint64_t value = query->value[filter];

		if (filter == FILTER_TOP) {
			rank_rows(sample, rows, by_bytes, value);
		} else if (filter == FILTER_TOP_CALLS) {
			rank_rows(sample, rows, by_calls, value);
		} else if (filter_get(filter)->by_counters) {
			filter_rows(sample, rows, filter, value);
		} else if (i > unranked) {
			front = query_front(query, i + 1);
			filter_rows_by_names(sample, &front, rows);
		}
	}
	return rows;
}

uint32_t select_at(const struct sample *sample, const struct query *query, uint64_t position)
{
	g_autoptr(GArray) rows = select_rows(sample, query);

	return position < rows->len ? g_array_index(rows, struct row, position).tag : CATALOG_NONE;
}

void select_add(const struct sample *sample, uint32_t tag, struct total *total)
{
	total->bytes = (int64_t)((uint64_t)total->bytes + (uint64_t)sample->counters[tag].bytes);
	total->calls += sample->counters[tag].calls;
	total->tags++;
}

struct total select_total(const struct sample *sample, const GArray *rows)
{
	struct total total = {0, 0, 0};

	for (guint i = 0; i < rows->len; i++)
		select_add(sample, g_array_index(rows, struct row, i).tag, &total);
	return total;
}

enum children_kind select_children_kind(const struct query *query)
{
	switch (query->place) {
	case PLACE_ROOT: return CHILDREN_FIXED;
	case PLACE_PATH: return CHILDREN_VALUES;
	case PLACE_SET: return CHILDREN_NONE;
	case PLACE_SNAPSHOTS:
	case PLACE_SINCE: return CHILDREN_WORLDS;
	case PLACE_FILTER: break;
	}
	switch (filter_get(query->waiting)->value) {
	case VALUE_WORD:
	case VALUE_LINE: return CHILDREN_VALUES;
	default: return CHILDREN_FIXED;
	}
}

const char *select_fixed_child(const struct query *query, size_t i)
{
	if (query->place == PLACE_FILTER) {
		const char *const *presets = filter_get(query->waiting)->presets;

		return i < g_strv_length((char **)presets) ? presets[i] : NULL;
	}
	for (enum filter_id id = 0; id < FILTER_COUNT; id++)
		if (filter_get(id)->listed && i-- == 0)
			return filter_get(id)->name;
	return NULL;
}

/* The child of a path that a tag lies under, or CATALOG_NONE for the path's own tags. */
static uint32_t child_towards(const struct catalog *catalog, uint32_t path, uint32_t ancestor)
{
	uint32_t child = CATALOG_NONE;

	for (; path != ancestor; path = catalog->paths[path].parent)
		child = path;
	return child;
}

/* Which of the values first .. first + count - 1 can occur; lines are too many for that. */
struct value_range {
	uint32_t first, count;
};

static struct value_range range_of_values(const struct catalog *catalog, const struct query *query)
{
	const struct path *path;

	if (query->place != PLACE_PATH)
		return (struct value_range){0, query->waiting == FILTER_MODULE
						       ? catalog->modules.count
						       : catalog->functions.count};
	path = &catalog->paths[query->value[FILTER_FILE]];
	return (struct value_range){path->first_child, path->children};
}

static uint32_t value_of(const struct catalog *catalog, const struct query *query, uint32_t number)
{
	const struct tag *tag = &catalog->tags[number];

	if (query->place == PLACE_PATH)
		return child_towards(catalog, tag->path, (uint32_t)query->value[FILTER_FILE]);
	return query->waiting == FILTER_MODULE ? tag->module : tag->function;
}

/* By number in the catalog: a total for each value there can be, then those that there are. */
static void collect_numbered(const struct sample *sample, const struct query *query,
			     const GArray *rows, GArray *values)
{
	struct value_range range = range_of_values(sample->catalog, query);
	g_autofree struct total *totals = g_new0(struct total, range.count + 1);

	for (guint i = 0; i < rows->len; i++) {
		uint32_t tag = g_array_index(rows, struct row, i).tag;
		uint32_t number = value_of(sample->catalog, query, tag);

		if (number != CATALOG_NONE)
			select_add(sample, tag, &totals[number - range.first]);
	}
	for (uint32_t i = 0; i < range.count; i++) {
		struct value value = {range.first + i, totals[i]};

		if (value.total.tags > 0)
			g_array_append_val(values, value);
	}
}

static int by_line(const void *a, const void *b, void *catalog)
{
	const struct tag *tags = ((const struct catalog *)catalog)->tags;
	uint64_t x = tags[((const struct row *)a)->tag].line;
	uint64_t y = tags[((const struct row *)b)->tag].line;

	return x < y ? -1 : x > y;
}

static void collect_lines(const struct sample *sample, const GArray *rows, GArray *values)
{
	g_autoptr(GArray) sorted = g_array_copy((GArray *)rows);
	struct value *last = NULL;

	g_array_sort_with_data(sorted, by_line, sample->catalog);
	for (guint i = 0; i < sorted->len; i++) {
		uint32_t tag = g_array_index(sorted, struct row, i).tag;
		struct value value = {sample->catalog->tags[tag].line, {0, 0, 0}};

		if (!last || last->number != value.number) {
			g_array_append_val(values, value);
			last = &g_array_index(values, struct value, values->len - 1);
		}
		select_add(sample, tag, &last->total);
	}
}

GArray *select_values(const struct sample *sample, const struct query *query, const GArray *rows)
{
	GArray *values = g_array_new(FALSE, FALSE, sizeof(struct value));

	if (query->place == PLACE_FILTER && query->waiting == FILTER_LINE)
		collect_lines(sample, rows, values);
	else
		collect_numbered(sample, query, rows, values);
	return values;
}

size_t select_value_name(const struct catalog *catalog, const struct query *query, uint64_t number,
			 char name[NAME_SIZE])
{
	const char *word;

	if (query->place == PLACE_FILTER && query->waiting == FILTER_LINE) {
		char *end = number_write(name, number);

		*end = '\0';
		return (size_t)(end - name);
	}
	if (query->place == PLACE_PATH)
		word = catalog->paths[number].name;
	else if (query->waiting == FILTER_MODULE)
		word = catalog->modules.list[number].name;
	else
		word = catalog->functions.list[number].name;
	return g_strlcpy(name, word, NAME_SIZE);
}

/* As many as there can be: there is a total for each; lines are sorted. */
static size_t count_values(const struct sample *sample, const struct query *query, size_t rows)
{
	if (select_children_kind(query) != CHILDREN_VALUES)
		return 0;
	if (query->place == PLACE_FILTER && query->waiting == FILTER_LINE)
		return rows;
	return range_of_values(sample->catalog, query).count;
}

/* Sorting takes as much again, and an array that grows twice as much. */
bool select_has_room(const struct sample *sample, const struct query *query)
{
	size_t rows = sample->part_count;
	const uint32_t *tags;

	if (!sample->part)
		rows = query_candidates(sample->catalog, query, &tags);
	return heap_has_room(4 * rows * sizeof(struct row) +
			     count_values(sample, query, rows) *
				     (sizeof(struct total) + 2 * sizeof(struct value)));
}
