/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words as UTF-8: see words.h. */
#include "words.h"

static void append_escaped(GString *out, char byte)
{
	g_string_append_printf(out, "%%%02X", (unsigned char)byte);
}

static void append_valid(GString *out, struct span words, bool percent)
{
	const char *found;

	while (percent && (found = memchr(words.at, '%', words.len))) {
		size_t len = (size_t)(found - words.at);

		g_string_append_len(out, words.at, (gssize)len);
		append_escaped(out, '%');
		words.at += len + 1;
		words.len -= len + 1;
	}
	g_string_append_len(out, words.at, (gssize)words.len);
}

void words_append(GString *out, struct span words, bool percent)
{
	while (words.len > 0) {
		const char *end;
		bool all = g_utf8_validate_len(words.at, words.len, &end);
		size_t len = (size_t)(end - words.at);

		append_valid(out, (struct span){words.at, len}, percent);
		if (all)
			return;
		append_escaped(out, *end);
		words.at += len + 1;
		words.len -= len + 1;
	}
}
