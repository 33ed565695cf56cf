/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The query language. Lines of the input that begin with '/' are paths, the others are a listing,
 * or where they are none, one that is built in. Each path is walked; what it leads to is rendered,
 * and of a directory every name that it lists is looked up again and has to lead to what was
 * listed.
 */
#include "fuzz.h"

#include <errno.h>
#include <linux/limits.h>
#include "report.h"
#include "select.h"

/* Of a directory with more, the first names are looked up. */
#define NAMES_MOST 200

/* The listing at hand, and the text of the path, for messages. */
struct tree {
	const struct sample *sample;
	struct span path;
};

static void check(const struct tree *tree, bool ok, const char *what)
{
	fuzz_check(ok, "%s: %.*s", what, (int)tree->path.len, tree->path.at);
}

/* A name in memory of just its length, as a request has it. */
static int step(const struct tree *tree, const struct query *from, struct span name,
		struct target *to)
{
	g_autofree char *own = g_memdup2(name.at, name.len);
	int err = query_step(tree->sample->catalog, from, (struct span){own ? own : "", name.len},
			     to);

	check(tree, err == 0 || err == -ENOENT || err == -EINVAL,
	      "an error that is none of a path");
	return err;
}

static void check_step(const struct tree *tree, const struct query *from, const char *name,
		       enum target_kind kind, uint64_t number)
{
	struct target to;

	check(tree, step(tree, from, span_of(name), &to) == 0,
	      "a name that is listed is not there");
	check(tree, to.kind == kind, "a name that is listed is something else");
	if (kind == TARGET_TAG)
		check(tree, to.number == number, "a name that is listed is another tag");
}

static void check_fixed(const struct tree *tree, const struct query *query)
{
	struct target to;
	const char *name;

	for (size_t i = 0; (name = select_fixed_child(query, i)); i++)
		if (step(tree, query, span_of(name), &to) == 0)
			check(tree, to.kind == TARGET_DIRECTORY, "a preset is a file");
}

/* They divide the set: their sums are its own, less a file's own tags. */
static void check_values(const struct tree *tree, const struct query *query, const GArray *rows)
{
	g_autoptr(GArray) values = select_values(tree->sample, query, rows);
	enum filter_id filter = query->place == PLACE_PATH ? FILTER_FILE : query->waiting;
	const struct catalog *catalog = tree->sample->catalog;
	uint64_t tags = 0;

	for (guint i = 0; i < values->len; i++) {
		const struct value *value = &g_array_index(values, struct value, i);
		char name[NAME_SIZE];
		struct target to;

		tags += value->total.tags;
		if (i >= NAMES_MOST)
			continue;
		select_value_name(catalog, query, value->number, name);
		check_step(tree, query, name, TARGET_DIRECTORY, 0);
		if (step(tree, query, span_of(name), &to) == 0)
			check(tree, to.query.value[filter] == value->number, "another value");
	}
	for (guint i = 0; query->place == PLACE_PATH && i < rows->len; i++)
		if (catalog->tags[g_array_index(rows, struct row, i).tag].path ==
		    query->value[FILTER_FILE])
			tags++;
	check(tree, tags == rows->len, "values that do not make up the set");
}

/* As a directory names its tags. */
static void name_row(const struct tree *tree, const struct query *query, const struct row *row,
		     char *name, size_t size)
{
	const struct catalog *catalog = tree->sample->catalog;
	enum catalog_form form = query->place == PLACE_PATH ? CATALOG_IN_FILE : CATALOG_FLAT;
	int rank = 0;

	if (row->rank > 0)
		rank = g_snprintf(name, size, "%0*u,", (int)query_rank_width(catalog, query),
				  row->rank);
	catalog_tag_name(catalog, row->tag, form, name + rank);
	check(tree, strlen(name) <= 255, "a name that is too long to be one");
}

static void check_rows(const struct tree *tree, const struct query *query, const GArray *rows)
{
	const struct catalog *catalog = tree->sample->catalog;
	char name[256 + NAME_SIZE];

	for (guint i = 0; i < rows->len; i++) {
		const struct row *row = &g_array_index(rows, struct row, i);

		check(tree, row->tag < catalog->count, "a tag that is none");
		check(tree, query_names_match(catalog, query, row->tag), "a tag of other names");
		check(tree, select_at(tree->sample, query, i) == row->tag, "another tag at N");
		if (i >= NAMES_MOST || (query->place == PLACE_PATH &&
					catalog->tags[row->tag].path != query->value[FILTER_FILE]))
			continue;
		name_row(tree, query, row, name, sizeof(name));
		check_step(tree, query, name, TARGET_TAG, row->tag);
	}
	check(tree, select_at(tree->sample, query, rows->len) == CATALOG_NONE, "a tag behind all");
}

static void check_directory(const struct tree *tree, const struct query *query)
{
	g_autoptr(GArray) rows = NULL;

	if (query->place == PLACE_SNAPSHOTS || query->place == PLACE_SINCE)
		return;
	check_fixed(tree, query);
	rows = select_rows(tree->sample, query);
	if (query->place == PLACE_SET || query->place == PLACE_PATH)
		check_rows(tree, query, rows);
	if (select_children_kind(query) == CHILDREN_VALUES)
		check_values(tree, query, rows);
}

static void check_report(const struct tree *tree, const struct target *to)
{
	g_autoptr(GArray) rows = select_rows(tree->sample, &to->query);
	g_autofree char *path = g_strndup(tree->path.at, tree->path.len);
	struct report_input input = {tree->sample, &to->query, rows, path};
	g_autoptr(GString) out = g_string_new(NULL);

	check(tree, report_get((enum report_id)to->number)->render(&input, out) == 0,
	      "a report that fails");
	if (to->number == REPORT_RAW)
		check(tree, out->len == 224 * (gsize)rows->len, "records of another length");
	else if (out->len > 0)
		check(tree, out->str[out->len - 1] == '\n', "a report that ends within a line");
}

static void check_tag(const struct tree *tree, const struct target *to)
{
	g_autoptr(GString) out = g_string_new(NULL);

	report_tag(tree->sample, to->query.view, (uint32_t)to->number, out);
	check(tree,
	      out->len == report_tag_length(tree->sample, to->query.view, (uint32_t)to->number),
	      "a tag of another length than foretold");
}

static void check_target(const struct tree *tree, const struct target *to)
{
	if (to->kind == TARGET_DIRECTORY)
		check_directory(tree, &to->query);
	else if (to->kind == TARGET_REPORT)
		check_report(tree, to);
	else if (to->kind == TARGET_TAG)
		check_tag(tree, to);
	else if (to->kind == TARGET_AT)
		select_at(tree->sample, &to->query, to->number);
}

/* Below a name of snapshots or since is the root of a tree of that kind. */
static void enter_world(struct target *to)
{
	enum query_realm realm = to->query.place == PLACE_SINCE ? REALM_SINCE : REALM_SNAPSHOT;

	to->kind = TARGET_DIRECTORY;
	query_root(realm, &to->query);
}

static void walk(const struct tree *tree)
{
	struct span rest = {tree->path.at + 1, tree->path.len - 1};
	struct target to = {.kind = TARGET_DIRECTORY};

	query_root(REALM_LIVE, &to.query);
	while (rest.len > 0) {
		const char *slash = memchr(rest.at, '/', rest.len);
		size_t len = slash ? (size_t)(slash - rest.at) : rest.len;
		struct query from = to.query;

		/* The kernel asks for nothing else. */
		if (len > NAME_MAX || memchr(rest.at, '\0', len) || to.kind != TARGET_DIRECTORY)
			return;
		if (len > 0 && step(tree, &from, (struct span){rest.at, len}, &to) != 0)
			return;
		if (to.kind == TARGET_WORLD)
			enter_world(&to);
		rest.at += slash ? len + 1 : len;
		rest.len -= slash ? len + 1 : len;
	}
	check_target(tree, &to);
}

/* Divides the lines among listing and paths. */
static void divide(struct span text, GString *listing, GArray *paths)
{
	while (text.len > 0) {
		const char *end = memchr(text.at, '\n', text.len);
		struct span line = {text.at, end ? (size_t)(end - text.at) : text.len};
		size_t taken = line.len + (end ? 1 : 0);

		if (line.len > 0 && line.at[0] == '/')
			g_array_append_val(paths, line);
		else
			g_string_append_len(listing, text.at, (gssize)taken);
		text.at += taken;
		text.len -= taken;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GArray) paths = g_array_new(FALSE, FALSE, sizeof(struct span));
	g_autoptr(GString) listing = g_string_new(NULL);
	struct sample *sample;

	divide((struct span){(const char *)data, size}, listing, paths);
	sample = fuzz_sample((struct span){listing->str, listing->len}, SIZE_MAX, NULL);
	if (!sample)
		sample = fuzz_sample(fuzz_listing((unsigned int)size), SIZE_MAX, NULL);
	for (guint i = 0; i < paths->len; i++) {
		struct tree tree = {sample, g_array_index(paths, struct span, i)};

		walk(&tree);
	}
	sample_unref(sample);
	return 0;
}
