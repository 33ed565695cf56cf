/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Generated listings and paths: see generate.h. */
#include "generate.h"

#include <inttypes.h>
#include "tree.h"

#define PICK(random, list) (list)[g_rand_int_range(random, 0, (gint32)G_N_ELEMENTS(list))]
#define TEN "x123456789"

/* 62 bytes of a path, and of a word; what stands in front makes names of 63, 64, 65 and 130. */
#define PATH_62 TEN "/" TEN "/" TEN "/" TEN "/12345" TEN "a.c"
#define WORD_62 TEN TEN TEN TEN TEN TEN "ab"
#define MORE_65 TEN TEN TEN TEN TEN TEN "_more"

static const char *const files[] = {
	"mm/slub.c",
	"./mm/slub.c",
	"mm/../mm/slub.c",
	"x/../mm/slub.c",
	"kernel/../mm/./slub.c",
	"mm/memory.c",
	"a/b.c",
	"./a/b.c",
	"a/x/../b.c",
	"include/net/tcp.h",
	"./include/net/tcp.h",
	"././include/net/tcp.h",
	"fs/both",
	"fs/both/in.c",
	PATH_62,
	"/" PATH_62,
	"1/" PATH_62,
	"2/" PATH_62,
	"a1/" PATH_62,
	"b1/" PATH_62,
	MORE_65 "11/" PATH_62,
	MORE_65 "21/" PATH_62,
};
static const char *const words[] = {
	"alloc",
	"get",
	"live",
	WORD_62,
	"1" WORD_62,
	"11" WORD_62,
	"21" WORD_62,
	"a11" WORD_62,
	MORE_65 "121" WORD_62,
	MORE_65 "321" WORD_62,
};
static const char *const modules[] = {
	NULL,	NULL,	     NULL,	   "",		 "xfs",
	"ext4", "1" WORD_62, "11" WORD_62, "21" WORD_62, MORE_65 "11" WORD_62};
static const uint64_t lines[] = {1, 5, 10, 2478, UINT64_MAX};
static const int64_t edges[] = {0,    0,    0,	  0,	 1,	  -1,	     2,	       4095,
				4096, 4096, 4097, -4096, 1 << 20, INT64_MAX, INT64_MIN};
static const uint64_t limits[] = {
	0, 1, 1, 2, 4096, 4097, 1 << 20, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};
static const uint64_t ranks[] = {1, 2, 3, 5, 10, 40, UINT64_MAX};
static const char *const tails[] = {"", "", "", "", " node:0", " node:1 zone:dma"};

int64_t generate_edge(GRand *random)
{
	return PICK(random, edges);
}

/* The words of one in three are those of a tag before it. */
static struct fake_tag generate_tag(GRand *random, const struct fake_kernel *kernel)
{
	struct fake_tag tag;

	if (kernel->tags->len > 0 && g_rand_int_range(random, 0, 3) == 0) {
		gint32 like = g_rand_int_range(random, 0, (gint32)kernel->tags->len);

		tag = *fake_kernel_tag(kernel, (size_t)like);
	} else {
		tag.file = (char *)PICK(random, files);
		tag.module = (char *)PICK(random, modules);
		tag.function = (char *)PICK(random, words);
		tag.line = PICK(random, lines);
	}
	tag.bytes = PICK(random, edges);
	tag.calls = (uint64_t)PICK(random, edges);
	tag.accurate = g_rand_int_range(random, 0, 4) > 0;
	tag.tail = PICK(random, tails);
	return tag;
}

void generate_listing(GRand *random, struct fake_kernel *kernel, guint most)
{
	guint count = (guint)g_rand_int_range(random, 1, (gint32)most + 1);

	for (guint i = 0; i < count; i++) {
		struct fake_tag tag = generate_tag(random, kernel);

		fake_kernel_add(kernel, &tag);
	}
	fake_kernel_write(kernel);
}

/* The source file of a tag, or a directory above it. */
static void append_path(GRand *random, const struct catalog *catalog, uint32_t number,
			GString *path)
{
	while (number != 0 && g_rand_int_range(random, 0, 4) == 0)
		number = catalog->paths[number].parent;
	if (number != 0)
		g_string_append_c(path, '/');
	tree_describe_path(catalog, number, path);
}

/* Behind the name of a filter its value; names are those of one tag, so that they meet. */
static void append_value(GRand *random, const struct catalog *catalog, uint32_t tag,
			 enum filter_id filter, GString *path)
{
	const struct tag *like = &catalog->tags[tag];
	const char *module = catalog->modules.list[like->module].name;
	const char *function = catalog->functions.list[like->function].name;

	switch (filter_get(filter)->value) {
	case VALUE_NONE: break;
	case VALUE_PATH: append_path(random, catalog, like->path, path); break;
	case VALUE_WORD:
		g_string_append_printf(path, "/%s", filter == FILTER_MODULE ? module : function);
		break;
	case VALUE_LINE: g_string_append_printf(path, "/%" PRIu64, like->line); break;
	case VALUE_RANK: g_string_append_printf(path, "/%" PRIu64, PICK(random, ranks)); break;
	default: g_string_append_printf(path, "/%" PRIu64, PICK(random, limits)); break;
	}
}

/* A filter that is not in the path yet. */
static enum filter_id pick_filter(GRand *random, uint32_t *used)
{
	static const enum filter_id filters[] = {
		FILTER_FILE,	   FILTER_FILE,	     FILTER_FILE, FILTER_MODULE,    FILTER_MODULE,
		FILTER_FUNCTION,   FILTER_FUNCTION,  FILTER_LINE, FILTER_MIN_SIZE,  FILTER_MIN_SIZE,
		FILTER_MAX_SIZE,   FILTER_MIN_CALLS, FILTER_LIVE, FILTER_MAX_CALLS, FILTER_ACCURATE,
		FILTER_INACCURATE, FILTER_ALL,	     FILTER_TOP,  FILTER_TOP_CALLS,
	};
	enum filter_id filter;

	do {
		filter = PICK(random, filters);
	} while (*used & (1u << filter));
	*used |= 1u << filter;
	return filter;
}

/* The file that a path ends with: of the tag, of its place, or of the set. */
static void append_file(GRand *random, const struct catalog *catalog, uint32_t tag, uint32_t used,
			bool in_file, GString *path)
{
	bool ranked = used & (1u << FILTER_TOP | 1u << FILTER_TOP_CALLS);
	char name[NAME_SIZE];

	switch (g_rand_int_range(random, 0, 6)) {
	case 0:
		catalog_tag_name(catalog, tag, in_file ? CATALOG_IN_FILE : CATALOG_FLAT, name);
		g_string_append_printf(path, "/%s%s", ranked ? "001," : "", name);
		break;
	case 1:
		if (in_file)
			g_string_append_printf(path, ":%" PRIu64, catalog->tags[tag].line);
		break;
	case 2: g_string_append_printf(path, "/at/%d", g_rand_int_range(random, 0, 4)); break;
	case 3: g_string_append(path, "/.total"); break;
	default: break;
	}
}

char *generate_path(GRand *random, const struct catalog *catalog)
{
	uint32_t tag = (uint32_t)g_rand_int_range(random, 0, (gint32)catalog->count);
	gint32 steps = g_rand_int_range(random, 1, 5);
	enum filter_id filter = FILTER_ALL;
	GString *path = g_string_new(NULL);
	uint32_t used = 0;

	while (steps-- > 0) {
		filter = pick_filter(random, &used);
		g_string_append_printf(path, "%s%s", path->len > 0 ? "/" : "",
				       filter_get(filter)->name);
		append_value(random, catalog, tag, filter, path);
	}
	append_file(random, catalog, tag, used, filter == FILTER_FILE, path);
	return g_string_free(path, FALSE);
}
