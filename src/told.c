/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which errors were told: see told.h. */
#include "told.h"

#include <errno.h>

struct told {
	const char *name;
	GHashTable *attempts; /* errors that were told -> the attempt that met them */
	char *last;
};

struct told *told_new(const char *name)
{
	struct told *told = g_new0(struct told, 1);

	told->name = name;
	told->attempts = g_hash_table_new(NULL, NULL);
	return told;
}

void told_free(struct told *told)
{
	if (!told)
		return;
	g_hash_table_destroy(told->attempts);
	g_free(told->last);
	g_free(told);
}

static const char *explain(int err)
{
	if (err == -EBADMSG)
		return "no line of it is one of a listing of allocations: expected the text of "
		       "/proc/allocinfo or of a saved copy";
	if (err == -EAGAIN)
		return "it changed each time it was read";
	if (err == -ENOMEM)
		return "there is not enough memory to read it: allow the daemon more";
	return g_strerror(-err);
}

static gboolean was_met_by(void *error, void *attempt, void *succeeded)
{
	(void)error;
	return attempt == succeeded;
}

char *told_note(struct told *told, enum attempt attempt, int err)
{
	/* Should it fail again, that is news. */
	if (err == 0)
		g_hash_table_foreach_remove(told->attempts, was_met_by, GINT_TO_POINTER(attempt));
	if (err == 0 || err == -ECANCELED ||
	    g_hash_table_contains(told->attempts, GINT_TO_POINTER(err)))
		return NULL;
	g_hash_table_insert(told->attempts, GINT_TO_POINTER(err), GINT_TO_POINTER(attempt));
	g_free(told->last);
	told->last = g_strdup_printf("%s: %s", told->name, explain(err));
	return g_strdup(told->last);
}

const char *told_last(const struct told *told)
{
	return told->last;
}
