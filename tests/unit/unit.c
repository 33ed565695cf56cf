/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the unit tests share: see unit.h. */
#include "unit.h"

#include <inttypes.h>

void unit_check(bool ok, const char *format, ...)
{
	g_autofree char *row = NULL;
	va_list arguments;

	if (ok)
		return;
	va_start(arguments, format);
	row = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	print_error("row: %s\n", row);
	fail();
}

void unit_check_number(uint64_t got, uint64_t wanted, const char *row, const char *what)
{
	unit_check(got == wanted, "%s: %s is %" PRIu64 " (%" PRId64 "), wanted %" PRIu64, row, what,
		   got, (int64_t)got, wanted);
}

void unit_check_text(struct span got, struct span wanted, const char *row, const char *what)
{
	g_autofree char *shown = unit_show(got), *shown_wanted = unit_show(wanted);

	unit_check(!got.at == !wanted.at && span_equal(got, wanted),
		   "%s: %s is \"%s\", wanted \"%s\"", row, what, shown, shown_wanted);
}

char *unit_show(struct span text)
{
	GString *shown = g_string_new(NULL);

	if (!text.at)
		g_string_append(shown, "(none)");
	for (size_t i = 0; i < text.len && i < 400; i++) {
		if (text.at[i] >= ' ' && text.at[i] <= '~' && text.at[i] != '\\')
			g_string_append_c(shown, text.at[i]);
		else
			g_string_append_printf(shown, "\\x%02x", (unsigned char)text.at[i]);
	}
	return g_string_free(shown, FALSE);
}

char *unit_read_data(const char *name, size_t *len)
{
	const char *dir = g_getenv("ALLOCFS_TEST_DATA");
	g_autofree char *path = NULL;
	char *text = NULL;

	unit_check(dir != NULL,
		   "the environment variable ALLOCFS_TEST_DATA has to name tests/data");
	path = g_build_filename(dir, name, NULL);
	unit_check(g_file_get_contents(path, &text, len, NULL), "%s cannot be read", path);
	return text;
}

struct catalog *unit_catalog(const char *const *sites)
{
	struct catalog_build *build = catalog_build_begin();

	for (size_t i = 0; sites[i]; i++) {
		g_autofree char *text = g_strdup_printf("0 0 %s ", sites[i]);
		struct text_line line;

		unit_check(text_parse(span_of(text), &line) == TEXT_TAG, "no tag: %s", text);
		catalog_build_add(build, &line.site);
		unit_check_number(catalog_build_count(build), i + 1, sites[i], "the count");
	}
	return catalog_build_finish(build);
}

struct text_site unit_site(struct span file, uint64_t line, struct span module,
			   struct span function)
{
	GString *text = g_string_new_len(file.at, (gssize)file.len);
	struct text_site site = {.file = file, .line = line, .module = module};
	size_t module_at;

	site.function = function;
	g_string_append_printf(text, ":%" PRIu64, line);
	module_at = text->len + strlen(" [");
	if (module.at) {
		g_string_append(text, " [");
		g_string_append_len(text, module.at, (gssize)module.len);
		g_string_append_c(text, ']');
	}
	g_string_append(text, " func:");
	g_string_append_len(text, function.at, (gssize)function.len);
	site.site.len = text->len;
	site.site.at = g_string_free(text, FALSE);
	site.file.at = site.site.at;
	if (module.at)
		site.module.at = site.site.at + module_at;
	site.function.at = site.site.at + site.site.len - function.len;
	return site;
}

bool unit_path_within(const struct catalog *catalog, uint32_t path, uint32_t ancestor)
{
	while (path != ancestor && path != 0)
		path = catalog->paths[path].parent;
	return path == ancestor;
}

/* That list[first] .. list[first + count - 1] are rising numbers of tags, each seen for the first
 * time. */
static void check_run(const uint32_t *list, uint32_t first, uint32_t count, const char *row,
		      const struct catalog *catalog, bool *seen)
{
	for (uint32_t i = first; i < first + count; i++) {
		unit_check(list[i] < catalog->count, "%s: no such tag %u", row, list[i]);
		unit_check(i == first || list[i] > list[i - 1], "%s: tag %u out of order", row,
			   list[i]);
		unit_check(!seen[list[i]], "%s: tag %u listed twice", row, list[i]);
		seen[list[i]] = true;
	}
}

static void check_all_seen(const struct catalog *catalog, const bool *seen, const char *row)
{
	for (uint32_t i = 0; i < catalog->count; i++)
		unit_check(seen[i], "%s: tag %u is in no list", row, i);
}

static void check_words(const struct catalog *catalog, const struct words *words, bool modules,
			const char *row)
{
	g_autofree bool *seen = g_new0(bool, catalog->count + 1);

	for (uint32_t i = 0; i < words->count; i++) {
		const struct word *word = &words->list[i];

		unit_check(word->count > 0, "%s: no tag bears %s", row, word->name);
		unit_check(i == 0 || strcmp(words->list[i - 1].name, word->name) < 0,
			   "%s: %s is not sorted or not unique", row, word->name);
		unit_check(catalog_find_word(words, span_of(word->name)) == i,
			   "%s: word %s is not found", row, word->name);
		check_run(words->tags, word->first, word->count, row, catalog, seen);
		for (uint32_t t = word->first; t < word->first + word->count; t++) {
			const struct tag *tag = &catalog->tags[words->tags[t]];

			unit_check((modules ? tag->module : tag->function) == i,
				   "%s: %s lists a tag of another word", row, word->name);
		}
	}
	check_all_seen(catalog, seen, row);
}

static void check_path(const struct catalog *catalog, uint32_t number, bool *seen, const char *row)
{
	const struct path *path = &catalog->paths[number];
	uint32_t first = path->first + path->own;

	check_run(catalog->path_tags, path->first, path->own, row, catalog, seen);
	for (uint32_t i = path->first; i < path->first + path->own; i++)
		unit_check(catalog->tags[catalog->path_tags[i]].path == number,
			   "%s: %s lists a tag of another path", row, path->name);
	for (uint32_t i = 0; i < path->children; i++) {
		uint32_t child = path->first_child + i;
		const char *name = catalog->paths[child].name;

		unit_check_number(catalog->paths[child].parent, number, name, "the parent");
		unit_check_number(catalog->paths[child].first, first, name, "its first tag");
		first += catalog->paths[child].count;
		unit_check(i == 0 || strcmp(catalog->paths[child - 1].name, name) < 0,
			   "%s: child %s is not sorted or not unique", row, name);
		unit_check(catalog_find_child(catalog, number, span_of(name)) == child,
			   "%s: child %s is not found", row, name);
	}
	unit_check_number(path->first + path->count, first, row, "the end of a path's tags");
}

void unit_check_catalog(const struct catalog *catalog, const char *row)
{
	g_autofree bool *seen = g_new0(bool, catalog->count + 1);

	check_words(catalog, &catalog->modules, true, row);
	check_words(catalog, &catalog->functions, false, row);
	unit_check_number(catalog->paths[0].first, 0, row, "the root's first tag");
	unit_check_number(catalog->paths[0].count, catalog->count, row, "the root's tags");
	for (uint32_t i = 0; i < catalog->path_count; i++)
		check_path(catalog, i, seen, row);
	check_all_seen(catalog, seen, row);
}
