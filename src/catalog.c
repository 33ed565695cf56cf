/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the catalog: names of tags and the ways back from names. See catalog.h. */
#include "catalog.h"

#include <stdlib.h>
#include "catalog_index.h"
#include "number.h"

struct catalog *catalog_ref(struct catalog *catalog)
{
	g_atomic_int_inc(&catalog->refs);
	return catalog;
}

void catalog_unref(struct catalog *catalog)
{
	if (!catalog || !g_atomic_int_dec_and_test(&catalog->refs))
		return;
	index_clear(&catalog->by_flat_name);
	index_clear(&catalog->by_file_name);
	g_free(catalog->tags);
	g_free(catalog->modules.list);
	g_free(catalog->modules.tags);
	g_free(catalog->functions.list);
	g_free(catalog->functions.tags);
	g_free(catalog->paths);
	g_free(catalog->path_tags);
	g_free(catalog->cut_keys);
	if (catalog->strings)
		g_string_chunk_free(catalog->strings);
	g_free(catalog);
}

static char *put(char *to, const char *string)
{
	return g_stpcpy(to, string);
}

/*
 * Before it is shortened a name is at most two components (the flat path, the function), a third
 * (the module) and two numbers long.
 */
#define LONGEST_NAME (3 * NAME_SIZE + 64)

size_t catalog_tag_name(const struct catalog *catalog, uint32_t number, enum catalog_form form,
			char name[NAME_SIZE])
{
	const struct tag *tag = &catalog->tags[number];
	const struct word *module = &catalog->modules.list[tag->module];
	char whole[LONGEST_NAME], *to = whole;

	if (form == CATALOG_FLAT) {
		to = put(to, catalog->paths[tag->path].flat);
		*to++ = ',';
	}
	to = number_write(to, tag->line);
	*to++ = ',';
	to = put(to, catalog->functions.list[tag->function].name);
	if (module->text.at || tag->ordinal > 1) {
		*to++ = ',';
		to = put(to, module->name);
	}
	if (tag->ordinal > 1) {
		*to++ = ',';
		to = number_write(to, tag->ordinal);
	}
	return name_shorten((struct span){whole, (size_t)(to - whole)}, name);
}

static bool has_flat_name(const void *owner, uint32_t tag, const void *key)
{
	const struct span *wanted = key;
	char name[NAME_SIZE];
	size_t len = catalog_tag_name(owner, tag, CATALOG_FLAT, name);

	return span_equal(*wanted, (struct span){name, len});
}

uint32_t catalog_find_flat(const struct catalog *catalog, struct span name)
{
	return index_find(&catalog->by_flat_name, catalog_hash_flat(name), has_flat_name, catalog,
			  &name);
}

struct file_name {
	uint32_t path;
	struct span name;
};

static bool has_file_name(const void *owner, uint32_t tag, const void *key)
{
	const struct catalog *catalog = owner;
	const struct file_name *wanted = key;
	char name[NAME_SIZE];
	size_t len;

	if (catalog->tags[tag].path != wanted->path)
		return false;
	len = catalog_tag_name(catalog, tag, CATALOG_IN_FILE, name);
	return span_equal(wanted->name, (struct span){name, len});
}

uint32_t catalog_find_in_file(const struct catalog *catalog, uint32_t path, struct span name)
{
	struct file_name wanted = {path, name};

	return index_find(&catalog->by_file_name, catalog_hash_in_file(path, name), has_file_name,
			  catalog, &wanted);
}

static int compare_names(struct span a, const char *b)
{
	int order = strncmp(a.at, b, a.len);

	return order == 0 && b[a.len] != '\0' ? -1 : order;
}

static int compare_word(const void *name, const void *word)
{
	return compare_names(*(const struct span *)name, ((const struct word *)word)->name);
}

uint32_t catalog_find_word(const struct words *words, struct span name)
{
	const struct word *found =
		bsearch(&name, words->list, words->count, sizeof(*words->list), compare_word);

	return found ? (uint32_t)(found - words->list) : CATALOG_NONE;
}

static int compare_path(const void *name, const void *path)
{
	return compare_names(*(const struct span *)name, ((const struct path *)path)->name);
}

uint32_t catalog_find_child(const struct catalog *catalog, uint32_t path, struct span name)
{
	const struct path *parent = &catalog->paths[path];
	const struct path *found = bsearch(&name, catalog->paths + parent->first_child,
					   parent->children, sizeof(*found), compare_path);

	return found ? (uint32_t)(found - catalog->paths) : CATALOG_NONE;
}

/*
 * A path's tags are a run of path_tags within that of its parent, perhaps all of it; but parents
 * have smaller numbers than their children.
 */
bool catalog_path_within(const struct catalog *catalog, uint32_t path, uint32_t ancestor)
{
	const struct path *inner = &catalog->paths[path], *outer = &catalog->paths[ancestor];

	return path >= ancestor && inner->first >= outer->first &&
	       inner->first + inner->count <= outer->first + outer->count;
}

bool catalog_is_builtin(const struct catalog *catalog, uint32_t tag)
{
	return !catalog->modules.list[catalog->tags[tag].module].text.at;
}

bool catalog_is_slab_page(const struct catalog *catalog, uint32_t tag)
{
	return catalog->tags[tag].path == catalog->slab_path &&
	       catalog->tags[tag].function == catalog->slab_function;
}

/* Counted from the end: "FILE:LINE [MODULE] func:FUNCTION". */
void catalog_site(const struct catalog *catalog, uint32_t number, struct text_site *site)
{
	const struct tag *tag = &catalog->tags[number];
	struct span module = catalog->modules.list[tag->module].text;
	struct span function = catalog->functions.list[tag->function].text;

	function.at = tag->site + tag->site_len - function.len;
	if (module.at)
		module.at = function.at - strlen("] func:") - module.len;
	site->site = (struct span){tag->site, tag->site_len};
	site->file = (struct span){tag->site, tag->file_len};
	site->module = module;
	site->function = function;
	site->line = tag->line;
}
