/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves the names of tags, which spellings of a path meet, which ordinals tags get, and that all
 * lists of a catalog and all ways back from names agree. Names from outside:
 * test_catalog_hostile.c.
 */
#include "unit.h"

#include "filter.h"

static const struct tag_row {
	const char *site;
	const char *flat, *in_file;
	bool slab;
} tags[] = {
	{"mm/slub.c:2478 func:alloc_slab_page", "mm,slub.c,2478,alloc_slab_page",
	 "2478,alloc_slab_page", true},
	{"./mm/slub.c:2500 func:alloc_slab_page", "mm,slub.c,2500,alloc_slab_page",
	 "2500,alloc_slab_page", true},
	{"mm/slub.c:2478 func:kmalloc_large", "mm,slub.c,2478,kmalloc_large", "2478,kmalloc_large",
	 false},
	{"mm/slab.c:2478 func:alloc_slab_page", "mm,slab.c,2478,alloc_slab_page",
	 "2478,alloc_slab_page", false},
	{"slub.c:2478 func:alloc_slab_page", "slub.c,2478,alloc_slab_page", "2478,alloc_slab_page",
	 false},
	{"fs/xfs/xfs_buf.c:405 [xfs] func:xfs_buf_alloc", "fs,xfs,xfs_buf.c,405,xfs_buf_alloc,xfs",
	 "405,xfs_buf_alloc,xfs", false},
	{"fs/xfs/xfs_buf.c:405 [xfs] func:xfs_buf_alloc",
	 "fs,xfs,xfs_buf.c,405,xfs_buf_alloc,xfs,2", "405,xfs_buf_alloc,xfs,2", false},
	{"fs/xfs/xfs_buf.c:405 func:xfs_buf_alloc", "fs,xfs,xfs_buf.c,405,xfs_buf_alloc",
	 "405,xfs_buf_alloc", false},
	/* Spellings that meet share their ordinals. */
	{"./include/net/tcp.h:2548 func:f", "include,net,tcp.h,2548,f", "2548,f", false},
	{"include/net/tcp.h:2548 func:f", "include,net,tcp.h,2548,f,vmlinux,2", "2548,f,vmlinux,2",
	 false},
	{"././include/net/tcp.h:2548 func:f", "include,net,tcp.h,2548,f,vmlinux,3",
	 "2548,f,vmlinux,3", false},
	{"include/net/tcp.h:02548 func:f", "include,net,tcp.h,2548,f,vmlinux,4", "2548,f,vmlinux,4",
	 false},
	{"include/net/tcp.h:2548 [xfs] func:f", "include,net,tcp.h,2548,f,xfs", "2548,f,xfs",
	 false},
	{"./include/net/tcp.h:2548 [xfs] func:f", "include,net,tcp.h,2548,f,xfs,2", "2548,f,xfs,2",
	 false},
	{"include/net/tcp.h:2549 func:f", "include,net,tcp.h,2549,f", "2549,f", false},
	/* A module that is called as the built-in code is. */
	{"include/net/tcp.h:2548 [vmlinux] func:f", "include,net,tcp.h,2548,f,%76mlinux",
	 "2548,f,%76mlinux", false},
	{"include/net/tcp.h:2548 [vmlinux] func:f", "include,net,tcp.h,2548,f,%76mlinux,2",
	 "2548,f,%76mlinux,2", false},
	{"include/net/tcp.h:2548 [%76mlinux] func:f", "include,net,tcp.h,2548,f,%2576mlinux",
	 "2548,f,%2576mlinux", false},
	{"include/net/tcp.h:2548 [] func:f", "include,net,tcp.h,2548,f,%00", "2548,f,%00", false},
	/* A function of that name is nothing special. */
	{"a.c:1 func:vmlinux", "a.c,1,vmlinux", "1,vmlinux", false},
	{"a.c:1 func:", "a.c,1,%00", "1,%00", false},
	{"a.c:1 func:.f", "a.c,1,%2Ef", "1,%2Ef", false},
	{"my file, old.c:1 func:f", "my%20file%2C%20old.c,1,f", "1,f", false},
	{"top/x.c:1 func:f", "%74op,x.c,1,f", "1,f", false},
	{"by-file/live:1 func:f", "%62y-file,%6Cive,1,f", "1,f", false},
	{"%74op/x.c:1 func:f", "%2574op,x.c,1,f", "1,f", false},
	/* A file and a directory at once. */
	{"lib/x:1 func:f", "lib,x,1,f", "1,f", false},
	{"lib/x/y.c:1 func:f", "lib,x,y.c,1,f", "1,f", false},
	{"lib/x:18446744073709551615 func:f", "lib,x,18446744073709551615,f",
	 "18446744073709551615,f", false},
};

static struct catalog *catalog_of_tags(void)
{
	const char *sites[G_N_ELEMENTS(tags) + 1] = {NULL};

	for (size_t i = 0; i < G_N_ELEMENTS(tags); i++)
		sites[i] = tags[i].site;
	return unit_catalog(sites);
}

static void test_names(void **state)
{
	struct catalog *catalog = catalog_of_tags();

	(void)state;
	unit_check_number(catalog->count, G_N_ELEMENTS(tags), "tags", "the count");
	for (uint32_t i = 0; i < catalog->count; i++) {
		const struct tag_row *row = &tags[i];
		uint32_t path = catalog->tags[i].path;
		char name[NAME_SIZE];
		size_t len = catalog_tag_name(catalog, i, CATALOG_FLAT, name);

		unit_check_text((struct span){name, len}, span_of(row->flat), row->site,
				"the flat name");
		unit_check_number(catalog_find_flat(catalog, span_of(row->flat)), i, row->site,
				  "the tag of the flat name");
		len = catalog_tag_name(catalog, i, CATALOG_IN_FILE, name);
		unit_check_text((struct span){name, len}, span_of(row->in_file), row->site,
				"the name in its file");
		unit_check_number(catalog_find_in_file(catalog, path, span_of(row->in_file)), i,
				  row->site, "the tag of the name in its file");
		unit_check_number(catalog_is_slab_page(catalog, i), row->slab, row->site, "slab");
	}
	catalog_unref(catalog);
}

static void test_lists(void **state)
{
	struct catalog *catalog = catalog_of_tags();

	(void)state;
	unit_check_catalog(catalog, "tags");
	catalog_unref(catalog);
}

static void test_sites(void **state)
{
	struct catalog *catalog = catalog_of_tags();

	(void)state;
	for (uint32_t i = 0; i < catalog->count; i++) {
		g_autofree char *text = g_strdup_printf("0 0 %s ", tags[i].site);
		struct text_line line;
		struct text_site site;

		text_parse(span_of(text), &line);
		catalog_site(catalog, i, &site);
		unit_check_text(site.site, line.site.site, tags[i].site, "the site");
		unit_check_text(site.file, line.site.file, tags[i].site, "the file");
		unit_check_text(site.module, line.site.module, tags[i].site, "the module");
		unit_check_text(site.function, line.site.function, tags[i].site, "the function");
		unit_check_number(site.line, line.site.line, tags[i].site, "the line");
		unit_check(site.file.at == site.site.at, "%s: the file elsewhere", tags[i].site);
		unit_check(site.function.at - site.site.at ==
				   line.site.function.at - line.site.site.at,
			   "%s: the function elsewhere", tags[i].site);
		unit_check(!site.module.at || site.module.at - site.site.at ==
						      line.site.module.at - line.site.site.at,
			   "%s: the module elsewhere", tags[i].site);
		unit_check_number(catalog_is_builtin(catalog, i), !line.site.module.at,
				  tags[i].site, "built in");
	}
	catalog_unref(catalog);
}

static const char *const unknown_names[] = {
	"",
	",",
	"mm",
	"mm,slub.c",
	"mm,slub.c,2478",
	"mm,slub.c,2478,alloc_slab_pag",
	"mm,slub.c,2478,alloc_slab_page,",
	"mm,slub.c,2478,alloc_slab_page2",
	"mm,slub.c,2478,alloc_slab_page,vmlinux",
	"mm,slub.c,2478,alloc_slab_page,vmlinux,1",
	"mm,slub.c,2478,alloc_slab_page,vmlinux,2",
	"mm,slub.c,02478,alloc_slab_page",
	"MM,slub.c,2478,alloc_slab_page",
	"./mm,slub.c,2478,alloc_slab_page",
	"mm/slub.c,2478,alloc_slab_page",
	"fs,xfs,xfs_buf.c,405,xfs_buf_alloc,xfs,1",
	"fs,xfs,xfs_buf.c,405,xfs_buf_alloc,xfs,3",
	"fs,xfs,xfs_buf.c,405,xfs_buf_alloc,xfs,02",
	"top,x.c,1,f",
	"include,net,tcp.h,2548,f,vmlinux",
	"2478,alloc_slab_page",
};

static void test_unknown_names(void **state)
{
	struct catalog *catalog = catalog_of_tags();
	struct catalog *empty = catalog_build_finish(catalog_build_begin());

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(unknown_names); i++) {
		struct span name = span_of(unknown_names[i]);

		unit_check(catalog_find_flat(catalog, name) == CATALOG_NONE, "found: \"%s\"",
			   name.at);
		unit_check(catalog_find_flat(empty, name) == CATALOG_NONE, "in nothing: \"%s\"",
			   name.at);
		unit_check(catalog_find_in_file(empty, 0, name) == CATALOG_NONE,
			   "in nothing: \"%s\"", name.at);
		unit_check(catalog_find_child(catalog, 0, name) == CATALOG_NONE ||
				   strcmp(name.at, "mm") == 0,
			   "a child: \"%s\"", name.at);
		unit_check(catalog_find_word(&catalog->modules, name) == CATALOG_NONE,
			   "a module: \"%s\"", name.at);
		unit_check(catalog_find_word(&catalog->functions, name) == CATALOG_NONE,
			   "a function: \"%s\"", name.at);
	}
	unit_check(catalog_find_in_file(catalog, catalog->tags[0].path, span_of("1,f")) ==
			   CATALOG_NONE,
		   "the name of a tag in another file");
	unit_check(catalog_find_in_file(catalog, catalog->tags[0].path,
					span_of("mm,slub.c,2478,alloc_slab_page")) == CATALOG_NONE,
		   "a flat name in a file");
	catalog_unref(catalog);
	catalog_unref(empty);
}

/* No tag at all: what finds and lists has to cope. */
static void test_empty(void **state)
{
	struct catalog *empty = catalog_build_finish(catalog_build_begin());

	(void)state;
	unit_check_catalog(empty, "empty");
	unit_check_number(empty->path_count, 1, "empty", "the number of paths");
	unit_check(catalog_find_child(empty, 0, span_of("mm")) == CATALOG_NONE, "a child");
	unit_check(catalog_find_word(&empty->modules, span_of("vmlinux")) == CATALOG_NONE,
		   "a module");
	assert_true(empty->names_hash != 0);
	catalog_unref(empty);
}

static const struct {
	const char *file, *flat;
} paths[] = {
	{"mm/slub.c", "mm,slub.c"},
	{"./mm/slub.c", "mm,slub.c"},
	{"/mm/slub.c", "mm,slub.c"},
	{"//mm///slub.c", "mm,slub.c"},
	{"mm//slub.c", "mm,slub.c"},
	{"mm/./slub.c", "mm,slub.c"},
	{"mm/slub.c/", "mm,slub.c"},
	{"mm/slub.c/.", "mm,slub.c"},
	{"x/../mm/slub.c", "mm,slub.c"},
	{"x/y/../../mm/slub.c", "mm,slub.c"},
	{"mm/x/../slub.c", "mm,slub.c"},
	{"../../mm/slub.c", "mm,slub.c"},
	{"../mm/../../mm/slub.c", "mm,slub.c"},
	{"mm/slub.c/x/..", "mm,slub.c"},
	{"x/../y", "y"},
	{"../../a", "a"},
	{"a//b", "a,b"},
	{"drivers/iommu/amd/../iommu-pages.h", "drivers,iommu,iommu-pages.h"},
	{"././common/inc/nv-linux.h", "common,inc,nv-linux.h"},
	{"drivers/gpu/drm/amd/amdgpu/../display/dc/resource/dcn32/dcn32_resource.c",
	 "drivers,gpu,drm,amd,display,dc,resource,dcn32,dcn32_resource.c"},
	{"", "%00"},
	{".", "%00"},
	{"..", "%00"},
	{"/", "%00"},
	{"./..", "%00"},
	{"a/..", "%00"},
	{"a/../..", "%00"},
	{"a/../../../b/..", "%00"},
	{"...", "%2E.."},
	{".../a", "%2E..,a"},
	{"a/.hidden/b.", "a,%2Ehidden,b."},
	{"a..b/c", "a..b,c"},
	{"a,b/c", "a%2Cb,c"},
	{"a/b,c", "a,b%2Cc"},
	{"Top/topx", "Top,topx"},
	{"a/top", "a,%74op"},
	{" / ", "%20,%20"},
};

static void test_paths(void **state)
{
	const char *sites[G_N_ELEMENTS(paths) + 1] = {NULL};
	struct catalog *catalog;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
		sites[i] = g_strconcat(paths[i].file, ":1 func:f", NULL);
	catalog = unit_catalog(sites);
	unit_check_catalog(catalog, "paths");
	for (uint32_t i = 0; i < catalog->count; i++) {
		unit_check_text(span_of(catalog->paths[catalog->tags[i].path].flat),
				span_of(paths[i].flat), paths[i].file, "the path");
		g_free((char *)sites[i]);
	}
	catalog_unref(catalog);
}

/* No filter may hide a source directory, and no source directory a filter. */
static void test_filter_names(void **state)
{
	const char *sites[FILTER_COUNT + 1] = {NULL};
	struct catalog *catalog;

	(void)state;
	for (enum filter_id id = 0; id < FILTER_COUNT; id++)
		sites[id] = g_strconcat(filter_get(id)->name, "/x.c:1 func:f", NULL);
	catalog = unit_catalog(sites);
	unit_check_number(catalog->paths[0].children, FILTER_COUNT, "filters", "the directories");
	for (enum filter_id id = 0; id < FILTER_COUNT; id++) {
		const char *name = filter_get(id)->name;
		g_autofree char *escaped =
			g_strdup_printf("%%%02X%s", (unsigned int)name[0], name + 1);

		unit_check(catalog_find_child(catalog, 0, span_of(name)) == CATALOG_NONE,
			   "%s: hides the filter", name);
		unit_check(catalog_find_child(catalog, 0, span_of(escaped)) != CATALOG_NONE,
			   "%s: is not there as %s", name, escaped);
		g_free((char *)sites[id]);
	}
	catalog_unref(catalog);
}

/* Of any two paths; one whose only content is another directory has the same tags as that. */
static void test_path_within(void **state)
{
	struct catalog *catalog = catalog_of_tags();

	(void)state;
	for (uint32_t path = 0; path < catalog->path_count; path++)
		for (uint32_t above = 0; above < catalog->path_count; above++)
			unit_check(catalog_path_within(catalog, path, above) ==
					   unit_path_within(catalog, path, above),
				   "whether \"%s\" (%u) is within \"%s\" (%u)",
				   catalog->paths[path].name, path, catalog->paths[above].name,
				   above);
	catalog_unref(catalog);
}

/* The same for paths that have tags of their own: those of tags. */
static void test_path_of_tag_within(void **state)
{
	struct catalog *catalog = catalog_of_tags();

	(void)state;
	for (uint32_t i = 0; i < catalog->count; i++)
		for (uint32_t above = 0; above < catalog->path_count; above++)
			unit_check(catalog_path_within(catalog, catalog->tags[i].path, above) ==
					   unit_path_within(catalog, catalog->tags[i].path, above),
				   "whether %s is within \"%s\" (%u)", tags[i].site,
				   catalog->paths[above].name, above);
	catalog_unref(catalog);
}

static void test_words(void **state)
{
	struct catalog *catalog = catalog_of_tags();
	uint32_t builtin = catalog_find_word(&catalog->modules, span_of("vmlinux"));
	uint32_t module = catalog_find_word(&catalog->modules, span_of("%76mlinux"));
	uint32_t unnamed = catalog_find_word(&catalog->modules, span_of("%00"));

	(void)state;
	assert_int_not_equal(builtin, CATALOG_NONE);
	assert_int_not_equal(module, CATALOG_NONE);
	assert_int_not_equal(unnamed, CATALOG_NONE);
	assert_null(catalog->modules.list[builtin].text.at);
	assert_true(span_equal(catalog->modules.list[module].text, span_of("vmlinux")));
	assert_non_null(catalog->modules.list[unnamed].text.at);
	assert_int_equal(catalog->modules.list[unnamed].text.len, 0);
	assert_int_equal(catalog->modules.list[module].count, 2);
	assert_int_equal(catalog->modules.count, 5);
	catalog_unref(catalog);
}

static const struct {
	const char *name;
	const char *sites[4];
	bool same;
} ids[] = {
	{"the same", {"a.c:1 func:f", "b.c:1 [m] func:g", "c.c:1 func:h"}, true},
	{"another order", {"b.c:1 [m] func:g", "a.c:1 func:f", "c.c:1 func:h"}, false},
	{"another file", {"a.c:1 func:f", "b.h:1 [m] func:g", "c.c:1 func:h"}, false},
	{"another line", {"a.c:1 func:f", "b.c:2 [m] func:g", "c.c:1 func:h"}, false},
	{"another module", {"a.c:1 func:f", "b.c:1 [n] func:g", "c.c:1 func:h"}, false},
	{"another function", {"a.c:1 func:f", "b.c:1 [m] func:g", "c.c:1 func:i"}, false},
	{"another spelling", {"a.c:1 func:f", "./b.c:1 [m] func:g", "c.c:1 func:h"}, false},
	{"built in", {"a.c:1 func:f", "b.c:1 func:g", "c.c:1 func:h"}, false},
	{"one less", {"a.c:1 func:f", "b.c:1 [m] func:g"}, false},
	{"twice the first", {"a.c:1 func:f", "a.c:1 func:f", "c.c:1 func:h"}, false},
	{"none", {NULL}, false},
};

static void test_content_id(void **state)
{
	struct catalog *first = unit_catalog(ids[0].sites);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
		struct catalog *catalog = unit_catalog(ids[i].sites);

		unit_check_number(catalog->names_hash == first->names_hash, ids[i].same,
				  ids[i].name, "the same id");
		unit_check(catalog->names_hash != 0, "%s: no id", ids[i].name);
		unit_check(catalog->serial != first->serial, "%s: not a catalog of its own",
			   ids[i].name);
		catalog_unref(catalog);
	}
	catalog_unref(first);
}

static void test_references(void **state)
{
	struct catalog *catalog = unit_catalog(ids[0].sites);
	struct catalog_build *build = catalog_build_begin();
	struct text_site site;

	(void)state;
	assert_ptr_equal(catalog_ref(catalog), catalog);
	catalog_unref(catalog);
	/* Given up half-way; what was added is not needed any longer. */
	catalog_site(catalog, 0, &site);
	catalog_build_add(build, &site);
	catalog_unref(catalog);
	assert_int_equal(catalog_build_count(build), 1);
	catalog_build_cancel(build);
	catalog_build_cancel(NULL);
	catalog_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_sites),
		cmocka_unit_test(test_unknown_names),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_filter_names),
		cmocka_unit_test(test_path_within),
		cmocka_unit_test(test_path_of_tag_within),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_content_id),
		cmocka_unit_test(test_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
