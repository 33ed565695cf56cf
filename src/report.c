/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of reports: see report.h. A new format is one renderer and one row here. */
#include "report.h"

#include <errno.h>
#include "heap.h"

static const struct report reports[REPORT_COUNT] = {
	[REPORT_SUMMARY] = {".summary", report_summary, "one screen for people"},
	[REPORT_TOTAL] = {".total", report_total, "one line: bytes, calls, tags, the query"},
	[REPORT_TOTALS] = {".totals", report_totals, "such a line per subdirectory, largest first"},
	[REPORT_ALLOCINFO] = {".allocinfo", report_allocinfo,
			      "the set as a listing; can be mounted again"},
	[REPORT_RAW] = {".raw", report_raw, "the set as binary records of 224 bytes"},
	[REPORT_JSON] = {".json", report_json, "an array of objects, one per site"},
	[REPORT_CSV] = {".csv", report_csv, "the same as a table with a header row"},
	[REPORT_FOLDED] = {".folded", report_folded, "stacks for flame graphs, by directory"},
	[REPORT_PROM] = {".prom", report_prom, "metrics for Prometheus' node_exporter"},
};

/* A byte of the kernel's words becomes six at most; names of the tree have a limit of their own. */
static size_t room_for(const struct sample *sample, uint32_t tag)
{
	return 6 * sample_line_room(sample, tag) + 4 * NAME_SIZE;
}

/* Strings grow to twice their length. */
bool report_has_room(const GString *out, size_t more)
{
	return out->allocated_len - out->len > more || heap_has_room(2 * (out->len + more));
}

int report_each(const struct report_input *input, report_append append, void *data, GString *out)
{
	for (guint i = 0; i < input->rows->len; i++) {
		uint32_t tag = g_array_index(input->rows, struct row, i).tag;

		if (!report_has_room(out, room_for(input->sample, tag)))
			return -ENOMEM;
		append(input, tag, data, out);
	}
	return 0;
}

const struct report *report_get(enum report_id id)
{
	g_assert(id < REPORT_COUNT);
	return &reports[id];
}

enum report_id report_find(struct span name)
{
	enum report_id id = 0;

	while (id < REPORT_COUNT && !span_equal(name, span_of(reports[id].name)))
		id++;
	return id;
}
