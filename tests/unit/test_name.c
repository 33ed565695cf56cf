/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that names hold allowed bytes only, that different words have different names, that long
 * ones are shortened to the limit and no name passes for a shortened one, and how paths are split.
 */
#include "unit.h"

#include "name.h"

#define SEED 20260802
#define KEPT (NAME_LIMIT - 25) /* of a long name; in front 24 digits and a '+' */

static const char plain_bytes[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-";
static const char allowed_bytes[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-%";

static void check_component(struct span words, bool escape_first, struct span wanted)
{
	/* No NUL behind the words, so that a read beyond them shows. */
	g_autofree char *copy = g_memdup2(words.at, words.len);
	g_autofree char *row = unit_show(words);
	char name[NAME_SIZE];
	size_t len;

	memset(name, '#', sizeof(name));
	len = name_component((struct span){copy, words.len}, escape_first, name);
	unit_check_text((struct span){name, len}, wanted, row, "the name");
	unit_check(name[len] == '\0', "%s: the NUL is missing", row);
}

static const struct row {
	const char *words;
	bool escape_first;
	const char *name;
} rows[] = {
	{"", false, "%00"},
	{"", true, "%00"},
	{"alloc_slab_page", false, "alloc_slab_page"},
	{"slub.c", false, "slub.c"},
	{"a.b+c-d_e", false, "a.b+c-d_e"},
	{".", false, "%2E"},
	{"..", false, "%2E."},
	{"...", false, "%2E.."},
	{".hidden", false, "%2Ehidden"},
	{".hidden", true, "%2Ehidden"},
	{"-rf", false, "-rf"},
	{"top", true, "%74op"},
	{"top", false, "top"},
	{"vmlinux", true, "%76mlinux"},
	{"%00", false, "%2500"},
	{"%74op", false, "%2574op"},
	{"%", true, "%25"},
	{"a,b", false, "a%2Cb"},
	{"a/b", false, "a%2Fb"},
	{"a b\n", false, "a%20b%0A"},
	{"a:1", false, "a%3A1"},
	{"\xc3\xa4", false, "%C3%A4"},
	{"\xff\x80\x7f", false, "%FF%80%7F"},
	{"foo.constprop.0.isra.1", false, "foo.constprop.0.isra.1"},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check_component(span_of(rows[i].words), rows[i].escape_first,
				span_of(rows[i].name));
}

/* Each byte first, and second. */
static void test_each_byte(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		char first[2] = {(char)byte, 'x'}, second[2] = {'x', (char)byte};
		g_autofree char *escaped = g_strdup_printf("%%%02X", (unsigned int)byte);
		bool plain = byte != 0 && strchr(plain_bytes, byte);
		g_autofree char *as_is = plain ? g_strdup_printf("%c", byte) : g_strdup(escaped);
		g_autofree char *hidden = g_strconcat(byte == '.' ? escaped : as_is, "x", NULL);
		g_autofree char *reserved = g_strconcat(escaped, "x", NULL);
		g_autofree char *behind = g_strconcat("x", as_is, NULL);
		g_autofree char *reserved_x = g_strconcat("%78", as_is, NULL);

		check_component((struct span){first, 2}, false, span_of(hidden));
		check_component((struct span){first, 2}, true, span_of(reserved));
		check_component((struct span){second, 2}, false, span_of(behind));
		check_component((struct span){second, 2}, true, span_of(reserved_x));
	}
}

/* The form of a long name, made by hand: 24 digits of SHA-256, '+', the end of the escaped name. */
static char *shortened(const char *escaped)
{
	g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, escaped, -1);

	return g_strdup_printf("%.24s+%s", digest, escaped + strlen(escaped) - KEPT);
}

static const struct long_row {
	const char *name;
	const char *unit; /* repeated ... */
	size_t times;
	const char *last; /* ... and this behind it */
	const char *escaped_unit;
	const char *escaped_last;
	bool is_shortened;
} long_rows[] = {
	{"239", "a", 238, "z", "a", "z", false},
	{"240", "a", 239, "z", "a", "z", false},
	{"241", "a", 240, "z", "a", "z", true},
	{"300", "a", 299, "z", "a", "z", true},
	{"80 escapes", "/", 80, "", "%2F", "", false},
	{"80 escapes and a byte", "/", 80, "x", "%2F", "x", true},
	{"79 escapes and three bytes", "/", 79, "xyz", "%2F", "xyz", false},
	{"81 escapes", "\xff", 81, "", "%FF", "", true},
	{"720 escaped", "\xff", 240, "", "%FF", "", true},
	{"723 escaped", "\xff", 241, "", "%FF", "", true},
	{"long", "abc/", 20000, "end", "abc%2F", "end", true},
};

static char *repeat(const char *unit, size_t times, const char *last)
{
	GString *text = g_string_new(NULL);

	for (size_t i = 0; i < times; i++)
		g_string_append(text, unit);
	g_string_append(text, last);
	return g_string_free(text, FALSE);
}

static void test_limit(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(long_rows); i++) {
		const struct long_row *row = &long_rows[i];
		g_autofree char *words = repeat(row->unit, row->times, row->last);
		g_autofree char *escaped = repeat(row->escaped_unit, row->times, row->escaped_last);
		g_autofree char *wanted =
			row->is_shortened ? shortened(escaped) : g_strdup(escaped);
		char name[NAME_SIZE], again[NAME_SIZE];
		size_t len = name_component(span_of(words), false, name);

		unit_check_text((struct span){name, len}, span_of(wanted), row->name, "the name");
		unit_check(len <= NAME_LIMIT, "%s: too long", row->name);
		len = name_shorten(span_of(escaped), again);
		unit_check_text((struct span){again, len}, span_of(wanted), row->name,
				"as name_shorten() has it");
		unit_check(again[len] == '\0', "%s: the NUL is missing", row->name);
	}
}

/* Words that are just what the name of longer words looks like get another name. */
static void test_looks_shortened(void **state)
{
	g_autofree char *words = repeat("a", 300, ""), *near = NULL;
	char first[NAME_SIZE], second[NAME_SIZE], third[NAME_SIZE];

	(void)state;
	name_component(span_of(words), false, first);
	unit_check_number(name_component(span_of(first), false, second), NAME_LIMIT, first,
			  "the length");
	unit_check(strcmp(first, second) != 0, "%s: the name of two words", first);
	name_component(span_of(second), false, third);
	unit_check(strcmp(third, first) != 0 && strcmp(third, second) != 0,
		   "%s: the name of two words", third);
	/* With a byte that is no digit in the hash, or one byte less, it does not look like that.
	 */
	near = g_strdup(first);
	near[3] = 'g';
	check_component(span_of(near), false, span_of(near));
	near[3] = 'a';
	near[NAME_LIMIT - 1] = '\0';
	check_component(span_of(near), false, span_of(near));
}

static GString *generate(GRand *random)
{
	static const char *const pieces[] = {"a",	 "b",  ",", "%",   "%2C",  "%00",
					     ".",	 "..", "/", " ",   "\x01", "\xff",
					     "\xc3\xa4", "0",  "+", "top", "\n"};
	GString *words = g_string_new(NULL);
	int count = g_rand_int_range(random, 0, g_rand_boolean(random) ? 4 : 30);

	for (int i = 0; i < count; i++)
		g_string_append(words, pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
	if (g_rand_int_range(random, 0, 4) == 0)
		for (int i = g_rand_int_range(random, 200, 260); i > 0; i--)
			g_string_append_c(words, g_rand_boolean(random) ? 'a' : 'b');
	return words;
}

static void check_form(const char *name, size_t len, const char *row)
{
	unit_check(len >= 1 && len <= NAME_LIMIT && strlen(name) == len, "seed %d: %s: length %zu",
		   SEED, row, len);
	unit_check(name[0] != '.', "seed %d: %s: begins with a dot", SEED, row);
	unit_check(strspn(name, allowed_bytes) == len, "seed %d: %s: forbidden bytes in %s", SEED,
		   row, name);
}

static void test_different_words(void **state)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
	g_autoptr(GHashTable) words_of =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

	(void)state;
	for (int i = 0; i < 40000; i++) {
		GString *words = generate(random);
		g_autofree char *row = unit_show((struct span){words->str, words->len});
		const char *before;
		char name[NAME_SIZE];

		check_form(name, name_component((struct span){words->str, words->len}, false, name),
			   row);
		before = g_hash_table_lookup(words_of, name);
		unit_check(!before || strcmp(before, words->str) == 0,
			   "seed %d: %s: its name %s is that of other words", SEED, row, name);
		g_hash_table_insert(words_of, g_strdup(name), g_string_free(words, FALSE));
	}
	/* Or nothing has been compared. */
	assert_in_range(g_hash_table_size(words_of), 10000, 39999);
}

static const struct {
	const char *path;
	const char *components; /* each with a '|' behind it */
} paths[] = {
	{"", ""},
	{"/", ""},
	{"///", ""},
	{".", ""},
	{"./", ""},
	{"./.", ""},
	{"a", "a|"},
	{"/a", "a|"},
	{"a/", "a|"},
	{"a//b", "a|b|"},
	{"./a/./b/.", "a|b|"},
	{"././common/inc/nv-linux.h", "common|inc|nv-linux.h|"},
	{"drivers/iommu/amd/../iommu-pages.h", "drivers|iommu|amd|..|iommu-pages.h|"},
	{"..", "..|"},
	{"../../a", "..|..|a|"},
	{"...", "...|"},
	{".a/b.", ".a|b.|"},
	{" /\n", " |\n|"},
};

static void test_next_component(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		size_t len = strlen(paths[i].path);
		g_autofree char *text = g_memdup2(paths[i].path, len);
		struct span rest = {text, len}, component;
		g_autoptr(GString) got = g_string_new(NULL);

		while (name_next_component(&rest, &component)) {
			g_string_append_len(got, component.at, (gssize)component.len);
			g_string_append_c(got, '|');
		}
		unit_check_text(span_of(got->str), span_of(paths[i].components), paths[i].path,
				"the list of components");
		unit_check_number(rest.len, 0, paths[i].path, "what is left");
		unit_check(!name_next_component(&rest, &component), "%s: more behind the end",
			   paths[i].path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_each_byte),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_looks_shortened),
		cmocka_unit_test(test_different_words),
		cmocka_unit_test(test_next_component),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
