/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of screens: see screen.h. */
#include "screen.h"

#include "heap.h"

void screen_size(GString *out, int64_t bytes)
{
	static const char *const units[] = {"B  ", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double size = (double)bytes;
	size_t unit = 0;

	/* The sign takes a column of the five digits. */
	while ((size >= 1023.95 || size <= -999.95) && unit < G_N_ELEMENTS(units) - 1) {
		size /= 1024;
		unit++;
	}
	g_string_append_printf(out, unit ? "%7.1f %s" : "%7.0f %s", size, units[unit]);
}

void screen_cut(GString *out, const char *text, size_t width)
{
	size_t len = strlen(text);

	if (len > width)
		g_string_append_printf(out, "...%s", text + len - width + 3);
	else
		g_string_append(out, text);
}

/* Appends the components of a path of the source tree; nothing for its root. */
static void append_path(const struct catalog *catalog, uint32_t path, GString *out)
{
	if (path == 0)
		return;
	append_path(catalog, catalog->paths[path].parent, out);
	if (catalog->paths[path].parent != 0)
		g_string_append_c(out, '/');
	g_string_append(out, catalog->paths[path].name);
}

/* Appends "FILE:LINE FUNCTION[ [MODULE]]" in at most width columns. */
static void append_site(const struct catalog *catalog, uint32_t number, size_t width, GString *out)
{
	const struct tag *tag = &catalog->tags[number];
	g_autoptr(GString) site = g_string_new(NULL);

	append_path(catalog, tag->path, site);
	g_string_append_printf(site, ":%" G_GUINT64_FORMAT " %s", tag->line,
			       catalog->functions.list[tag->function].name);
	if (!catalog_is_builtin(catalog, number))
		g_string_append_printf(site, " [%s]", catalog->modules.list[tag->module].name);
	screen_cut(out, site->str, width);
}

static int64_t bytes_of_total(const void *totals, uint32_t number)
{
	return ((const struct total *)totals)[number].bytes;
}

int64_t screen_counter(const void *counters, uint32_t number)
{
	return ((const struct counter *)counters)[number].bytes;
}

int64_t screen_counter_below(const void *counters, uint32_t number)
{
	int64_t bytes = screen_counter(counters, number);

	return bytes == INT64_MIN ? INT64_MAX : -bytes;
}

/* Puts number in its place among the largest, behind those that are as large. */
static void consider(struct screen_largest *largest, screen_size_of size_of, const void *things,
		     uint32_t number)
{
	int64_t own = size_of(things, number);
	unsigned int at = largest->count;

	while (at > 0 && size_of(things, largest->number[at - 1]) < own)
		at--;
	if (own <= 0 || at == SCREEN_LARGEST)
		return;
	if (largest->count < SCREEN_LARGEST)
		largest->count++;
	memmove(largest->number + at + 1, largest->number + at,
		(largest->count - at - 1) * sizeof(*largest->number));
	largest->number[at] = number;
}

struct screen_largest screen_largest_rows(const struct report_input *input, screen_size_of size_of)
{
	struct screen_largest largest = {.count = 0};

	for (guint i = 0; i < input->rows->len; i++)
		consider(&largest, size_of, input->sample->counters,
			 g_array_index(input->rows, struct row, i).tag);
	return largest;
}

void screen_end_site(const struct sample *sample, uint32_t tag, gsize start, GString *out)
{
	g_string_append_printf(out, " %9" G_GINT64_FORMAT "  ",
			       (int64_t)sample->counters[tag].calls);
	append_site(sample->catalog, tag, SCREEN_WIDTH - (out->len - start), out);
	g_string_append_c(out, '\n');
}

bool screen_has_room(const struct catalog *catalog)
{
	return heap_has_room(((size_t)catalog->modules.count + catalog->path_count) *
			     sizeof(struct total));
}

void screen_group(const struct report_input *input, struct screen_groups *groups)
{
	const struct sample *sample = input->sample;
	const struct catalog *catalog = sample->catalog;

	groups->by_module = g_new0(struct total, catalog->modules.count);
	groups->by_path = g_new0(struct total, catalog->path_count);
	for (guint i = 0; i < input->rows->len; i++) {
		uint32_t number = g_array_index(input->rows, struct row, i).tag;
		const struct tag *tag = &catalog->tags[number];

		select_add(sample, number, &groups->by_module[tag->module]);
		select_add(sample, number, &groups->by_path[catalog->paths[tag->path].parent]);
	}
}

void screen_groups_clear(struct screen_groups *groups)
{
	g_free(groups->by_module);
	g_free(groups->by_path);
}

static void append_directory(const struct catalog *catalog, const struct screen_groups *groups,
			     uint32_t path, screen_entry entry, int64_t total, GString *out)
{
	g_autoptr(GString) name = g_string_new(NULL);

	append_path(catalog, path, name);
	g_string_append(name, path == 0 ? "." : "/");
	entry(out, groups->by_path[path].bytes, total, name->str);
}

void screen_append_groups(const struct catalog *catalog, const struct screen_groups *groups,
			  screen_entry entry, int64_t total, size_t column, GString *out)
{
	struct screen_largest paths = {.count = 0}, modules = {.count = 0};

	for (uint32_t i = 0; i < catalog->path_count; i++)
		consider(&paths, bytes_of_total, groups->by_path, i);
	for (uint32_t i = 0; i < catalog->modules.count; i++)
		consider(&modules, bytes_of_total, groups->by_module, i);
	for (unsigned int i = 0; i < MAX(paths.count, modules.count); i++) {
		gsize start = out->len;

		if (i < paths.count)
			append_directory(catalog, groups, paths.number[i], entry, total, out);
		if (i < modules.count) {
			while (out->len < start + column)
				g_string_append_c(out, ' ');
			entry(out, groups->by_module[modules.number[i]].bytes, total,
			      catalog->modules.list[modules.number[i]].name);
		}
		g_string_append_c(out, '\n');
	}
}
