/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The young part of a sample, and what gathering costs: see parts.h. */
#include "parts.h"

struct parts {
	int64_t max_age;
	GMutex lock; /* guards the rest */
	struct plan plan;
	struct sample *part; /* gathered by the plan; or NULL */
	int64_t spent; /* on gathering, since: */
	int64_t spent_since;
};

struct parts *parts_new(int64_t max_age)
{
	struct parts *parts = g_new0(struct parts, 1);

	parts->max_age = max_age;
	g_mutex_init(&parts->lock);
	return parts;
}

void parts_free(struct parts *parts)
{
	if (!parts)
		return;
	parts_drop(parts);
	g_mutex_clear(&parts->lock);
	g_free(parts);
}

/* Locked. */
static bool serves(const struct parts *parts, const struct catalog *catalog,
		   const struct plan *plan)
{
	if (!parts->part || parts->part->catalog != catalog ||
	    g_get_monotonic_time() - parts->part->began >= parts->max_age)
		return false;
	return plan_equal(&parts->plan, plan) ||
	       (plan->tag != CATALOG_NONE && sample_has(parts->part, plan->tag));
}

struct sample *parts_find(struct parts *parts, const struct catalog *catalog,
			  const struct plan *plan)
{
	struct sample *found = NULL;

	g_mutex_lock(&parts->lock);
	if (serves(parts, catalog, plan))
		found = sample_ref(parts->part);
	g_mutex_unlock(&parts->lock);
	return found;
}

void parts_charge(struct parts *parts, int64_t cost)
{
	int64_t now = g_get_monotonic_time();

	if (parts->max_age == 0)
		return;
	g_mutex_lock(&parts->lock);
	if (now - parts->spent_since >= parts->max_age) {
		parts->spent_since = now;
		parts->spent = 0;
	}
	parts->spent += cost;
	g_mutex_unlock(&parts->lock);
}

void parts_keep(struct parts *parts, const struct plan *plan, struct sample *part)
{
	if (parts->max_age == 0)
		return;
	g_mutex_lock(&parts->lock);
	sample_unref(parts->part);
	parts->part = sample_ref(part);
	parts->plan = *plan;
	g_mutex_unlock(&parts->lock);
}

bool parts_too_dear(struct parts *parts, int64_t full_cost)
{
	bool too_dear;

	g_mutex_lock(&parts->lock);
	too_dear = g_get_monotonic_time() - parts->spent_since < parts->max_age &&
		   parts->spent > full_cost;
	g_mutex_unlock(&parts->lock);
	return too_dear;
}

void parts_drop(struct parts *parts)
{
	g_mutex_lock(&parts->lock);
	sample_unref(parts->part);
	parts->part = NULL;
	g_mutex_unlock(&parts->lock);
}
