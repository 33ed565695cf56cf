/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three kinds of number name the same thing, and only this file knows all three.
 *
 *   - The node id is what the kernel sends with each request: the node's address, or FUSE_ROOT_ID.
 *     It is valid while the kernel has lookups left that it did not forget.
 *   - st_ino is what users see: a hash of the path, so that a path has the same number each time it
 *     is looked up, and no two paths are taken for hard links of each other. It is seeded: names
 *     come from outside, and nobody shall prepare names that all have one number.
 *   - Tags, modules, functions and source paths have numbers in one catalog. A node keeps those
 *     together with the serial of the catalog that they belong to; when another catalog is asked
 *     for, the node finds its way again by its name, from its parent, which does the same.
 *
 * A node is held by the kernel (lookups: one for each entry it was handed, given back by forget)
 * and by its child nodes (children). It is freed when both are zero, and then lets go of its
 * parent. While a request runs the kernel holds its node, so that requests need no reference of
 * their own.
 *
 * The root of a snapshot or of a difference is a node of a world of its own, and so is all below.
 * When another snapshot gets the name, the name gets another node; the old one lives on, out of the
 * table, while somebody stands in it.
 *
 * The one lock guards the table and every field of a node that can change. Nothing else is locked
 * while it is held, and nothing is read from the source.
 */
#include "node.h"

#include "hash.h"
#include "heap.h"

struct node {
	struct node *parent; /* NULL for the root */
	struct world *world; /* the tree it is in; its parent's but for the root of a tree */
	uint64_t inode;
	uint64_t lookups;
	uint64_t serial; /* of the catalog that the following are of; 0: of none */
	uint64_t number, line;
	struct query *query; /* of a directory */
	enum target_kind kind;
	uint32_t children;
	uint8_t name_len;
	char name[];
};

/* From so many nodes on it is worth it to give back what those that were freed took. */
#define TRIM_FROM 10000

struct node_table {
	GMutex lock;
	GHashTable *nodes; /* by parent and name; a set */
	GHashTable *replaced; /* those whose name another one has got; a set */
	struct node *root;
	guint most; /* nodes at one time since memory was given back */
};

static uint64_t inode_of(uint64_t parent, struct span name)
{
	uint64_t inode = hash_bytes(parent ^ hash_seed(), name.at, name.len);

	/* 0 and 1 have a meaning of their own. */
	return inode > FUSE_ROOT_ID ? inode : inode + 2;
}

static guint hash_node(const void *node)
{
	return (guint)((const struct node *)node)->inode;
}

/* One of the two may be a key: see find(). */
static gboolean equal_nodes(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return x->parent == y->parent && x->name_len == y->name_len &&
	       memcmp(x->name, y->name, x->name_len) == 0;
}

static struct node *new_node(struct node *parent, struct world *world, uint64_t inode,
			     struct span name)
{
	struct node *node = g_malloc0(sizeof(*node) + name.len + 1);

	node->parent = parent;
	node->world = world_ref(world);
	node->inode = inode;
	node->name_len = (uint8_t)name.len;
	memcpy(node->name, name.at, name.len);
	return node;
}

static void set_root(struct node *node)
{
	if (!node->query)
		node->query = g_new(struct query, 1);
	query_root(world_realm(node->world), node->query);
}

struct node_table *node_table_new(struct world *live)
{
	struct node_table *table = g_new0(struct node_table, 1);

	g_mutex_init(&table->lock);
	table->nodes = g_hash_table_new(hash_node, equal_nodes);
	table->replaced = g_hash_table_new(NULL, NULL);
	table->root = new_node(NULL, live, FUSE_ROOT_ID, span_of(""));
	set_root(table->root);
	return table;
}

static void free_node(void *pointer)
{
	struct node *node = pointer;

	world_unref(node->world);
	g_free(node->query);
	g_free(node);
}

static void free_nodes(GHashTable *nodes)
{
	GHashTableIter iter;
	void *node;

	g_hash_table_iter_init(&iter, nodes);
	while (g_hash_table_iter_next(&iter, &node, NULL)) {
		g_hash_table_iter_steal(&iter);
		free_node(node);
	}
	g_hash_table_destroy(nodes);
}

void node_table_free(struct node_table *table)
{
	if (!table)
		return;
	free_nodes(table->nodes);
	free_nodes(table->replaced);
	free_node(table->root);
	g_mutex_clear(&table->lock);
	g_free(table);
}

struct node *node_from_id(struct node_table *table, fuse_ino_t id)
{
	return id == FUSE_ROOT_ID ? table->root : (struct node *)(uintptr_t)id;
}

fuse_ino_t node_id(const struct node_table *table, const struct node *node)
{
	return node == table->root ? FUSE_ROOT_ID : (fuse_ino_t)(uintptr_t)node;
}

uint64_t node_inode(const struct node *node)
{
	return node->inode;
}

struct world *node_world(const struct node *node)
{
	return node->world;
}

struct node *node_parent(const struct node *node)
{
	return node->parent;
}

uint64_t node_child_inode(const struct node *parent, struct span name)
{
	return inode_of(parent->inode, name);
}

/* The root of a tree: its query is the same in every catalog. */
static bool is_root(const struct node *node)
{
	return !node->parent || node->parent->world != node->world;
}

/* Keeps what a node was found to stand for. Locked. */
static void remember(struct node *node, const struct catalog *catalog, const struct target *target)
{
	node->serial = catalog->serial;
	node->kind = target->kind;
	node->number = target->number;
	node->line = target->line;
	if (target->kind != TARGET_DIRECTORY) {
		g_clear_pointer(&node->query, g_free);
		return;
	}
	if (!node->query)
		node->query = g_new(struct query, 1);
	*node->query = target->query;
}

/*
 * Locked. What is kept in a node serves the catalog that it is of and no other, older or newer: who
 * asks may have taken his sample before somebody else did, and numbers of one catalog mean nothing
 * in another. So each level steps from what its parent is in the same catalog.
 */
static int resolve(struct node *node, const struct catalog *catalog, struct target *target)
{
	struct target parent;
	bool known = is_root(node) || node->serial == catalog->serial;
	int err;

	if (known && node->query) {
		*target = (struct target){.kind = TARGET_DIRECTORY, .query = *node->query};
		return 0;
	}
	err = resolve(node->parent, catalog, &parent);
	if (err)
		return err;
	if (known) {
		*target = (struct target){node->kind, node->number, node->line, parent.query};
		return 0;
	}
	err = query_step(catalog, &parent.query, (struct span){node->name, node->name_len}, target);
	if (!err)
		remember(node, catalog, target);
	return err;
}

int node_target(struct node_table *table, struct node *node, const struct catalog *catalog,
		struct target *target)
{
	int err;

	g_mutex_lock(&table->lock);
	err = resolve(node, catalog, target);
	g_mutex_unlock(&table->lock);
	return err;
}

enum query_place node_place(struct node_table *table, const struct node *node)
{
	enum query_place place;

	g_mutex_lock(&table->lock);
	place = node->query ? node->query->place : PLACE_SET;
	g_mutex_unlock(&table->lock);
	return place;
}

/* Locked. The key is laid out as a node without its lists, to be compared with the real ones. */
static struct node *find(struct node_table *table, struct node *parent, uint64_t inode,
			 struct span name)
{
	union {
		struct node node;
		char room[sizeof(struct node) + 256];
	} key;

	key.node.parent = parent;
	key.node.inode = inode;
	key.node.name_len = (uint8_t)name.len;
	memcpy(key.node.name, name.at, name.len);
	return g_hash_table_lookup(table->nodes, &key.node);
}

/* So many nodes are made before memory is asked for again. */
#define NODES_AT_ONCE 1024

/* Locked. For the next nodes, and for the table to hold them, which grows to twice its size. */
static bool has_room(const struct node_table *table)
{
	guint count = g_hash_table_size(table->nodes);
	size_t nodes = NODES_AT_ONCE * (sizeof(struct node) + sizeof(struct query) + NAME_MAX);

	return count % NODES_AT_ONCE != 0 || heap_has_room(nodes + 64 * (size_t)count);
}

/* Locked. The node that has the name is of a world that is no longer there. */
static void replace(struct node_table *table, struct node *node)
{
	g_hash_table_remove(table->nodes, node);
	g_hash_table_add(table->replaced, node);
}

struct node *node_lookup(struct node_table *table, struct node *parent, struct span name,
			 struct world *world, const struct catalog *catalog,
			 const struct target *target)
{
	uint64_t inode = inode_of(parent->inode, name);
	struct node *node;

	g_mutex_lock(&table->lock);
	node = find(table, parent, inode, name);
	if (node && node->world != world) {
		replace(table, node);
		node = NULL;
	}
	if (!node && !has_room(table)) {
		g_mutex_unlock(&table->lock);
		return NULL;
	}
	if (!node) {
		node = new_node(parent, world, inode, name);
		g_hash_table_add(table->nodes, node);
		table->most = MAX(table->most, g_hash_table_size(table->nodes));
		parent->children++;
	}
	node->lookups++;
	remember(node, catalog, target);
	g_mutex_unlock(&table->lock);
	return node;
}

/* Locked. */
static void release(struct node_table *table, struct node *node)
{
	while (node->parent && node->lookups == 0 && node->children == 0) {
		struct node *parent = node->parent;

		if (!g_hash_table_remove(table->replaced, node))
			g_hash_table_remove(table->nodes, node);
		free_node(node);
		parent->children--;
		node = parent;
	}
}

/*
 * Locked. Whether most of the nodes of a long walk are gone by now. What they took lies between
 * what is still in use, where the heap does not give it back by itself.
 */
static bool has_shrunk(struct node_table *table)
{
	guint count = g_hash_table_size(table->nodes);

	if (table->most < TRIM_FROM || count > table->most / 4)
		return false;
	table->most = count;
	return true;
}

void node_forget(struct node_table *table, struct node *node, uint64_t count)
{
	bool trim;

	g_mutex_lock(&table->lock);
	node->lookups -= MIN(count, node->lookups);
	release(table, node);
	trim = has_shrunk(table);
	g_mutex_unlock(&table->lock);
	if (trim)
		heap_give_back();
}

char *node_path(struct node_table *table, const struct node *node)
{
	GString *path = g_string_new(NULL);

	g_mutex_lock(&table->lock);
	for (; node->parent; node = node->parent) {
		g_string_prepend_len(path, node->name, node->name_len);
		g_string_prepend_c(path, '/');
	}
	g_mutex_unlock(&table->lock);
	if (path->len == 0)
		g_string_append_c(path, '/');
	return g_string_free(path, FALSE);
}
