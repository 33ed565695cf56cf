/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every path of the tree means: one table of paths, each walked from the root with
 * query_step(), and what it has to lead to. Proves that names alone decide what exists, which
 * values each filter takes, that filters compose in any order and each once, and where ranks,
 * views, root files, reports and places stand.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "tree.h"

/* The number in front is that of the tag, and its bytes. Tag 0 has no calls either. */
static const char *const sites[] = {
	/*  0 */ "mm/slub.c:2478 func:alloc_slab_page",
	/*  1 */ "mm/slub.c:2478 func:alloc_slab_page",
	/*  2 */ "mm/slub.c:2487 func:alloc_slab_page",
	/*  3 */ "mm/memory.c:1180 func:alloc_pages",
	/*  4 */ "mm/kfence/core.c:5 func:kfence_alloc",
	/*  5 */ "fs/xfs/xfs_buf.c:405 [xfs] func:xfs_buf_alloc",
	/*  6 */ "fs/xfs/xfs_buf.c:405 [xfs] func:xfs_buf_alloc",
	/*  7 */ "fs/xfs/libxfs/xfs_btree.c:12 [xfs] func:live",
	/*  8 */ "./include/net/tcp.h:2548 func:tcp_inline",
	/*  9 */ "./include/net/tcp.h:2548 [xfs] func:tcp_inline",
	/* 10 */ "./include/net/tcp.h:2548 [nvidia] func:tcp_inline",
	/* 11 */ "include/net/tcp.h:2548 [xfs] func:tcp_inline",
	/* 12 */ "drivers/iommu/amd/../iommu-pages.h:94 func:iommu_alloc",
	/* 13 */ "drivers/iommu/iommu-pages.h:94 func:iommu_alloc",
	/* 14 */ "top/a.c:1 [live] func:top",
	/* 15 */ "lib/both:3 func:both_file",
	/* 16 */ "lib/both/in.c:4 func:both_dir",
	/* 17 */ "lib/live:6 func:at",
	/* 18 */ "init/main.c:1 func:",
	/* 19 */ "my dir/a,b.c:7 [odd mod] func:x",
	/* 20 */ "lib/odd.c:8 func:od\377\144%/",
	/* 21 */ "lib/odd.c:9 [vmlinux] func:.init",
	/* 22 */ "../../up/x.c:10 func:up_fn",
	/* 23 */ ":11 func:nofile",
	/* 24 */ "lib/odd.c:18446744073709551615 func:last",
	/* 25 */ "lib/odd.c:0 func:zero",
	/* 26 */ ".hidden/x.c:1 func:dot",
	/* 27 */ "%74op/y.c:1 func:pc",
	/* 28 */ "lib/slub.c:9:44 func:colon",
	/* 29 */ "mm/slub.c:2478 [] func:alloc_slab_page",
};

/*
 * What a path leads to: its view, then for a directory root, set, path or wait (for the value of a
 * filter) and the filters so far; for a file what it is. Or the error of its last component.
 */
static const struct expectation {
	const char *path, *is;
} expectations[] = {
	/* The root and the views. */
	{"", "root"},
	{"README", "README"},
	{"status", "status"},
	{"allocinfo", "allocinfo"},
	{"sized", "sized root"},
	{"raw", "raw root"},
	{"sized/allocinfo", "sized allocinfo"},
	{"raw/allocinfo", "raw allocinfo"},
	{"sized/README", "ENOENT"},
	{"raw/README", "ENOENT"},
	{"sized/status", "ENOENT"},
	{"raw/status", "ENOENT"},
	{"sized/sized", "ENOENT"},
	{"sized/raw", "ENOENT"},
	{"raw/raw", "ENOENT"},
	{"raw/sized", "ENOENT"},
	{"live/sized", "ENOENT"},
	{"live/raw", "ENOENT"},
	{"live/README", "ENOENT"},
	{"all/allocinfo", "ENOENT"},
	{"by-file/sized", "ENOENT"},
	{"by-file/README", "ENOENT"},
	{"by-module/raw", "ENOENT"},
	{"readme", "ENOENT"},
	{"README.md", "ENOENT"},
	{"nothing", "ENOENT"},
	{"Live", "ENOENT"},
	{"liv", "ENOENT"},
	{"live,", "ENOENT"},
	{"vmlinux", "ENOENT"},
	{"mm,slub.c,2478,alloc_slab_page", "ENOENT"},
	{"sized/live", "sized set live"},
	{"raw/by-file/mm/slub.c", "raw path by-file=mm/slub.c"},
	{"sized/all/mm,slub.c,2478,alloc_slab_page", "sized tag 0"},
	{"raw/top/5/01,mm,slub.c,2478,alloc_slab_page", "raw tag 0"},
	{"raw/at/3", "raw at 3"},
	{"sized/by-file/mm/slub.c:2478", "sized place mm/slub.c 2478"},
	/* Sets without a value. */
	{"live", "set live"},
	{"all", "set all"},
	{"accurate", "set accurate"},
	{"inaccurate", "set inaccurate"},
	{"live/live", "ENOENT"},
	{"all/all", "ENOENT"},
	{"live/all/live", "ENOENT"},
	{"accurate/accurate", "ENOENT"},
	{"live/all", "set live all"},
	{"all/live", "set all live"},
	{"accurate/inaccurate", "EINVAL"},
	{"inaccurate/by-file/mm/accurate", "EINVAL"},
	{"all/", "ENOENT"},
	/* Sizes. */
	{"min-size", "wait min-size"},
	{"min-size/0", "set min-size=0"},
	{"min-size/1", "set min-size=1"},
	{"min-size/1M", "set min-size=1048576"},
	{"min-size/1MiB", "set min-size=1048576"},
	{"min-size/1048576", "set min-size=1048576"},
	{"min-size/4kB", "set min-size=4000"},
	{"min-size/15P", "set min-size=16888498602639360"},
	{"min-size/18446744073709551615", "set min-size=18446744073709551615"},
	{"min-size/18446744073709551616", "EINVAL"},
	{"min-size/16384P", "EINVAL"},
	{"min-size/1Q", "EINVAL"},
	{"min-size/1m", "EINVAL"},
	{"min-size/1k", "EINVAL"},
	{"min-size/1KB", "EINVAL"},
	{"min-size/1M ", "EINVAL"},
	{"min-size/01", "EINVAL"},
	{"min-size/1.5M", "EINVAL"},
	{"min-size/0x10", "EINVAL"},
	{"min-size/-1", "ENOENT"},
	{"min-size/+1", "ENOENT"},
	{"min-size/ 1", "ENOENT"},
	{"min-size/M", "ENOENT"},
	{"min-size/", "ENOENT"},
	{"min-size/live", "ENOENT"},
	{"min-size/min-size", "ENOENT"},
	{"min-size/1M/min-size", "ENOENT"},
	{"max-size", "wait max-size"},
	{"max-size/0", "set max-size=0"},
	{"max-size/4K", "set max-size=4096"},
	{"max-size/1Z", "EINVAL"},
	{"max-size/x", "ENOENT"},
	{"max-size/4K/live/max-size", "ENOENT"},
	{"min-size/1M/max-size/2M", "set min-size=1048576 max-size=2097152"},
	{"min-size/1M/max-size/1M", "set min-size=1048576 max-size=1048576"},
	{"min-size/2M/max-size", "wait max-size min-size=2097152"},
	{"min-size/2M/max-size/1M", "EINVAL"},
	{"max-size/1M/min-size/2M", "EINVAL"},
	{"max-size/1M/live/by-file/mm/min-size/1048577", "EINVAL"},
	{"min-size/2/max-calls/1", "set min-size=2 max-calls=1"},
	/* Numbers. */
	{"min-calls", "wait min-calls"},
	{"min-calls/100", "set min-calls=100"},
	{"min-calls/0", "set min-calls=0"},
	{"min-calls/18446744073709551615", "set min-calls=18446744073709551615"},
	{"min-calls/18446744073709551616", "EINVAL"},
	{"min-calls/1K", "EINVAL"},
	{"min-calls/00", "EINVAL"},
	{"min-calls/-1", "ENOENT"},
	{"min-calls/1/min-calls", "ENOENT"},
	{"max-calls/1", "set max-calls=1"},
	{"max-calls/1x", "EINVAL"},
	{"max-calls/x1", "ENOENT"},
	{"max-calls/1/min-calls/2", "EINVAL"},
	{"min-calls/2/max-calls/1", "EINVAL"},
	{"min-calls/2/max-calls/2", "set min-calls=2 max-calls=2"},
	/* Ranks as values. */
	{"top", "wait top"},
	{"top/1", "set top=1"},
	{"top/20", "set top=20"},
	{"top/18446744073709551615", "set top=18446744073709551615"},
	{"top/0", "EINVAL"},
	{"top/00", "EINVAL"},
	{"top/020", "EINVAL"},
	{"top/20K", "EINVAL"},
	{"top/99999999999999999999", "EINVAL"},
	{"top/x", "ENOENT"},
	{"top/-1", "ENOENT"},
	{"top/20/top", "ENOENT"},
	{"top-calls/5", "set top-calls=5"},
	{"top-calls/0", "EINVAL"},
	{"top-calls/five", "ENOENT"},
	{"top/5/top-calls/9", "set top=5 top-calls=9"},
	{"top-calls/9/top/5", "set top-calls=9 top=5"},
	/* Modules. */
	{"by-module", "wait by-module"},
	{"by-module/xfs", "set by-module=xfs"},
	{"by-module/vmlinux", "set by-module=vmlinux"},
	{"by-module/%76mlinux", "set by-module=%76mlinux"},
	{"by-module/live", "set by-module=live"},
	{"by-module/live/live", "set by-module=live live"},
	{"by-module/top", "ENOENT"},
	{"by-module/%00", "set by-module=%00"},
	{"by-module/odd%20mod", "set by-module=odd%20mod"},
	{"by-module/odd mod", "ENOENT"},
	{"by-module/xf", "ENOENT"},
	{"by-module/xfss", "ENOENT"},
	{"by-module/XFS", "ENOENT"},
	{"by-module/", "ENOENT"},
	{"by-module/1", "ENOENT"},
	{"by-module/xfs/by-module", "ENOENT"},
	{"by-module/mm,slub.c,2478,alloc_slab_page", "ENOENT"},
	/* Functions. */
	{"by-function", "wait by-function"},
	{"by-function/alloc_slab_page", "set by-function=alloc_slab_page"},
	{"by-function/live", "set by-function=live"},
	{"by-function/at", "set by-function=at"},
	{"by-function/top", "set by-function=top"},
	{"by-function/all", "ENOENT"},
	{"by-function/%00", "set by-function=%00"},
	{"by-function/od%FFd%25%2F", "set by-function=od%FFd%25%2F"},
	{"by-function/od%ffd%25%2f", "ENOENT"},
	{"by-function/%6Fd%FFd%25%2F", "ENOENT"},
	{"by-function/%2Einit", "set by-function=%2Einit"},
	{"by-function/.init", "ENOENT"},
	{"by-function/%2Einit/by-module/%76mlinux", "set by-function=%2Einit by-module=%76mlinux"},
	{"by-function/%2Einit/by-module/vmlinux", "ENOENT"},
	{"by-function/x/by-function", "ENOENT"},
	/* Names together decide what exists. */
	{"by-module/xfs/by-function/live", "set by-module=xfs by-function=live"},
	{"by-function/live/by-module/xfs", "set by-function=live by-module=xfs"},
	{"by-module/xfs/by-function/alloc_pages", "ENOENT"},
	{"by-function/alloc_pages/by-module/xfs", "ENOENT"},
	{"by-module/nvidia/by-function/tcp_inline", "set by-module=nvidia by-function=tcp_inline"},
	{"by-module/xfs/by-file/mm", "ENOENT"},
	{"by-file/mm/by-module/xfs", "ENOENT"},
	{"by-module/xfs/by-file/include", "path by-module=xfs by-file=include"},
	{"by-module/live/by-file/include", "ENOENT"},
	{"by-line/2548/by-module/xfs", "set by-line=2548 by-module=xfs"},
	{"by-line/405/by-module/nvidia", "ENOENT"},
	{"by-module/xfs/by-function/live/by-line/405", "ENOENT"},
	{"by-file/fs/xfs/by-line/12", "set by-file=fs/xfs by-line=12"},
	{"by-file/fs/xfs/by-line/5", "ENOENT"},
	{"by-module/xfs/all/fs,xfs,xfs_buf.c,405,xfs_buf_alloc,xfs", "tag 5"},
	{"by-module/xfs/mm,slub.c,2478,alloc_slab_page", "ENOENT"},
	{"by-function/alloc_pages/mm,slub.c,2478,alloc_slab_page", "ENOENT"},
	{"by-line/2487/mm,slub.c,2478,alloc_slab_page", "ENOENT"},
	{"by-file/fs/all/mm,slub.c,2478,alloc_slab_page", "ENOENT"},
	/* Lines. */
	{"by-line", "wait by-line"},
	{"by-line/2478", "set by-line=2478"},
	{"by-line/0", "set by-line=0"},
	{"by-line/18446744073709551615", "set by-line=18446744073709551615"},
	{"by-line/18446744073709551616", "EINVAL"},
	{"by-line/2479", "ENOENT"},
	{"by-line/02478", "EINVAL"},
	{"by-line/2478x", "EINVAL"},
	{"by-line/x", "ENOENT"},
	{"by-line/2478/by-line", "ENOENT"},
	/* Source paths. */
	{"by-file", "path by-file="},
	{"by-file/mm", "path by-file=mm"},
	{"by-file/mm/kfence/core.c", "path by-file=mm/kfence/core.c"},
	{"by-file/mm/core.c", "ENOENT"},
	{"by-file/mm/slub", "ENOENT"},
	{"by-file/mm/slub.c/x", "ENOENT"},
	{"by-file/mm/by-file", "ENOENT"},
	{"by-file/include/net/tcp.h", "path by-file=include/net/tcp.h"},
	{"by-file/drivers/iommu/iommu-pages.h", "path by-file=drivers/iommu/iommu-pages.h"},
	{"by-file/drivers/iommu/amd", "ENOENT"},
	{"by-file/up/x.c", "path by-file=up/x.c"},
	{"by-file/%00", "path by-file=%00"},
	{"by-file/%2Ehidden", "path by-file=%2Ehidden"},
	{"by-file/.hidden", "ENOENT"},
	{"by-file/my%20dir/a%2Cb.c", "path by-file=my%20dir/a%2Cb.c"},
	{"by-file/my%20dir/a%2cb.c", "ENOENT"},
	{"by-file/top", "wait top by-file="},
	{"by-file/%74op", "path by-file=%74op"},
	{"by-file/%2574op", "path by-file=%2574op"},
	{"by-file/lib/live", "set by-file=lib live"},
	{"by-file/lib/%6Cive", "path by-file=lib/%6Cive"},
	{"by-file/lib/both", "path by-file=lib/both"},
	{"by-file/lib/both/in.c", "path by-file=lib/both/in.c"},
	{"by-file/lib/both/3,both_file", "tag 15"},
	{"by-file/lib/both/4,both_dir", "ENOENT"},
	{"by-file/lib/both/in.c/4,both_dir", "tag 16"},
	{"by-file/mm/slub.c/2478,alloc_slab_page", "tag 0"},
	{"by-file/mm/slub.c/2478,alloc_slab_page,vmlinux", "ENOENT"},
	{"by-file/mm/slub.c/2478,alloc_slab_page,vmlinux,1", "ENOENT"},
	{"by-file/mm/slub.c/2478,alloc_slab_page,vmlinux,2", "tag 1"},
	{"by-file/mm/slub.c/2478,alloc_slab_page,vmlinux,3", "ENOENT"},
	{"by-file/mm/slub.c/2478,alloc_slab_page,%00", "tag 29"},
	{"by-file/mm/2478,alloc_slab_page", "ENOENT"},
	{"by-file/mm/slub.c/mm,slub.c,2478,alloc_slab_page", "ENOENT"},
	{"by-file/mm/slub.c/live/mm,slub.c,2478,alloc_slab_page", "tag 0"},
	{"by-file/mm/slub.c/2478,alloc_slab_page/live", "ENOTDIR"},
	{"by-module/xfs/by-file/include/net/tcp.h/2548,tcp_inline,xfs,2", "tag 11"},
	{"by-module/xfs/by-file/include/net/tcp.h/2548,tcp_inline", "ENOENT"},
	/* Places, as in a message of the kernel. */
	{"by-file/mm/slub.c:2478", "place mm/slub.c 2478"},
	{"by-file/mm/slub.c:2487", "place mm/slub.c 2487"},
	{"by-file/mm/slub.c:2479", "ENOENT"},
	{"by-file/mm/slub.c:", "ENOENT"},
	{"by-file/mm/slub.c:x", "ENOENT"},
	{"by-file/mm/slub.c:02478", "EINVAL"},
	{"by-file/mm/slub.c:2478x", "EINVAL"},
	{"by-file/mm/slub.c:99999999999999999999", "EINVAL"},
	{"by-file/mm/slub.c:2478:", "EINVAL"},
	{"by-file/mm/slub.c:2478:5", "EINVAL"},
	{"by-file/mm/slub.c::2478", "ENOENT"},
	{"by-file/mm/none.c:2478", "ENOENT"},
	{"by-file/mm:5", "ENOENT"},
	{"by-file/slub.c:2478", "ENOENT"},
	{"by-file/:2478", "ENOENT"},
	{"by-file/lib/both:3", "place lib/both 3"},
	{"by-file/lib/both:4", "ENOENT"},
	{"by-file/lib/%6Cive:6", "place lib/%6Cive 6"},
	{"by-file/lib/slub.c%3A9:44", "place lib/slub.c%3A9 44"},
	{"by-file/lib/slub.c:9:44", "ENOENT"},
	{"by-file/lib/odd.c:0", "place lib/odd.c 0"},
	{"by-module/nvidia/by-file/include/net/tcp.h:2548", "place include/net/tcp.h 2548"},
	{"by-module/live/by-file/top:1", "ENOENT"},
	{"by-module/%00/by-file/mm/slub.c:2487", "ENOENT"},
	{"by-line/2487/by-file/mm/slub.c:2478", "ENOENT"},
	{"min-size/1G/by-file/mm/slub.c:2478", "place mm/slub.c 2478"},
	{"top/9/by-file/mm/slub.c:2478", "place mm/slub.c 2478"},
	{"by-file/mm/live/slub.c:2478", "ENOENT"},
	/* Positions. */
	{"at", "wait at"},
	{"at/0", "at 0"},
	{"at/7", "at 7"},
	{"by-module/xfs/at/18446744073709551615", "at 18446744073709551615"},
	{"at/18446744073709551616", "EINVAL"},
	{"at/00", "EINVAL"},
	{"at/1K", "EINVAL"},
	{"at/x", "ENOENT"},
	{"at/0/live", "ENOTDIR"},
	/* Names of tags; counters do not matter. */
	{"all/mm,slub.c,2478,alloc_slab_page,vmlinux,2", "tag 1"},
	{"all/mm,slub.c,2487,alloc_slab_page", "tag 2"},
	{"all/fs,xfs,xfs_buf.c,405,xfs_buf_alloc,xfs,2", "tag 6"},
	{"all/fs,xfs,xfs_buf.c,405,xfs_buf_alloc", "ENOENT"},
	{"all/fs,xfs,libxfs,xfs_btree.c,12,live,xfs", "tag 7"},
	{"all/include,net,tcp.h,2548,tcp_inline", "tag 8"},
	{"all/include,net,tcp.h,2548,tcp_inline,nvidia", "tag 10"},
	{"all/drivers,iommu,iommu-pages.h,94,iommu_alloc", "tag 12"},
	{"all/drivers,iommu,iommu-pages.h,94,iommu_alloc,vmlinux,2", "tag 13"},
	{"all/%74op,a.c,1,top,live", "tag 14"},
	{"all/top,a.c,1,top,live", "ENOENT"},
	{"all/init,main.c,1,%00", "tag 18"},
	{"all/my%20dir,a%2Cb.c,7,x,odd%20mod", "tag 19"},
	{"all/lib,odd.c,9,%2Einit,%76mlinux", "tag 21"},
	{"all/lib,odd.c,9,%2Einit,vmlinux", "ENOENT"},
	{"all/%00,11,nofile", "tag 23"},
	{"all/lib,odd.c,18446744073709551615,last", "tag 24"},
	{"all/mm,slub.c,02478,alloc_slab_page", "ENOENT"},
	{"all/mm,slub.c,2478,alloc_slab_page,", "ENOENT"},
	{"all/2478,alloc_slab_page", "ENOENT"},
	{"live/mm,slub.c,2478,alloc_slab_page", "tag 0"},
	{"min-size/1G/live/min-calls/9/mm,slub.c,2478,alloc_slab_page", "tag 0"},
	{"inaccurate/mm,slub.c,2478,alloc_slab_page", "tag 0"},
	{"accurate/mm,slub.c,2487,alloc_slab_page", "tag 2"},
	/* Ranks in front of them. */
	{"top/1/001,mm,slub.c,2478,alloc_slab_page", "tag 0"},
	{"top/1/1,mm,slub.c,2478,alloc_slab_page", "tag 0"},
	{"top/1/000,mm,slub.c,2478,alloc_slab_page", "tag 0"},
	{"top/1/99999999,mm,slub.c,2478,alloc_slab_page", "tag 0"},
	{"top/1/mm,slub.c,2478,alloc_slab_page", "ENOENT"},
	{"top/1/,mm,slub.c,2478,alloc_slab_page", "ENOENT"},
	{"top/1/-1,mm,slub.c,2478,alloc_slab_page", "ENOENT"},
	{"top/1/1", "ENOENT"},
	{"top/1/1,", "ENOENT"},
	{"top/1/1,1,mm,slub.c,2478,alloc_slab_page", "ENOENT"},
	{"top-calls/1/live/01,mm,memory.c,1180,alloc_pages", "tag 3"},
	{"top/1/by-module/xfs/001,mm,slub.c,2478,alloc_slab_page", "ENOENT"},
	{"top/1/by-file/mm/slub.c/001,2478,alloc_slab_page", "tag 0"},
	{"top/1/by-file/mm/slub.c/2478,alloc_slab_page", "ENOENT"},
	{"all/001,mm,slub.c,2478,alloc_slab_page", "ENOENT"},
	{"by-file/mm/slub.c/001,2478,alloc_slab_page", "ENOENT"},
	/* Reports; loops have the rest. */
	{".total", "report .total"},
	{"raw/.raw", "raw report .raw"},
	{"at/.summary", "report .summary"},
	{"by-module/.totals", "report .totals"},
	{"min-size/.allocinfo", "report .allocinfo"},
	{".", "ENOENT"},
	{".Total", "ENOENT"},
	{"live/.tota", "ENOENT"},
	{"min-size/.5", "ENOENT"},
	{".total/x", "ENOTDIR"},
	{"README/.total", "ENOTDIR"},
};
static struct sample *sample;

static int set_up(void **state)
{
	g_autoptr(GString) text = g_string_new(NULL);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(sites); i++)
		tree_add_line(text, (int64_t)i, i > 0, sites[i], "");
	sample = tree_sample(text);
	return sample && sample->catalog->count == G_N_ELEMENTS(sites) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	sample_unref(sample);
	return 0;
}

static void test_paths(void **state)
{
	unsigned int failed = 0;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(expectations); i++) {
		const struct expectation *row = &expectations[i];
		g_autoptr(GString) is = tree_describe(sample->catalog, row->path);

		if (strcmp(is->str, row->is) == 0)
			continue;
		print_error("/%s\n\tis:     %s\n\tshould: %s\n", row->path, is->str, row->is);
		failed++;
	}
	assert_int_equal(failed, 0);
}

/* A name is compared as a whole: its end alone is no tag. */
static void test_ends_of_names(void **state)
{
	unsigned int failed = 0;

	(void)state;
	for (uint32_t tag = 0; tag < sample->catalog->count; tag++) {
		char name[NAME_SIZE];
		size_t len = catalog_tag_name(sample->catalog, tag, CATALOG_FLAT, name);

		for (size_t from = 0; from < len; from++) {
			g_autofree char *path = g_strdup_printf("all/%s", name + from);
			g_autoptr(GString) is = tree_describe(sample->catalog, path);
			g_autofree char *wanted = g_strdup_printf("tag %u", tag);

			if (from == 0 ? strcmp(is->str, wanted) == 0
				      : !g_str_has_prefix(is->str, "tag"))
				continue;
			print_error("/%s of tag %u is: %s\n", path, tag, is->str);
			failed++;
		}
	}
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_ends_of_names),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
