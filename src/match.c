/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matching the tags of two catalogs: see match.h. */
#include "match.h"

#include "hash.h"

/* The tags of a group in one catalog, in listing order, linked by side->next. */
struct chain {
	uint32_t first, last, count;
};

struct group {
	struct text_site site; /* of one of its tags; the line is not looked at */
	struct chain now, then;
};

/* One of the two catalogs. */
struct side {
	const struct catalog *catalog;
	uint32_t *next; /* by tag: the next one of its group, or CATALOG_NONE */
};

struct matching {
	struct side now, then;
	GArray *groups; /* struct group */
	struct index index;
	struct match *match;
	uint8_t *taken; /* by tag of then */
};

static uint64_t hash_group(const struct text_site *site)
{
	uint64_t hash = hash_bytes(hash_seed(), site->file.at, site->file.len);

	hash = hash_bytes(hash, site->function.at, site->function.len);
	if (site->module.at)
		hash = hash_bytes(hash + 1, site->module.at, site->module.len);
	return hash;
}

static bool is_group_of(const void *groups, uint32_t number, const void *key)
{
	const struct text_site *a = &g_array_index((GArray *)groups, struct group, number).site;
	const struct text_site *b = key;

	return span_equal(a->file, b->file) && span_equal(a->function, b->function) &&
	       !a->module.at == !b->module.at && span_equal(a->module, b->module);
}

static struct group *group_of(struct matching *matching, const struct text_site *site)
{
	uint64_t hash = hash_group(site);
	uint32_t number = index_find(&matching->index, hash, is_group_of, matching->groups, site);
	struct chain none = {CATALOG_NONE, CATALOG_NONE, 0};
	struct group group = {*site, none, none};

	if (number == INDEX_NONE) {
		number = matching->groups->len;
		g_array_append_val(matching->groups, group);
		index_add(&matching->index, hash, number);
	}
	return &g_array_index(matching->groups, struct group, number);
}

static void append(struct side *side, struct chain *chain, uint32_t tag)
{
	side->next[tag] = CATALOG_NONE;
	if (chain->count++ == 0)
		chain->first = tag;
	else
		side->next[chain->last] = tag;
	chain->last = tag;
}

static void sort_into_groups(struct matching *matching)
{
	struct text_site site;

	for (uint32_t i = 0; i < matching->now.catalog->count; i++) {
		catalog_site(matching->now.catalog, i, &site);
		append(&matching->now, &group_of(matching, &site)->now, i);
	}
	for (uint32_t i = 0; i < matching->then.catalog->count; i++) {
		catalog_site(matching->then.catalog, i, &site);
		append(&matching->then, &group_of(matching, &site)->then, i);
	}
}

static uint64_t line_now(const struct matching *matching, uint32_t tag)
{
	return matching->now.catalog->tags[tag].line;
}

static uint64_t line_then(const struct matching *matching, uint32_t tag)
{
	return matching->then.catalog->tags[tag].line;
}

static void take(struct matching *matching, uint32_t now, uint32_t then)
{
	matching->match->then[now] = then;
	matching->taken[then] = 1;
	matching->match->guessed += line_now(matching, now) != line_then(matching, then);
}

static int by_line(const void *a, const void *b, void *catalog)
{
	const struct tag *tags = ((const struct catalog *)catalog)->tags;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (tags[x].line != tags[y].line)
		return tags[x].line < tags[y].line ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* The tags of a chain by line, equal ones in listing order. */
static GArray *sorted_by_line(const struct side *side, const struct chain *chain)
{
	GArray *tags = g_array_sized_new(FALSE, FALSE, sizeof(uint32_t), chain->count);

	for (uint32_t tag = chain->first; tag != CATALOG_NONE; tag = side->next[tag])
		g_array_append_val(tags, tag);
	g_array_sort_with_data(tags, by_line, (void *)side->catalog);
	return tags;
}

static void match_lines(struct matching *matching, const struct group *group)
{
	g_autoptr(GArray) now = sorted_by_line(&matching->now, &group->now);
	g_autoptr(GArray) then = sorted_by_line(&matching->then, &group->then);
	guint i = 0, j = 0;

	while (i < now->len && j < then->len) {
		uint32_t a = g_array_index(now, uint32_t, i);
		uint32_t b = g_array_index(then, uint32_t, j);

		if (line_now(matching, a) == line_then(matching, b))
			take(matching, a, b);
		i += line_now(matching, a) <= line_then(matching, b);
		j += line_now(matching, a) >= line_then(matching, b);
	}
}

/* What nothing has been found for yet, in the order of the listing. */
static void match_rest(struct matching *matching, const struct group *group)
{
	uint32_t now = group->now.first, then = group->then.first;

	for (; now != CATALOG_NONE; now = matching->now.next[now]) {
		if (matching->match->then[now] != CATALOG_NONE)
			continue;
		while (then != CATALOG_NONE && matching->taken[then])
			then = matching->then.next[then];
		if (then == CATALOG_NONE)
			return;
		take(matching, now, then);
	}
}

static void match_group(struct matching *matching, const struct group *group)
{
	if (group->now.count != group->then.count)
		match_lines(matching, group);
	match_rest(matching, group);
}

static void list_gone(struct matching *matching)
{
	struct match *match = matching->match;
	uint32_t count = matching->then.catalog->count;

	for (uint32_t i = 0; i < count; i++)
		match->gone_count += !matching->taken[i];
	match->gone = g_new(uint32_t, (size_t)match->gone_count + 1);
	for (uint32_t i = 0, at = 0; i < count; i++)
		if (!matching->taken[i])
			match->gone[at++] = i;
}

struct match *match_new(const struct catalog *now, const struct catalog *then)
{
	struct match *match = g_new0(struct match, 1);
	struct matching matching = {
		.now = {now, g_new(uint32_t, (size_t)now->count + 1)},
		.then = {then, g_new(uint32_t, (size_t)then->count + 1)},
		.groups = g_array_new(FALSE, FALSE, sizeof(struct group)),
		.match = match,
		.taken = g_new0(uint8_t, (size_t)then->count + 1),
	};

	match->then = g_new(uint32_t, (size_t)now->count + 1);
	memset(match->then, 0xff, now->count * sizeof(*match->then));
	sort_into_groups(&matching);
	for (guint i = 0; i < matching.groups->len; i++)
		match_group(&matching, &g_array_index(matching.groups, struct group, i));
	list_gone(&matching);
	g_array_free(matching.groups, TRUE);
	index_clear(&matching.index);
	g_free(matching.now.next);
	g_free(matching.then.next);
	g_free(matching.taken);
	return match;
}

void match_free(struct match *match)
{
	if (!match)
		return;
	g_free(match->then);
	g_free(match->gone);
	g_free(match);
}
