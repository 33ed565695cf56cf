/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of what is open: see handle.h. */
#include "handle.h"

struct handle_table {
	GMutex lock; /* guards: */
	GHashTable *kept; /* handle -> how to free it */
};

struct handle_table *handle_table_new(void)
{
	struct handle_table *table = g_new0(struct handle_table, 1);

	g_mutex_init(&table->lock);
	table->kept = g_hash_table_new(NULL, NULL);
	return table;
}

void handle_table_free(struct handle_table *table)
{
	GHashTableIter iter;
	void *handle, *free_handle;

	if (!table)
		return;
	g_hash_table_iter_init(&iter, table->kept);
	while (g_hash_table_iter_next(&iter, &handle, &free_handle))
		((GDestroyNotify)free_handle)(handle);
	g_hash_table_destroy(table->kept);
	g_mutex_clear(&table->lock);
	g_free(table);
}

void handle_keep(struct handle_table *table, void *handle, GDestroyNotify free_handle)
{
	g_mutex_lock(&table->lock);
	g_hash_table_insert(table->kept, handle, (void *)free_handle);
	g_mutex_unlock(&table->lock);
}

void handle_drop(struct handle_table *table, void *handle)
{
	g_mutex_lock(&table->lock);
	g_hash_table_remove(table->kept, handle);
	g_mutex_unlock(&table->lock);
}
