/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Young parts of samples: see parts.h. */
#include "parts.h"

#define KEPT_PARTS 8

struct kept_part {
	struct plan plan;
	struct sample *part; /* NULL: free */
};

struct parts {
	int64_t max_age;
	GMutex lock; /* guards the rest */
	struct kept_part kept[KEPT_PARTS];
	unsigned int next; /* to be replaced: the oldest */
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

static bool is_young(const struct parts *parts, const struct sample *part)
{
	return g_get_monotonic_time() - part->began < parts->max_age;
}

static bool has_all(const struct kept_part *kept, const struct plan *plan)
{
	if (plan->tag != CATALOG_NONE && sample_has(kept->part, plan->tag))
		return true;
	return plan_equal(&kept->plan, plan);
}

struct sample *parts_find(struct parts *parts, const struct catalog *catalog,
			  const struct plan *plan)
{
	struct sample *found = NULL;

	g_mutex_lock(&parts->lock);
	for (unsigned int i = 0; i < KEPT_PARTS && !found; i++) {
		const struct kept_part *kept = &parts->kept[i];

		if (kept->part && kept->part->catalog == catalog && is_young(parts, kept->part) &&
		    has_all(kept, plan))
			found = sample_ref(kept->part);
	}
	g_mutex_unlock(&parts->lock);
	return found;
}

/* Locked. */
static void charge(struct parts *parts, int64_t cost)
{
	int64_t now = g_get_monotonic_time();

	if (now - parts->spent_since >= parts->max_age) {
		parts->spent_since = now - cost;
		parts->spent = 0;
	}
	parts->spent += cost;
}

void parts_keep(struct parts *parts, const struct plan *plan, struct sample *part, int64_t cost)
{
	struct kept_part *kept;

	if (parts->max_age == 0)
		return;
	g_mutex_lock(&parts->lock);
	charge(parts, cost);
	kept = &parts->kept[parts->next++ % KEPT_PARTS];
	sample_unref(kept->part);
	*kept = (struct kept_part){*plan, sample_ref(part)};
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
	for (unsigned int i = 0; i < KEPT_PARTS; i++) {
		sample_unref(parts->kept[i].part);
		parts->kept[i].part = NULL;
	}
	g_mutex_unlock(&parts->lock);
}
