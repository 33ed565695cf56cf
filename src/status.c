/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of status: see status.h. */
#include "status.h"

#include <sys/utsname.h>

#define PROFILING "/proc/sys/vm/mem_profiling"

static const char *profiling(void)
{
	g_autofree char *value = NULL;

	if (!g_file_get_contents(PROFILING, &value, NULL, NULL))
		return "unknown";
	return value[0] == '1' ? "on" : "off";
}

/* A saved listing does not say where it is from. */
static void append_kernel(const struct source *source, GString *out)
{
	struct utsname uts;
	bool known = source->live && uname(&uts) == 0;

	g_string_append_printf(out, "kernel: %s\n", known ? uts.release : "unknown");
	g_string_append_printf(out, "profiling: %s\n", source->live ? profiling() : "unknown");
}

static void append_sample(const struct sample *sample, GString *out)
{
	const struct catalog *catalog = sample->catalog;

	g_string_append_printf(out, "content-id: %" G_GUINT64_FORMAT "\n", sample->content_id);
	g_string_append_printf(out, "tags: %u\n", catalog->count);
	g_string_append_printf(out, "modules: %u\n", catalog->modules.count);
	g_string_append_printf(out, "bytes: %" G_GINT64_FORMAT "\n", sample->listing.bytes);
	g_string_append_printf(out, "calls: %" G_GINT64_FORMAT "\n",
			       (int64_t)sample->listing.calls);
	g_string_append_printf(out, "inaccurate: %u\n", sample->listing.inaccurate_count);
	g_string_append_printf(out, "negative: %u\n", sample->listing.negative_count);
	g_string_append_printf(out, "skipped-lines: %" G_GUINT64_FORMAT "\n",
			       sample->listing.skipped);
	g_string_append_printf(out, "slab-pages: %" G_GINT64_FORMAT "\n",
			       sample->listing.slab_bytes);
}

void status_append(struct sampler *sampler, struct snapshots *snapshots,
		   const struct sample *sample, GString *out)
{
	const struct source *source = sampler_source(sampler);
	g_autofree char *name = g_strescape(source->name, NULL);
	struct sampler_stats stats;

	sampler_stats(sampler, &stats);
	g_string_append(out, "version: " ALLOCFS_VERSION "\n");
	g_string_append_printf(out, "source: %s\n", name);
	g_string_append_printf(out, "interface: %s\n", source->interface);
	append_kernel(source, out);
	append_sample(sample, out);
	g_string_append_printf(out, "snapshots: %u\n", snapshots_count(snapshots));
	g_string_append_printf(out, "guessed-matches: %u\n", snapshots_guessed(snapshots));
	g_string_append_printf(out, "queries-pushed-down: %" G_GUINT64_FORMAT "\n",
			       stats.pushed_down);
	g_string_append_printf(out, "queries-from-memory: %" G_GUINT64_FORMAT "\n",
			       stats.from_memory);
	g_string_append_printf(out, "full-reads: %" G_GUINT64_FORMAT "\n", stats.full_reads);
	g_string_append_printf(out, "last-error: %s\n",
			       stats.last_error ? stats.last_error : "none");
	g_free(stats.last_error);
}
