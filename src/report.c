/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of reports: see report.h. A new format is one renderer and one row here. */
#include "report.h"

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
