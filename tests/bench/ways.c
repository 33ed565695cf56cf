/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ways of doing a job: see bench.h. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "allocfs/allocinfo.h"

/* Returns the length of the file, or -errno. */
static long slurp(const struct bench *bench, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	while ((got = read(fd, bench->buffer + len, bench->size - len)) > 0)
		len += (size_t)got;
	close(fd);
	return got < 0 ? -EIO : (long)len;
}

/* A line is "BYTES CALLS FILE:LINE ... func:FUNCTION \n". */
static bool line_matches(const struct job *job, const char *line, size_t len)
{
	const char *func;
	char *at;
	long long bytes = strtoll(line, &at, 10);
	size_t name;

	if (at == line || bytes < (long long)job->min_size)
		return false;
	if (job->file) {
		strtoull(at, &at, 10);
		name = strlen(job->file);
		if (strncmp(at + 1, job->file, name) != 0 || at[1 + name] != ':')
			return false;
	}
	if (!job->function)
		return true;
	func = memmem(line, len, " func:", 6);
	name = strlen(job->function);
	return func && strncmp(func + 6, job->function, name) == 0 && func[6 + name] == ' ';
}

static long count_matches(const struct bench *bench, const struct job *job, size_t len)
{
	const char *line = bench->buffer, *end = line + len, *newline;
	long count = 0;

	for (; (newline = memchr(line, '\n', (size_t)(end - line))); line = newline + 1)
		count += line_matches(job, line, (size_t)(newline - line));
	return count;
}

long way_text(const struct bench *bench, const struct job *job)
{
	long len = slurp(bench, bench->listing);

	return len < 0 ? len : count_matches(bench, job, (size_t)len);
}

long way_mount(const struct bench *bench, const struct job *job)
{
	char path[4096];
	long len, lines = 0;

	snprintf(path, sizeof(path), "%s/%s/.allocinfo", bench->mount, job->path);
	len = slurp(bench, path);
	if (len < 0)
		return len;
	for (long i = 0; i < len; i++)
		lines += bench->buffer[i] == '\n';
	return lines - 2;
}

long way_hello(const struct bench *bench, const struct job *job)
{
	long len = slurp(bench, bench->hello);

	(void)job;
	return len < 0 ? len : 0;
}

static void fill_filter(const struct job *job, struct allocinfo_filter *filter)
{
	if (job->file) {
		filter->mask |= ALLOCINFO_MASK_FILENAME;
		strncpy(filter->tag.filename, job->file, ALLOCINFO_STRING_SIZE - 1);
	}
	if (job->function) {
		filter->mask |= ALLOCINFO_MASK_FUNCTION;
		strncpy(filter->tag.function, job->function, ALLOCINFO_STRING_SIZE - 1);
	}
	if (job->min_size > 0) {
		filter->mask |= ALLOCINFO_MASK_MIN_SIZE;
		filter->min_size = job->min_size;
		filter->max_size = UINT64_MAX;
	}
}

long way_ioctl(const struct bench *bench, const struct job *job)
{
	struct allocinfo_get_at get_at = {.pos = 0};
	struct allocinfo_tag_data *records = (struct allocinfo_tag_data *)bench->buffer;
	size_t room = bench->size / sizeof(*records), count = 0;
	int fd = open(bench->listing, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	fill_filter(job, &get_at.filter);
	if (ioctl(fd, ALLOCINFO_GET_AT, &get_at) == 0) {
		records[count++] = get_at.data;
		while (count < room && ioctl(fd, ALLOCINFO_GET_NEXT, &records[count]) == 0)
			count++;
	}
	close(fd);
	return errno == ENOENT ? (long)count : -errno;
}
