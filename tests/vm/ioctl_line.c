/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage: vm-line FILE FILENAME LINE
 * Prints bytes and calls of the tags at one line of a source file, as the ioctls of FILE tell them.
 * Knows nothing but the published header. Exit status 4: FILE has no ioctls.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "allocfs/allocinfo.h"

#define NO_IOCTLS 4

static int explain(const char *what)
{
	int status = errno == ENOTTY ? NO_IOCTLS : 1;

	perror(what);
	return status;
}

static void set_filter(struct allocinfo_filter *filter, const char *filename, const char *line)
{
	size_t len = strlen(filename), most = ALLOCINFO_STRING_SIZE - 1;

	filter->mask = ALLOCINFO_MASK_FILENAME | ALLOCINFO_MASK_LINENO;
	snprintf(filter->tag.filename, sizeof(filter->tag.filename), "%s",
		 len > most ? filename + len - most : filename);
	filter->tag.lineno = strtoull(line, NULL, 10);
}

static void print(const struct allocinfo_counter *counter)
{
	printf("%lld %llu\n", (long long)counter->bytes, (unsigned long long)counter->calls);
}

int main(int argc, char **argv)
{
	struct allocinfo_get_at get_at = {.pos = 0};
	struct allocinfo_tag_data next;
	int fd, result;

	if (argc != 4) {
		fprintf(stderr, "usage: vm-line FILE FILENAME LINE\n");
		return 2;
	}
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return explain(argv[1]);
	set_filter(&get_at.filter, argv[2], argv[3]);
	if (ioctl(fd, ALLOCINFO_GET_AT, &get_at) < 0)
		return explain("GET_AT");
	print(&get_at.data.counter);
	while ((result = ioctl(fd, ALLOCINFO_GET_NEXT, &next)) == 0)
		print(&next.counter);
	return errno == ENOENT ? 0 : explain("GET_NEXT");
}
