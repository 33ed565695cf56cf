/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at the mount while modules come and go: one function for each kind of look. */
#include "churn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_TIME 250000000 /* nanoseconds for the entries of one directory */
#define TRIES 4 /* to find a module that is there */
#define PAUSE 2000 /* microseconds */

static const struct scope everything = {ANY_MODULE, NULL, NULL};

uint64_t random_below(uint64_t *state, uint64_t limit)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state % limit;
}

static const struct site *site_by_flat(const struct model *model, const char *flat)
{
	for (size_t i = 0; i < model->site_count; i++)
		if (strcmp(model->sites[i].flat, flat) == 0)
			return &model->sites[i];
	return NULL; /* not for a name that was checked */
}

/* Mostly of a module that comes and goes. */
static const struct site *random_site(struct reader *reader)
{
	const struct model *model = reader->model;
	bool any = random_below(&reader->random, 4) == 0;
	const struct site *site;

	do
		site = &model->sites[random_below(&reader->random, model->site_count)];
	while (!any && site->module == BUILT_IN);
	return site;
}

static unsigned int random_module(struct reader *reader)
{
	const struct site *site;

	do
		site = random_site(reader);
	while (site->module == BUILT_IN);
	return site->module;
}

static struct scope of_module(unsigned int module)
{
	return (struct scope){module, NULL, NULL};
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ll + time.tv_nsec;
}

/* The entries of a directory from a random one on, as far as one gets: with max_age=0 each may be
 * a read of the whole listing. */
static int look_at_entries(struct reader *reader, const char *view, const char *dir,
			   const struct scope *scope, bool open_them)
{
	struct seen seen = {NULL, 0, 0};
	char path[PATH_SIZE];
	int result;

	reader_path(reader, path, view, dir, "");
	result = reader_list(reader, path, scope, FORM_FLAT, &seen);
	if (result == 0 && seen.count > 0) {
		size_t first = random_below(&reader->random, seen.count);
		int64_t end = now() + LOOK_TIME;

		for (size_t i = 0; i < seen.count && result == 0 && now() < end; i++) {
			const char *name = seen.names[(first + i) % seen.count];
			const struct site *site = site_by_flat(reader->model, name);

			reader_path(reader, path, view, dir, name);
			result = reader_check_stat(reader, path, site, *view == 'r');
			if (result == 0 && open_them)
				result = reader_check_tag(reader, path, site, *view == 'r');
		}
	}
	seen_clear(&seen);
	return result;
}

static int look_at_module_entries(struct reader *reader, const char *view, bool open_them)
{
	struct scope scope = of_module(random_module(reader));
	char dir[PATH_SIZE];

	snprintf(dir, sizeof(dir), "by-module/%s", reader->model->modules[scope.module].name);
	return look_at_entries(reader, view, dir, &scope, open_them);
}

static int look_allocinfo(struct reader *reader)
{
	char path[PATH_SIZE];

	reader_path(reader, path, "", "allocinfo", "");
	return reader_read_and_check(reader, path, &everything);
}

static int look_module_report(struct reader *reader)
{
	struct scope scope = of_module(random_module(reader));
	char path[PATH_SIZE];

	reader_path(reader, path, "by-module/", reader->model->modules[scope.module].name,
		    ".allocinfo");
	return reader_read_and_check(reader, path, &scope);
}

static int look_module_raw(struct reader *reader)
{
	struct scope scope = of_module(random_module(reader));
	struct seen seen = {NULL, 0, 0};
	char path[PATH_SIZE], *data;
	size_t len;
	int result = -1;

	reader_path(reader, path, "by-module/", reader->model->modules[scope.module].name, ".raw");
	data = reader_read(reader, path, true, &len);
	if (data)
		result = reader_parse_records(reader, path, data, len, &seen);
	if (result == 0)
		result = reader_check_whole(reader, path, &scope, FORM_KEY, &seen);
	seen_clear(&seen);
	free(data);
	return result;
}

/* The modules, then the tags of each but the built-in ones. */
static int look_modules(struct reader *reader)
{
	struct seen seen = {NULL, 0, 0};
	char path[PATH_SIZE];
	int result;

	reader_path(reader, path, "by-module", "", "");
	result = reader_list(reader, path, &everything, FORM_MODULE, &seen);
	for (unsigned int m = 1; m < reader->model->module_count && result == 0; m++) {
		const struct module *module = &reader->model->modules[m];
		struct scope scope = of_module(m);
		bool listed = false;

		for (size_t i = 0; i < seen.count; i++)
			listed |= strcmp(seen.names[i], module->name) == 0;
		reader_path(reader, path, "by-module", "", module->name);
		if (listed)
			reader_list_and_check(reader, path, &scope, FORM_FLAT);
	}
	seen_clear(&seen);
	return result;
}

static int look_module_stats(struct reader *reader)
{
	return look_at_module_entries(reader, "", false);
}

static int look_sized(struct reader *reader)
{
	return look_at_module_entries(reader, "sized/", true);
}

static int look_raw(struct reader *reader)
{
	return look_at_module_entries(reader, "raw/", true);
}

static int look_all(struct reader *reader)
{
	return look_at_entries(reader, "", "all", &everything, true);
}

/* Down from by-file/ to a tag, checking what each directory lists. */
static int look_down(struct reader *reader)
{
	const struct site *site = random_site(reader);
	char top[NAME_LEN] = "", path[PATH_SIZE];
	struct scope scope = {ANY_MODULE, NULL, top};

	for (;;) {
		size_t at = strlen(top);

		reader_path(reader, path, "", "by-file", top);
		if (reader_list_and_check(reader, path, &scope, FORM_CHILD) < 0)
			return -1;
		if (strcmp(top, site->path) == 0)
			break;
		at += strcspn(site->path + at + 1, "/") + 1;
		snprintf(top, sizeof(top), "%.*s", (int)at, site->path);
	}
	reader_path(reader, path, "by-file/", site->path, site->in_file);
	return reader_check_tag(reader, path, site, false);
}

static int look_function(struct reader *reader)
{
	const struct site *site = random_site(reader);
	struct scope scope = {ANY_MODULE, site->function, NULL};
	char path[PATH_SIZE];

	reader_path(reader, path, "by-function/", site->function, "");
	if (reader_list_and_check(reader, path, &scope, FORM_FLAT) < 0)
		return -1;
	reader_path(reader, path, "by-function/", site->function, ".allocinfo");
	return reader_read_and_check(reader, path, &scope);
}

static int look_tag(struct reader *reader)
{
	const struct site *site = random_site(reader);
	bool raw = random_below(&reader->random, 2);
	char path[PATH_SIZE];

	reader_path(reader, path, raw ? "raw/" : "", "all", site->flat);
	return reader_check_tag(reader, path, site, raw);
}

/* Counters decide what is in it: what it has must be right. */
static int look_min_size(struct reader *reader)
{
	struct seen seen = {NULL, 0, 0};
	char path[PATH_SIZE], why[WHY_SIZE], *text;
	size_t len;
	int result = -1;

	reader_path(reader, path, "min-size/1", "", ".allocinfo");
	text = reader_read(reader, path, false, &len);
	if (text)
		result = reader_parse_listing(reader, path, text, len, 1, &seen);
	if (result == 0 && !model_is_part(reader->model, &everything, FORM_KEY, &seen, why))
		result = reader_fail(reader, "%s: %s", path, why);
	seen_clear(&seen);
	free(text);
	return result;
}

/* A line of .totals; its module is added to what was seen. */
static int check_total(struct reader *reader, const char *path, const char *line, struct seen *seen)
{
	long long bytes, calls;
	unsigned int tags, m;
	char name[64];

	if (sscanf(line, "%lld %lld tags:%u /by-module/%63s", &bytes, &calls, &tags, name) != 4)
		return reader_fail(reader, "%s: %.80s", path, line);
	for (m = 0; m < reader->model->module_count; m++)
		if (strcmp(reader->model->modules[m].name, name) == 0)
			break;
	if (m == reader->model->module_count || tags != reader->model->modules[m].sites)
		return reader_fail(reader, "%s: %.80s", path, line);
	seen_add(seen, name, strlen(name));
	return 0;
}

static int look_totals(struct reader *reader)
{
	struct seen seen = {NULL, 0, 0};
	char path[PATH_SIZE], *text;
	size_t len;
	int result = -1;

	reader_path(reader, path, "by-module", "", ".totals");
	text = reader_read(reader, path, false, &len);
	if (text)
		result = 0;
	for (char *line, *rest = text; result == 0 && (line = strsep(&rest, "\n")) && *line;)
		result = check_total(reader, path, line, &seen);
	if (result == 0)
		result = reader_check_whole(reader, path, &everything, FORM_MODULE, &seen);
	seen_clear(&seen);
	free(text);
	return result;
}

static const struct {
	const char *name;
	int (*look)(struct reader *reader);
} kinds[] = {
	{"allocinfo", look_allocinfo},
	{"by-module/X/.allocinfo", look_module_report},
	{"by-module and all below", look_modules},
	{"by-module/X with stat", look_module_stats},
	{"by-module/X/.raw", look_module_raw},
	{"by-module/.totals", look_totals},
	{"all", look_all},
	{"down by-file", look_down},
	{"by-function/X", look_function},
	{"min-size/1/.allocinfo", look_min_size},
	{"sized/by-module/X", look_sized},
	{"raw/by-module/X", look_raw},
	{"a tag in all", look_tag},
};

_Static_assert(sizeof(kinds) / sizeof(*kinds) <= KINDS_MAX, "KINDS_MAX");

const char *kind_name(unsigned int kind)
{
	return kind < sizeof(kinds) / sizeof(*kinds) ? kinds[kind].name : NULL;
}

/* Again, of another module, where there was nothing to see. */
static void look(struct reader *reader, unsigned int kind)
{
	bool seen = false;

	reader->kind = kind;
	for (int i = 0; i < TRIES && !seen; i++)
		seen = kinds[kind].look(reader) == 0;
	reader->shared->done[kind] += seen;
}

static void wait_for_pause(struct reader *reader)
{
	reader->shared->waiting++;
	while (reader->shared->pause && !reader->shared->stop)
		usleep(PAUSE);
	reader->shared->waiting--;
}

void reader_run(struct reader *reader, unsigned int first_kind)
{
	unsigned int count = sizeof(kinds) / sizeof(*kinds);

	/* Each kind once, so that none is left to chance, then at random. */
	for (unsigned int i = 0; !reader->shared->stop; i++) {
		uint64_t next = i < count ? first_kind + i : random_below(&reader->random, count);

		if (reader->shared->pause)
			wait_for_pause(reader);
		else
			look(reader, (unsigned int)(next % count));
	}
}
