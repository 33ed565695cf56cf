/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a listing may look like while modules come and go: see churn.h. */
#include "churn.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_STRING 63 /* bytes that a binary record keeps of a string: the last ones */

static const char *const filters[] = {"live",	     "all",	   "by-file",	"by-module",
				      "by-function", "top",	   "min-size",	"min-calls",
				      "top-calls",   "max-size",   "max-calls", "by-line",
				      "accurate",    "inaccurate", "at"};

/* One thing that is expected or seen: not terminated. */
struct item {
	const char *at;
	size_t len;
	module_set owners; /* whose sites it stands for */
	unsigned int times;
};

void seen_add(struct seen *seen, const char *name, size_t len)
{
	if (seen->count == seen->room) {
		seen->room = seen->room ? 2 * seen->room : 256;
		seen->names = there(realloc(seen->names, seen->room * sizeof(*seen->names)));
		if (!seen->names)
			die("out of memory");
	}
	seen->names[seen->count++] = strndup(name, len);
}

void seen_clear(struct seen *seen)
{
	for (size_t i = 0; i < seen->count; i++)
		free(seen->names[i]);
	free(seen->names);
	*seen = (struct seen){NULL, 0, 0};
}

static const char *cut(const char *string)
{
	size_t len = strlen(string);

	return len > RECORD_STRING ? string + len - RECORD_STRING : string;
}

void model_key(char key[KEY_SIZE], const char *file, unsigned long long line, const char *module,
	       const char *function)
{
	snprintf(key, KEY_SIZE, "%.63s:%llu [%.63s] %.63s", cut(file), line, cut(module),
		 cut(function));
}

/* The words of a line of a listing. */
struct words {
	long long bytes;
	unsigned long long calls, line;
	char file[256], module[64], function[128];
};

static bool parse_words(const char *text, size_t len, struct words *words)
{
	char copy[1024], *line, *func, *module;
	int at = 0;

	if (len < 2 || len >= sizeof(copy) || text[len - 1] != ' ')
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	func = strstr(copy, " func:");
	if (!func || sscanf(copy, "%lld %llu %n", &words->bytes, &words->calls, &at) != 2)
		return false;
	*func = '\0';
	words->module[0] = '\0';
	module = strstr(copy + at, " [");
	if (module && sscanf(module, " [%63[^]]]", words->module) != 1)
		return false;
	if (module)
		*module = '\0';
	line = strrchr(copy + at, ':');
	if (!line || sscanf(line, ":%llu", &words->line) != 1)
		return false;
	*line = '\0';
	snprintf(words->file, sizeof(words->file), "%s", copy + at);
	return sscanf(func + 1, "func:%127s", words->function) == 1;
}

bool model_line_key(const char *line, size_t len, char key[KEY_SIZE], long long *bytes)
{
	struct words words;

	if (!parse_words(line, len, &words))
		return false;
	*bytes = words.bytes;
	model_key(key, words.file, words.line, words.module, words.function);
	return true;
}

static bool is_filter(const char *word)
{
	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++)
		if (strcmp(word, filters[i]) == 0)
			return true;
	return false;
}

/* Appends a word in the spelling of names; first: whether its first byte is escaped at any rate. */
static void append_word(char *out, const char *word, bool first)
{
	out += strlen(out);
	for (const char *at = word; *at; at++) {
		bool plain = isalnum((unsigned char)*at) || strchr("_.+-", *at);

		if (plain && !(at == word && (first || *at == '.')))
			*out++ = *at;
		else
			out += sprintf(out, "%%%02X", (unsigned char)*at);
	}
	*out = '\0';
}

/* The path of by-file/ for a source path in the kernel's spelling. */
static char *normalise(const char *file)
{
	char copy[256], out[NAME_LEN] = "", *word, *save;

	snprintf(copy, sizeof(copy), "%s", file);
	for (word = strtok_r(copy, "/", &save); word; word = strtok_r(NULL, "/", &save)) {
		char *last = strrchr(out, '/');

		if (strcmp(word, ".") == 0)
			continue;
		if (strcmp(word, "..") == 0) {
			*(last ? last : out) = '\0';
			continue;
		}
		if (out[0])
			strcat(out, "/");
		append_word(out, word, is_filter(word));
	}
	return strdup(out);
}

/* A tag of the same words as earlier ones is told apart by its number among them. */
static unsigned int ordinal_of(const struct model *model, const struct site *site,
			       const char *in_file)
{
	unsigned int ordinal = 1;
	size_t len = strlen(in_file);

	for (size_t i = 0; i < model->site_count; i++) {
		const struct site *other = &model->sites[i];

		ordinal += other->module == site->module && strcmp(other->path, site->path) == 0 &&
			   strncmp(other->in_file, in_file, len) == 0 &&
			   (other->in_file[len] == '\0' || other->in_file[len] == ',');
	}
	return ordinal;
}

static void name_site(const struct model *model, struct site *site, unsigned long long line)
{
	char in_file[NAME_LEN], flat[2 * NAME_LEN];
	unsigned int ordinal;
	int len = snprintf(in_file, sizeof(in_file), "%llu,%s", line, site->function);

	if (site->module != BUILT_IN) {
		strcat(in_file, ",");
		append_word(in_file, model->modules[site->module].name, false);
	}
	ordinal = ordinal_of(model, site, in_file);
	len = (int)strlen(in_file);
	if (ordinal > 1)
		snprintf(in_file + len, sizeof(in_file) - (size_t)len, "%s,%u",
			 site->module == BUILT_IN ? ",vmlinux" : "", ordinal);
	snprintf(flat, sizeof(flat), "%s,%s", site->path, in_file);
	for (char *at = flat; *at; at++)
		if (*at == '/')
			*at = ',';
	site->in_file = strdup(in_file);
	site->flat = strdup(flat);
}

static unsigned int find_module(const struct model *model, const char *name)
{
	if (!name[0])
		return BUILT_IN;
	for (unsigned int i = 1; i < model->module_count; i++)
		if (strcmp(model->modules[i].name, name) == 0)
			return i;
	die("%s has tags, but is none of the modules given", name);
}

static void add_site(struct model *model, const struct words *words)
{
	struct site *site;
	char function[NAME_LEN] = "", key[KEY_SIZE];

	if (model->site_count % 256 == 0)
		model->sites = there(
			realloc(model->sites, (model->site_count + 256) * sizeof(*model->sites)));
	if (!model->sites)
		die("out of memory");
	site = &model->sites[model->site_count];
	append_word(function, words->function, isdigit((unsigned char)words->function[0]));
	model_key(key, words->file, words->line, words->module, words->function);
	site->module = find_module(model, words->module);
	site->key = strdup(key);
	site->path = normalise(words->file);
	site->function = strdup(function);
	name_site(model, site, words->line);
	model->modules[site->module].sites++;
	model->site_count++;
}

void model_learn(struct model *model, const char *text)
{
	struct words words;

	for (const char *end; (end = strchr(text, '\n')); text = end + 1)
		if (parse_words(text, (size_t)(end - text), &words))
			add_site(model, &words);
}

static bool is_at_or_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	return len == 0 || (strncmp(path, top, len) == 0 && (path[len] == '/' || !path[len]));
}

static bool in_scope(const struct site *site, const struct scope *scope)
{
	return (scope->module == ANY_MODULE || scope->module == site->module) &&
	       (!scope->function || strcmp(scope->function, site->function) == 0) &&
	       (!scope->path || is_at_or_below(site->path, scope->path));
}

module_set model_modules_in(const struct model *model, const struct scope *scope)
{
	module_set set = 0;

	for (size_t i = 0; i < model->site_count; i++)
		if (in_scope(&model->sites[i], scope))
			set |= 1u << model->sites[i].module;
	return set;
}

/* The child of the directory by-file/TOP that a site is, or is below. */
static struct item child_of(const struct site *site, const char *top)
{
	const char *rest = site->path + strlen(top);

	rest += *rest == '/';
	if (!*rest)
		return (struct item){site->in_file, strlen(site->in_file), 0, 0};
	return (struct item){rest, strcspn(rest, "/"), 0, 0};
}

static struct item item_of(const struct model *model, const struct site *site,
			   const struct scope *scope, enum form form)
{
	struct item item = {"", 0, 0, 1};

	switch (form) {
	case FORM_KEY: item.at = site->key; break;
	case FORM_FLAT: item.at = site->flat; break;
	case FORM_MODULE: item.at = model->modules[site->module].name; break;
	case FORM_CHILD: item = child_of(site, scope->path); break;
	}
	item.len = item.len ? item.len : strlen(item.at);
	item.owners = 1u << site->module;
	item.times = 1;
	return item;
}

static int compare(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = memcmp(x->at, y->at, x->len < y->len ? x->len : y->len);

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* Sorts, and makes one of equals. Returns how many are left. */
static size_t tidy(struct item *items, size_t count)
{
	size_t kept = 0;

	qsort(items, count, sizeof(*items), compare);
	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && compare(&items[kept - 1], &items[i]) == 0) {
			items[kept - 1].owners |= items[i].owners;
			items[kept - 1].times += items[i].times;
		} else {
			items[kept++] = items[i];
		}
	}
	return kept;
}

/* What was expected and what was seen, side by side. */
struct comparison {
	struct item *expected, *seen;
	size_t expected_count, seen_count;
	module_set in_scope, present;
	bool repeats; /* the words of several sites can be the same */
};

static void prepare(const struct model *model, const struct scope *scope, enum form form,
		    const struct seen *seen, struct comparison *comparison)
{
	size_t count = 0;

	comparison->expected = there(malloc((model->site_count + 1) * sizeof(struct item)));
	comparison->seen = there(malloc((seen->count + 1) * sizeof(struct item)));
	for (size_t i = 0; i < model->site_count; i++)
		if (in_scope(&model->sites[i], scope))
			comparison->expected[count++] =
				item_of(model, &model->sites[i], scope, form);
	comparison->expected_count = tidy(comparison->expected, count);
	for (size_t i = 0; i < seen->count; i++)
		comparison->seen[i] = (struct item){seen->names[i], strlen(seen->names[i]), 0, 1};
	comparison->seen_count = tidy(comparison->seen, seen->count);
	comparison->in_scope = model_modules_in(model, scope);
	comparison->present = comparison->in_scope;
	comparison->repeats = form == FORM_KEY;
}

static void complain(char why[WHY_SIZE], const char *what, const struct item *item)
{
	snprintf(why, WHY_SIZE, "%s: %.*s", what, (int)item->len, item->at);
}

/* Gives what was seen its owners, and takes out of present whose items are missing. */
static bool match(struct comparison *comparison, char why[WHY_SIZE])
{
	struct item *seen = comparison->seen, *end = seen + comparison->seen_count;

	why[0] = '\0';
	for (size_t i = 0; i < comparison->expected_count; i++) {
		const struct item *wanted = &comparison->expected[i];
		unsigned int times = comparison->repeats ? wanted->times : 1;
		bool found;

		for (; seen < end && compare(seen, wanted) < 0; seen++)
			complain(why, "does not belong here", seen);
		found = seen < end && compare(seen, wanted) == 0;
		if (!found || seen->times < times)
			comparison->present &= ~wanted->owners;
		if (!found)
			continue;
		if (seen->times > times)
			complain(why, "too often", seen);
		seen++->owners = wanted->owners;
	}
	for (; seen < end; seen++)
		complain(why, "does not belong here", seen);
	return !why[0];
}

/* How much of each module there is. */
static void append_counts(const struct model *model, const struct comparison *comparison,
			  char why[WHY_SIZE])
{
	for (unsigned int m = 0; m < model->module_count; m++) {
		unsigned int wanted = 0, got = 0;
		size_t len = strlen(why);

		if (!(comparison->in_scope & 1u << m))
			continue;
		for (size_t i = 0; i < comparison->expected_count; i++)
			if (comparison->expected[i].owners & 1u << m)
				wanted += comparison->expected[i].times;
		for (size_t i = 0; i < comparison->seen_count; i++)
			if (comparison->seen[i].owners & 1u << m)
				got += comparison->seen[i].times;
		snprintf(why + len, WHY_SIZE - len, "; %s %u of %u", model->modules[m].name, got,
			 wanted);
	}
}

/* A child of by-file/ does not tell whose it is. */
static bool can_be_together(const struct model *model, const struct comparison *comparison,
			    enum form form, char why[WHY_SIZE])
{
	module_set present = comparison->present, in_scope = comparison->in_scope;

	if (in_scope & ~present & 1u << BUILT_IN) {
		snprintf(why, WHY_SIZE, "built-in tags are missing");
		return false;
	}
	for (unsigned int m = 1; m < model->module_count && form != FORM_CHILD; m++) {
		if (!(present & 1u << m) || !(model->modules[m].needs & in_scope & ~present))
			continue;
		snprintf(why, WHY_SIZE, "%s without what it needs", model->modules[m].name);
		return false;
	}
	return true;
}

static bool is_explained(const struct comparison *comparison, char why[WHY_SIZE])
{
	for (size_t i = 0; i < comparison->seen_count; i++) {
		if (comparison->seen[i].owners & comparison->present)
			continue;
		complain(why, "a part of a module", &comparison->seen[i]);
		return false;
	}
	return true;
}

bool model_is_whole(const struct model *model, const struct scope *scope, enum form form,
		    struct seen *seen, module_set *present, char why[WHY_SIZE])
{
	struct comparison comparison;
	bool good;

	prepare(model, scope, form, seen, &comparison);
	good = match(&comparison, why) && is_explained(&comparison, why) &&
	       can_be_together(model, &comparison, form, why);
	if (!good)
		append_counts(model, &comparison, why);
	*present = comparison.present;
	free(comparison.expected);
	free(comparison.seen);
	return good;
}

bool model_is_part(const struct model *model, const struct scope *scope, enum form form,
		   struct seen *seen, char why[WHY_SIZE])
{
	struct comparison comparison;
	bool good;

	prepare(model, scope, form, seen, &comparison);
	good = match(&comparison, why);
	free(comparison.expected);
	free(comparison.seen);
	return good;
}
