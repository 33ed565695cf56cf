/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Open files and directories, so that they can be freed when a mount ends while they are open: who
 * holds them is told by the kernel, which sends no release then. Any thread.
 */
#ifndef ALLOCFS_HANDLE_H
#define ALLOCFS_HANDLE_H

#include <glib.h>

struct handle_table;

struct handle_table *handle_table_new(void);

/* Frees what was kept and not dropped, too. */
void handle_table_free(struct handle_table *table);

/* Keeps a handle, to be freed so should it not be dropped before. */
void handle_keep(struct handle_table *table, void *handle, GDestroyNotify free_handle);

/* The handle is its owner's to free again. */
void handle_drop(struct handle_table *table, void *handle);

#endif
