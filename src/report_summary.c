/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * .summary: one screen of 80 columns for people. Names are shown as they stand in the tree, with
 * their bytes escaped, so that no listing can play with the terminal.
 */
#include "report.h"

enum { LARGEST = 10, LINE_WIDTH = 79, GROUP_WIDTH = 18, GROUP_COLUMNS = 38 };

/* The largest few of some groups, in order. */
struct largest {
	uint32_t number[LARGEST];
	unsigned int count;
};

struct groups {
	struct total *by_module;
	struct total *by_path; /* of the directory that the source file is in */
	uint32_t inaccurate, negative, holding;
	struct total slab;
};

static void append_size(GString *out, int64_t bytes)
{
	static const char *const units[] = {"B  ", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double size = (double)bytes;
	size_t unit = 0;

	while ((size >= 1023.95 || size <= -1023.95) && unit < G_N_ELEMENTS(units) - 1) {
		size /= 1024;
		unit++;
	}
	g_string_append_printf(out, unit ? "%7.1f %s" : "%7.0f %s", size, units[unit]);
}

/* Where some sites are far below zero, another one can be any multiple of the total. */
static void append_share(GString *out, int64_t bytes, int64_t total)
{
	double share = total > 0 ? 100.0 * (double)bytes / (double)total : 0;

	if (total > 0 && share > -99.95 && share < 999.95)
		g_string_append_printf(out, " %5.1f%%", share);
	else
		g_string_append(out, "      -");
}

/* The end of a long text tells more than its start. */
static void append_cut(GString *out, const char *text, size_t width)
{
	size_t len = strlen(text);

	if (len > width)
		g_string_append_printf(out, "...%s", text + len - width + 3);
	else
		g_string_append(out, text);
}

static void append_path(const struct catalog *catalog, uint32_t path, GString *out)
{
	if (path == 0)
		return;
	append_path(catalog, catalog->paths[path].parent, out);
	if (catalog->paths[path].parent != 0)
		g_string_append_c(out, '/');
	g_string_append(out, catalog->paths[path].name);
}

static void group_rows(const struct report_input *input, struct groups *groups)
{
	const struct sample *sample = input->sample;
	const struct catalog *catalog = sample->catalog;

	groups->by_module = g_new0(struct total, catalog->modules.count);
	groups->by_path = g_new0(struct total, catalog->path_count);
	for (guint i = 0; i < input->rows->len; i++) {
		uint32_t number = g_array_index(input->rows, struct row, i).tag;
		const struct tag *tag = &catalog->tags[number];
		const struct counter *counter = &sample->counters[number];

		select_add(sample, number, &groups->by_module[tag->module]);
		select_add(sample, number, &groups->by_path[catalog->paths[tag->path].parent]);
		groups->inaccurate += !sample_is_accurate(sample, number);
		groups->negative += counter->bytes < 0;
		groups->holding += counter->bytes != 0 || counter->calls != 0;
		if (catalog_is_slab_page(catalog, number))
			select_add(sample, number, &groups->slab);
	}
}

typedef int64_t (*bytes_of)(const void *groups, uint32_t number);

static int64_t bytes_of_total(const void *totals, uint32_t number)
{
	return ((const struct total *)totals)[number].bytes;
}

static int64_t bytes_of_tag(const void *counters, uint32_t number)
{
	return ((const struct counter *)counters)[number].bytes;
}

/* Puts number in its place among the largest; what holds nothing is not among them. */
static void consider(struct largest *largest, bytes_of bytes, const void *groups, uint32_t number)
{
	int64_t own = bytes(groups, number);
	unsigned int at = largest->count;

	while (at > 0 && bytes(groups, largest->number[at - 1]) < own)
		at--;
	if (own <= 0 || at == LARGEST)
		return;
	if (largest->count < LARGEST)
		largest->count++;
	memmove(largest->number + at + 1, largest->number + at,
		(largest->count - at - 1) * sizeof(*largest->number));
	largest->number[at] = number;
}

static void append_site(const struct sample *sample, uint32_t number, int64_t total, GString *out)
{
	const struct catalog *catalog = sample->catalog;
	const struct tag *tag = &catalog->tags[number];
	g_autoptr(GString) site = g_string_new(NULL);
	gsize start = out->len;

	append_path(catalog, tag->path, site);
	g_string_append_printf(site, ":%" G_GUINT64_FORMAT " %s", tag->line,
			       catalog->functions.list[tag->function].name);
	if (!catalog_is_builtin(catalog, number))
		g_string_append_printf(site, " [%s]", catalog->modules.list[tag->module].name);
	append_size(out, sample->counters[number].bytes);
	append_share(out, sample->counters[number].bytes, total);
	g_string_append_printf(out, " %9" G_GINT64_FORMAT "  ",
			       (int64_t)sample->counters[number].calls);
	append_cut(out, site->str, LINE_WIDTH - (out->len - start));
	g_string_append_c(out, '\n');
}

static void append_sites(const struct report_input *input, int64_t total, GString *out)
{
	struct largest largest = {.count = 0};

	for (guint i = 0; i < input->rows->len; i++)
		consider(&largest, bytes_of_tag, input->sample->counters,
			 g_array_index(input->rows, struct row, i).tag);
	g_string_append(out, "\n       SIZE  SHARE     CALLS  LARGEST SITES\n");
	for (unsigned int i = 0; i < largest.count; i++)
		append_site(input->sample, largest.number[i], total, out);
}

static void append_group(GString *out, int64_t bytes, int64_t total, const char *name)
{
	append_size(out, bytes);
	append_share(out, bytes, total);
	g_string_append(out, "  ");
	append_cut(out, name, GROUP_WIDTH);
}

static void append_directory(const struct catalog *catalog, const struct groups *groups,
			     uint32_t path, int64_t total, GString *out)
{
	g_autoptr(GString) name = g_string_new(NULL);

	append_path(catalog, path, name);
	g_string_append(name, path == 0 ? "." : "/");
	append_group(out, groups->by_path[path].bytes, total, name->str);
}

/* Directories to the left, modules to the right: so it stays one screen. */
static void append_groups(const struct catalog *catalog, const struct groups *groups, int64_t total,
			  GString *out)
{
	struct largest paths = {.count = 0}, modules = {.count = 0};

	for (uint32_t i = 0; i < catalog->path_count; i++)
		consider(&paths, bytes_of_total, groups->by_path, i);
	for (uint32_t i = 0; i < catalog->modules.count; i++)
		consider(&modules, bytes_of_total, groups->by_module, i);
	g_string_append(out,
			"\n       SIZE  SHARE  SOURCE DIRECTORIES         SIZE  SHARE  MODULES\n");
	for (unsigned int i = 0; i < MAX(paths.count, modules.count); i++) {
		gsize start = out->len;

		if (i < paths.count)
			append_directory(catalog, groups, paths.number[i], total, out);
		if (i < modules.count) {
			while (out->len < start + GROUP_COLUMNS)
				g_string_append_c(out, ' ');
			append_group(out, groups->by_module[modules.number[i]].bytes, total,
				     catalog->modules.list[modules.number[i]].name);
		}
		g_string_append_c(out, '\n');
	}
}

static void append_notes(const struct groups *groups, GString *out)
{
	g_string_append_c(out, '\n');
	if (groups->slab.bytes != 0) {
		append_size(out, groups->slab.bytes);
		g_string_append(out,
				" are slab pages (mm/slub.c alloc_slab_page). The objects in them "
				"are\n            counted again at their own sites: the sum "
				"counts such memory twice.\n");
	}
	g_string_append_printf(
		out, "%7u     sites missed allocations and show too little (see inaccurate/)\n",
		groups->inaccurate);
	g_string_append_printf(out, "%7u     sites are below zero (freed more than was counted)\n",
			       groups->negative);
}

void report_summary(const struct report_input *input, GString *out)
{
	struct total total = select_total(input->sample, input->rows);
	struct groups groups = {NULL, NULL, 0, 0, 0, {0, 0, 0}};

	group_rows(input, &groups);
	g_string_append(out, "Kernel memory by allocation site: ");
	append_cut(out, input->path, LINE_WIDTH - out->len);
	g_string_append(out, "\n\n");
	append_size(out, total.bytes);
	g_string_append_printf(out, " in %" G_GINT64_FORMAT " allocations\n", (int64_t)total.calls);
	g_string_append_printf(out, "%7u     of %" G_GUINT64_FORMAT " sites hold memory now\n",
			       groups.holding, total.tags);
	append_sites(input, total.bytes, out);
	append_groups(input->sample->catalog, &groups, total.bytes, out);
	append_notes(&groups, out);
	g_free(groups.by_module);
	g_free(groups.by_path);
}
