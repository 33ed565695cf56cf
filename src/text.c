/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line grammar of /proc/allocinfo: see text.h. Knows nothing of catalogs or files. */
#include "text.h"

#include <linux/limits.h>
#include "number.h"

#define FUNCTION_LEAD " func:"
#define INACCURATE " accurate:no"

enum { BYTES_WIDTH = 12, CALLS_WIDTH = 8 };

static size_t skip_blanks(struct span text, size_t at)
{
	while (at < text.len && text.at[at] == ' ')
		at++;
	return at;
}

/* Reads [-]digits at *at, moves *at behind them; the magnitude has to fit 64 bits. */
static bool scan_number(struct span text, size_t *at, uint64_t *magnitude, bool *negative)
{
	size_t i = *at, digits;
	uint64_t sum = 0;

	*negative = i < text.len && text.at[i] == '-';
	if (*negative)
		i++;
	for (digits = i; i < text.len && text.at[i] >= '0' && text.at[i] <= '9'; i++) {
		uint64_t digit = (uint64_t)(text.at[i] - '0');

		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, digit, &sum))
			return false;
	}
	*at = i;
	*magnitude = sum;
	return i > digits;
}

size_t text_parse_counter(struct span text, int64_t *bytes, uint64_t *calls)
{
	size_t at = skip_blanks(text, 0);
	uint64_t magnitude;
	bool negative;

	if (!scan_number(text, &at, &magnitude, &negative))
		return 0;
	if (magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0))
		return 0;
	*bytes = negative ? (int64_t)-magnitude : (int64_t)magnitude;
	if (at == text.len || text.at[at] != ' ')
		return 0;
	at = skip_blanks(text, at);
	if (!scan_number(text, &at, &magnitude, &negative))
		return 0;
	*calls = negative ? -magnitude : magnitude;
	if (at == text.len || text.at[at] != ' ')
		return 0;
	return at + 1;
}

static bool split_place(struct span head, struct text_site *site)
{
	const char *colon;
	size_t digits;

	site->module = (struct span){NULL, 0};
	if (head.len > 0 && head.at[head.len - 1] == ']') {
		const char *open = head.at + head.len - 1;

		while (open > head.at && !(open[0] == '[' && open[-1] == ' '))
			open--;
		if (open == head.at)
			return false;
		site->module = (struct span){open + 1, (size_t)(head.at + head.len - 2 - open)};
		head.len = (size_t)(open - 1 - head.at);
	}
	colon = memrchr(head.at, ':', head.len);
	if (!colon)
		return false;
	site->file = (struct span){head.at, (size_t)(colon - head.at)};
	if (site->file.len >= PATH_MAX)
		return false;
	digits = head.len - site->file.len - 1;
	site->line = 0;
	for (size_t i = 1; i <= digits; i++) {
		uint64_t digit = (uint64_t)(colon[i] - '0');

		if (digit > 9 || site->line > (UINT64_MAX - digit) / 10)
			return false;
		site->line = site->line * 10 + digit;
	}
	return digits > 0;
}

static bool has_word(struct span tail, struct span word)
{
	const char *at = tail.at;
	size_t left = tail.len;

	while (left >= word.len && (at = memmem(at, left, word.at, word.len))) {
		left = tail.len - (size_t)(at - tail.at) - word.len;
		at += word.len;
		if (left == 0 || *at == ' ')
			return true;
	}
	return false;
}

/* What stands behind the counters. */
static bool parse_site(struct span text, struct text_line *line)
{
	struct span function_lead = span_of(FUNCTION_LEAD), inaccurate = span_of(INACCURATE);
	const char *lead = memmem(text.at, text.len, function_lead.at, function_lead.len);
	const char *function, *end;
	size_t left;

	if (!lead || !split_place((struct span){text.at, (size_t)(lead - text.at)}, &line->site))
		return false;
	function = lead + function_lead.len;
	left = text.len - (size_t)(function - text.at);
	end = memchr(function, ' ', left);
	if (!end)
		end = function + left;
	line->site.function = (struct span){function, (size_t)(end - function)};
	line->site.site = (struct span){text.at, (size_t)(end - text.at)};
	line->tail = (struct span){end, text.len - line->site.site.len};
	while (line->tail.len > 0 && line->tail.at[line->tail.len - 1] == ' ')
		line->tail.len--;
	line->accurate = !has_word(line->tail, inaccurate);
	if (span_equal(line->tail, inaccurate))
		line->tail.len = 0;
	return true;
}

enum text_kind text_parse(struct span text, struct text_line *line)
{
	struct span version_lead = span_of(TEXT_VERSION_LEAD);
	size_t at;

	while (text.len > 0 && text.at[text.len - 1] == '\r')
		text.len--;
	if (text.len == 0 || memchr(text.at, '\0', text.len))
		return TEXT_UNKNOWN;
	if (text.at[0] == '#')
		return TEXT_COMMENT;
	if (text.len > version_lead.len &&
	    memcmp(text.at, version_lead.at, version_lead.len) == 0) {
		line->tail = (struct span){text.at + version_lead.len, text.len - version_lead.len};
		return TEXT_VERSION;
	}
	at = text_parse_counter(text, &line->bytes, &line->calls);
	if (at == 0 || !parse_site((struct span){text.at + at, text.len - at}, line))
		return TEXT_UNKNOWN;
	return TEXT_TAG;
}

static size_t at_least(size_t width, size_t wanted)
{
	return width > wanted ? width : wanted;
}

static struct span shown_tail(bool accurate, struct span tail)
{
	if (tail.len > 0 || accurate)
		return tail;
	return span_of(INACCURATE);
}

static unsigned int calls_width(const struct text_counter *counter)
{
	return counter->signed_calls ? number_width_signed((int64_t)counter->calls)
				     : number_width(counter->calls);
}

size_t text_length(struct span site, const struct text_counter *counter, bool accurate,
		   struct span tail)
{
	return at_least(number_width_signed(counter->bytes), BYTES_WIDTH) + 1 +
	       at_least(calls_width(counter), CALLS_WIDTH) + 1 + site.len +
	       shown_tail(accurate, tail).len + 2;
}

size_t text_room(size_t site_len, struct span tail)
{
	return TEXT_COUNTER_SIZE + site_len + tail.len + strlen(INACCURATE) + 2;
}

/* At the right of a field of that width, or as wide as it is. Returns the end. */
static char *write_right(char *to, uint64_t magnitude, bool negative, size_t width)
{
	char digits[NUMBER_DIGITS + 1], *end = digits + sizeof(digits), *at = end;
	size_t len;

	at = number_write_before(at, magnitude);
	if (negative)
		*--at = '-';
	len = (size_t)(end - at);
	if (len < width) {
		memset(to, ' ', width - len);
		to += width - len;
	}
	memcpy(to, at, len);
	return to + len;
}

static char *write_right_signed(char *to, uint64_t number, size_t width)
{
	bool negative = (int64_t)number < 0;

	return write_right(to, negative ? -number : number, negative, width);
}

char *text_format_counter(char *to, const struct text_counter *counter)
{
	to = write_right_signed(to, (uint64_t)counter->bytes, BYTES_WIDTH);
	*to++ = ' ';
	if (counter->signed_calls)
		to = write_right_signed(to, counter->calls, CALLS_WIDTH);
	else
		to = write_right(to, counter->calls, false, CALLS_WIDTH);
	*to++ = ' ';
	return to;
}

char *text_format(char *to, struct span site, const struct text_counter *counter, bool accurate,
		  struct span tail)
{
	tail = shown_tail(accurate, tail);
	to = text_format_counter(to, counter);
	memcpy(to, site.at, site.len);
	to += site.len;
	if (tail.len > 0)
		memcpy(to, tail.at, tail.len);
	to += tail.len;
	*to++ = ' ';
	*to++ = '\n';
	return to;
}
