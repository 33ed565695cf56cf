/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tags one by one, as lines of text or as binary records: .allocinfo, .raw and the files of tags.
 */
#include "report.h"

#include "abi.h"

size_t report_header_length(const struct sample *sample)
{
	return strlen(TEXT_VERSION_LEAD) + strlen(sample->listing.version) + 1 +
	       strlen(TEXT_COLUMNS);
}

void report_header(const struct sample *sample, GString *out)
{
	g_string_append(out, TEXT_VERSION_LEAD);
	g_string_append(out, sample->listing.version);
	g_string_append_c(out, '\n');
	g_string_append(out, TEXT_COLUMNS);
}

/* Where room bytes can be written at the end of out; end_at() says how many were. */
static char *make_room(GString *out, size_t room)
{
	gsize len = out->len;

	if (out->allocated_len - len <= room)
		g_string_set_size(out, len + room);
	out->len = len;
	return out->str + len;
}

static void end_at(GString *out, char *end)
{
	out->len = (gsize)(end - out->str);
	*end = '\0';
}

static void add_line(const struct sample *sample, uint32_t tag, GString *out)
{
	char *to = make_room(out, sample_line_room(sample, tag));

	end_at(out, sample_write_line(sample, tag, to));
}

static void add_record(const struct sample *sample, uint32_t tag, GString *out)
{
	const struct abi_layout *layout = abi_layout(ABI_MAINLINE);
	struct abi_record record;
	char *to = make_room(out, layout->record_size);

	sample_cut_record(sample, tag, &record);
	abi_put_record(layout, &record, (unsigned char *)to);
	end_at(out, to + layout->record_size);
}

size_t report_tag_length(const struct sample *sample, enum query_view view, uint32_t tag)
{
	return view == VIEW_RAW ? abi_layout(ABI_MAINLINE)->record_size
				: sample_line_length(sample, tag);
}

void report_tag(const struct sample *sample, enum query_view view, uint32_t tag, GString *out)
{
	if (view == VIEW_RAW)
		add_record(sample, tag, out);
	else
		add_line(sample, tag, out);
}

static void append_tag(const struct report_input *input, uint32_t tag, void *view, GString *out)
{
	report_tag(input->sample, *(const enum query_view *)view, tag, out);
}

int report_tags(const struct report_input *input, enum query_view view, GString *out)
{
	return report_each(input, append_tag, &view, out);
}

int report_allocinfo(const struct report_input *input, GString *out)
{
	report_header(input->sample, out);
	return report_tags(input, VIEW_TEXT, out);
}

int report_raw(const struct report_input *input, GString *out)
{
	return report_tags(input, VIEW_RAW, out);
}
