/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The catalog: everything about the tags of one content id that does not change with the counters.
 * Names, source paths, what lies under which module, function and directory, and which of several
 * tags with the same words is which. Immutable once built and shared by reference count, so that it
 * is read without a lock. Knows no counters, no queries and no files.
 *
 * A tag is known by its number, its position in the listing. Modules, functions and source paths
 * have numbers too, given in the order of their names; path 0 is the root of the source tree.
 */
#ifndef ALLOCFS_CATALOG_H
#define ALLOCFS_CATALOG_H

#include <stdint.h>
#include <glib.h>
#include "abi.h"
#include "index.h"
#include "name.h"
#include "text.h"

struct tag {
	const char *site; /* "FILE:LINE[ [MODULE]] func:FUNCTION" as spelled */
	uint64_t line;
	uint32_t site_len;
	uint32_t file_len;
	uint32_t path; /* of the source file */
	uint32_t module;
	uint32_t function;
	uint32_t ordinal; /* from 1, among the tags of equal path, line, function and module */
};

/* The name of a module or function, and the tags that bear it. */
struct word {
	struct span text; /* as spelled; .at is NULL for built-in code */
	const char *name; /* its component, NUL-terminated */
	uint32_t first; /* its tags, in listing order, are tags[first] .. tags[first + count - 1] */
	uint32_t count;
};

struct words {
	struct word *list; /* by name, bytewise */
	uint32_t count;
	uint32_t *tags;
};

/* A directory or file of the source tree; one that is both has tags and children. */
struct path {
	const char *name; /* its component; "" for the root */
	const char *flat; /* of a file: its components with ',' between, shortened */
	uint32_t parent;
	uint32_t first_child; /* children are consecutive, by name */
	uint32_t children;
	uint32_t first; /* tags below here are path_tags[first] .. path_tags[first + count - 1], */
	uint32_t count; /* ... the own of which are the first own of these */
	uint32_t own;
};

struct catalog {
	gint refs;
	uint32_t count; /* of tags */
	uint64_t serial; /* unique in the process: to see that a catalog is another one */
	uint64_t names_hash; /* not 0; the same names in the same order give the same */
	struct timespec made;
	struct tag *tags;
	struct words modules, functions;
	struct path *paths;
	uint32_t path_count;
	uint32_t *path_tags; /* by path as the tree is walked, in listing order within a path */
	uint32_t slab_path; /* see catalog_is_slab_page(); CATALOG_NONE where there is none */
	uint32_t slab_function;
	struct index by_flat_name, by_file_name;
	uint32_t *cut_keys; /* see catalog_cut_keys(); NULL until asked for */
	GStringChunk *strings;
};

#define CATALOG_NONE UINT32_MAX

/* What the built-in code is called where modules have names. */
#define CATALOG_BUILTIN "vmlinux"

enum catalog_form {
	CATALOG_FLAT, /* mm,slub.c,2478,alloc_slab_page */
	CATALOG_IN_FILE, /* 2478,alloc_slab_page */
};

struct catalog *catalog_ref(struct catalog *catalog);
void catalog_unref(struct catalog *catalog);

/* Writes the name of a tag, NUL-terminated; returns its length. */
size_t catalog_tag_name(const struct catalog *catalog, uint32_t tag, enum catalog_form form,
			char name[NAME_SIZE]);

/* The tag of that flat name, or CATALOG_NONE. */
uint32_t catalog_find_flat(const struct catalog *catalog, struct span name);

/* The tag of that name in the directory of its source file, or CATALOG_NONE. */
uint32_t catalog_find_in_file(const struct catalog *catalog, uint32_t path, struct span name);

/* The number of the word with that component, or CATALOG_NONE. */
uint32_t catalog_find_word(const struct words *words, struct span name);

/* The child of a path with that component, or CATALOG_NONE. */
uint32_t catalog_find_child(const struct catalog *catalog, uint32_t path, struct span name);

/* Whether path is ancestor or below it. */
bool catalog_path_within(const struct catalog *catalog, uint32_t path, uint32_t ancestor);

/* The words of a tag as spelled; spans live as long as the catalog. */
void catalog_site(const struct catalog *catalog, uint32_t tag, struct text_site *site);

/* Whether a tag belongs to built-in code. */
bool catalog_is_builtin(const struct catalog *catalog, uint32_t tag);

/* Whether a tag stands for slab pages: the objects cut out of them have tags of their own. */
bool catalog_is_slab_page(const struct catalog *catalog, uint32_t tag);

/*
 * The tags as the ioctls give them, names cut to their last 63 bytes: by number of tag, a hash of
 * its words, the lowest bit of which is CATALOG_AMBIGUOUS where other tags have the same. Worked
 * out for all tags when it is first asked for; any thread. catalog_cut_key() is the hash of a
 * record's words, with that bit 0; catalog_has_words() compares the words themselves.
 */
#define CATALOG_AMBIGUOUS 1u
const uint32_t *catalog_cut_keys(struct catalog *catalog);
uint32_t catalog_cut_key(const struct abi_record *record);
bool catalog_has_words(const struct catalog *catalog, uint32_t tag,
		       const struct abi_record *record);

/*
 * Building: add the tags in listing order, then finish. The builder owns all it is given; lines may
 * be reused after each call. Nothing else happens to a builder after catalog_build_finish(), which
 * frees it, or catalog_build_cancel().
 */
struct catalog_build;
struct catalog_build *catalog_build_begin(void);
void catalog_build_add(struct catalog_build *build, const struct text_site *site);
uint32_t catalog_build_count(const struct catalog_build *build);
/* How many paths, spellings of them, modules and functions there are so far. */
size_t catalog_build_names(const struct catalog_build *build);
struct catalog *catalog_build_finish(struct catalog_build *build);
void catalog_build_cancel(struct catalog_build *build);

#endif
