/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Escaping and shortening of names: see name.h. */
#include "name.h"

#include <glib.h>

#define HASH_DIGITS 24 /* 96 bits of SHA-256, in hexadecimal */

static bool is_plain(char byte)
{
	return g_ascii_isalnum(byte) || byte == '_' || byte == '.' || byte == '+' || byte == '-';
}

static size_t put_escaped(char byte, char *to)
{
	static const char digits[] = "0123456789ABCDEF";

	to[0] = '%';
	to[1] = digits[(unsigned char)byte >> 4];
	to[2] = digits[(unsigned char)byte & 15];
	return 3;
}

/* A name of the very form that shortening gives must be shortened too, or the two could meet. */
static bool looks_shortened(struct span name)
{
	if (name.len != NAME_LIMIT || name.at[HASH_DIGITS] != '+')
		return false;
	for (size_t i = 0; i < HASH_DIGITS; i++)
		if (!g_ascii_isxdigit(name.at[i]))
			return false;
	return true;
}

size_t name_shorten(struct span name, char out[NAME_SIZE])
{
	g_autofree char *digest = NULL;
	size_t kept = NAME_LIMIT - HASH_DIGITS - 1;

	if (name.len <= NAME_LIMIT && !looks_shortened(name)) {
		memcpy(out, name.at, name.len);
		out[name.len] = '\0';
		return name.len;
	}
	digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)name.at, name.len);
	memcpy(out, digest, HASH_DIGITS);
	out[HASH_DIGITS] = '+';
	memcpy(out + HASH_DIGITS + 1, name.at + name.len - kept, kept);
	out[NAME_LIMIT] = '\0';
	return NAME_LIMIT;
}

/* Words of which even the escaped form is known to fit: no allocation. */
static size_t escape(struct span words, bool escape_first, char *to)
{
	size_t len = 0;

	for (size_t i = 0; i < words.len; i++) {
		char byte = words.at[i];
		bool plain = is_plain(byte) && !(i == 0 && (byte == '.' || escape_first));

		if (plain)
			to[len++] = byte;
		else
			len += put_escaped(byte, to + len);
	}
	return len;
}

size_t name_component(struct span words, bool escape_first, char name[NAME_SIZE])
{
	char fits[3 * NAME_LIMIT];
	g_autofree char *large = NULL;
	char *to = fits;

	if (words.len == 0) {
		memcpy(name, "%00", sizeof("%00"));
		return 3;
	}
	if (words.len > NAME_LIMIT)
		to = large = g_malloc(3 * words.len);
	return name_shorten((struct span){to, escape(words, escape_first, to)}, name);
}

bool name_next_component(struct span *path, struct span *component)
{
	while (path->len > 0) {
		const char *slash = memchr(path->at, '/', path->len);
		size_t len = slash ? (size_t)(slash - path->at) : path->len;
		size_t step = slash ? len + 1 : len;

		*component = (struct span){path->at, len};
		path->at += step;
		path->len -= step;
		if (len > 0 && !(len == 1 && component->at[0] == '.'))
			return true;
	}
	return false;
}
