/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which tag of one catalog is which of another: a table of pairs; the same for generated pairs
 * against the rules said in another way, by looking at every two tags; and that moving all lines
 * leaves no difference.
 */
#include "unit.h"

#include "match.h"

enum { SEED = 20261121, PAIRS = 400, TAGS_MAX = 24, MOVED = 3000 };

#define NONE "-"

static const struct {
	const char *name;
	const char *then[8], *now[8]; /* NULL ends them */
	const char *wanted; /* by tag of now: the tag of then */
	uint32_t gone, guessed;
} pairs[] = {
	{"the same",
	 {"a.c:1 func:f", "b.c:1 func:f"},
	 {"a.c:1 func:f", "b.c:1 func:f"},
	 "0 1",
	 0,
	 0},
	{"in another order",
	 {"a.c:1 func:f", "b.c:1 func:f"},
	 {"b.c:1 func:f", "a.c:1 func:f"},
	 "1 0",
	 0,
	 0},
	{"new and gone", {"a.c:1 func:f"}, {"b.c:1 func:f"}, NONE, 1, 0},
	{"moved", {"a.c:1 func:f"}, {"a.c:9 func:f"}, "0", 0, 1},
	{"moved by the distance of two",
	 {"a.c:10 func:f", "a.c:17 func:f"},
	 {"a.c:17 func:f", "a.c:24 func:f"},
	 "0 1",
	 0,
	 2},
	{"one more: equal lines first",
	 {"a.c:10 func:f", "a.c:20 func:f", "a.c:30 func:f"},
	 {"a.c:10 func:f", "a.c:25 func:f", "a.c:30 func:f", "a.c:40 func:f"},
	 "0 1 2 -",
	 0,
	 1},
	{"one less: equal lines first",
	 {"a.c:10 func:f", "a.c:20 func:f", "a.c:30 func:f"},
	 {"a.c:20 func:f", "a.c:31 func:f"},
	 "1 0",
	 1,
	 1},
	{"duplicates",
	 {"x.h:5 func:g", "x.h:5 func:g"},
	 {"x.h:5 func:g", "x.h:5 func:g"},
	 "0 1",
	 0,
	 0},
	{"a duplicate less",
	 {"x.h:5 func:g", "x.h:5 func:g", "x.h:5 func:g"},
	 {"x.h:5 func:g"},
	 "0",
	 2,
	 0},
	{"a duplicate more", {"x.h:5 func:g"}, {"x.h:5 func:g", "x.h:5 func:g"}, "0 -", 0, 0},
	{"another module", {"a.c:1 [m] func:f"}, {"a.c:1 [n] func:f"}, NONE, 1, 0},
	{"built in now", {"a.c:1 [m] func:f"}, {"a.c:1 func:f"}, NONE, 1, 0},
	{"another function", {"a.c:1 func:f"}, {"a.c:1 func:g"}, NONE, 1, 0},
	{"another spelling", {"a/../b.c:1 func:f"}, {"b.c:1 func:f"}, NONE, 1, 0},
	{"words that run together", {"ab.c:1 func:f"}, {"a.c:1 func:bf"}, NONE, 1, 0},
	{"a reloaded module behind the others",
	 {"r.c:1 [r] func:h", "s.c:1 [s] func:h"},
	 {"s.c:1 [s] func:h", "r.c:1 [r] func:h"},
	 "1 0",
	 0,
	 0},
	{"nothing then", {NULL}, {"a.c:1 func:f"}, NONE, 0, 0},
	{"nothing now", {"a.c:1 func:f"}, {NULL}, "", 1, 0},
};

static char *show(const struct match *match, uint32_t count)
{
	GString *out = g_string_new(NULL);

	for (uint32_t i = 0; i < count; i++) {
		if (i > 0)
			g_string_append_c(out, ' ');
		if (match->then[i] == CATALOG_NONE)
			g_string_append(out, NONE);
		else
			g_string_append_printf(out, "%u", match->then[i]);
	}
	return g_string_free(out, FALSE);
}

static void test_pairs(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
		struct catalog *now = unit_catalog(pairs[i].now);
		struct catalog *then = unit_catalog(pairs[i].then);
		struct match *match = match_new(now, then);
		g_autofree char *got = show(match, now->count);

		unit_check_text(span_of(got), span_of(pairs[i].wanted), pairs[i].name, "matches");
		unit_check_number(match->gone_count, pairs[i].gone, pairs[i].name, "gone");
		unit_check_number(match->guessed, pairs[i].guessed, pairs[i].name, "guessed");
		match_free(match);
		catalog_unref(now);
		catalog_unref(then);
	}
}

/* Few words, so that they meet often. */
static struct catalog *generate(GRand *random)
{
	static const char *const modules[] = {"", " [m]"};
	const char *sites[TAGS_MAX + 1] = {NULL};
	gint32 count = g_rand_int_range(random, 0, TAGS_MAX + 1);
	struct catalog *catalog;

	for (gint32 i = 0; i < count; i++)
		sites[i] = g_strdup_printf("%c.c:%d%s func:%c", g_rand_int_range(random, 'a', 'c'),
					   g_rand_int_range(random, 1, 6),
					   modules[g_rand_int_range(random, 0, 2)],
					   g_rand_int_range(random, 'f', 'h'));
	catalog = unit_catalog(sites);
	for (gint32 i = 0; i < count; i++)
		g_free((char *)sites[i]);
	return catalog;
}

static bool is_one_group(const struct catalog *a, uint32_t x, const struct catalog *b, uint32_t y)
{
	struct text_site s, t;

	catalog_site(a, x, &s);
	catalog_site(b, y, &t);
	return span_equal(s.file, t.file) && span_equal(s.function, t.function) &&
	       span_equal(s.module, t.module);
}

/* How many tags in front of end are of the group of one, of that line too where line is not 0. */
static uint32_t count_group(const struct catalog *in, uint32_t end, const struct catalog *of,
			    uint32_t one, uint64_t line)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < end; i++)
		count += is_one_group(in, i, of, one) && (line == 0 || in->tags[i].line == line);
	return count;
}

/* Whether a tag has the counterpart at its own line, where its group has not as many in both. */
static bool is_exact(const struct catalog *mine, uint32_t tag, const struct catalog *other)
{
	uint64_t line = mine->tags[tag].line;

	return count_group(mine, tag, mine, tag, line) <
	       count_group(other, other->count, mine, tag, line);
}

/* The same place among those of the group that the rule is about. */
static bool belong(const struct catalog *now, uint32_t x, const struct catalog *then, uint32_t y)
{
	uint32_t before_x = 0, before_y = 0;
	uint64_t line = now->tags[x].line;

	if (!is_one_group(now, x, then, y))
		return false;
	if (count_group(now, now->count, now, x, 0) == count_group(then, then->count, now, x, 0))
		return count_group(now, x, now, x, 0) == count_group(then, y, now, x, 0);
	if (is_exact(now, x, then))
		return then->tags[y].line == line &&
		       count_group(now, x, now, x, line) == count_group(then, y, now, x, line);
	if (is_exact(then, y, now))
		return false;
	for (uint32_t i = 0; i < x; i++)
		before_x += is_one_group(now, i, now, x) && !is_exact(now, i, then);
	for (uint32_t i = 0; i < y; i++)
		before_y += is_one_group(then, i, now, x) && !is_exact(then, i, now);
	return before_x == before_y;
}

static void check_generated(const struct catalog *now, const struct catalog *then, int pair)
{
	struct match *match = match_new(now, then);
	uint32_t gone = 0, guessed = 0;

	for (uint32_t y = 0; y < then->count; y++) {
		bool matched = false;

		for (uint32_t x = 0; x < now->count; x++) {
			bool wanted = belong(now, x, then, y);

			matched = matched || wanted;
			guessed += wanted && now->tags[x].line != then->tags[y].line;
			unit_check((match->then[x] == y) == wanted,
				   "pair %d: %u of now and %u of then: %s", pair, x, y,
				   wanted ? "not matched" : "matched");
		}
		if (matched)
			continue;
		unit_check(gone < match->gone_count && match->gone[gone] == y,
			   "pair %d: %u of then is not gone", pair, y);
		gone++;
	}
	unit_check_number(match->gone_count, gone, "generated", "gone");
	unit_check_number(match->guessed, guessed, "generated", "guessed");
	match_free(match);
}

static void test_generated(void **state)
{
	GRand *random = g_rand_new_with_seed(SEED);

	(void)state;
	for (int i = 0; i < PAIRS; i++) {
		struct catalog *now = generate(random), *then = generate(random);

		check_generated(now, then, i);
		catalog_unref(now);
		catalog_unref(then);
	}
	g_rand_free(random);
}

static struct catalog *with_lines_at(uint32_t by)
{
	struct catalog_build *build = catalog_build_begin();

	for (uint32_t i = 0; i < MOVED; i++) {
		g_autofree char *file = g_strdup_printf("d%u/f%u.c", i % 7, i % 90);
		g_autofree char *function = g_strdup_printf("f%u", i % 300);
		struct text_site site =
			unit_site(span_of(file), i + by, span_of("m"), span_of(function));

		catalog_build_add(build, &site);
		g_free((char *)site.site.at);
	}
	return catalog_build_finish(build);
}

static void test_all_moved(void **state)
{
	struct catalog *now = with_lines_at(8), *then = with_lines_at(1);
	struct match *match = match_new(now, then);

	(void)state;
	for (uint32_t i = 0; i < MOVED; i++)
		unit_check_number(match->then[i], i, "moved", "tag");
	assert_int_equal(match->gone_count, 0);
	assert_int_equal(match->guessed, MOVED);
	match_free(match);
	catalog_unref(now);
	catalog_unref(then);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_generated),
		cmocka_unit_test(test_all_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
