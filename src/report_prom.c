/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tags as metrics of Prometheus: .prom, for the textfile collector of node_exporter. Every series
 * is there once: what has equal labels otherwise is told apart by the ordinal that its name in the
 * tree has. A module has the name that it has in by-module/, the built-in code too.
 */
#include "report.h"

#include <errno.h>
#include "heap.h"
#include "words.h"

/* Values are floating-point numbers there: above this they are not exact. */
#define EXACT_MAX ((UINT64_C(1) << 53) - 1)

enum metric { METRIC_BYTES, METRIC_CALLS, METRICS };

static const struct {
	const char *suffix, *help, *growth_help;
} metrics[METRICS] = {
	[METRIC_BYTES] = {"bytes", "Bytes that are held now.", "Bytes held more than then."},
	[METRIC_CALLS] = {"calls", "Allocations that are held now.",
			  "Allocations held more than then."},
};

/* Calls below 0 are what a counter wraps to that missed some. */
static int64_t value_of(enum metric metric, const struct counter *counter)
{
	return metric == METRIC_BYTES ? counter->bytes : (int64_t)counter->calls;
}

/* As the exposition format wants label values: backslash, quote and newline escaped. */
static void append_label(GString *out, const char *name, struct span words)
{
	g_autoptr(GString) valid = g_string_new(NULL);

	words_append(valid, words, true);
	g_string_append_printf(out, "%s=\"", name);
	for (gsize i = 0; i < valid->len; i++) {
		char byte = valid->str[i];

		if (byte == '\\' || byte == '"')
			g_string_append_c(out, '\\');
		if (byte == '\n')
			g_string_append(out, "\\n");
		else
			g_string_append_c(out, byte);
	}
	g_string_append_c(out, '"');
}

static void append_head(GString *out, const char *name, const char *help)
{
	g_string_append_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void append_tag(const struct report_input *input, uint32_t number, void *data, GString *out)
{
	const struct sample *sample = input->sample;
	const struct tag *tag = &sample->catalog->tags[number];
	enum metric metric = *(const enum metric *)data;
	struct text_site site;

	catalog_site(sample->catalog, number, &site);
	g_string_append_printf(out, "allocinfo_%s{", metrics[metric].suffix);
	append_label(out, "file", site.file);
	g_string_append_printf(out, ",line=\"%" G_GUINT64_FORMAT "\",", site.line);
	append_label(out, "function", site.function);
	g_string_append_printf(out, ",module=\"%s\"",
			       sample->catalog->modules.list[tag->module].name);
	if (tag->ordinal > 1)
		g_string_append_printf(out, ",ordinal=\"%u\"", tag->ordinal);
	g_string_append_printf(out, "} %" G_GINT64_FORMAT "\n",
			       value_of(metric, &sample->counters[number]));
}

static int append_tags(const struct report_input *input, enum metric metric, GString *out)
{
	g_autofree char *name = g_strdup_printf("allocinfo_%s", metrics[metric].suffix);

	append_head(out, name,
		    input->sample->is_difference ? metrics[metric].growth_help
						 : metrics[metric].help);
	return report_each(input, append_tag, &metric, out);
}

/* The sums of the set's modules, those that are in it. */
static int append_modules(const struct report_input *input, const struct total *totals,
			  enum metric metric, GString *out)
{
	const struct words *modules = &input->sample->catalog->modules;
	g_autofree char *name = g_strdup_printf("allocinfo_module_%s", metrics[metric].suffix);
	g_autofree char *help = g_strdup_printf(
		"The sum of allocinfo_%s over a module, or vmlinux.", metrics[metric].suffix);

	append_head(out, name, help);
	for (uint32_t i = 0; i < modules->count; i++) {
		struct counter sum = {totals[i].bytes, totals[i].calls};

		if (!report_has_room(out, 2 * NAME_SIZE))
			return -ENOMEM;
		if (totals[i].tags > 0)
			g_string_append_printf(out, "%s{module=\"%s\"} %" G_GINT64_FORMAT "\n",
					       name, modules->list[i].name, value_of(metric, &sum));
	}
	return 0;
}

int report_prom(const struct report_input *input, GString *out)
{
	const struct catalog *catalog = input->sample->catalog;
	g_autofree struct total *totals = NULL;
	int err = 0;

	if (!heap_has_room((catalog->modules.count + 1) * sizeof(*totals)))
		return -ENOMEM;
	totals = g_new0(struct total, catalog->modules.count + 1);
	for (guint i = 0; i < input->rows->len; i++) {
		uint32_t tag = g_array_index(input->rows, struct row, i).tag;

		select_add(input->sample, tag, &totals[catalog->tags[tag].module]);
	}
	append_head(out, "allocinfo_up", "1: the listing could be read.");
	g_string_append(out, "allocinfo_up 1\n");
	append_head(out, "allocinfo_content_id",
		    "Another number whenever modules have come or gone (modulo 2^53).");
	g_string_append_printf(out, "allocinfo_content_id %" G_GUINT64_FORMAT "\n",
			       input->sample->content_id & EXACT_MAX);
	for (enum metric metric = 0; !err && metric < METRICS; metric++)
		err = append_modules(input, totals, metric, out);
	for (enum metric metric = 0; !err && metric < METRICS; metric++)
		err = append_tags(input, metric, out);
	return err;
}
