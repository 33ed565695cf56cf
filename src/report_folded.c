/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tags as folded stacks, the input of flame graphs: .folded. The frames are the source tree's, as
 * by-file/ names them, so that no name has a separator in it. What holds nothing, or less, has no
 * width and is left out.
 */
#include "report.h"

static void append_frames(const struct catalog *catalog, uint32_t path, GString *out)
{
	if (path == 0)
		return;
	append_frames(catalog, catalog->paths[path].parent, out);
	g_string_append(out, catalog->paths[path].name);
	g_string_append_c(out, ';');
}

void report_folded(const struct report_input *input, GString *out)
{
	const struct sample *sample = input->sample;
	const struct catalog *catalog = sample->catalog;

	for (guint i = 0; i < input->rows->len; i++) {
		uint32_t number = g_array_index(input->rows, struct row, i).tag;
		const struct tag *tag = &catalog->tags[number];
		int64_t bytes = sample->counters[number].bytes;

		if (bytes <= 0)
			continue;
		append_frames(catalog, tag->path, out);
		g_string_append_printf(out, "%s:%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT "\n",
				       catalog->functions.list[tag->function].name, tag->line,
				       bytes);
	}
}
