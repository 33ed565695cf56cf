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

static void append_stack(const struct report_input *input, uint32_t number, void *data,
			 GString *out)
{
	const struct catalog *catalog = input->sample->catalog;
	const struct tag *tag = &catalog->tags[number];
	int64_t bytes = input->sample->counters[number].bytes;

	(void)data;
	if (bytes <= 0)
		return;
	append_frames(catalog, tag->path, out);
	g_string_append_printf(out, "%s:%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT "\n",
			       catalog->functions.list[tag->function].name, tag->line, bytes);
}

int report_folded(const struct report_input *input, GString *out)
{
	return report_each(input, append_stack, NULL, out);
}
