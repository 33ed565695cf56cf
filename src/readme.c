/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of README, made from the tables that the tree is made from: see readme.h. */
#include "readme.h"

#include "report.h"

static void append_row(GString *out, const char *name, const char *help)
{
	g_string_append_printf(out, "  %-20s %s\n", name, help);
}

static void append_root_files(GString *out, bool directories)
{
	for (size_t i = 0; i < query_root_file_count; i++)
		if ((query_root_files[i].kind == TARGET_DIRECTORY) == directories)
			append_row(out, query_root_files[i].name, query_root_files[i].help);
}

static void append_filters(GString *out, bool listed)
{
	for (enum filter_id id = 0; id < FILTER_COUNT; id++) {
		const struct filter *filter = filter_get(id);

		if (filter->listed == listed)
			append_row(out, filter->example, filter->help);
	}
}

void readme_append(GString *out)
{
	g_string_append(out,
			"Every directory is a set of allocation sites of the kernel, every file\n"
			"in it is one site.\n\n"
			"  cat live/.summary                        who holds the memory\n"
			"  du -h --max-depth=2 by-file | sort -h    the same by directory\n"
			"  ls -lhS sized/live | head                the largest sites\n"
			"  cat live/* | sort -g | tail              the same as text\n"
			"  cat live/by-module/vmlinux/min-size/1M/* filters compose by path\n\n");
	append_root_files(out, false);
	g_string_append(out, "\nFilters, in any order, each once. In a set they are not listed: "
			     "type them.\n");
	append_filters(out, true);
	append_root_files(out, true);
	g_string_append(out, "Not listed at all:\n");
	append_filters(out, false);
	append_row(out, "by-file/F.c:LINE", "a file: the sites at that place");
	append_row(out, "sized/...", "this tree, file sizes are bytes held (not for tar)");
	append_row(out, "raw/...", "this tree, files are binary records");
	g_string_append(out, "Sizes: 4096 4K 4KiB 4kB. Names: ',' for '/', other bytes as %XX.\n\n"
			     "Files of every directory, not listed:\n");
	for (enum report_id id = 0; id < REPORT_COUNT; id++)
		append_row(out, report_get(id)->name, report_get(id)->help);
	g_string_append(out,
			"\nA file's blocks are the bytes of its site, so that du adds them up; a "
			"du of the\nwhole mount counts each site once a view. Slab memory shows "
			"twice: as pages\n(mm/slub.c) and as the objects in them.\n");
}
