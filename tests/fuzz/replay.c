/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fuzz target without libFuzzer: runs the inputs of a directory once, and what is left of each.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

static void run(const char *data, size_t size)
{
	/* In memory of its own, for what looks behind its end. */
	g_autofree uint8_t *copy = g_memdup2(data, size);

	LLVMFuzzerTestOneInput(copy, size);
}

/* Cut off anywhere, an input is another one. */
static void run_file(const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *data = NULL;
	gsize size;

	if (!g_file_get_contents(path, &data, &size, &error)) {
		fprintf(stderr, "%s\n", error->message);
		exit(EXIT_FAILURE);
	}
	run(data, size);
	for (gsize part = 1; part < 8; part++)
		run(data, size * part / 8);
}

static unsigned int run_directory(const char *path)
{
	g_autoptr(GError) error = NULL;
	GDir *dir = g_dir_open(path, 0, &error);
	unsigned int count = 0;
	const char *name;

	if (!dir) {
		fprintf(stderr, "%s\n", error->message);
		exit(EXIT_FAILURE);
	}
	for (; (name = g_dir_read_name(dir)); count++) {
		g_autofree char *file = g_build_filename(path, name, NULL);

		run_file(file);
	}
	g_dir_close(dir);
	return count;
}

int main(int argc, char **argv)
{
	unsigned int count = argc == 2 ? run_directory(argv[1]) : 0;

	printf("%u inputs\n", count);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
