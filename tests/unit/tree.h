/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of the tree share: samples made from text, walking a path through queries, and
 * saying in words what it led to.
 */
#ifndef ALLOCFS_TEST_TREE_H
#define ALLOCFS_TEST_TREE_H

#include <errno.h>
#include "query.h"
#include "report.h"
#include "sample.h"

/* The sample of a listing; NULL where it is none. */
static inline struct sample *tree_sample(const GString *text)
{
	struct sample_reader *reader = sample_reader_begin(NULL);
	struct sample *sample = NULL;

	sample_reader_feed(reader, (struct span){text->str, text->len});
	sample_reader_finish(reader, (struct timespec){1, 0}, &sample);
	return sample;
}

/* Appends a line of a listing; tail is "" or " KEY:VALUE...". */
static inline void tree_add_line(GString *text, int64_t bytes, uint64_t calls, const char *site,
				 const char *tail)
{
	g_string_append_printf(text, "%12" G_GINT64_FORMAT " %8" G_GUINT64_FORMAT " %s%s \n", bytes,
			       calls, site, tail);
}

/*
 * Walks a path, its components separated by '/', from the root of the tree; "" is the root. Each
 * name is handed over in memory of just its length. Returns what query_step() does, or -ENOTDIR
 * where something follows a file; *stopped is the component that the walk ended at.
 */
static inline int tree_walk(const struct catalog *catalog, const char *path, struct target *to,
			    struct query *from, const char **stopped)
{
	*to = (struct target){.kind = TARGET_DIRECTORY};
	query_root(REALM_LIVE, &to->query);
	*from = to->query;
	*stopped = path;
	for (bool more = *path != '\0'; more;) {
		size_t len = strcspn(path, "/");
		g_autofree char *name = g_memdup2(path, len);
		int err;

		*from = to->query;
		*stopped = path;
		if (to->kind != TARGET_DIRECTORY)
			return -ENOTDIR;
		err = query_step(catalog, from, (struct span){name ? name : "", len}, to);
		if (err)
			return err;
		more = path[len] == '/';
		path += len + 1;
	}
	return 0;
}

/* As tree_walk(), for paths that lead to a directory. */
static inline int tree_query(const struct catalog *catalog, const char *path, struct query *query)
{
	struct target to;
	struct query from;
	const char *stopped;
	int err = tree_walk(catalog, path, &to, &from, &stopped);

	*query = to.query;
	return err ? err : to.kind == TARGET_DIRECTORY ? 0 : -ENOTDIR;
}

static inline void tree_describe_path(const struct catalog *catalog, uint64_t path, GString *out)
{
	if (path == 0)
		return;
	tree_describe_path(catalog, catalog->paths[path].parent, out);
	if (catalog->paths[path].parent != 0)
		g_string_append_c(out, '/');
	g_string_append(out, catalog->paths[path].name);
}

static inline void tree_describe_step(const struct catalog *catalog, const struct query *query,
				      enum filter_id filter, GString *out)
{
	uint64_t value = query->value[filter];

	g_string_append_printf(out, " %s", filter_get(filter)->name);
	if (filter_get(filter)->value == VALUE_NONE)
		return;
	g_string_append_c(out, '=');
	if (filter == FILTER_FILE)
		tree_describe_path(catalog, value, out);
	else if (filter == FILTER_MODULE)
		g_string_append(out, catalog->modules.list[value].name);
	else if (filter == FILTER_FUNCTION)
		g_string_append(out, catalog->functions.list[value].name);
	else
		g_string_append_printf(out, "%" G_GUINT64_FORMAT, value);
}

/* "sized path top=5 by-file=mm/slub.c", "wait min-size all": view, place, filters in order. */
static inline void tree_describe_query(const struct catalog *catalog, const struct query *query,
				       GString *out)
{
	static const char *const places[] = {"root", "set", "path", "wait", "snapshots", "since"};

	if (query_view_name(query->view))
		g_string_append_printf(out, "%s ", query_view_name(query->view));
	g_string_append(out, places[query->place]);
	if (query->place == PLACE_FILTER)
		g_string_append_printf(out, " %s", filter_get(query->waiting)->name);
	for (unsigned int i = 0; i < query->steps; i++)
		tree_describe_step(catalog, query, query->step[i], out);
}

static inline void tree_describe_file(const struct catalog *catalog, const struct target *to,
				      GString *out)
{
	if (query_view_name(to->query.view))
		g_string_append_printf(out, "%s ", query_view_name(to->query.view));
	switch (to->kind) {
	case TARGET_DIRECTORY: break;
	case TARGET_WORLD: g_string_append(out, "world"); break;
	case TARGET_TAG: g_string_append_printf(out, "tag %" G_GUINT64_FORMAT, to->number); break;
	case TARGET_PLACE:
		g_string_append(out, "place ");
		tree_describe_path(catalog, to->number, out);
		g_string_append_printf(out, " %" G_GUINT64_FORMAT, to->line);
		break;
	case TARGET_AT: g_string_append_printf(out, "at %" G_GUINT64_FORMAT, to->number); break;
	case TARGET_REPORT:
		g_string_append_printf(out, "report %s",
				       report_get((enum report_id)to->number)->name);
		break;
	case TARGET_README: g_string_append(out, "README"); break;
	case TARGET_STATUS: g_string_append(out, "status"); break;
	case TARGET_ALLOCINFO: g_string_append(out, "allocinfo"); break;
	}
}

/*
 * What a path leads to, in words: see above; or "ENOENT" and the like, with what was left of the
 * path where it did not end at its last component. The caller owns it.
 */
static inline GString *tree_describe(const struct catalog *catalog, const char *path)
{
	struct target to;
	struct query from;
	const char *stopped;
	GString *out = g_string_new(NULL);
	g_autoptr(GString) directory = g_string_new(NULL);
	g_autoptr(GString) holder = g_string_new(NULL);
	int err = tree_walk(catalog, path, &to, &from, &stopped);

	if (err) {
		const char *rest = strchr(stopped, '/');

		g_string_append(out, strerrorname_np(-err) ? strerrorname_np(-err) : "no errno");
		if (rest)
			g_string_append_printf(out, " before %s", rest);
		return out;
	}
	if (to.kind == TARGET_DIRECTORY) {
		tree_describe_query(catalog, &to.query, out);
		return out;
	}
	tree_describe_file(catalog, &to, out);
	tree_describe_query(catalog, &from, directory);
	tree_describe_query(catalog, &to.query, holder);
	if (!g_string_equal(directory, holder))
		g_string_append_printf(out, " of %s, not %s", holder->str, directory->str);
	return out;
}

#endif
