/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line grammar and the reader of listings. The first byte says in how long runs the text comes,
 * the rest is the text. Each line that is a tag can be written, and is read back as the same; the
 * listing is the same in whatever runs it comes and whatever was expected; and its sums are those
 * of its lines.
 */
#include "fuzz.h"

static bool lies_within(struct span inner, struct span outer)
{
	return inner.at >= outer.at && inner.at + inner.len <= outer.at + outer.len;
}

static void check_site(const struct text_line *line, struct span text)
{
	const struct text_site *site = &line->site;

	fuzz_check(lies_within(site->site, text), "a site outside its line");
	fuzz_check(lies_within(site->file, site->site), "a file outside its site");
	fuzz_check(lies_within(site->function, site->site), "a function outside its site");
	fuzz_check(!site->module.at || lies_within(site->module, site->site),
		   "a module outside its site");
	fuzz_check(line->tail.len == 0 || lies_within(line->tail, text), "a tail outside its line");
}

static void check_again(const struct text_line *line, struct span text)
{
	struct text_line again;

	fuzz_check(text_parse(text, &again) == TEXT_TAG, "what was written is no line");
	fuzz_check(again.bytes == line->bytes && again.calls == line->calls &&
			   again.site.line == line->site.line && again.accurate == line->accurate,
		   "what was written has other numbers");
	fuzz_check(span_equal(again.site.site, line->site.site) &&
			   span_equal(again.site.file, line->site.file) &&
			   span_equal(again.site.module, line->site.module) &&
			   span_equal(again.site.function, line->site.function) &&
			   span_equal(again.tail, line->tail),
		   "what was written has other words");
}

/* Returns whether it is a tag. */
static bool check_line(struct span text)
{
	g_autofree char *copy = g_memdup2(text.at, text.len);
	struct span own = {copy ? copy : "", text.len};
	struct text_line line;
	struct text_counter counter;
	g_autofree char *written = NULL;
	size_t length;

	if (text_parse(own, &line) != TEXT_TAG)
		return false;
	check_site(&line, own);
	counter = (struct text_counter){line.bytes, line.calls, false};
	length = text_length(line.site.site, &counter, line.accurate, line.tail);
	fuzz_check(length <= text_room(line.site.site.len, line.tail), "more than there is room");
	written = g_malloc(length);
	fuzz_check(text_format(written, line.site.site, &counter, line.accurate, line.tail) ==
			   written + length,
		   "another length than foretold");
	check_again(&line, (struct span){written, length - 1});
	return true;
}

static uint64_t check_lines(struct span text)
{
	uint64_t tags = 0;

	while (text.len > 0) {
		const char *end = memchr(text.at, '\n', text.len);
		size_t len = end ? (size_t)(end - text.at) : text.len;

		/* Without its newline a last line may be cut off, and is none. */
		if (check_line((struct span){text.at, len}) && end)
			tags++;
		text.at += end ? len + 1 : len;
		text.len -= end ? len + 1 : len;
	}
	return tags;
}

static void check_sums(struct sample *sample)
{
	uint64_t bytes = 0, calls = 0, length = 0;

	for (uint32_t i = 0; i < sample->catalog->count; i++) {
		bytes += (uint64_t)sample->counters[i].bytes;
		calls += sample->counters[i].calls;
		length += sample_line_length(sample, i);
	}
	fuzz_check((uint64_t)sample->listing.bytes == bytes && sample->listing.calls == calls,
		   "the sums are not those of the tags");
	fuzz_check(sample_text_length(sample) == length, "the lines have another length");
}

static void check_same(const struct sample *a, const struct sample *b)
{
	fuzz_check(!a == !b, "a listing in one way, none in another");
	if (!a)
		return;
	fuzz_check(a->catalog->count == b->catalog->count &&
			   a->catalog->names_hash == b->catalog->names_hash &&
			   a->listing.skipped == b->listing.skipped &&
			   a->listing.inaccurate_count == b->listing.inaccurate_count,
		   "another listing in other runs");
	for (uint32_t i = 0; i < a->catalog->count; i++)
		fuzz_check(a->counters[i].bytes == b->counters[i].bytes &&
				   a->counters[i].calls == b->counters[i].calls,
			   "tag %u has another counter in other runs", i);
}

/* Whatever names were expected, what comes is what is told. */
static void check_known(struct span text, const struct sample *whole)
{
	struct sample *part = fuzz_sample((struct span){text.at, text.len / 2}, text.len, NULL);
	struct sample *again;

	if (!part)
		return;
	again = fuzz_sample(text, text.len, part->catalog);
	check_same(whole, again);
	sample_unref(again);
	sample_unref(part);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	size_t run = (size_t)fuzz_take_byte(&input) + 1;
	struct span text = fuzz_take_bytes(&input, SIZE_MAX);
	struct sample *whole, *runs;
	uint64_t tags;

	if (text.len == 0)
		return 0;
	tags = check_lines(text);
	whole = fuzz_sample(text, text.len, NULL);
	runs = fuzz_sample(text, run, NULL);
	check_same(whole, runs);
	check_known(text, whole);
	if (whole) {
		fuzz_check(whole->catalog->count >= tags, "%u tags of %" G_GUINT64_FORMAT,
			   whole->catalog->count, tags);
		check_sums(whole);
	}
	sample_unref(whole);
	sample_unref(runs);
	return 0;
}
