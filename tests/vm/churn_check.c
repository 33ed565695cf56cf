/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and lists, and holds what it gets against the model: see churn.h. EAGAIN may be the answer
 * to anything, ENOENT where a module that comes and goes decides; every other error is a failure.
 */
#include "churn.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "allocfs/allocinfo.h"

#define FAILURES_SHOWN 40

int reader_fail(struct reader *reader, const char *format, ...)
{
	char text[2 * WHY_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (reader->shared->failures++ < FAILURES_SHOWN)
		dprintf(STDOUT_FILENO, "FAIL %s: %s\n", kind_name(reader->kind), text);
	return -1;
}

/* What comes of an error. Returns -1, so that a look ends. */
static int refused(struct reader *reader, const char *path, const char *call, int err, bool can_go)
{
	if (err == EAGAIN)
		reader->shared->again++;
	else if (err == ENOENT && can_go)
		reader->shared->gone++;
	else
		return reader_fail(reader, "%s: %s: %s", path, call, strerror(err));
	return -1;
}

void reader_path(const struct reader *reader, char path[PATH_SIZE], const char *view,
		 const char *dir, const char *name)
{
	snprintf(path, PATH_SIZE, "%s/%s%s%s%s", reader->mount, view, dir, *name ? "/" : "", name);
}

/* A file in an allocation of its own, or NULL. */
char *reader_read(struct reader *reader, const char *path, bool can_go, size_t *len)
{
	char *data = read_whole(path, len);

	if (!data)
		refused(reader, path, "read", errno, can_go);
	return data;
}

static int list(struct reader *reader, const char *path, bool can_go, struct seen *seen)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int err;

	if (!dir)
		return refused(reader, path, "opendir", errno, can_go);
	while ((errno = 0, entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			seen_add(seen, entry->d_name, strlen(entry->d_name));
	err = errno;
	closedir(dir);
	return err ? refused(reader, path, "readdir", err, false) : 0;
}

/* The lines of a listing as keys; least: what each has to hold. */
int reader_parse_listing(struct reader *reader, const char *path, const char *text, size_t len,
			 long long least, struct seen *seen)
{
	const char *end = text + len, *newline;
	char key[KEY_SIZE];
	long long bytes;
	int number = 0;

	if (strncmp(text, "allocinfo - version: ", 21) != 0 || strlen(text) != len)
		return reader_fail(reader, "%s: no listing: %.60s", path, text);
	for (; text < end; text = newline + 1) {
		newline = strchr(text, '\n');
		if (!newline)
			return reader_fail(reader, "%s: cut off: %s", path, text);
		if (number++ < 2)
			continue;
		if (!model_line_key(text, (size_t)(newline - text), key, &bytes))
			return reader_fail(reader, "%s: line %d: %.*s", path, number,
					   (int)(newline - text), text);
		if (bytes < least)
			return reader_fail(reader, "%s: line %d: %lld bytes", path, number, bytes);
		seen_add(seen, key, strlen(key));
	}
	return number < 2 ? reader_fail(reader, "%s: no header", path) : 0;
}

int reader_parse_records(struct reader *reader, const char *path, const char *data, size_t len,
			 struct seen *seen)
{
	const struct allocinfo_tag_data *record = (const void *)data;
	char key[KEY_SIZE];

	if (len % sizeof(*record) != 0)
		return reader_fail(reader, "%s: %zu bytes", path, len);
	for (; (const char *)record < data + len; record++) {
		model_key(key, record->tag.filename, record->tag.lineno, record->tag.modname,
			  record->tag.function);
		seen_add(seen, key, strlen(key));
	}
	return 0;
}

/* Which modules were seen and which were not is counted where all of them could be seen. */
static void count_presence(const struct reader *reader, const struct scope *scope,
			   module_set present)
{
	if (scope->module != ANY_MODULE || scope->function || scope->path)
		return;
	for (unsigned int m = 1; m < reader->model->module_count; m++) {
		if (present & 1u << m)
			reader->shared->with[m]++;
		else if (reader->model->modules[m].sites > 0)
			reader->shared->without[m]++;
	}
}

int reader_check_whole(struct reader *reader, const char *path, const struct scope *scope,
		       enum form form, struct seen *seen)
{
	char why[WHY_SIZE];
	module_set present;

	if (!model_is_whole(reader->model, scope, form, seen, &present, why))
		return reader_fail(reader, "%s: %s", path, why);
	/* A module that is not there has no directory, rather than an empty one. */
	if (scope->module != ANY_MODULE && !present)
		return reader_fail(reader, "%s: empty", path);
	count_presence(reader, scope, present);
	return 0;
}

/* Lists a directory that has to be whole. */
int reader_list(struct reader *reader, const char *path, const struct scope *scope, enum form form,
		struct seen *seen)
{
	bool can_go = !(model_modules_in(reader->model, scope) & 1u << BUILT_IN);

	return list(reader, path, can_go, seen) < 0
		       ? -1
		       : reader_check_whole(reader, path, scope, form, seen);
}

int reader_list_and_check(struct reader *reader, const char *path, const struct scope *scope,
			  enum form form)
{
	struct seen seen = {NULL, 0, 0};
	int result = reader_list(reader, path, scope, form, &seen);

	seen_clear(&seen);
	return result;
}

/* Reads a listing that has to be whole. */
int reader_read_and_check(struct reader *reader, const char *path, const struct scope *scope)
{
	bool can_go = !(model_modules_in(reader->model, scope) & 1u << BUILT_IN);
	struct seen seen = {NULL, 0, 0};
	size_t len;
	char *text = reader_read(reader, path, can_go, &len);
	int result = -1;

	if (text)
		result = reader_parse_listing(reader, path, text, len, INT64_MIN, &seen);
	if (result == 0)
		result = reader_check_whole(reader, path, scope, FORM_KEY, &seen);
	seen_clear(&seen);
	free(text);
	return result;
}

int reader_check_stat(struct reader *reader, const char *path, const struct site *site, bool raw)
{
	struct stat stat;

	if (lstat(path, &stat) < 0)
		return refused(reader, path, "stat", errno, site->module != BUILT_IN);
	if (!S_ISREG(stat.st_mode) || stat.st_nlink != 1)
		return reader_fail(reader, "%s: mode 0%o, %lu links", path, stat.st_mode,
				   (unsigned long)stat.st_nlink);
	if (raw && stat.st_size != sizeof(struct allocinfo_tag_data))
		return reader_fail(reader, "%s: size %lld", path, (long long)stat.st_size);
	return 0;
}

/* A tag's file has to hold the tag, and nothing else. */
int reader_check_tag(struct reader *reader, const char *path, const struct site *site, bool raw)
{
	struct seen seen = {NULL, 0, 0};
	char key[KEY_SIZE] = "";
	size_t len;
	char *data = reader_read(reader, path, site->module != BUILT_IN, &len);
	long long bytes;
	int result = data ? 0 : -1;

	if (data && raw)
		result = reader_parse_records(reader, path, data, len, &seen);
	else if (data && len > 0 && memchr(data, '\n', len) == data + len - 1 &&
		 model_line_key(data, len - 1, key, &bytes))
		seen_add(&seen, key, strlen(key));
	if (result == 0 && (seen.count != 1 || strcmp(seen.names[0], site->key) != 0))
		result =
			reader_fail(reader, "%s: not of this tag (%zu bytes): %s", path, len, data);
	seen_clear(&seen);
	free(data);
	return result;
}
