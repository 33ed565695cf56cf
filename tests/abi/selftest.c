/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * abi-selftest [--v3] [--live] FILE: does FILE, a kernel's /proc/allocinfo or the file allocinfo of
 * a mounted allocfs, answer the ioctls as the kernel does? Prints TAP. Exits with 0 if so, 1 if
 * not, 4 where FILE does not know the ioctls of that layout. It knows nothing of allocfs but the
 * header.
 */
#include "check.h"

#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#define EXIT_SKIP 4
#define ATTEMPTS 5

static const struct check *const groups[] = {walk_checks, filter_checks, error_checks, file_checks,
					     thread_checks};

#define GROUPS (sizeof(groups) / sizeof(*groups))

static uint64_t id_now(const struct target *target)
{
	CLOSED int fd = target_open(target);
	uint64_t id;

	if (content_id(fd, &id))
		bail_out("%s: CONTENT_ID failed", target->path);
	return id;
}

/* Tags that come or go during a check make its failure mean nothing: it is run again. */
static bool run(struct target *target, const struct check *check)
{
	bool right = false;

	for (int attempt = 0; !right && attempt < ATTEMPTS; attempt++) {
		uint64_t before = id_now(target);

		if (target->live || attempt > 0) {
			listing_free(target->listing);
			target->listing = listing_read(target->path);
		}
		skipped = false;
		*reason = '\0';
		right = check->run(target);
		if (before == id_now(target))
			break;
	}
	return right;
}

static void report(size_t number, const struct check *check, bool right)
{
	printf("%s %zu - %s", right ? "ok" : "not ok", number, check->name);
	if (right && skipped)
		printf(" # SKIP %s", reason);
	putchar('\n');
	if (!right)
		printf("# %s\n", reason);
	fflush(stdout);
}

static bool run_all(struct target *target)
{
	size_t count = 0, number = 0, failed = 0;

	for (size_t g = 0; g < GROUPS; g++)
		for (const struct check *check = groups[g]; check->name; check++)
			count++;
	printf("1..%zu\n", count);
	for (size_t g = 0; g < GROUPS; g++)
		for (const struct check *check = groups[g]; check->name; check++) {
			bool right = run(target, check);

			report(++number, check, right);
			failed += !right;
		}
	return failed == 0;
}

/* Whether FILE knows both of the calls that tell what it is. */
static bool speaks(const struct target *target)
{
	CLOSED int fd = target_open(target);
	struct query query = {0};
	struct tag tag;
	uint64_t id;

	return content_id(fd, &id) != -ENOTTY &&
	       tag_at(target->layout, fd, &query, &tag) != -ENOTTY;
}

static bool parse_options(int argc, char **argv, struct target *target)
{
	static const struct option options[] = {
		{"v3", no_argument, NULL, '3'}, {"live", no_argument, NULL, 'l'}, {0}};

	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option == '3')
			target->layout = &layout_v3;
		else if (option == 'l')
			target->live = true;
		else
			return false;
	}
	target->path = argv[optind];
	return optind + 1 == argc;
}

int main(int argc, char **argv)
{
	struct target target = {.layout = &layout_mainline};
	bool right;

	if (!parse_options(argc, argv, &target)) {
		fprintf(stderr, "usage: abi-selftest [--v3] [--live] FILE\n");
		return 2;
	}
	/* Memory once had stays: what came and went with each reading would move the counters. */
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, -1);
	printf("TAP version 13\n");
	if (!speaks(&target)) {
		printf("1..0 # SKIP %s does not know the ioctls of the %s layout\n", target.path,
		       target.layout == &layout_v3 ? "v3" : "mainline");
		return EXIT_SKIP;
	}
	target.listing = listing_read(target.path);
	if (target.listing->count == 0)
		bail_out("%s: no tags", target.path);
	right = run_all(&target);
	listing_free(target.listing);
	return right ? 0 : 1;
}
