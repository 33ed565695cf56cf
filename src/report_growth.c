/* SPDX-License-Identifier: GPL-2.0-or-later */
/* .summary of a difference: what grew and what shrank, and how fast, on one screen. */
#include "screen.h"

enum { SHRUNK_SHOWN = 5, GROUP_WIDTH = 25, GROUP_COLUMNS = 40, HOUR = 3600 };

struct growth {
	struct total grown, shrunk;
	uint32_t inaccurate;
	struct total slab;
};

/* Bytes per hour, as far as a number can hold them. */
static int64_t per_hour(int64_t bytes, int64_t seconds)
{
	double rate = (double)bytes * HOUR / (double)seconds;

	return rate >= 9.2e18 ? INT64_MAX : rate <= -9.2e18 ? INT64_MIN : (int64_t)rate;
}

static void append_rate(GString *out, int64_t bytes, int64_t seconds)
{
	if (seconds > 0)
		screen_size(out, per_hour(bytes, seconds));
	else
		g_string_append(out, "          -");
}

static void add_up(const struct report_input *input, struct growth *growth)
{
	const struct sample *sample = input->sample;

	for (guint i = 0; i < input->rows->len; i++) {
		uint32_t tag = g_array_index(input->rows, struct row, i).tag;
		int64_t bytes = sample->counters[tag].bytes;

		if (bytes != 0)
			select_add(sample, tag, bytes > 0 ? &growth->grown : &growth->shrunk);
		growth->inaccurate += !sample_is_accurate(sample, tag);
		if (catalog_is_slab_page(sample->catalog, tag))
			select_add(sample, tag, &growth->slab);
	}
}

static void append_line(GString *out, int64_t bytes, int64_t seconds)
{
	screen_size(out, bytes);
	append_rate(out, bytes, seconds);
}

static void append_sum(const struct total *total, int64_t seconds, const char *what, GString *out)
{
	append_line(out, total->bytes, seconds);
	g_string_append_printf(out, " %9" G_GINT64_FORMAT "  %s\n", (int64_t)total->calls, what);
}

static void append_sums(const struct report_input *input, const struct growth *growth, GString *out)
{
	struct total all = select_total(input->sample, input->rows);
	int64_t seconds = input->sample->seconds;
	g_autofree char *grew =
		g_strdup_printf("%" G_GUINT64_FORMAT " sites grew", growth->grown.tags);
	g_autofree char *shrank =
		g_strdup_printf("%" G_GUINT64_FORMAT " sites shrank", growth->shrunk.tags);
	g_autofree char *changed =
		g_strdup_printf("all %" G_GUINT64_FORMAT " sites that changed", all.tags);

	g_string_append_printf(
		out, "       SIZE   PER HOUR     CALLS  IN %" G_GINT64_FORMAT " SECONDS\n",
		seconds);
	append_sum(&growth->grown, seconds, grew, out);
	append_sum(&growth->shrunk, seconds, shrank, out);
	append_sum(&all, seconds, changed, out);
}

static void append_sites(const struct report_input *input, screen_size_of size_of,
			 unsigned int most, const char *title, GString *out)
{
	const struct sample *sample = input->sample;
	struct screen_largest largest = screen_largest_rows(input, size_of);

	if (largest.count == 0)
		return;
	g_string_append_printf(out, "\n       SIZE   PER HOUR     CALLS  %s\n", title);
	for (unsigned int i = 0; i < MIN(largest.count, most); i++) {
		uint32_t tag = largest.number[i];
		gsize start = out->len;

		append_line(out, sample->counters[tag].bytes, sample->seconds);
		screen_end_site(sample, tag, start, out);
	}
}

static void append_group(GString *out, int64_t bytes, int64_t total, const char *name)
{
	(void)total;
	screen_size(out, bytes);
	g_string_append(out, "  ");
	screen_cut(out, name, GROUP_WIDTH);
}

static void append_groups(const struct report_input *input, GString *out)
{
	struct screen_groups groups;

	screen_group(input, &groups);
	g_string_append(
		out, "\n       SIZE  DIRECTORIES THAT GREW            SIZE  MODULES THAT GREW\n");
	screen_append_groups(input->sample->catalog, &groups, append_group, 0, GROUP_COLUMNS, out);
	screen_groups_clear(&groups);
}

static void append_notes(const struct report_input *input, const struct growth *growth,
			 GString *out)
{
	g_string_append_c(out, '\n');
	if (growth->slab.bytes != 0) {
		screen_size(out, growth->slab.bytes);
		g_string_append(out, " are slab pages, counted again in the objects in them\n");
	}
	g_string_append_printf(out, "%7u     sites missed allocations (see inaccurate/)\n",
			       growth->inaccurate);
	g_string_append_printf(out,
			       "%7u     sites were matched by guessing: their lines had moved\n",
			       input->sample->guessed);
}

void report_growth(const struct report_input *input, GString *out)
{
	struct growth growth = {.inaccurate = 0};

	add_up(input, &growth);
	g_string_append(out, "Growth of kernel memory by allocation site: ");
	screen_cut(out, input->path, SCREEN_WIDTH - out->len);
	g_string_append(out, "\n\n");
	append_sums(input, &growth, out);
	append_sites(input, screen_counter, SCREEN_LARGEST, "GREW MOST", out);
	append_sites(input, screen_counter_below, SHRUNK_SHOWN, "SHRANK MOST", out);
	append_groups(input, out);
	append_notes(input, &growth, out);
}
