/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes through changes of the catalog: what a node stands for is asked in the catalog of the one
 * who asks, older or newer than the one asked before, directories and files, and names that come to
 * stand for something else. And lookup counts: who is held stays, who is not is gone.
 */
#include "unit.h"

#include "node.h"
#include "tree.h"

#define HEADER "allocinfo - version: 2.0\n"

/* Two states of the names; numbers of modules, functions, paths and tags differ between them. */
static const char few[] = HEADER " 1 1 a.c:1 func:fa \n"
				 " 2 1 b.c:2 [bb] func:fb \n";

static struct sample *many(void)
{
	g_autoptr(GString) text = g_string_new(HEADER " 1 1 a.c:1 func:fa \n");

	for (int i = 0; i < 1000; i++)
		g_string_append_printf(text, " 7 1 m%03d.c:5 [aa%03d] func:g%03d \n", i, i, i);
	g_string_append(text, " 2 1 b.c:2 [bb] func:fb \n");
	return tree_sample(text);
}

struct bench {
	struct sample *few, *many;
	struct world *world;
	struct node_table *table;
	struct node *root;
};

static void open_bench(struct bench *bench)
{
	g_autoptr(GString) text = g_string_new(few);

	bench->few = tree_sample(text);
	bench->many = many();
	bench->world = world_new_frozen(bench->few);
	bench->table = node_table_new(bench->world);
	bench->root = node_from_id(bench->table, FUSE_ROOT_ID);
}

static void close_bench(struct bench *bench)
{
	node_table_free(bench->table);
	world_unref(bench->world);
	sample_unref(bench->few);
	sample_unref(bench->many);
}

/* Looks a path up component by component, as the kernel does; the last node. */
static struct node *look_up(struct bench *bench, const struct sample *sample, const char *path)
{
	g_auto(GStrv) names = g_strsplit(path, "/", -1);
	struct node *node = bench->root;

	for (char **name = names; *name; name++) {
		struct target from, to;

		assert_int_equal(node_target(bench->table, node, sample->catalog, &from), 0);
		assert_int_equal(query_step(sample->catalog, &from.query, span_of(*name), &to), 0);
		node = node_lookup(bench->table, node, span_of(*name), bench->world,
				   sample->catalog, &to);
	}
	return node;
}

/* What the node stands for is what its path leads to in that catalog. */
static void check(struct bench *bench, struct node *node, const struct sample *sample,
		  const char *path)
{
	struct target wanted, got;
	struct query from;
	const char *stopped;
	int err = tree_walk(sample->catalog, path, &wanted, &from, &stopped);

	unit_check(node_target(bench->table, node, sample->catalog, &got) == err, "%s: error",
		   path);
	if (err)
		return;
	unit_check_number(got.kind, wanted.kind, path, "kind");
	if (wanted.kind == TARGET_TAG || wanted.kind == TARGET_AT || wanted.kind == TARGET_PLACE)
		unit_check_number(got.number, wanted.number, path, "number");
	if (wanted.kind == TARGET_PLACE)
		unit_check_number(got.line, wanted.line, path, "line");
	unit_check_number(got.query.steps, wanted.query.steps, path, "steps");
	for (unsigned int i = 0; i < wanted.query.steps; i++) {
		enum filter_id filter = wanted.query.step[i];

		unit_check_number(got.query.step[i], filter, path, "filter");
		unit_check_number(got.query.value[filter], wanted.query.value[filter], path,
				  "value");
	}
}

static const char *const paths[] = {
	"all",
	"all/b.c,2,fb,bb",
	"by-module/bb",
	"by-module/bb/b.c,2,fb,bb",
	"by-module/bb/by-function/fb",
	"by-module/bb/by-function/fb/.total",
	"by-file/b.c",
	"by-file/b.c/2,fb,bb",
	"by-file/b.c:2",
	"by-function/fb/by-line/2/at/0",
	"sized/by-module/bb/min-size/1",
};

/* Whoever asked last, in whichever catalog. */
static void test_older_and_newer(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		struct bench bench;
		struct node *node;

		open_bench(&bench);
		for (int round = 0; round < 2; round++) {
			node = look_up(&bench, bench.many, paths[i]);
			check(&bench, node, bench.few, paths[i]);
			check(&bench, node, bench.many, paths[i]);
			node = look_up(&bench, bench.few, paths[i]);
			check(&bench, node, bench.many, paths[i]);
			check(&bench, node, bench.few, paths[i]);
		}
		close_bench(&bench);
	}
}

/* What is only in one of them is not found in the other, and comes back. */
static void test_gone(void **state)
{
	static const char *const gone[] = {"by-module/aa500", "by-module/aa500/m500.c,5,g500,aa500",
					   "by-file/m500.c", "by-file/m500.c:5"};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(gone); i++) {
		struct bench bench;
		struct node *node;

		open_bench(&bench);
		node = look_up(&bench, bench.many, gone[i]);
		check(&bench, node, bench.few, gone[i]);
		check(&bench, node, bench.many, gone[i]);
		close_bench(&bench);
	}
}

/* A name of the source tree is a directory in one state and a file's name in the other. */
static void test_another_kind(void **state)
{
	g_autoptr(GString) text = g_string_new(HEADER " 1 1 d/x.c:5:1 func:f \n");
	g_autoptr(GString) other = g_string_new(HEADER " 1 1 d/x.c:5 func:f \n");
	const char *path = "by-file/d/x.c:5";
	struct bench bench;
	struct node *node;

	(void)state;
	bench.few = tree_sample(text);
	bench.many = tree_sample(other);
	bench.world = world_new_frozen(bench.few);
	bench.table = node_table_new(bench.world);
	bench.root = node_from_id(bench.table, FUSE_ROOT_ID);
	node = look_up(&bench, bench.many, path);
	check(&bench, node, bench.few, path);
	check(&bench, node, bench.many, path);
	close_bench(&bench);
}

static void test_lookup_counts(void **state)
{
	struct bench bench;
	struct node *tag, *again, *directory;
	uint64_t inode;

	(void)state;
	open_bench(&bench);
	tag = look_up(&bench, bench.few, "by-module/bb/b.c,2,fb,bb");
	directory = node_parent(tag);
	inode = node_inode(tag);
	again = look_up(&bench, bench.few, "by-module/bb/b.c,2,fb,bb");
	assert_ptr_equal(again, tag);
	/* The directory is held by its child. */
	node_forget(bench.table, directory, 2);
	assert_ptr_equal(node_parent(tag), directory);
	node_forget(bench.table, tag, 1);
	assert_int_equal(node_inode(tag), inode);
	node_forget(bench.table, tag, 1);
	tag = look_up(&bench, bench.few, "by-module/bb/b.c,2,fb,bb");
	assert_int_equal(node_inode(tag), inode);
	/* More than there are: what a hostile kernel would say. */
	node_forget(bench.table, tag, 100);
	close_bench(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_older_and_newer),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_another_kind),
		cmocka_unit_test(test_lookup_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
