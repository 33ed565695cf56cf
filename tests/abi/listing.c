/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar of a line: `%12lli %8llu FILE:LINE[ [MODULE]] func:FUNCTION[ KEY:VALUE]... \n`. It is
 * strict: a line that is neither this nor one of the two header lines is an error, for it stands
 * in what the kernel or allocfs itself has written.
 */
#include "listing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void bail_out(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("Bail out! ");
	vprintf(format, args);
	putchar('\n');
	va_end(args);
	exit(1);
}

void *must_resize(void *memory, size_t count, size_t size)
{
	void *resized = reallocarray(memory, count ? count : 1, size);

	if (!resized)
		bail_out("no memory for %zu times %zu bytes", count, size);
	return resized;
}

void *must_alloc(size_t count, size_t size)
{
	void *memory = must_resize(NULL, count, size);

	memset(memory, 0, count * size);
	return memory;
}

char *text_read(int fd)
{
	size_t room = 1 << 16, len = 0;
	char *text = must_alloc(room, 1);

	for (;;) {
		ssize_t n = read(fd, text + len, room - len - 1);

		if (n < 0)
			bail_out("read: %s", strerror(errno));
		if (n == 0)
			break;
		len += (size_t)n;
		if (room - len < room / 4)
			text = must_resize(text, room *= 2, 1);
	}
	text[len] = '\0';
	return text;
}

/* The kernel keeps the end of a name that is too long. */
static void cut(char *to, const char *from)
{
	size_t len = strlen(from);

	if (len > ALLOCINFO_STRING_SIZE - 1)
		from += len - (ALLOCINFO_STRING_SIZE - 1);
	memset(to, 0, ALLOCINFO_STRING_SIZE);
	memcpy(to, from, strlen(from) + 1);
}

/* FILE:LINE[ [MODULE]] */
static bool parse_place(char *place, struct tag *tag)
{
	char *colon, *end = place + strlen(place);

	if (end > place && end[-1] == ']') {
		char *bracket = strrchr(place, '[');

		if (!bracket || bracket == place || bracket[-1] != ' ')
			return false;
		end[-1] = '\0';
		bracket[-1] = '\0';
		cut(tag->modname, bracket + 1);
	}
	colon = strrchr(place, ':');
	if (!colon || colon[1] < '0' || colon[1] > '9')
		return false;
	*colon = '\0';
	cut(tag->filename, place);
	tag->lineno = strtoull(colon + 1, &end, 10);
	return *end == '\0';
}

/* FUNCTION[ KEY:VALUE]... and a blank */
static bool parse_tail(char *tail, struct tag *tag)
{
	char *word, *rest = tail;

	if (!(word = strsep(&rest, " ")) || !*word || !rest)
		return false;
	cut(tag->function, word);
	tag->accurate = 1;
	while ((word = strsep(&rest, " "))) {
		if (strcmp(word, "accurate:no") == 0)
			tag->accurate = 0;
		else if (*word ? !strchr(word, ':') : rest != NULL)
			return false;
	}
	return true;
}

static bool parse_line(char *line, struct tag *tag)
{
	char *end, *function;

	errno = 0;
	tag->bytes = (uint64_t)strtoll(line, &end, 10);
	if (end == line || *end != ' ')
		return false;
	line = end;
	tag->calls = strtoull(line, &end, 10);
	if (errno || end == line || *end != ' ')
		return false;
	line = end + 1;
	function = strstr(line, " func:");
	if (!function)
		return false;
	*function = '\0';
	return parse_tail(function + strlen(" func:"), tag) && parse_place(line, tag);
}

static bool is_header(const char *line)
{
	return *line == '#' || strncmp(line, "allocinfo - version: ", 21) == 0;
}

struct listing *listing_parse(char *text)
{
	struct listing *listing = must_alloc(1, sizeof(*listing));
	size_t room = 0;
	char *line;

	for (char *rest = text; *rest;) {
		line = strsep(&rest, "\n");
		if (rest && is_header(line))
			continue;
		if (listing->count == room) {
			room = room ? 2 * room : 1024;
			listing->tags = must_resize(listing->tags, room, sizeof(struct tag));
		}
		memset(&listing->tags[listing->count], 0, sizeof(struct tag));
		if (!rest || !parse_line(line, &listing->tags[listing->count++])) {
			listing_free(listing);
			return NULL;
		}
	}
	return listing;
}

struct listing *listing_of(int fd, const char *path)
{
	char *text = text_read(fd);
	struct listing *listing = listing_parse(text);

	if (!listing)
		bail_out("%s: a line of the text is not of the grammar", path);
	free(text);
	return listing;
}

struct listing *listing_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct listing *listing;

	if (fd < 0)
		bail_out("%s: %s", path, strerror(errno));
	listing = listing_of(fd, path);
	close(fd);
	return listing;
}

void listing_free(struct listing *listing)
{
	if (listing)
		free(listing->tags);
	free(listing);
}

static bool same_string(const char *a, const char *b)
{
	return strncmp(a, b, ALLOCINFO_STRING_SIZE) == 0;
}

bool tag_same_names(const struct tag *a, const struct tag *b)
{
	return a->lineno == b->lineno && a->accurate == b->accurate &&
	       same_string(a->filename, b->filename) && same_string(a->function, b->function) &&
	       same_string(a->modname, b->modname);
}

bool tag_same_counters(const struct tag *a, const struct tag *b)
{
	return a->bytes == b->bytes && a->calls == b->calls;
}

bool listing_same_names(const struct listing *a, const struct listing *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!tag_same_names(&a->tags[i], &b->tags[i]))
			return false;
	return true;
}
