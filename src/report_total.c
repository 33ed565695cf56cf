/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums: .total of a directory and .totals of its subdirectories. */
#include "report.h"

#include <errno.h>
#include "heap.h"

/* A line but for the path: three or four numbers and a name. */
#define TOTAL_ROOM (2 * NAME_SIZE)

/* A child directory: one with a fixed name, or else a value. */
struct child_total {
	struct total total;
	size_t order; /* as listed */
	const char *name;
	uint64_t number;
};

/* name is of a child of the directory, or NULL for itself. */
static void add_total(const struct report_input *input, const struct total *total, const char *name,
		      GString *out)
{
	const struct sample *sample = input->sample;
	struct text_counter counter = {total->bytes, total->calls, sample->is_difference};
	char text[TEXT_COUNTER_SIZE];
	char *end = text_format_counter(text, &counter);
	bool at_root = strcmp(input->path, "/") == 0;

	g_string_append_len(out, text, end - text);
	g_string_append_printf(out, "tags:%" G_GUINT64_FORMAT " ", total->tags);
	if (sample->is_difference)
		g_string_append_printf(out, "seconds:%" G_GINT64_FORMAT " ", sample->seconds);
	g_string_append(out, input->path);
	if (name)
		g_string_append_printf(out, "%s%s", at_root ? "" : "/", name);
	g_string_append_c(out, '\n');
}

int report_total(const struct report_input *input, GString *out)
{
	struct total total = select_total(input->sample, input->rows);

	add_total(input, &total, NULL, out);
	return 0;
}

/* Filters of a root and presets: each is a query of its own. */
static void total_fixed(const struct report_input *input, GArray *totals)
{
	const struct catalog *catalog = input->sample->catalog;
	struct child_total total = {.number = 0};
	struct target target;
	const char *name;

	for (size_t i = 0; (name = select_fixed_child(input->query, i)); i++) {
		g_autoptr(GArray) rows = NULL;

		if (query_step(catalog, input->query, span_of(name), &target) != 0)
			continue;
		rows = select_rows(input->sample, &target.query);
		total.total = select_total(input->sample, rows);
		total.order = i;
		total.name = name;
		g_array_append_val(totals, total);
	}
}

static int total_values(const struct report_input *input, GArray *totals)
{
	g_autoptr(GArray) values = select_values(input->sample, input->query, input->rows);

	/* An array grows to twice its size; sorting takes as much again. */
	if (!heap_has_room(4 * values->len * sizeof(struct child_total)))
		return -ENOMEM;

	for (guint i = 0; i < values->len; i++) {
		const struct value *value = &g_array_index(values, struct value, i);
		struct child_total total = {value->total, i, NULL, value->number};

		g_array_append_val(totals, total);
	}
	return 0;
}

static int largest_first(const void *a, const void *b)
{
	const struct child_total *x = a, *y = b;

	if (x->total.bytes != y->total.bytes)
		return x->total.bytes > y->total.bytes ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

int report_totals(const struct report_input *input, GString *out)
{
	g_autoptr(GArray) totals = g_array_new(FALSE, FALSE, sizeof(struct child_total));
	int err = 0;

	switch (select_children_kind(input->query)) {
	case CHILDREN_FIXED: total_fixed(input, totals); break;
	case CHILDREN_VALUES: err = total_values(input, totals); break;
	case CHILDREN_NONE:
	case CHILDREN_WORLDS: break;
	}
	if (err)
		return err;
	g_array_sort(totals, largest_first);
	for (guint i = 0; i < totals->len; i++) {
		const struct child_total *total = &g_array_index(totals, struct child_total, i);
		char name[NAME_SIZE];

		if (!report_has_room(out, strlen(input->path) + TOTAL_ROOM))
			return -ENOMEM;
		if (!total->name)
			select_value_name(input->sample->catalog, input->query, total->number,
					  name);
		add_total(input, &total->total, total->name ? total->name : name, out);
	}
	return 0;
}
