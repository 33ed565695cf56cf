/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building the catalog of a listing. While tags are added, words and paths get numbers as they are
 * first seen; at the end both are sorted, everything is renumbered, and the lists and indexes are
 * laid down flat. Linear in the number of tags but for sorting the different words.
 */
#include "catalog.h"

#include <stdlib.h>
#include "catalog_index.h"
#include "filter.h"

/* The words of one kind while building; list[i].count counts the tags. */
struct word_build {
	GArray *list; /* struct word */
	struct index index;
};

struct path_build {
	const char *name;
	uint32_t parent;
	uint32_t own;
};

struct file_build {
	struct span text;
	uint32_t path;
};

struct catalog_build {
	struct catalog *catalog; /* what is finished already: strings */
	GArray *tags; /* struct tag */
	struct word_build modules, functions;
	GArray *paths; /* struct path_build */
	struct index path_index;
	GArray *files; /* struct file_build: each spelling of a source path once */
	struct index file_index;
	GArray *components; /* struct span: of the path at hand */
	uint32_t last_file; /* that of the tag before: sites of a file stand together */
	uint64_t names_hash;
};

struct catalog_build *catalog_build_begin(void)
{
	struct catalog_build *build = g_new0(struct catalog_build, 1);
	struct path_build root = {"", 0, 0};

	build->catalog = g_new0(struct catalog, 1);
	build->catalog->refs = 1;
	build->catalog->strings = g_string_chunk_new(1 << 16);
	build->tags = g_array_new(FALSE, FALSE, sizeof(struct tag));
	build->modules.list = g_array_new(FALSE, FALSE, sizeof(struct word));
	build->functions.list = g_array_new(FALSE, FALSE, sizeof(struct word));
	build->paths = g_array_new(FALSE, FALSE, sizeof(struct path_build));
	build->files = g_array_new(FALSE, FALSE, sizeof(struct file_build));
	build->components = g_array_new(FALSE, FALSE, sizeof(struct span));
	build->last_file = INDEX_NONE;
	g_array_append_val(build->paths, root);
	return build;
}

static void free_build(struct catalog_build *build)
{
	g_array_free(build->tags, TRUE);
	g_array_free(build->modules.list, TRUE);
	g_array_free(build->functions.list, TRUE);
	g_array_free(build->paths, TRUE);
	g_array_free(build->files, TRUE);
	g_array_free(build->components, TRUE);
	index_clear(&build->modules.index);
	index_clear(&build->functions.index);
	index_clear(&build->path_index);
	index_clear(&build->file_index);
	g_free(build);
}

void catalog_build_cancel(struct catalog_build *build)
{
	if (!build)
		return;
	catalog_unref(build->catalog);
	free_build(build);
}

uint32_t catalog_build_count(const struct catalog_build *build)
{
	return build->tags->len;
}

size_t catalog_build_names(const struct catalog_build *build)
{
	return (size_t)build->paths->len + build->files->len + build->modules.list->len +
	       build->functions.list->len;
}

static const char *keep(struct catalog_build *build, struct span text)
{
	return g_string_chunk_insert_len(build->catalog->strings, text.at ? text.at : "",
					 (gssize)text.len);
}

static bool word_has_text(const void *owner, uint32_t number, const void *key)
{
	const struct word *word = &g_array_index((GArray *)owner, struct word, number);
	const struct span *wanted = key;

	return !word->text.at == !wanted->at && span_equal(word->text, *wanted);
}

/* A module that is called like the built-in code. */
static bool is_reserved_module(struct span text)
{
	return span_equal(text, span_of(CATALOG_BUILTIN));
}

/* In a flat name a function that begins with a digit could be taken for the line before it. */
static bool is_reserved_function(struct span text)
{
	return text.len > 0 && g_ascii_isdigit(text.at[0]);
}

/* text has to live as long as the catalog. */
static uint32_t add_word(struct catalog_build *build, struct word_build *words, struct span text,
			 const char *name)
{
	uint64_t hash =
		hash_bytes(hash_seed() + (text.at ? 1 : 0), text.at ? text.at : "", text.len);
	uint32_t number = index_find(&words->index, hash, word_has_text, words->list, &text);
	struct word word = {text, name, 0, 0};
	char component[NAME_SIZE];

	if (number == INDEX_NONE) {
		number = words->list->len;
		if (!name) {
			bool reserved = words == &build->modules ? is_reserved_module(text)
								 : is_reserved_function(text);
			size_t len = name_component(text, reserved, component);

			word.name = keep(build, (struct span){component, len});
		}
		g_array_append_val(words->list, word);
		index_add(&words->index, hash, number);
	}
	g_array_index(words->list, struct word, number).count++;
	return number;
}

struct child_key {
	uint32_t parent;
	struct span name;
};

static bool path_is_child(const void *owner, uint32_t number, const void *key)
{
	const struct path_build *path = &g_array_index((GArray *)owner, struct path_build, number);
	const struct child_key *wanted = key;

	return path->parent == wanted->parent && span_equal(span_of(path->name), wanted->name);
}

static uint32_t add_child(struct catalog_build *build, uint32_t parent, struct span component)
{
	char name[NAME_SIZE];
	bool reserved = filter_find(component) != FILTER_COUNT;
	struct child_key key = {parent, {name, name_component(component, reserved, name)}};
	uint64_t hash = hash_bytes(hash_seed() + parent, name, key.name.len);
	uint32_t number = index_find(&build->path_index, hash, path_is_child, build->paths, &key);
	struct path_build path = {NULL, parent, 0};

	if (number != INDEX_NONE)
		return number;
	number = build->paths->len;
	path.name = keep(build, key.name);
	g_array_append_val(build->paths, path);
	index_add(&build->path_index, hash, number);
	return number;
}

/* ".." takes the component before it away, and nothing where there is none. */
static uint32_t add_path(struct catalog_build *build, struct span file)
{
	GArray *components = build->components;
	struct span rest = file, component;
	uint32_t path = 0;

	g_array_set_size(components, 0);
	while (name_next_component(&rest, &component)) {
		if (!span_equal(component, span_of("..")))
			g_array_append_val(components, component);
		else if (components->len > 0)
			g_array_set_size(components, components->len - 1);
	}
	for (guint i = 0; i < components->len; i++)
		path = add_child(build, path, g_array_index(components, struct span, i));
	return path == 0 ? add_child(build, 0, (struct span){"", 0}) : path;
}

static bool file_has_text(const void *owner, uint32_t number, const void *key)
{
	const GArray *files = owner;

	return span_equal(g_array_index(files, struct file_build, number).text,
			  *(const struct span *)key);
}

/* text has to live as long as the catalog. */
static uint32_t path_of_file(struct catalog_build *build, struct span text)
{
	uint64_t hash;
	uint32_t number = build->last_file;
	struct file_build file;

	if (number != INDEX_NONE && file_has_text(build->files, number, &text))
		return g_array_index(build->files, struct file_build, number).path;
	hash = hash_bytes(hash_seed(), text.at, text.len);
	number = index_find(&build->file_index, hash, file_has_text, build->files, &text);
	if (number == INDEX_NONE) {
		number = build->files->len;
		file = (struct file_build){text, add_path(build, text)};
		g_array_append_val(build->files, file);
		index_add(&build->file_index, hash, number);
	}
	build->last_file = number;
	return g_array_index(build->files, struct file_build, number).path;
}

void catalog_build_add(struct catalog_build *build, const struct text_site *site)
{
	const char *kept = keep(build, site->site);
	struct span file = {kept, site->file.len};
	struct span function = {kept + (site->function.at - site->site.at), site->function.len};
	struct span module = site->module;
	struct tag tag = {.site = kept, .line = site->line};

	if (module.at)
		module.at = kept + (module.at - site->site.at);
	tag.site_len = (uint32_t)site->site.len;
	tag.file_len = (uint32_t)file.len;
	tag.path = path_of_file(build, file);
	tag.module = add_word(build, &build->modules, module, module.at ? NULL : CATALOG_BUILTIN);
	tag.function = add_word(build, &build->functions, function, NULL);
	g_array_index(build->paths, struct path_build, tag.path).own++;
	g_array_append_val(build->tags, tag);
	/* The line before is part of the next one's seed: order counts. */
	build->names_hash = hash_bytes(build->names_hash, kept, site->site.len);
}

static int compare_word_names(const void *a, const void *b, void *list)
{
	const struct word *words = list;

	return strcmp(words[*(const uint32_t *)a].name, words[*(const uint32_t *)b].name);
}

/* Sorts the words by name; renumber[i] is where number i went. One more than none is never NULL. */
static void finish_words(struct word_build *build, struct words *words, uint32_t *renumber)
{
	struct word *list = (struct word *)(void *)build->list->data;
	uint32_t count = build->list->len, first = 0;
	g_autofree uint32_t *order = g_new(uint32_t, count + 1);

	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	qsort_r(order, count, sizeof(*order), compare_word_names, list);
	words->list = g_new(struct word, count + 1);
	words->count = count;
	for (uint32_t i = 0; i < count; i++) {
		renumber[order[i]] = i;
		words->list[i] = list[order[i]];
		words->list[i].first = first;
		first += words->list[i].count;
	}
	words->tags = g_new(uint32_t, first);
}

static void list_tags_of_words(struct catalog *catalog)
{
	g_autofree uint32_t *module_end = g_new(uint32_t, catalog->modules.count);
	g_autofree uint32_t *function_end = g_new(uint32_t, catalog->functions.count);

	for (uint32_t i = 0; i < catalog->modules.count; i++)
		module_end[i] = catalog->modules.list[i].first;
	for (uint32_t i = 0; i < catalog->functions.count; i++)
		function_end[i] = catalog->functions.list[i].first;
	for (uint32_t i = 0; i < catalog->count; i++) {
		catalog->modules.tags[module_end[catalog->tags[i].module]++] = i;
		catalog->functions.tags[function_end[catalog->tags[i].function]++] = i;
	}
}

static void renumber_words(struct catalog_build *build, struct catalog *catalog)
{
	g_autofree uint32_t *module = g_new(uint32_t, build->modules.list->len);
	g_autofree uint32_t *function = g_new(uint32_t, build->functions.list->len);

	finish_words(&build->modules, &catalog->modules, module);
	finish_words(&build->functions, &catalog->functions, function);
	for (uint32_t i = 0; i < catalog->count; i++) {
		catalog->tags[i].module = module[catalog->tags[i].module];
		catalog->tags[i].function = function[catalog->tags[i].function];
	}
	list_tags_of_words(catalog);
}

static int compare_path_names(const void *a, const void *b, void *list)
{
	const struct path_build *x = (const struct path_build *)list + *(const uint32_t *)a;
	const struct path_build *y = (const struct path_build *)list + *(const uint32_t *)b;

	return x->parent != y->parent ? (x->parent < y->parent ? -1 : 1) : strcmp(x->name, y->name);
}

/*
 * Numbers the paths level by level, so that children stand together behind their parent. by_parent
 * has all paths but the root, sorted by parent and name; start[p] is where those of p begin.
 */
static void order_paths(struct catalog_build *build, struct catalog *catalog, uint32_t *renumber)
{
	struct path_build *list = (struct path_build *)(void *)build->paths->data;
	uint32_t count = build->paths->len, next = 1;
	g_autofree uint32_t *by_parent = g_new(uint32_t, count);
	g_autofree uint32_t *start = g_new0(uint32_t, count + 1);
	g_autofree uint32_t *old = g_new(uint32_t, count);

	for (uint32_t i = 1; i < count; i++) {
		by_parent[i - 1] = i;
		start[list[i].parent + 1]++;
	}
	for (uint32_t i = 0; i < count; i++)
		start[i + 1] += start[i];
	qsort_r(by_parent, count - 1, sizeof(*by_parent), compare_path_names, list);
	catalog->paths = g_new0(struct path, count);
	catalog->path_count = count;
	catalog->paths[0].name = "";
	old[0] = renumber[0] = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct path *path = &catalog->paths[i];

		path->own = path->count = list[old[i]].own;
		path->first_child = next;
		path->children = start[old[i] + 1] - start[old[i]];
		for (uint32_t c = 0; c < path->children; c++, next++) {
			old[next] = by_parent[start[old[i]] + c];
			renumber[old[next]] = next;
			catalog->paths[next].name = list[old[next]].name;
			catalog->paths[next].parent = i;
		}
	}
}

/* The components from the top down to a path, with commas between. */
static void join_components(const struct catalog *catalog, uint32_t number, GString *flat)
{
	const struct path *path = &catalog->paths[number];

	if (path->parent != 0) {
		join_components(catalog, path->parent, flat);
		g_string_append_c(flat, ',');
	}
	g_string_append(flat, path->name);
}

static const char *flat_name(struct catalog_build *build, uint32_t number)
{
	g_autoptr(GString) whole = g_string_new(NULL);
	char flat[NAME_SIZE];
	size_t len;

	join_components(build->catalog, number, whole);
	len = name_shorten((struct span){whole->str, whole->len}, flat);
	return keep(build, (struct span){flat, len});
}

static void finish_paths(struct catalog_build *build, struct catalog *catalog)
{
	g_autofree uint32_t *renumber = g_new(uint32_t, build->paths->len);
	g_autofree uint32_t *end = g_new(uint32_t, build->paths->len);

	order_paths(build, catalog, renumber);
	for (uint32_t i = catalog->path_count - 1; i > 0; i--)
		catalog->paths[catalog->paths[i].parent].count += catalog->paths[i].count;
	for (uint32_t i = 0; i < catalog->path_count; i++) {
		struct path *path = &catalog->paths[i];
		uint32_t first = path->first + path->own;

		if (path->own > 0)
			path->flat = flat_name(build, i);
		end[i] = path->first;
		for (uint32_t c = 0; c < path->children; c++) {
			catalog->paths[path->first_child + c].first = first;
			first += catalog->paths[path->first_child + c].count;
		}
	}
	catalog->path_tags = g_new(uint32_t, catalog->count);
	for (uint32_t i = 0; i < catalog->count; i++) {
		catalog->tags[i].path = renumber[catalog->tags[i].path];
		catalog->path_tags[end[catalog->tags[i].path]++] = i;
	}
}

static bool is_twin(const void *owner, uint32_t number, const void *key)
{
	const struct tag *a = &((const struct catalog *)owner)->tags[number], *b = key;

	return a->path == b->path && a->line == b->line && a->function == b->function &&
	       a->module == b->module;
}

/* twins[i] counts the tags with the words of tag i, which is the first of them. */
static void number_twins(struct catalog *catalog)
{
	g_autofree uint32_t *twins = g_new(uint32_t, catalog->count);
	struct index index = {NULL, 0, 0};

	for (uint32_t i = 0; i < catalog->count; i++) {
		struct tag *tag = &catalog->tags[i];
		uint64_t place = hash_number(hash_seed() ^ tag->line, tag->path);
		uint64_t hash = hash_number(place, (uint64_t)tag->module << 32 | tag->function);
		uint32_t first = index_find(&index, hash, is_twin, catalog, tag);

		if (first == INDEX_NONE) {
			index_add(&index, hash, i);
			first = i;
			twins[i] = 0;
		}
		tag->ordinal = ++twins[first];
	}
	index_clear(&index);
}

static void index_names(struct catalog *catalog)
{
	char name[NAME_SIZE];

	for (uint32_t i = 0; i < catalog->count; i++) {
		size_t len = catalog_tag_name(catalog, i, CATALOG_FLAT, name);

		index_add(&catalog->by_flat_name, catalog_hash_flat((struct span){name, len}), i);
		len = catalog_tag_name(catalog, i, CATALOG_IN_FILE, name);
		index_add(&catalog->by_file_name,
			  catalog_hash_in_file(catalog->tags[i].path, (struct span){name, len}), i);
	}
}

/* mm/slub.c, function alloc_slab_page: where SLUB takes the pages that it cuts into objects. */
static void find_slab_pages(struct catalog *catalog)
{
	uint32_t dir = catalog_find_child(catalog, 0, span_of("mm"));

	catalog->slab_path = CATALOG_NONE;
	if (dir != CATALOG_NONE)
		catalog->slab_path = catalog_find_child(catalog, dir, span_of("slub.c"));
	catalog->slab_function = catalog_find_word(&catalog->functions, span_of("alloc_slab_page"));
}

struct catalog *catalog_build_finish(struct catalog_build *build)
{
	static guint serial;
	struct catalog *catalog = build->catalog;

	catalog->count = build->tags->len;
	catalog->tags = (struct tag *)g_array_steal(build->tags, NULL);
	catalog->tags = g_renew(struct tag, catalog->tags, catalog->count);
	catalog->serial = (uint64_t)g_atomic_int_add(&serial, 1) + 1;
	/* An id of 0 would read like none. */
	catalog->names_hash = build->names_hash ? build->names_hash : 1;
	clock_gettime(CLOCK_REALTIME, &catalog->made);
	renumber_words(build, catalog);
	finish_paths(build, catalog);
	number_twins(catalog);
	index_names(catalog);
	find_slab_pages(catalog);
	free_build(build);
	return catalog;
}
