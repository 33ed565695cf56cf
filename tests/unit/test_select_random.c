/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which tags a directory holds and how it divides them, for generated paths over generated samples:
 * a plain computation over the list of sites, which shares no code with the tree, says what has to
 * come out. Negative bytes, wrapped calls and ties are frequent.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "select.h"
#include "tree.h"

enum { SEED = 20240607, SAMPLES = 60, PATHS = 150, SITES_MAX = 60, STEPS_MAX = 5 };

struct site {
	const char *file, *module, *function;
	uint64_t line;
	int64_t bytes;
	uint64_t calls;
	bool accurate;
};

enum kind {
	LIVE,
	ALL,
	BY_FILE,
	BY_MODULE,
	BY_FUNCTION,
	BY_LINE,
	MIN_SIZE,
	MAX_SIZE,
	MIN_CALLS,
	MAX_CALLS,
	ACCURATE,
	INACCURATE,
	TOP,
	TOP_CALLS,
	KINDS,
};

static const char *const kind_names[KINDS] = {
	[LIVE] = "live",
	[ALL] = "all",
	[BY_FILE] = "by-file",
	[BY_MODULE] = "by-module",
	[BY_FUNCTION] = "by-function",
	[BY_LINE] = "by-line",
	[MIN_SIZE] = "min-size",
	[MAX_SIZE] = "max-size",
	[MIN_CALLS] = "min-calls",
	[MAX_CALLS] = "max-calls",
	[ACCURATE] = "accurate",
	[INACCURATE] = "inaccurate",
	[TOP] = "top",
	[TOP_CALLS] = "top-calls",
};

struct step {
	enum kind kind;
	const char *word;
	uint64_t number;
};

static const char *const files[] = {"mm/slub.c",	 "mm/memory.c", "fs/xfs/buf.c",
				    "fs/xfs/libxfs/a.c", "lib/both",	"lib/both/in.c"};
static const char *const places[] = {
	"", "mm", "mm/slub.c", "fs", "fs/xfs", "fs/xfs/libxfs", "lib", "lib/both", "lib/both/in.c"};
static const char *const modules[] = {"vmlinux", "xfs", "ext4"};
static const char *const functions[] = {"alloc", "get", "live", "zap"};
static const uint64_t lines[] = {1, 5, 10, 2478};
static const int64_t edges[] = {0,    0,    0,	  1,	 -1,	  2,	     4095,
				4096, 4096, 4097, -4096, 1 << 20, INT64_MAX, INT64_MIN};
static const uint64_t limits[] = {
	0, 1, 2, 4096, 4097, 1 << 20, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};
static const uint64_t ranks[] = {1, 2, 3, 5, 10, 40, 1000, UINT64_MAX};

#define PICK(random, list) (list)[g_rand_int_range(random, 0, (gint32)G_N_ELEMENTS(list))]

/* The sample at hand, and the sites it was made from. */
static struct site sites[SITES_MAX];
static uint32_t site_count;
static struct sample *sample;
static unsigned int failed;

static void make_sample(GRand *random)
{
	g_autoptr(GString) text = g_string_new(NULL);

	site_count = (uint32_t)g_rand_int_range(random, 1, SITES_MAX + 1);
	for (uint32_t i = 0; i < site_count; i++) {
		struct site site = {PICK(random, files),     PICK(random, modules),
				    PICK(random, functions), PICK(random, lines),
				    PICK(random, edges),     (uint64_t)PICK(random, edges),
				    g_rand_boolean(random)};
		const char *dot = g_rand_boolean(random) ? "./" : "";
		bool builtin = strcmp(site.module, "vmlinux") == 0;
		g_autofree char *spelled =
			g_strdup_printf("%s%s:%" G_GUINT64_FORMAT "%s%s%s func:%s", dot, site.file,
					site.line, builtin ? "" : " [", builtin ? "" : site.module,
					builtin ? "" : "]", site.function);

		sites[i] = site;
		tree_add_line(text, site.bytes, site.calls, spelled,
			      site.accurate ? "" : " accurate:no");
	}
	sample = tree_sample(text);
	assert_non_null(sample);
	assert_int_equal(sample->catalog->count, site_count);
}

/* The computation: what a step lets pass. */
static bool is_below(const char *file, const char *place)
{
	size_t len = strlen(place);

	return strncmp(file, place, len) == 0 &&
	       (len == 0 || file[len] == '\0' || file[len] == '/');
}

static bool passes(const struct site *site, const struct step *step)
{
	int64_t calls = (int64_t)site->calls;

	switch (step->kind) {
	case LIVE: return site->bytes != 0 || site->calls != 0;
	case BY_FILE: return is_below(site->file, step->word);
	case BY_MODULE: return strcmp(site->module, step->word) == 0;
	case BY_FUNCTION: return strcmp(site->function, step->word) == 0;
	case BY_LINE: return site->line == step->number;
	case MIN_SIZE: return site->bytes >= 0 && (uint64_t)site->bytes >= step->number;
	case MAX_SIZE: return site->bytes < 0 || (uint64_t)site->bytes <= step->number;
	case MIN_CALLS: return calls >= 0 && (uint64_t)calls >= step->number;
	case MAX_CALLS: return calls < 0 || (uint64_t)calls <= step->number;
	case ACCURATE: return site->accurate;
	case INACCURATE: return !site->accurate;
	default: return true;
	}
}

/* Takes the largest again and again; of equal ones the first of the listing. */
static guint rank(struct row *rows, guint count, const struct step *step)
{
	guint done;

	for (done = 0; done < count && done < step->number; done++) {
		guint best = done;

		for (guint i = done + 1; i < count; i++) {
			const struct site *a = &sites[rows[i].tag], *b = &sites[rows[best].tag];
			int64_t x = step->kind == TOP ? a->bytes : (int64_t)a->calls;
			int64_t y = step->kind == TOP ? b->bytes : (int64_t)b->calls;

			if (x > y || (x == y && rows[i].tag < rows[best].tag))
				best = i;
		}
		struct row row = rows[best];

		rows[best] = rows[done];
		row.rank = done + 1;
		rows[done] = row;
	}
	return done;
}

static guint compute(const struct step *steps, guint count, struct row rows[SITES_MAX])
{
	guint left = site_count;

	for (guint i = 0; i < site_count; i++)
		rows[i] = (struct row){i, 0};
	for (guint s = 0; s < count; s++) {
		guint kept = 0;

		if (steps[s].kind == TOP || steps[s].kind == TOP_CALLS) {
			left = rank(rows, left, &steps[s]);
			continue;
		}
		for (guint i = 0; i < left; i++)
			if (passes(&sites[rows[i].tag], &steps[s]))
				rows[kept++] = rows[i];
		left = kept;
	}
	return left;
}

static const struct step *find_step(const struct step *steps, guint count, enum kind kind)
{
	for (guint i = 0; i < count; i++)
		if (steps[i].kind == kind)
			return &steps[i];
	return NULL;
}

static bool above(const struct step *min, const struct step *max)
{
	return min && max && min->number > max->number;
}

/* The error that the path ends with at its last step, or 0. */
static int compute_error(const struct step *steps, guint count)
{
	bool exists = false;

	for (uint32_t i = 0; i < site_count && !exists; i++) {
		exists = true;
		for (guint s = 0; s < count; s++)
			if (steps[s].kind >= BY_FILE && steps[s].kind <= BY_LINE)
				exists = exists && passes(&sites[i], &steps[s]);
	}
	if (!exists)
		return -ENOENT;
	if (above(find_step(steps, count, MIN_SIZE), find_step(steps, count, MAX_SIZE)) ||
	    above(find_step(steps, count, MIN_CALLS), find_step(steps, count, MAX_CALLS)) ||
	    (find_step(steps, count, ACCURATE) && find_step(steps, count, INACCURATE)))
		return -EINVAL;
	return 0;
}

static guint make_steps(GRand *random, struct step steps[STEPS_MAX], GString *path)
{
	guint count = 0, wanted = (guint)g_rand_int_range(random, 1, STEPS_MAX + 1);

	while (count < wanted) {
		struct step step = {(enum kind)g_rand_int_range(random, 0, KINDS), NULL, 0};

		if (find_step(steps, count, step.kind))
			continue;
		g_string_append_printf(path, "%s%s", count ? "/" : "", kind_names[step.kind]);
		switch (step.kind) {
		case BY_FILE: step.word = PICK(random, places); break;
		case BY_MODULE: step.word = PICK(random, modules); break;
		case BY_FUNCTION: step.word = PICK(random, functions); break;
		case BY_LINE: step.number = PICK(random, lines); break;
		case TOP:
		case TOP_CALLS: step.number = PICK(random, ranks); break;
		default: step.number = PICK(random, limits); break;
		}
		if (step.word && *step.word)
			g_string_append_printf(path, "/%s", step.word);
		else if (step.kind >= BY_LINE && step.kind != ACCURATE && step.kind != INACCURATE)
			g_string_append_printf(path, "/%" G_GUINT64_FORMAT, step.number);
		steps[count++] = step;
	}
	return count;
}

static void print_rows(GString *out, const struct row *rows, guint count)
{
	for (guint i = 0; i < count; i++) {
		g_string_append_printf(out, "%s%u", i ? " " : "", rows[i].tag);
		if (rows[i].rank)
			g_string_append_printf(out, "#%u", rows[i].rank);
	}
}

static void expect(const char *path, const char *what, const char *is, const char *wanted)
{
	if (strcmp(is, wanted) == 0)
		return;
	print_error("/%s: %s\n\tis:     %s\n\tshould: %s\n", path, what, is, wanted);
	failed++;
}

/* The children of a directory with their totals, as text: names and sums, in order. */
struct group {
	char name[32];
	uint64_t number, bytes, calls, tags;
};

static void name_group(const struct site *site, enum kind by, const char *place,
		       struct group *group)
{
	const char *below = site->file + strlen(place) + (*place ? 1 : 0);

	group->number = by == BY_LINE ? site->line : 0;
	switch (by) {
	case BY_MODULE: g_strlcpy(group->name, site->module, sizeof(group->name)); break;
	case BY_FUNCTION: g_strlcpy(group->name, site->function, sizeof(group->name)); break;
	case BY_FILE:
		if (strcmp(site->file, place) == 0)
			group->name[0] = '\0';
		else
			g_strlcpy(group->name, below, strcspn(below, "/") + 1);
		break;
	default: g_snprintf(group->name, sizeof(group->name), "%" G_GUINT64_FORMAT, site->line);
	}
}

static int compare_groups(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void compute_children(const struct row *rows, guint count, enum kind by, const char *place,
			     GString *out)
{
	struct group groups[SITES_MAX], new = {"", 0, 0, 0, 0};
	guint known = 0, g;

	for (guint i = 0; i < count; i++) {
		name_group(&sites[rows[i].tag], by, place, &new);
		if (!*new.name)
			continue;
		for (g = 0; g < known && strcmp(groups[g].name, new.name) != 0; g++)
			;
		if (g == known)
			groups[known++] = new;
		groups[g].bytes += (uint64_t)sites[rows[i].tag].bytes;
		groups[g].calls += sites[rows[i].tag].calls;
		groups[g].tags++;
	}
	qsort(groups, known, sizeof(*groups), compare_groups);
	for (g = 0; g < known; g++)
		g_string_append_printf(
			out, "%s=%" G_GINT64_FORMAT ",%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT " ",
			groups[g].name, (int64_t)groups[g].bytes, groups[g].calls, groups[g].tags);
}

static void print_children(const struct query *query, const GArray *rows, GString *out)
{
	g_autoptr(GArray) values = select_values(sample, query, rows);

	for (guint i = 0; i < values->len; i++) {
		const struct value *value = &g_array_index(values, struct value, i);
		char name[NAME_SIZE];
		size_t len = select_value_name(sample->catalog, query, value->number, name);

		if (len != strlen(name))
			g_string_append(out, "(wrong length) ");
		g_string_append_printf(
			out, "%s=%" G_GINT64_FORMAT ",%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT " ",
			name, value->total.bytes, value->total.calls, value->total.tags);
	}
}

static void check_total(const char *path, const GArray *rows)
{
	struct total total = select_total(sample, rows);
	uint64_t bytes = 0, calls = 0;
	g_autofree char *is = NULL, *wanted = NULL;

	for (guint i = 0; i < rows->len; i++) {
		bytes += (uint64_t)sites[g_array_index(rows, struct row, i).tag].bytes;
		calls += sites[g_array_index(rows, struct row, i).tag].calls;
	}
	is = g_strdup_printf("%" G_GINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
			     total.bytes, total.calls, total.tags);
	wanted = g_strdup_printf("%" G_GINT64_FORMAT " %" G_GUINT64_FORMAT " %u", (int64_t)bytes,
				 calls, rows->len);
	expect(path, "total", is, wanted);
}

/* The set of a path; where it ends in a filter by names that still lacks its value, its children.
 */
static void check_set(const char *path, const struct step *steps, guint count, const enum kind *by,
		      const char *place)
{
	struct row wanted_rows[SITES_MAX];
	guint wanted_count = compute(steps, count, wanted_rows);
	g_autoptr(GString) is = g_string_new(NULL), wanted = g_string_new(NULL);
	g_autoptr(GArray) rows = NULL;
	struct query query;

	if (tree_query(sample->catalog, path, &query) != 0) {
		expect(path, "walk", "an error", "a directory");
		return;
	}
	rows = select_rows(sample, &query);
	print_rows(is, (const struct row *)(void *)rows->data, rows->len);
	print_rows(wanted, wanted_rows, wanted_count);
	expect(path, "rows", is->str, wanted->str);
	check_total(path, rows);
	if (!by)
		return;
	g_string_truncate(is, 0);
	g_string_truncate(wanted, 0);
	print_children(&query, rows, is);
	compute_children(wanted_rows, wanted_count, *by, place, wanted);
	expect(path, "children", is->str, wanted->str);
}

static void check_path(const char *path, const struct step *steps, guint count)
{
	static const enum kind divisions[] = {BY_FILE, BY_MODULE, BY_FUNCTION, BY_LINE};
	const struct step *last = &steps[count - 1];

	check_set(path, steps, count, last->kind == BY_FILE ? &last->kind : NULL,
		  last->kind == BY_FILE ? last->word : NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(divisions); i++) {
		g_autofree char *below = g_strdup_printf("%s/%s", path, kind_names[divisions[i]]);

		if (!find_step(steps, count, divisions[i]))
			check_set(below, steps, count, &divisions[i], "");
	}
}

/* A generated path leads to a set, or ends with an error at its last step. */
static bool check_steps(GRand *random)
{
	struct step steps[STEPS_MAX];
	g_autoptr(GString) path = g_string_new(NULL);
	guint count = make_steps(random, steps, path);
	int wanted = 0, is;
	struct query query;

	for (guint s = 1; s <= count && !wanted; s++)
		wanted = compute_error(steps, s);
	is = tree_query(sample->catalog, path->str, &query);
	if (is != wanted) {
		print_error("/%s: error %d, should be %d\n", path->str, is, wanted);
		failed++;
	}
	if (!is && !wanted)
		check_path(path->str, steps, count);
	return !wanted;
}

static void test_generated_paths(void **state)
{
	GRand *random = g_rand_new_with_seed(SEED);
	unsigned int sets = 0;

	(void)state;
	for (int i = 0; i < SAMPLES && failed == 0; i++) {
		make_sample(random);
		for (int k = 0; k < PATHS && failed == 0; k++)
			sets += check_steps(random);
		if (failed)
			print_error("seed %d, sample %d, of these sites:\n", SEED, i);
		for (uint32_t tag = 0; failed && tag < site_count; tag++) {
			char line[256];

			assert_in_range(sample_line_length(sample, tag), 1, sizeof(line));
			*sample_write_line(sample, tag, line) = '\0';
			print_error("%u: %s", tag, line);
		}
		sample_unref(sample);
	}
	g_rand_free(random);
	assert_int_equal(failed, 0);
	/* Not most of them may be paths that do not exist. */
	assert_in_range(sets, SAMPLES * PATHS / 2, SAMPLES * PATHS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generated_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
