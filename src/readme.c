/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of README, made from the tables that the tree is made from: see readme.h. */
#include "readme.h"

#include "report.h"

static void append_filters(GString *out, bool listed)
{
	for (enum filter_id id = 0; id < FILTER_COUNT; id++) {
		const struct filter *filter = filter_get(id);

		if (filter->listed == listed)
			g_string_append_printf(out, "  %-20s %s\n", filter->example, filter->help);
	}
}

void readme_append(GString *out)
{
	g_string_append(out,
			"Every directory is a set of allocation sites of the kernel, every file "
			"in it one site.\n\n"
			"  cat live/.summary                        who holds the memory\n"
			"  du -h --max-depth=2 by-file | sort -h    the same by directory\n"
			"  ls -lhS sized/live | head                the largest sites\n"
			"  cat live/* | sort -g | tail              the same as text\n"
			"  cat live/by-module/vmlinux/min-size/1M/* filters compose by path\n\n");
	for (size_t i = 0; i < query_root_file_count; i++)
		g_string_append_printf(out, "  %-20s %s\n", query_root_files[i].name,
				       query_root_files[i].help);
	g_string_append(out,
			"\nFilters, in any order, each once. Inside a set they are not listed, "
			"just type them.\n");
	append_filters(out, true);
	g_string_append(out, "Not listed at all:\n");
	append_filters(out, false);
	g_string_append(out,
			"  by-file/mm/slub.c:1  a file: the sites at that place\n"
			"  sized/...            this tree, file sizes are bytes held (not for tar "
			"or rsync)\n"
			"  raw/...              this tree, files are binary records\n"
			"Sizes: 4096 4K 4KiB 4kB. Names: ',' for '/', other bytes as %XX.\n\n"
			"Files of every directory, not listed:\n");
	for (enum report_id id = 0; id < REPORT_COUNT; id++)
		g_string_append_printf(out, "  %-20s %s\n", report_get(id)->name,
				       report_get(id)->help);
	g_string_append(out, "\nA file's blocks are the bytes of its site. A du of the whole mount "
			     "counts each site\nonce a view. Slab memory shows twice: as pages "
			     "(mm/slub.c) and as objects.\n");
}
