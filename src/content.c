/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rendering files, and the renderings kept between stat and open: see content.h. */
#include "content.h"

#include <errno.h>
#include "readme.h"
#include "report.h"
#include "status.h"

/* A tool that stats a few files before it opens them finds them; more are just rendered again. */
#define KEPT_RENDERINGS 8
#define KEPT_BYTES (32u << 20)

struct rendering {
	uint64_t inode; /* 0: free */
	uint64_t sample; /* serial of what it was made from */
	int64_t made;
	uint64_t size;
	GBytes *bytes; /* or NULL: more than is kept */
};

struct content_cache {
	int64_t max_age;
	GMutex lock; /* guards the rest */
	struct rendering kept[KEPT_RENDERINGS];
	unsigned int next; /* to be replaced: the oldest */
	size_t bytes;
};

struct content_cache *content_cache_new(int64_t max_age)
{
	struct content_cache *cache = g_new0(struct content_cache, 1);

	cache->max_age = max_age;
	g_mutex_init(&cache->lock);
	return cache;
}

/* Locked. */
static void drop(struct content_cache *cache, struct rendering *rendering)
{
	if (rendering->bytes) {
		cache->bytes -= rendering->size;
		g_bytes_unref(rendering->bytes);
	}
	*rendering = (struct rendering){.inode = 0};
}

void content_cache_free(struct content_cache *cache)
{
	if (!cache)
		return;
	for (unsigned int i = 0; i < KEPT_RENDERINGS; i++)
		drop(cache, &cache->kept[i]);
	g_mutex_clear(&cache->lock);
	g_free(cache);
}

/* status shows more than its sample, so that it ages. */
static bool is_current(const struct content_cache *cache, const struct rendering *rendering,
		       uint64_t inode, const struct content_input *input)
{
	if (rendering->inode != inode || rendering->sample != input->sample->serial)
		return false;
	return input->target->kind != TARGET_STATUS ||
	       g_get_monotonic_time() - rendering->made < cache->max_age;
}

/* Locked. */
static const struct rendering *find(const struct content_cache *cache, uint64_t inode,
				    const struct content_input *input)
{
	for (unsigned int i = 0; i < KEPT_RENDERINGS; i++)
		if (is_current(cache, &cache->kept[i], inode, input))
			return &cache->kept[i];
	return NULL;
}

static GBytes *take_kept(struct content_cache *cache, uint64_t inode,
			 const struct content_input *input)
{
	const struct rendering *found;
	GBytes *bytes = NULL;

	g_mutex_lock(&cache->lock);
	found = find(cache, inode, input);
	if (found && found->bytes)
		bytes = g_bytes_ref(found->bytes);
	g_mutex_unlock(&cache->lock);
	return bytes;
}

static void keep(struct content_cache *cache, uint64_t inode, uint64_t sample, GBytes *bytes)
{
	size_t size = g_bytes_get_size(bytes);
	struct rendering rendering = {inode, sample, g_get_monotonic_time(), size, NULL};

	if (size <= KEPT_BYTES)
		rendering.bytes = g_bytes_ref(bytes);
	else
		size = 0;
	g_mutex_lock(&cache->lock);
	do {
		drop(cache, &cache->kept[cache->next++ % KEPT_RENDERINGS]);
	} while (cache->bytes + size > KEPT_BYTES);
	cache->bytes += size;
	cache->kept[(cache->next - 1) % KEPT_RENDERINGS] = rendering;
	g_mutex_unlock(&cache->lock);
}

static int render_report(const struct content_input *input, const struct query *query,
			 enum report_id report, GString *out)
{
	g_autoptr(GArray) rows = NULL;
	struct report_input report_input = {input->sample, query, NULL, input->path};

	if (!select_has_room(input->sample, query))
		return -ENOMEM;
	report_input.rows = rows = select_rows(input->sample, query);
	return report_get(report)->render(&report_input, out);
}

/* The tags at one place of one file, of those in the set. */
static int render_place(const struct content_input *input, GString *out)
{
	const struct target *target = input->target;
	const struct catalog *catalog = input->sample->catalog;
	g_autoptr(GArray) rows = NULL;
	guint kept = 0;

	if (!select_has_room(input->sample, &target->query))
		return -ENOMEM;
	rows = select_rows(input->sample, &target->query);
	for (guint i = 0; i < rows->len; i++) {
		struct row row = g_array_index(rows, struct row, i);

		if (catalog->tags[row.tag].path == target->number &&
		    catalog->tags[row.tag].line == target->line)
			g_array_index(rows, struct row, kept++) = row;
	}
	g_array_set_size(rows, kept);
	return report_tags(&(struct report_input){input->sample, &target->query, rows, NULL},
			   target->query.view, out);
}

uint64_t content_listing_length(const struct sample *sample)
{
	return report_header_length(sample) + sample_text_length(sample);
}

static int render(const struct content_input *input, GString *out)
{
	const struct target *target = input->target;

	switch (target->kind) {
	case TARGET_TAG:
	case TARGET_AT: report_tag(input->sample, target->query.view, input->tag, out); return 0;
	case TARGET_PLACE: return render_place(input, out);
	case TARGET_REPORT:
		return render_report(input, &target->query, (enum report_id)target->number, out);
	case TARGET_ALLOCINFO: return render_report(input, &target->query, REPORT_ALLOCINFO, out);
	case TARGET_README: readme_append(out); return 0;
	case TARGET_STATUS:
		status_append(input->sampler, input->snapshots, input->sample, out);
		return 0;
	case TARGET_WORLD:
	case TARGET_DIRECTORY: break;
	}
	return -EISDIR;
}

static bool is_kept(enum target_kind kind)
{
	return kind == TARGET_REPORT || kind == TARGET_PLACE || kind == TARGET_STATUS;
}

int content_size(struct content_cache *cache, uint64_t inode, const struct content_input *input,
		 uint64_t *size)
{
	g_autoptr(GBytes) bytes = NULL;
	const struct rendering *found;
	int err;

	g_mutex_lock(&cache->lock);
	found = find(cache, inode, input);
	if (found)
		*size = found->size;
	g_mutex_unlock(&cache->lock);
	if (found)
		return 0;
	err = content_get(cache, inode, input, &bytes);
	if (!err)
		*size = g_bytes_get_size(bytes);
	return err;
}

int content_get(struct content_cache *cache, uint64_t inode, const struct content_input *input,
		GBytes **bytes)
{
	bool kept = is_kept(input->target->kind);
	GString *out;
	int err;

	*bytes = kept ? take_kept(cache, inode, input) : NULL;
	if (*bytes)
		return 0;
	out = g_string_new(NULL);
	err = render(input, out);
	if (err) {
		g_string_free(out, TRUE);
		return err;
	}
	*bytes = g_string_free_to_bytes(out);
	if (kept)
		keep(cache, inode, input->sample->serial, *bytes);
	return 0;
}
