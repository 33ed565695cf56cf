/* SPDX-License-Identifier: GPL-2.0-or-later */
/* .summary: who holds the memory, on one screen. Differences have a screen of their own. */
#include "screen.h"

#include <errno.h>

enum { GROUP_WIDTH = 18, GROUP_COLUMNS = 38 };

/* What is counted while the rows are gone through. */
struct counts {
	uint32_t inaccurate, negative, holding;
	struct total slab;
};

/* Where some sites are far below zero, another one can be any multiple of the total. */
static void append_share(GString *out, int64_t bytes, int64_t total)
{
	double share = total > 0 ? 100.0 * (double)bytes / (double)total : 0;

	if (total > 0 && share > -99.95 && share < 999.95)
		g_string_append_printf(out, " %5.1f%%", share);
	else
		g_string_append(out, "      -");
}

static void count_rows(const struct report_input *input, struct counts *counts)
{
	const struct sample *sample = input->sample;

	for (guint i = 0; i < input->rows->len; i++) {
		uint32_t tag = g_array_index(input->rows, struct row, i).tag;
		const struct counter *counter = &sample->counters[tag];

		counts->inaccurate += !sample_is_accurate(sample, tag);
		counts->negative += counter->bytes < 0;
		counts->holding += counter->bytes != 0 || counter->calls != 0;
		if (catalog_is_slab_page(sample->catalog, tag))
			select_add(sample, tag, &counts->slab);
	}
}

static void append_site(const struct sample *sample, uint32_t tag, int64_t total, GString *out)
{
	int64_t bytes = sample->counters[tag].bytes;
	gsize start = out->len;

	screen_size(out, bytes);
	append_share(out, bytes, total);
	screen_end_site(sample, tag, start, out);
}

static void append_sites(const struct report_input *input, int64_t total, GString *out)
{
	struct screen_largest largest = screen_largest_rows(input, screen_counter);

	g_string_append(out, "\n       SIZE  SHARE     CALLS  LARGEST SITES\n");
	for (unsigned int i = 0; i < largest.count; i++)
		append_site(input->sample, largest.number[i], total, out);
}

static void append_group(GString *out, int64_t bytes, int64_t total, const char *name)
{
	screen_size(out, bytes);
	append_share(out, bytes, total);
	g_string_append(out, "  ");
	screen_cut(out, name, GROUP_WIDTH);
}

static void append_groups(const struct report_input *input, int64_t total, GString *out)
{
	struct screen_groups groups;

	screen_group(input, &groups);
	g_string_append(out,
			"\n       SIZE  SHARE  SOURCE DIRECTORIES         SIZE  SHARE  MODULES\n");
	screen_append_groups(input->sample->catalog, &groups, append_group, total, GROUP_COLUMNS,
			     out);
	screen_groups_clear(&groups);
}

static void append_notes(const struct counts *counts, GString *out)
{
	g_string_append_c(out, '\n');
	if (counts->slab.bytes != 0) {
		screen_size(out, counts->slab.bytes);
		g_string_append(out,
				" are slab pages (mm/slub.c alloc_slab_page). The objects in them "
				"are\n            counted again at their own sites: the sum "
				"counts such memory twice.\n");
	}
	g_string_append_printf(
		out, "%7u     sites missed allocations and show too little (see inaccurate/)\n",
		counts->inaccurate);
	g_string_append_printf(out, "%7u     sites are below zero (freed more than was counted)\n",
			       counts->negative);
}

static void append_holdings(const struct report_input *input, GString *out)
{
	struct total total = select_total(input->sample, input->rows);
	struct counts counts = {0, 0, 0, {0, 0, 0}};

	count_rows(input, &counts);
	g_string_append(out, "Kernel memory by allocation site: ");
	screen_cut(out, input->path, SCREEN_WIDTH - out->len);
	g_string_append(out, "\n\n");
	screen_size(out, total.bytes);
	g_string_append_printf(out, " in %" G_GINT64_FORMAT " allocations\n", (int64_t)total.calls);
	g_string_append_printf(out, "%7u     of %" G_GUINT64_FORMAT " sites hold memory now\n",
			       counts.holding, total.tags);
	append_sites(input, total.bytes, out);
	append_groups(input, total.bytes, out);
	append_notes(&counts, out);
}

int report_summary(const struct report_input *input, GString *out)
{
	if (!screen_has_room(input->sample->catalog))
		return -ENOMEM;
	if (input->sample->is_difference)
		report_growth(input, out);
	else
		append_holdings(input, out);
	return 0;
}
