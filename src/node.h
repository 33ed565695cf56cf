/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes: what the kernel knows of the tree. A node exists for each path that the kernel has looked
 * up and not forgotten, and for the directories above it. See node.c for who holds what.
 */
#ifndef ALLOCFS_NODE_H
#define ALLOCFS_NODE_H

#include "fuse_api.h"
#include "query.h"
#include "world.h"

struct node;
struct node_table;

/* live is the world of the root; the table keeps a reference. */
struct node_table *node_table_new(struct world *live);
void node_table_free(struct node_table *table);

/* The node of an id that the kernel sent. */
struct node *node_from_id(struct node_table *table, fuse_ino_t id);

/* The id for the kernel; st_ino, one per path; no lock needed, both are fixed for life. */
fuse_ino_t node_id(const struct node_table *table, const struct node *node);
uint64_t node_inode(const struct node *node);

/* The directory that a node is in; NULL for the root. Fixed for life too. */
struct node *node_parent(const struct node *node);

/* The world that a node shows; lives as long as the node. */
struct world *node_world(const struct node *node);

/* What kind of directory a node is. Takes the table's lock. */
enum query_place node_place(struct node_table *table, const struct node *node);

/* The st_ino that the child of that name has, whether or not it has a node. */
uint64_t node_child_inode(const struct node *parent, struct span name);

/*
 * What a node stands for in that catalog. Returns 0 and fills *target, or what query_step() returns
 * where the path no longer exists in it. Takes the table's lock.
 */
int node_target(struct node_table *table, struct node *node, const struct catalog *catalog,
		struct target *target);

/*
 * The child of that name, which stands for target in a catalog of that world, with one more lookup
 * counted: to be given back by node_forget(). parent is a node that the kernel holds. NULL where
 * there is no memory for a new one. Takes the lock.
 */
struct node *node_lookup(struct node_table *table, struct node *parent, struct span name,
			 struct world *world, const struct catalog *catalog,
			 const struct target *target);

/* Takes count lookups back; frees the node where none are left. Takes the lock. */
void node_forget(struct node_table *table, struct node *node, uint64_t count);

/* The path from the mount's root, "/by-module/xfs"; the caller frees it. Takes the lock. */
char *node_path(struct node_table *table, const struct node *node);

#endif
