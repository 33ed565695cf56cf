/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves what is said about files that cannot be a source, and that a dump is read again when it
 * was replaced or rewritten. Files get times of their own in the past, so that nothing depends on
 * when the test runs.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <glib/gstdio.h>
#include "sampler.h"

static char *dir;

static int make_dir(void **state)
{
	(void)state;
	dir = g_dir_make_tmp("allocfs-XXXXXX", NULL);
	return dir ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = {"listing", "new", "fifo", "secret", "link"};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(dir, names[i], NULL);

		g_unlink(path);
	}
	if (g_rmdir(dir) != 0)
		return -1;
	g_free(dir);
	return 0;
}

static char *in_dir(const char *name)
{
	return g_build_filename(dir, name, NULL);
}

/* Writes into the file where there is one: the inode stays. */
static void write_file(const char *path, const char *text, time_t mtime)
{
	struct timespec times[2] = {{mtime, 0}, {mtime, 0}};
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(futimens(fd, times), 0);
	assert_int_equal(close(fd), 0);
}

static void check_refused(const char *path, const char *const *parts)
{
	char *message = NULL;
	struct source *source = source_open(path, &message);

	unit_check(!source, "%s: is taken", path);
	unit_check(message != NULL, "%s: no message", path);
	unit_check(!strchr(message, '\n'), "%s: more than a line: %s", path, message);
	for (; *parts; parts++)
		unit_check(strstr(message, *parts) != NULL, "%s: no \"%s\" in: %s", path, *parts,
			   message);
	g_free(message);
}

/* Each message names the file, the reason and a way out. */
static void test_refused(void **state)
{
	g_autofree char *missing = in_dir("missing"), *below = in_dir("missing/listing");
	g_autofree char *fifo = in_dir("fifo"), *link = in_dir("link");

	(void)state;
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(symlink("missing", link), 0);
	check_refused(missing,
		      (const char *[]){missing, g_strerror(ENOENT), "/proc/allocinfo", NULL});
	check_refused(below, (const char *[]){below, g_strerror(ENOENT), "/proc/allocinfo", NULL});
	check_refused(link, (const char *[]){link, g_strerror(ENOENT), "/proc/allocinfo", NULL});
	check_refused(dir, (const char *[]){dir, "a directory", "/proc/allocinfo", NULL});
	check_refused(fifo, (const char *[]){fifo, "a special file", "/proc/allocinfo", NULL});
	check_refused("/dev/null", (const char *[]){"/dev/null", "a special file", NULL});
	check_refused("", (const char *[]){g_strerror(ENOENT), "/proc/allocinfo", NULL});
}

static void test_unreadable(void **state)
{
	g_autofree char *path = NULL;

	(void)state;
	if (geteuid() == 0) {
		print_message("root reads every file\n");
		skip();
	}
	path = in_dir("secret");
	write_file(path, "", 1000);
	assert_int_equal(chmod(path, 0), 0);
	check_refused(path, (const char *[]){path, g_strerror(EACCES), "read", NULL});
}

static void test_kernel_missing(void **state)
{
	(void)state;
	if (access("/proc/allocinfo", F_OK) == 0) {
		print_message("this kernel has /proc/allocinfo\n");
		skip();
	}
	check_refused("/proc/allocinfo",
		      (const char *[]){"/proc/allocinfo", "CONFIG_MEM_ALLOC_PROFILING",
				       "sysctl.vm.mem_profiling=never", "allocfs FILE MOUNTPOINT",
				       NULL});
}

static struct sampler *open_listing(const char *path)
{
	char *message = NULL;
	struct source *source = source_open(path, &message);

	unit_check(source != NULL, "%s: %s", path, message);
	unit_check(!source->live, "%s: taken for a kernel's", path);
	unit_check_text(span_of(source->name), span_of(path), path, "the name");
	/* Always fresh: only what the file looks like decides. */
	return sampler_new(source, 0);
}

#define LINE(bytes) bytes " 1 a.c:1 func:f \n"

enum action { KEEP, REWRITE, REPLACE, REMOVE, MAKE_FIFO, TOUCH };

static const struct row {
	const char *name;
	enum action action;
	const char *text;
	time_t mtime;
	int err;
	int64_t bytes;
	int reads; /* in all */
} rows[] = {
	{"first", REWRITE, LINE("11"), 1000, 0, 11, 1},
	{"untouched", KEEP, NULL, 1000, 0, 11, 1},
	{"rewritten in place, the same size", REWRITE, LINE("22"), 1001, 0, 22, 2},
	{"rewritten in place, the same time", REWRITE, LINE("333"), 1001, 0, 333, 3},
	{"rewritten in place with an older time", REWRITE, LINE("444"), 900, 0, 444, 4},
	{"untouched", KEEP, NULL, 900, 0, 444, 4},
	{"replaced by rename, the same size and time", REPLACE, LINE("555"), 900, 0, 555, 5},
	{"replaced by rename", REPLACE, LINE("6") LINE("7"), 1002, 0, 13, 6},
	{"touched", TOUCH, NULL, 1003, 0, 13, 7},
	{"emptied", REWRITE, "", 1004, 0, 0, 8},
	{"something else", REWRITE, "hello\n", 1005, -EIO, 0, 9},
	{"mended", REWRITE, LINE("8"), 1006, 0, 8, 10},
	{"removed", REMOVE, NULL, 0, -EIO, 0, 10},
	{"back again", REWRITE, LINE("9"), 1007, 0, 9, 11},
	{"replaced by a fifo", MAKE_FIFO, NULL, 0, -EIO, 0, 11},
	{"replaced by a file", REPLACE, LINE("10"), 1008, 0, 10, 12},
};

static void act(const struct row *row, const char *path)
{
	g_autofree char *new_path = in_dir("new");
	struct timespec times[2] = {{row->mtime, 0}, {row->mtime, 0}};

	switch (row->action) {
	case KEEP: break;
	case REWRITE: write_file(path, row->text, row->mtime); break;
	case REPLACE:
		write_file(new_path, row->text, row->mtime);
		assert_int_equal(rename(new_path, path), 0);
		break;
	case REMOVE: assert_int_equal(unlink(path), 0); break;
	case MAKE_FIFO:
		assert_int_equal(unlink(path), 0);
		assert_int_equal(mkfifo(path, 0600), 0);
		break;
	case TOUCH: assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0); break;
	}
}

static void check_row(const struct row *row, struct sampler *sampler)
{
	struct sample *sample = NULL;
	struct sampler_stats stats;
	int err = sampler_get(sampler, SAMPLER_COUNTERS, &sample);

	unit_check(err == row->err, "%s: %d, wanted %d", row->name, err, row->err);
	sampler_stats(sampler, &stats);
	g_free(stats.last_error);
	unit_check_number(stats.full_reads, (uint64_t)row->reads, row->name, "reads");
	if (err)
		return;
	unit_check_number((uint64_t)sample->listing.bytes, (uint64_t)row->bytes, row->name,
			  "bytes");
	unit_check(sample->time.tv_sec == row->mtime && sample->time.tv_nsec == 0,
		   "%s: the time is not that of the file", row->name);
	sample_unref(sample);
}

static void test_read_again(void **state)
{
	g_autofree char *path = in_dir("listing");
	struct sampler *sampler;

	(void)state;
	act(&rows[0], path);
	sampler = open_listing(path);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (i > 0)
			act(&rows[i], path);
		check_row(&rows[i], sampler);
	}
	sampler_free(sampler);
}

/* A relative path, and the way to it changed afterwards. */
static void test_relative(void **state)
{
	g_autofree char *path = in_dir("listing"), *before = g_get_current_dir();
	struct sampler *sampler;
	struct source *source;
	char *message = NULL;

	(void)state;
	unlink(path);
	write_file(path, LINE("5"), 1000);
	assert_int_equal(chdir(dir), 0);
	source = source_open("./listing", &message);
	assert_int_equal(chdir(before), 0);
	unit_check(source != NULL, "%s", message);
	unit_check_text(span_of(source->name), span_of(path), "relative", "the name");
	sampler = sampler_new(source, 0);
	check_row(&(struct row){"relative", KEEP, NULL, 1000, 0, 5, 1}, sampler);
	sampler_free(sampler);
}

static int stop_at_once(void *context, struct span text)
{
	(*(int *)context)++;
	return text.len > 0 ? -ECANCELED : 0;
}

/* What the sink says ends the read. */
static void test_sink_stops(void **state)
{
	g_autofree char *path = in_dir("listing");
	struct source_stamp stamp;
	struct source *source;
	char *message = NULL;
	int calls = 0;

	(void)state;
	unlink(path);
	write_file(path, LINE("5"), 1000);
	source = source_open(path, &message);
	assert_non_null(source);
	assert_int_equal(source->ops->read(source, stop_at_once, &calls, &stamp), -ECANCELED);
	assert_int_equal(calls, 1);
	source_close(source);
	source_close(NULL);
}

static void ignore(const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
	(void)domain;
	(void)level;
	(void)message;
	(void)data;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),	       cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_kernel_missing), cmocka_unit_test(test_read_again),
		cmocka_unit_test(test_relative),       cmocka_unit_test(test_sink_stops),
	};

	g_log_set_default_handler(ignore, NULL);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
