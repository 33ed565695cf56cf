/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports: files that every directory has, by name, never listed. One table maps a report's name to
 * its renderer; lookup and the README in the mount are made from it.
 */
#ifndef ALLOCFS_REPORT_H
#define ALLOCFS_REPORT_H

#include "query.h"
#include "select.h"

enum report_id {
	REPORT_SUMMARY,
	REPORT_TOTAL,
	REPORT_TOTALS,
	REPORT_ALLOCINFO,
	REPORT_RAW,
	REPORT_JSON,
	REPORT_CSV,
	REPORT_FOLDED,
	REPORT_PROM,
	REPORT_COUNT,
};

/* What a report is rendered from. */
struct report_input {
	const struct sample *sample;
	const struct query *query;
	const GArray *rows; /* struct row */
	const char *path; /* the directory as typed, from the mount's root: "/by-module/xfs" */
};

struct report {
	const char *name;
	int (*render)(const struct report_input *input, GString *out);
	const char *help;
};

const struct report *report_get(enum report_id id);

/* The report of that name, or REPORT_COUNT where there is none. */
enum report_id report_find(struct span name);

/*
 * The renderers; each appends to out, which may hold any bytes. 0, or -ENOMEM where the report is
 * too long for the memory there is; what was appended then is to be thrown away.
 */
int report_summary(const struct report_input *input, GString *out);
int report_total(const struct report_input *input, GString *out);
int report_totals(const struct report_input *input, GString *out);
int report_allocinfo(const struct report_input *input, GString *out);
int report_raw(const struct report_input *input, GString *out);
int report_json(const struct report_input *input, GString *out);
int report_csv(const struct report_input *input, GString *out);
int report_folded(const struct report_input *input, GString *out);
int report_prom(const struct report_input *input, GString *out);

/* Whether out can take so many bytes more: to be asked before each line of what can be long. */
bool report_has_room(const GString *out, size_t more);

/*
 * Calls append() for each row, with room for its line in out however its format escapes words.
 * Returns 0 or -ENOMEM.
 */
typedef void (*report_append)(const struct report_input *input, uint32_t tag, void *data,
			      GString *out);
int report_each(const struct report_input *input, report_append append, void *data, GString *out);

/* The summary of a difference. */
void report_growth(const struct report_input *input, GString *out);

/* Appends the two header lines of a listing; the same length as report_header_length(). */
void report_header(const struct sample *sample, GString *out);
size_t report_header_length(const struct sample *sample);

/* Appends what the file of one tag holds in that view: its line, or its record. */
void report_tag(const struct sample *sample, enum query_view view, uint32_t tag, GString *out);

/* The same of all rows, without a header. 0 or -ENOMEM. */
int report_tags(const struct report_input *input, enum query_view view, GString *out);

/* The length of what report_tag() appends. */
size_t report_tag_length(const struct sample *sample, enum query_view view, uint32_t tag);

#endif
