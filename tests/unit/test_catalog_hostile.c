/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that whatever bytes a listing consists of, every tag has a name of its own that a
 * directory can hold and that leads back to it, and so have words and paths: on generated listings,
 * the real ones, and on words that run together when they are joined.
 */
#include "unit.h"

#include "sample.h"

#define SEED 20260803
#define TAGS 4000

static const char allowed_bytes[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-%,";

static void check_form(const char *name, size_t len, const char *row, uint32_t tag)
{
	unit_check(strlen(name) == len && len >= 1 && len <= NAME_LIMIT, "%s: tag %u: length %zu",
		   row, tag, len);
	unit_check(name[0] != '.', "%s: tag %u: begins with a dot: %s", row, tag, name);
	unit_check(strspn(name, allowed_bytes) == len, "%s: tag %u: forbidden bytes: %s", row, tag,
		   name);
}

/* What "the same tag" means: the words that count, and the ordinal. */
static void check_ordinals(const struct catalog *catalog, const char *row)
{
	g_autoptr(GHashTable) last = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (uint32_t i = 0; i < catalog->count; i++) {
		const struct tag *tag = &catalog->tags[i];
		char *key = g_strdup_printf("%u %" G_GUINT64_FORMAT " %u %u", tag->path, tag->line,
					    tag->module, tag->function);
		uint32_t before = GPOINTER_TO_UINT(g_hash_table_lookup(last, key));

		unit_check(tag->ordinal == before + 1, "%s: tag %u: ordinal %u behind %u", row, i,
			   tag->ordinal, before);
		g_hash_table_replace(last, key, GUINT_TO_POINTER(tag->ordinal));
	}
}

static void check_names(const struct catalog *catalog, const char *row)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (uint32_t i = 0; i < catalog->count; i++) {
		uint32_t path = catalog->tags[i].path;
		char name[NAME_SIZE];
		size_t len = catalog_tag_name(catalog, i, CATALOG_FLAT, name);

		check_form(name, len, row, i);
		unit_check(g_hash_table_add(seen, g_strdup(name)), "%s: tag %u: a second %s", row,
			   i, name);
		unit_check(catalog_find_flat(catalog, (struct span){name, len}) == i,
			   "%s: tag %u is not found by %s", row, i, name);
		len = catalog_tag_name(catalog, i, CATALOG_IN_FILE, name);
		check_form(name, len, row, i);
		/* No '/' in a name, so the two do not run together. */
		unit_check(g_hash_table_add(seen, g_strdup_printf("%u/%s", path, name)),
			   "%s: tag %u: a second %s in its file", row, i, name);
		unit_check(catalog_find_in_file(catalog, path, (struct span){name, len}) == i,
			   "%s: tag %u is not found by %s in its file", row, i, name);
	}
}

/* A name for each path, too: what the flat names are made from. */
static void check_components(const struct catalog *catalog, const char *row)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (uint32_t i = 1; i < catalog->path_count; i++) {
		const struct path *path = &catalog->paths[i];

		check_form(path->name, strlen(path->name), row, i);
		unit_check(!strchr(path->name, ','), "%s: a comma in %s", row, path->name);
		if (path->own == 0)
			continue;
		check_form(path->flat, strlen(path->flat), row, i);
		unit_check(g_hash_table_add(seen, (gpointer)path->flat), "%s: a second %s", row,
			   path->flat);
	}
	for (uint32_t i = 0; i < catalog->modules.count; i++)
		check_form(catalog->modules.list[i].name, strlen(catalog->modules.list[i].name),
			   row, i);
	for (uint32_t i = 0; i < catalog->functions.count; i++)
		check_form(catalog->functions.list[i].name, strlen(catalog->functions.list[i].name),
			   row, i);
}

static void check_within(const struct catalog *catalog, GRand *random, const char *row)
{
	for (int i = 0; i < 20000; i++) {
		uint32_t tag = (uint32_t)g_rand_int_range(random, 0, (gint32)catalog->count);
		uint32_t path = catalog->tags[tag].path;
		uint32_t above = (uint32_t)g_rand_int_range(random, 0, (gint32)catalog->path_count);

		/* Half of them are. */
		if (g_rand_boolean(random))
			for (above = path; above != 0 && g_rand_boolean(random);)
				above = catalog->paths[above].parent;
		unit_check(catalog_path_within(catalog, path, above) ==
				   unit_path_within(catalog, path, above),
			   "%s: path %u within path %u", row, path, above);
	}
}

static void check_all(const struct catalog *catalog, GRand *random, const char *row)
{
	unit_check_catalog(catalog, row);
	check_ordinals(catalog, row);
	check_components(catalog, row);
	check_within(catalog, random, row);
	check_names(catalog, row);
}

static char long_a[301], long_b[301], long_slashes[301], long_wild[301];

static void make_long_words(void)
{
	memset(long_a, 'a', 300);
	memset(long_b, 'a', 300);
	long_b[0] = 'b';
	for (size_t i = 0; i < 300; i++) {
		long_slashes[i] = i % 2 ? '/' : 'a';
		long_wild[i] = '\xfe';
	}
}

static const char *const files[] = {
	"a",	   "a.c",   "./a.c",	 "x/../a.c", "a,b",  "a/b",	  "a",		"b",
	"/",	   "//",    "",		 ".",	     "..",   "...",	  "../a",	".a",
	"%",	   "%2C",   "%00",	 "top",	     "live", "by-file/x", "top/x",	"%74op",
	" ",	   "a b",   "[a]",	 "a [b]",    "a:1",  "\x01",	  "\x7f",	"\xff\xfe",
	"\xc3(",   "\n",    "mm/slub.c", "vmlinux",  long_a, long_b,	  long_slashes, long_wild,
	"a/b/c/d", "a/b/c", "a,1",	 "a/1",	     "1",    "1/2",	  "a/1/f",	"a/1/f/2",
};

static const char *const functions[] = {
	"f",	 "g",	    "",
	"f,2",	 "f,m",	    "vmlinux",
	".",	 "..",	    ".f",
	"/",	 "%",	    "%00",
	" ",	 "\x02",    "\xff",
	"\xc3(", "\n",	    long_a,
	long_b,	 long_wild, "f.constprop.0",
	"[f]",	 "func:f",  "alloc_slab_page",
};

static const char *const modules[] = {
	NULL,  NULL,  NULL, "m",    "n",    "",	    "vmlinux", "%76mlinux",
	"xfs", "m,2", "2",  "3",    "f",    ".",    "..",      "/",
	"[m]", "m]",  " ",  "\x03", "\xff", long_a, long_b,    long_wild,
};

static const uint64_t lines[] = {1, 1, 1, 2, 3, 10, UINT64_MAX};

static const char *pick(GRand *random, const char *const *list, size_t count)
{
	return list[g_rand_int_range(random, 0, (gint32)count)];
}

static struct span pick_word(GRand *random, const char *const *list, size_t count)
{
	const char *word = pick(random, list, count);

	return word ? span_of(word) : (struct span){NULL, 0};
}

/* One piece, or some joined by slashes. */
static GString *pick_file(GRand *random)
{
	GString *file = g_string_new(pick(random, files, G_N_ELEMENTS(files)));

	while (g_rand_int_range(random, 0, 3) == 0) {
		g_string_append_c(file, '/');
		g_string_append(file, pick(random, files, G_N_ELEMENTS(files)));
	}
	return file;
}

static void add(struct catalog_build *build, struct text_site site)
{
	catalog_build_add(build, &site);
	g_free((char *)site.site.at);
}

static struct catalog *generate(GRand *random)
{
	struct catalog_build *build = catalog_build_begin();

	for (int i = 0; i < TAGS; i++) {
		g_autoptr(GString) file = pick_file(random);
		uint64_t line = lines[g_rand_int_range(random, 0, G_N_ELEMENTS(lines))];
		struct span module = pick_word(random, modules, G_N_ELEMENTS(modules));
		struct span function = pick_word(random, functions, G_N_ELEMENTS(functions));
		/* A run of the same, as inline functions in headers give it. */
		int times = g_rand_int_range(random, 0, 20) == 0 ? 12 : 1;

		for (int t = 0; t < times; t++)
			add(build,
			    unit_site((struct span){file->str, file->len}, line, module, function));
	}
	return catalog_build_finish(build);
}

static void test_generated(void **state)
{
	(void)state;
	for (guint32 seed = SEED; seed < SEED + 3; seed++) {
		g_autoptr(GRand) random = g_rand_new_with_seed(seed);
		g_autofree char *row = g_strdup_printf("seed %u", seed);
		struct catalog *catalog = generate(random);

		assert_in_range(catalog->count, TAGS, 2 * TAGS);
		check_all(catalog, random, row);
		catalog_unref(catalog);
	}
}

/* Two tags whose words, joined by commas, are the same text. */
static const struct {
	const char *name;
	const char *sites[3];
} joined[] = {
	{"a path that ends in a number", {"x/1:2 func:f", "x:1 [f] func:2"}},
	{"a module that is a number", {"x:1 [2] func:f", "x/1:2 func:f"}},
	{"an ordinal or a module", {"x/5:5 [2] func:5", "x:5 [5] func:5"}},
	{"a function that is a number", {"x/1:2 func:3", "x:1 [3] func:2"}},
	{"a comma in a function", {"x:1 func:f,m", "x:1 [m] func:f"}},
	{"a comma in a path", {"x,1:2 func:f", "x/1:2 func:f"}},
	{"a path escaped by hand", {"x%2C1:2 func:f", "x,1:2 func:f"}},
	{"a function and a module", {"x/1/f:2 func:g", "x:1 [2,g] func:f"}},
	{"the built-in module's name", {"x:1 [vmlinux] func:f", "x:1 func:f"}},
	{"nothing and its name", {"x:1 func:", "x:1 func:%00"}},
	{"no path and its name", {"..:1 func:f", "%00:1 func:f"}},
};

static void test_joined(void **state)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(SEED);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(joined); i++) {
		struct catalog *catalog = unit_catalog(joined[i].sites);

		check_all(catalog, random, joined[i].name);
		catalog_unref(catalog);
	}
}

/* The second of equal tags of x:5 [5] func:5 is called x,5,5,5,2: what else may be? */
static void test_joined_ordinal(void **state)
{
	static const char *const sites[] = {"x:5 [5] func:5", "x:5 [5] func:5", "x/5:5 [2] func:5",
					    "x/5/5:5 func:2", NULL};
	g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
	struct catalog *catalog = unit_catalog(sites);

	(void)state;
	check_all(catalog, random, "ordinals");
	catalog_unref(catalog);
}

/* Numbers as words of every kind: whatever is joined may read like something else. */
static void test_numbers_as_words(void **state)
{
	static const char *const digits[] = {"1", "2", "x", "f"};
	g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
	struct catalog_build *build = catalog_build_begin();
	struct catalog *catalog;

	(void)state;
	for (int i = 0; i < TAGS; i++) {
		g_autoptr(GString) file = g_string_new(pick(random, digits, 4));
		uint64_t line = (uint64_t)g_rand_int_range(random, 1, 3);
		struct span function = span_of(pick(random, digits, 4)), module = {NULL, 0};

		for (int more = g_rand_int_range(random, 0, 4); more > 0; more--)
			g_string_append_printf(file, "/%s", pick(random, digits, 4));
		if (g_rand_boolean(random))
			module = span_of(pick(random, digits, 4));
		add(build, unit_site((struct span){file->str, file->len}, line, module, function));
	}
	catalog = catalog_build_finish(build);
	check_all(catalog, random, "numbers");
	catalog_unref(catalog);
}

static void check_listing(const char *name)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
	struct sample_reader *reader = sample_reader_begin(NULL);
	struct sample *sample;
	size_t len;
	g_autofree char *text = unit_read_data(name, &len);

	sample_reader_feed(reader, (struct span){text, len});
	unit_check(sample_reader_finish(reader, (struct timespec){0, 0}, &sample) == 0,
		   "%s cannot be read", name);
	check_all(sample->catalog, random, name);
	sample_unref(sample);
}

static void test_listings(void **state)
{
	(void)state;
	check_listing("allocinfo-a.txt");
	check_listing("allocinfo-b.txt");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generated),      cmocka_unit_test(test_joined),
		cmocka_unit_test(test_joined_ordinal), cmocka_unit_test(test_numbers_as_words),
		cmocka_unit_test(test_listings),
	};

	make_long_words();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
