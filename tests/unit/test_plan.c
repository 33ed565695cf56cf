/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves what goes down to the kernel for a path: the passes in words, or that the whole listing is
 * read. The sites stand in for a kernel: most of it built in, one file that is spelled in several
 * ways, names that are longer than what the kernel compares.
 */
#include "unit.h"

#include "plan.h"
#include "tree.h"

#define TEN "x123456789"
#define FIFTY_NINE "123456789" TEN TEN TEN TEN TEN
#define SIXTY "x" FIFTY_NINE

static const char *const sites[] = {
	"mm/slub.c:10 func:alloc",
	"mm/slub.c:10 func:alloc",
	"mm/slub.c:20 func:get",
	"mm/memory.c:10 func:alloc",
	"mm/five/a.c:1 func:f1",
	"mm/five/b.c:2 func:f2",
	"mm/five/c.c:3 func:f3",
	"mm/five/d.c:4 func:f4",
	"mm/five/e.c:5 func:f5",
	"include/net/tcp.h:7 func:tcp",
	"./include/net/tcp.h:7 [xfs] func:tcp",
	"././include/net/tcp.h:9 [xfs] func:tcp",
	"many.h:1 func:many",
	"./many.h:1 func:many",
	"././many.h:2 [xfs] func:many",
	"x/../many.h:3 func:many",
	"./x/../many.h:4 func:many",
	"fs/xfs/buf.c:405 [xfs] func:buf",
	"fs/xfs/super.c:1 [xfs] func:super",
	"one/" SIXTY ".c:1 [m" SIXTY "123] func:f" SIXTY "123",
	"two/" SIXTY ".c:1 [m" SIXTY "1234] func:f" SIXTY "1234",
	"long.h/" SIXTY "/a.h:1 func:g",
	"./long.h/" SIXTY "/a.h:2 func:g",
	"mm/empty.c:1 [] func:h",
	NULL,
};

/* A path, and its passes in the order in which they run, or "" for the whole listing. */
static const struct {
	const char *path, *passes;
} rows[] = {
	/* What is about all tags, or most of them. */
	{"", ""},
	{"all", ""},
	{"live", ""},
	{"by-module", ""},
	{"by-file", ""},
	{"by-module/vmlinux", ""},
	{"accurate", ""},
	{"allocinfo", ""},
	{"README", ""},
	{"status", ""},
	{".summary", ""},
	{"at/3", ""},
	/* What the kernel cannot test. */
	{"min-calls/100", ""},
	{"max-calls/100", ""},
	{"max-size/4K", ""},
	{"max-size/4K/live", ""},
	{"min-size/0", ""},
	{"min-size/0/max-size/4K", ""},
	/* Counters. */
	{"min-size/4K", "min=4096"},
	{"min-size/4K/max-size/1M", "min=4096 max=1048576"},
	{"max-size/1M/min-size/4K", "min=4096 max=1048576"},
	{"min-size/4K/min-calls/3/live", "min=4096"},
	{"min-size/18446744073709551615", "min=18446744073709551615"},
	{"inaccurate", "inaccurate"},
	{"inaccurate/min-size/1", "inaccurate min=1"},
	{"inaccurate/max-size/1", "inaccurate"},
	{"accurate/min-size/1", "accurate min=1"},
	{"by-module/vmlinux/min-size/1", "module= min=1"},
	{"by-module/vmlinux/inaccurate", "module= inaccurate"},
	/* Names. */
	{"by-module/xfs", "module=xfs"},
	{"by-module/%00", "module="},
	{"by-function/alloc", "function=alloc"},
	{"by-line/10", "line=10"},
	{"by-module/xfs/accurate", "module=xfs accurate"},
	{"by-module/xfs/max-size/1M", "module=xfs"},
	{"by-module/xfs/live/by-function/tcp/by-line/7", "module=xfs function=tcp line=7"},
	{"by-function/f" SIXTY "123", "function=" SIXTY "123"},
	{"by-function/f" SIXTY "1234", "function=" FIFTY_NINE "1234"},
	{"by-module/m" SIXTY "123", "module=" SIXTY "123"},
	/* Source files: a pass for each spelling that the other names leave. */
	{"by-file/mm/memory.c", "file=mm/memory.c"},
	{"by-file/mm/memory.c/min-size/4K", "file=mm/memory.c min=4096"},
	{"by-file/include/net/tcp.h",
	 "file=include/net/tcp.h | file=./include/net/tcp.h | file=././include/net/tcp.h"},
	{"by-module/xfs/by-file/include/net/tcp.h",
	 "module=xfs file=./include/net/tcp.h | module=xfs file=././include/net/tcp.h"},
	{"by-module/vmlinux/by-file/include/net/tcp.h", "module= file=include/net/tcp.h"},
	{"by-line/9/by-file/include/net/tcp.h", "file=././include/net/tcp.h line=9"},
	{"by-file/many.h", ""},
	{"by-file/many.h/by-module/xfs", "module=xfs file=././many.h"},
	{"by-file/many.h/by-line/1", "file=many.h line=1 | file=./many.h line=1"},
	{"by-file/many.h/by-function/many", "function=many"},
	{"by-file/many.h/min-size/1", "min=1"},
	/* Two spellings that are the same once cut are one pass. */
	{"by-file/long.h/" SIXTY "/a.h", "file=" FIFTY_NINE "/a.h"},
	/* Directories are left to select. */
	{"by-file/mm", ""},
	{"by-file/mm/five", ""},
	{"by-file/mm/five/min-size/1", "min=1"},
	{"by-file/fs/xfs", ""},
	{"by-module/xfs/by-file/fs", "module=xfs"},
	/* What stands behind a ranking is left to select. */
	{"top/5", ""},
	{"top/5/min-size/4K", ""},
	{"top/5/by-module/xfs", ""},
	{"top-calls/5/by-file/mm/memory.c", ""},
	{"by-module/xfs/top/5", "module=xfs"},
	{"by-module/xfs/top/5/by-line/7", "module=xfs"},
	{"min-size/1/top/5/min-calls/3/top-calls/2/by-module/xfs", "min=1"},
	/* Files in such directories. */
	{"by-module/xfs/.total", "module=xfs"},
	{"by-module/xfs/at/1", "module=xfs"},
	{"by-module/xfs/top/5/at/1", "module=xfs"},
	{"top/5/at/1", ""},
	{"sized/by-module/xfs", "module=xfs"},
	{"raw/by-module/xfs/.raw", "module=xfs"},
	{"by-module/xfs/by-function/.totals", "module=xfs"},
	/* One place is one line of one file; but of what is ranked it is what is ranked. */
	{"by-file/mm/slub.c:10", "file=mm/slub.c line=10"},
	{"by-file/include/net/tcp.h:7",
	 "file=include/net/tcp.h line=7 | file=./include/net/tcp.h line=7"},
	{"by-module/xfs/by-file/include/net/tcp.h:7", "module=xfs file=./include/net/tcp.h line=7"},
	{"min-size/1/by-file/mm/slub.c:20", "file=mm/slub.c line=20 min=1"},
	{"top/5/by-file/mm/slub.c:20", ""},
	{"min-size/1/top/5/by-file/mm/slub.c:20", "min=1"},
	/* One tag is all of its names, whatever the path says. */
	{"all/mm,slub.c,10,alloc", "module= function=alloc file=mm/slub.c line=10 tag=0"},
	{"all/mm,slub.c,10,alloc,vmlinux,2", "module= function=alloc file=mm/slub.c line=10 tag=1"},
	{"top/5/001,fs,xfs,buf.c,405,buf,xfs",
	 "module=xfs function=buf file=fs/xfs/buf.c line=405 tag=17"},
	{"min-size/1/by-file/mm/slub.c/20,get",
	 "module= function=get file=mm/slub.c line=20 tag=2"},
	{"by-function/g/long.h," SIXTY ",a.h,1,g",
	 "module= function=g file=" FIFTY_NINE "/a.h line=1 tag=21"},
};

static void describe_filter(const struct abi_filter *filter, GString *out)
{
	uint64_t mask = filter->mask;

	if (mask & ALLOCINFO_MASK_MODNAME)
		g_string_append_printf(out, "module=%s ", filter->modname);
	if (mask & ALLOCINFO_MASK_FUNCTION)
		g_string_append_printf(out, "function=%s ", filter->function);
	if (mask & ALLOCINFO_MASK_FILENAME)
		g_string_append_printf(out, "file=%s ", filter->filename);
	if (mask & ALLOCINFO_MASK_LINENO)
		g_string_append_printf(out, "line=%" G_GUINT64_FORMAT " ", filter->lineno);
	if (mask & ALLOCINFO_MASK_INACCURATE)
		g_string_append(out, filter->inaccurate ? "inaccurate " : "accurate ");
	if (mask & ALLOCINFO_MASK_MIN_SIZE)
		g_string_append_printf(out, "min=%" G_GUINT64_FORMAT " ", filter->min_size);
	if (mask & ALLOCINFO_MASK_MAX_SIZE)
		g_string_append_printf(out, "max=%" G_GUINT64_FORMAT " ", filter->max_size);
	if (mask & ~(uint64_t)ALLOCINFO_MASK_ALL)
		g_string_append(out, "(unknown bits) ");
}

static GString *describe_plan(const struct plan *plan)
{
	GString *out = g_string_new(NULL);

	for (uint32_t i = 0; i < plan->passes; i++) {
		if (i > 0)
			g_string_append(out, "| ");
		describe_filter(&plan->filter[i], out);
	}
	if (plan->passes > 0 && plan->tag != CATALOG_NONE)
		g_string_append_printf(out, "tag=%u ", plan->tag);
	if (out->len > 0)
		g_string_truncate(out, out->len - 1);
	return out;
}

static void make_plan(const struct catalog *catalog, const char *path, struct plan *plan)
{
	struct target target;
	struct query from;
	const char *stopped;

	unit_check(!tree_walk(catalog, path, &target, &from, &stopped), "%s: no such path", path);
	/* Nothing of what stood there before may be left. */
	memset(plan, 0xa5, sizeof(*plan));
	plan_make(catalog, &target, plan);
}

static void test_passes(void **state)
{
	struct catalog *catalog = unit_catalog(sites);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct plan plan;
		g_autoptr(GString) passes = NULL;

		make_plan(catalog, rows[i].path, &plan);
		passes = describe_plan(&plan);
		unit_check_text(span_of(passes->str), span_of(rows[i].passes), rows[i].path,
				"the plan");
	}
	catalog_unref(catalog);
}

/* A kernel that is told min_size alone may still compare it with max_size. */
static void test_sizes(void **state)
{
	struct catalog *catalog = unit_catalog(sites);
	struct plan plan;

	(void)state;
	make_plan(catalog, "min-size/4K", &plan);
	assert_true(plan.filter[0].max_size >= plan.filter[0].min_size);
	make_plan(catalog, "by-module/xfs", &plan);
	assert_true(plan.filter[0].max_size >= plan.filter[0].min_size);
	catalog_unref(catalog);
}

/* Paths whose passes are the same, and paths whose are not. */
static const struct {
	const char *a, *b;
	bool equal;
} pairs[] = {
	{"by-module/xfs", "by-module/xfs", true},
	{"by-module/xfs", "by-module/xfs/.total", true},
	{"by-module/xfs", "sized/by-module/xfs/top/3", true},
	{"by-module/xfs", "by-module/xfs/live", true},
	{"by-module/xfs", "by-module/xfs/min-size/1", false},
	{"by-module/xfs", "by-module/%00", false},
	{"min-size/1", "min-size/2", false},
	{"min-size/1", "min-size/1/max-size/5", false},
	{"inaccurate/min-size/1", "accurate/min-size/1", false},
	{"by-file/mm/slub.c", "by-file/mm/memory.c", false},
	{"by-file/include/net/tcp.h", "by-module/xfs/by-file/include/net/tcp.h", false},
	{"by-file/fs/xfs", "by-file/fs/xfs/buf.c", false},
	{"all/mm,slub.c,10,alloc", "all/mm,slub.c,10,alloc", true},
	{"all/mm,slub.c,10,alloc", "live/mm,slub.c,10,alloc", true},
	{"all/mm,slub.c,10,alloc", "all/mm,slub.c,10,alloc,vmlinux,2", false},
};

static void test_equal(void **state)
{
	struct catalog *catalog = unit_catalog(sites);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
		struct plan a, b;

		make_plan(catalog, pairs[i].a, &a);
		make_plan(catalog, pairs[i].b, &b);
		unit_check(plan_equal(&a, &b) == pairs[i].equal, "%s and %s", pairs[i].a,
			   pairs[i].b);
		unit_check(plan_equal(&b, &a) == pairs[i].equal, "%s and %s", pairs[i].b,
			   pairs[i].a);
	}
	catalog_unref(catalog);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passes),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
