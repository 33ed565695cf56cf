/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers as text: see rows.h. */
#include "unit.h"

#include "rows.h"

/* What is shown of a target: its rows, or the one tag. */
static GArray *rows_of(const struct sample *sample, const struct target *target)
{
	GArray *rows = select_rows(sample, &target->query);
	struct row row = {(uint32_t)target->number, 0};
	guint kept = 0;

	if (target->kind == TARGET_TAG || target->kind == TARGET_AT) {
		g_array_set_size(rows, 0);
		if (target->kind == TARGET_AT)
			row.tag = select_at(sample, &target->query, target->number);
		if (row.tag != CATALOG_NONE)
			g_array_append_val(rows, row);
	}
	for (guint i = 0; i < rows->len && target->kind == TARGET_PLACE; i++) {
		const struct tag *tag;

		row = g_array_index(rows, struct row, i);
		tag = &sample->catalog->tags[row.tag];
		if (tag->path == target->number && tag->line == target->line)
			g_array_index(rows, struct row, kept++) = row;
	}
	if (target->kind == TARGET_PLACE)
		g_array_set_size(rows, kept);
	return rows;
}

char *rows_show(const struct sample *sample, const struct target *target)
{
	g_autoptr(GArray) rows = rows_of(sample, target);
	GString *shown = g_string_new(NULL);

	for (guint i = 0; i < rows->len; i++) {
		struct row row = g_array_index(rows, struct row, i);
		gsize at;

		g_string_append_printf(shown, "\t%u#%u%s: ", row.tag, row.rank,
				       sample_has(sample, row.tag) ? "" : " (not there)");
		at = shown->len;
		g_string_set_size(shown, at + sample_line_length(sample, row.tag));
		assert_ptr_equal(sample_write_line(sample, row.tag, shown->str + at),
				 shown->str + shown->len);
		if (!sample_is_accurate(sample, row.tag))
			g_string_append(shown, "\t(inaccurate)\n");
	}
	return g_string_free(shown, FALSE);
}
