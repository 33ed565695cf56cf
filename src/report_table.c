/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tags as rows of fields, for programs: .json and .csv. Both have file and function as the kernel
 * spells them. Calls are unsigned as in the listing, but of a difference signed.
 */
#include "report.h"

#include <json-c/json.h>
#include "words.h"

/* A tag taken apart; text lasts until the next one. Before the first there is no file. */
struct fields {
	const char *file, *function;
	const char *module; /* NULL: built in */
	uint64_t line, calls;
	int64_t bytes;
	bool accurate;
	GString *text;
};

static const char *keep_words(GString *text, struct span words)
{
	gsize at = text->len;

	words_append(text, words, false);
	g_string_append_c(text, '\0');
	return text->str + at;
}

static void fill_fields(const struct sample *sample, uint32_t tag, struct fields *fields)
{
	const struct counter *counter = &sample->counters[tag];
	struct text_site site;
	GString *text = fields->text;
	gsize room;

	catalog_site(sample->catalog, tag, &site);
	/* Nothing moves while pointers into it are taken. */
	room = 3 * (site.file.len + site.function.len + site.module.len) + 4;
	g_string_set_size(text, room);
	g_string_truncate(text, 0);
	fields->file = keep_words(text, site.file);
	fields->function = keep_words(text, site.function);
	fields->module = site.module.at ? keep_words(text, site.module) : NULL;
	fields->line = site.line;
	fields->bytes = counter->bytes;
	fields->calls = counter->calls;
	fields->accurate = sample_is_accurate(sample, tag);
}

static void append_object(const struct fields *fields, bool signed_calls, GString *out)
{
	struct json_object *object = json_object_new_object();
	size_t len;
	const char *text;

	json_object_object_add(object, "file", json_object_new_string(fields->file));
	json_object_object_add(object, "line", json_object_new_uint64(fields->line));
	json_object_object_add(object, "function", json_object_new_string(fields->function));
	json_object_object_add(object, "module",
			       fields->module ? json_object_new_string(fields->module) : NULL);
	json_object_object_add(object, "bytes", json_object_new_int64(fields->bytes));
	json_object_object_add(object, "calls",
			       signed_calls ? json_object_new_int64((int64_t)fields->calls)
					    : json_object_new_uint64(fields->calls));
	json_object_object_add(object, "accurate", json_object_new_boolean(fields->accurate));
	text = json_object_to_json_string_length(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	g_string_append_len(out, text, (gssize)len);
	json_object_put(object);
}

static void append_json(const struct report_input *input, uint32_t tag, void *data, GString *out)
{
	struct fields *fields = data;

	g_string_append(out, fields->file ? ",\n" : "\n");
	fill_fields(input->sample, tag, fields);
	append_object(fields, input->sample->is_difference, out);
}

int report_json(const struct report_input *input, GString *out)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct fields fields = {.text = text};
	int err;

	g_string_append_c(out, '[');
	err = report_each(input, append_json, &fields, out);
	g_string_append(out, input->rows->len ? "\n]\n" : "]\n");
	return err;
}

/* RFC 4180: quoted where it has to be, and where it is empty, because nothing is built-in code. */
static void append_quoted(GString *out, const char *words)
{
	bool plain = *words && !strpbrk(words, "\",\r\n");

	if (plain) {
		g_string_append(out, words);
		return;
	}
	g_string_append_c(out, '"');
	for (; *words; words++) {
		if (*words == '"')
			g_string_append_c(out, '"');
		g_string_append_c(out, *words);
	}
	g_string_append_c(out, '"');
}

static void append_csv(const struct report_input *input, uint32_t tag, void *data, GString *out)
{
	struct fields *fields = data;

	fill_fields(input->sample, tag, fields);
	append_quoted(out, fields->file);
	g_string_append_printf(out, ",%" G_GUINT64_FORMAT ",", fields->line);
	append_quoted(out, fields->function);
	g_string_append_c(out, ',');
	if (fields->module)
		append_quoted(out, fields->module);
	g_string_append_printf(out, ",%" G_GINT64_FORMAT ",", fields->bytes);
	if (input->sample->is_difference)
		g_string_append_printf(out, "%" G_GINT64_FORMAT, (int64_t)fields->calls);
	else
		g_string_append_printf(out, "%" G_GUINT64_FORMAT, fields->calls);
	g_string_append(out, fields->accurate ? ",true\r\n" : ",false\r\n");
}

int report_csv(const struct report_input *input, GString *out)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct fields fields = {.text = text};

	g_string_append(out, "file,line,function,module,bytes,calls,accurate\r\n");
	return report_each(input, append_csv, &fields, out);
}
