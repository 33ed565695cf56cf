/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves how a source that answers the ioctls is found out and used: which layout it is, what its
 * stamp says, that reads and passes are bracketed by the content id, which errors come through, and
 * that no two passes share an open file.
 */
#include "unit.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fake_kernel.h"

/* With these a pass has something to pass over. */
static void add_lines(struct fake_kernel *kernel, uint64_t count)
{
	for (uint64_t line = 1; line <= count; line++) {
		struct fake_tag tag = {.file = (char *)"a.c", .function = (char *)"f"};

		tag.line = line;
		tag.bytes = (int64_t)line * 100;
		tag.accurate = true;
		fake_kernel_add(kernel, &tag);
	}
	fake_kernel_write(kernel);
}

/* What a test tells the kernel to do at one call, and what it is given. */
struct script {
	unsigned int at, until; /* calls, counted from 1 on */
	int error;
	bool move; /* the content id */
	/* What a pass gave. */
	GString *lines;
	unsigned int records, stop_at;
	struct fake_kernel *kernel;
	bool stopped;
};

static int play(struct fake_kernel *kernel, enum fake_command command)
{
	struct script *script = kernel->data;

	(void)command;
	if (kernel->calls_in_all < script->at || kernel->calls_in_all > script->until)
		return 0;
	kernel->content_id += script->move;
	return script->error;
}

/* At the call after so many more, and at those behind it up to the last. */
static void set_script(struct script *script, unsigned int at, unsigned int last)
{
	script->at = script->kernel->calls_in_all + at;
	script->until = script->kernel->calls_in_all + last;
}

static struct source *open_script(struct script *script, enum fake_answers answers, bool live,
				  uint64_t tags)
{
	struct source *source;

	*script = (struct script){.kernel = fake_kernel_new(answers)};
	script->lines = g_string_new(NULL);
	add_lines(script->kernel, tags);
	source = fake_kernel_source(script->kernel, live);
	script->kernel->data = script;
	script->kernel->before = play;
	return source;
}

static void close_script(struct script *script, struct source *source)
{
	unit_check_number(script->kernel->shared, 0, "descriptors", "shared calls");
	source_close(source);
	g_string_free(script->lines, TRUE);
	fake_kernel_free(script->kernel);
}

static int take_record(void *context, const struct abi_record *record)
{
	struct script *script = context;

	g_string_append_printf(script->lines, "%s%" G_GUINT64_FORMAT, script->records ? " " : "",
			       record->lineno);
	return ++script->records == script->stop_at ? -ENODATA : 0;
}

static int take_text(void *context, struct span text)
{
	struct script *script = context;

	g_string_append_len(script->lines, text.at, (gssize)text.len);
	script->records++;
	return 0;
}

static bool is_stopped(void *data)
{
	return ((struct script *)data)->stopped;
}

/* Which kind of source comes of what the file answers, and how many calls it took to find out. */
static const struct {
	const char *name;
	enum fake_answers answers;
	uint64_t tags;
	const char *interface;
	bool passes;
	unsigned int at_calls;
} kinds[] = {
	{"mainline", FAKE_MAINLINE, 3, "ioctl mainline", true, 1},
	{"v3", FAKE_V3, 3, "ioctl v3", true, 1},
	{"mainline, no tags", FAKE_MAINLINE, 0, "ioctl mainline", true, 1},
	{"v3, no tags", FAKE_V3, 0, "ioctl v3", true, 1},
	{"no GET_AT", FAKE_CONTENT_ID_ALONE, 3, "dump", false, 0},
	{"no ioctls", FAKE_NOTHING, 3, "dump", false, 0},
};

static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		const char *row = kinds[i].name;
		unsigned int files = fake_kernel_open_files();
		struct script script;
		struct source *source =
			open_script(&script, kinds[i].answers, false, kinds[i].tags);

		unit_check(source != NULL, "%s: no source", row);
		unit_check_text(span_of(source->interface), span_of(kinds[i].interface), row, "it");
		unit_check(!!source->ops->pass == kinds[i].passes, "%s: passes", row);
		unit_check(!source->live, "%s: live", row);
		unit_check_text(span_of(source->name), span_of(script.kernel->path), row, "name");
		unit_check_number(script.kernel->calls[FAKE_GET_AT], kinds[i].at_calls, row,
				  "GET_AT");
		unit_check_number(script.kernel->calls[FAKE_GET_NEXT], 0, row, "GET_NEXT");
		close_script(&script, source);
		unit_check_number(fake_kernel_open_files(), files, row, "open files");
	}
}

/* The kernel's own file: its counters are of now, and what is no source leaves nothing open. */
static void test_live(void **state)
{
	unsigned int files = fake_kernel_open_files();
	struct script script;
	struct source *source = open_script(&script, FAKE_V3, true, 3);
	struct source_stamp stamp;

	(void)state;
	assert_true(source->live);
	assert_string_equal(source->interface, "ioctl v3");
	assert_int_equal(source->ops->stamp(source, &stamp), 0);
	assert_true(stamp.time.tv_sec == 0 && stamp.time.tv_nsec == 0);
	close_script(&script, source);
	source = open_script(&script, FAKE_CONTENT_ID_ALONE, true, 3);
	assert_null(source);
	close_script(&script, NULL);
	assert_int_equal(fake_kernel_open_files(), files);
}

static void test_stamp(void **state)
{
	struct script script;
	struct source *source = open_script(&script, FAKE_MAINLINE, false, 3);
	struct source_stamp stamp;
	struct stat stat_now;

	(void)state;
	script.kernel->content_id = UINT64_MAX - 1;
	assert_int_equal(stat(script.kernel->path, &stat_now), 0);
	assert_int_equal(source->ops->stamp(source, &stamp), 0);
	assert_true(stamp.names == UINT64_MAX - 1);
	assert_true(stamp.is_content_id);
	assert_false(stamp.steady || stamp.recent);
	assert_memory_equal(&stamp.time, &stat_now.st_mtim, sizeof(stamp.time));
	script.error = EIO;
	set_script(&script, 1, 1);
	assert_int_equal(source->ops->stamp(source, &stamp), -EIO);
	script.error = EINTR;
	set_script(&script, 1, 3);
	assert_int_equal(source->ops->stamp(source, &stamp), 0);
	close_script(&script, source);
}

/* Reads the text twice, then with the content id moving before the last look at it. */
static void check_read(bool live)
{
	struct script script;
	struct source *source = open_script(&script, FAKE_MAINLINE, live, 1000);
	g_autoptr(GString) wanted = fake_kernel_text(script.kernel);
	unsigned int files = fake_kernel_open_files();
	struct source_stamp stamp;

	for (int i = 0; i < 2; i++) {
		g_string_truncate(script.lines, 0);
		assert_int_equal(source->ops->read(source, take_text, &script, &stamp), 0);
		assert_true(g_string_equal(script.lines, wanted));
		assert_true(stamp.names == script.kernel->content_id && stamp.is_content_id);
	}
	script.move = true;
	set_script(&script, 2, 2);
	assert_int_equal(source->ops->read(source, take_text, &script, &stamp), -EAGAIN);
	/* Once it has moved it stands still. */
	set_script(&script, 1, 1);
	assert_int_equal(source->ops->read(source, take_text, &script, &stamp), 0);
	script.move = false;
	script.error = EIO;
	set_script(&script, 1, 1);
	script.records = 0;
	assert_int_equal(source->ops->read(source, take_text, &script, &stamp), -EIO);
	assert_int_equal(script.records, 0);
	set_script(&script, 2, 2);
	assert_int_equal(source->ops->read(source, take_text, &script, &stamp), -EIO);
	source_set_stopped(source, is_stopped, &script);
	script.stopped = true;
	script.error = 0;
	assert_int_equal(source->ops->read(source, take_text, &script, &stamp), -ECANCELED);
	assert_int_equal(fake_kernel_open_files(), files);
	close_script(&script, source);
}

static void test_read(void **state)
{
	(void)state;
	check_read(true);
	check_read(false);
}

#define FIVE "1 2 3 4 5"

/* Of five tags: what a pass gives; at the calls of the pass the kernel does as is said. */
static const struct {
	const char *name;
	struct abi_filter filter;
	unsigned int at, last; /* calls, from 1: stamp, GET_AT, GET_NEXT ..., stamp */
	int error;
	bool move;
	unsigned int stop_at; /* the sink's error at that record */
	int wanted;
	const char *lines;
	unsigned int calls;
} passes[] = {
	{"all, in order", {0}, 0, 0, 0, false, 0, 0, FIVE, 8},
	{"one line", {.mask = 8, .lineno = 3}, 0, 0, 0, false, 0, 0, "3", 4},
	{"sizes", {.mask = 96, .min_size = 200, .max_size = 400}, 0, 0, 0, false, 0, 0, "2 3 4", 6},
	{"file", {.mask = 4, .filename = "a.c"}, 0, 0, 0, false, 0, 0, FIVE, 8},
	{"another file", {.mask = 4, .filename = "b.c"}, 0, 0, 0, false, 0, 0, "", 3},
	{"function", {.mask = 2, .function = "f"}, 0, 0, 0, false, 0, 0, FIVE, 8},
	{"another function", {.mask = 2, .function = "ff"}, 0, 0, 0, false, 0, 0, "", 3},
	{"built in", {.mask = 1}, 0, 0, 0, false, 0, 0, FIVE, 8},
	{"a module", {.mask = 1, .modname = "m"}, 0, 0, 0, false, 0, 0, "", 3},
	{"accurate", {.mask = 16}, 0, 0, 0, false, 0, 0, FIVE, 8},
	{"inaccurate", {.mask = 16, .inaccurate = 1}, 0, 0, 0, false, 0, 0, "", 3},
	{"EINVAL", {.mask = 128}, 0, 0, 0, false, 0, -EINVAL, "", 2},
	{"EIO at once", {0}, 1, 1, EIO, false, 0, -EIO, "", 1},
	{"EIO of GET_AT", {0}, 2, 2, EIO, false, 0, -EIO, "", 2},
	{"EIO in the middle", {0}, 4, 4, EIO, false, 0, -EIO, "1 2", 4},
	{"EAGAIN in the middle", {0}, 4, 4, EAGAIN, false, 0, -EAGAIN, "1 2", 4},
	{"ENOTTY in the middle", {0}, 4, 4, ENOTTY, false, 0, -ENOTTY, "1 2", 4},
	{"EIO at the end", {0}, 8, 8, EIO, false, 0, -EIO, FIVE, 8},
	{"interrupted", {0}, 1, 4, EINTR, false, 0, 0, FIVE, 12},
	{"interrupted in the middle", {0}, 5, 6, EINTR, false, 0, 0, FIVE, 10},
	{"the content id moves in the middle", {0}, 5, 5, 0, true, 0, -EAGAIN, FIVE, 8},
	{"the content id moves at the end", {0}, 8, 8, 0, true, 0, -EAGAIN, FIVE, 8},
	{"the content id moved before", {0}, 1, 1, 0, true, 0, 0, FIVE, 8},
	{"the sink has enough", {0}, 0, 0, 0, false, 1, -ENODATA, "1", 2},
	{"the sink has enough later", {0}, 0, 0, 0, false, 4, -ENODATA, "1 2 3 4", 5},
};

static void check_pass(size_t i, enum fake_answers answers)
{
	struct script script;
	struct source *source = open_script(&script, answers, true, 5);
	const char *row = passes[i].name;
	unsigned int calls = script.kernel->calls_in_all;
	uint64_t content_id = script.kernel->content_id;
	struct source_stamp stamp;
	int err;

	script.error = passes[i].error;
	script.move = passes[i].move;
	script.stop_at = passes[i].stop_at;
	if (passes[i].at > 0)
		set_script(&script, passes[i].at, passes[i].last);
	err = source->ops->pass(source, &passes[i].filter, take_record, &script, &stamp);
	unit_check(err == passes[i].wanted, "%s: %d, wanted %d", row, err, passes[i].wanted);
	unit_check_text(span_of(script.lines->str), span_of(passes[i].lines), row, "the records");
	unit_check_number(script.kernel->calls_in_all - calls, passes[i].calls, row, "the calls");
	if (!err && passes[i].at != 1)
		unit_check_number(stamp.names, content_id, row, "the content id");
	/* The next one begins anew, on whatever descriptor. */
	script.kernel->before = NULL;
	script.records = script.stop_at = 0;
	g_string_truncate(script.lines, 0);
	unit_check_number((uint64_t)-source->ops->pass(source, &passes[0].filter, take_record,
						       &script, &stamp),
			  0, row, "the next pass");
	unit_check_text(span_of(script.lines->str), span_of(FIVE), row, "its records");
	close_script(&script, source);
}

static void test_passes(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(passes); i++) {
		check_pass(i, FAKE_MAINLINE);
		check_pass(i, FAKE_V3);
	}
}

/* Where few files can be opened, reading and passing work all the same. */
static void check_few_files(bool live, rlim_t spare)
{
	g_autofree char *row = g_strdup_printf("%s, %lu files", live ? "live" : "mount", spare);
	unsigned int files = fake_kernel_open_files();
	struct script script = {.kernel = fake_kernel_new(FAKE_MAINLINE)};
	struct source *source;
	struct source_stamp stamp;
	struct rlimit limit, few;
	int next = dup(0);

	close(next);
	add_lines(script.kernel, 5);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = (struct rlimit){(rlim_t)next + spare, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	source = fake_kernel_source(script.kernel, live);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	unit_check(source != NULL, "%s: no source", row);
	script.lines = g_string_new(NULL);
	for (int i = 0; i < 2; i++) {
		script.records = 0;
		g_string_truncate(script.lines, 0);
		unit_check(
			!source->ops->pass(source, &passes[0].filter, take_record, &script, &stamp),
			"%s: no pass", row);
		unit_check_text(span_of(script.lines->str), span_of(FIVE), row, "the records");
		unit_check(!source->ops->read(source, take_text, &script, &stamp), "%s: no text",
			   row);
	}
	close_script(&script, source);
	unit_check_number(fake_kernel_open_files(), files, row, "open files");
}

static void test_few_files(void **state)
{
	(void)state;
	/* One for the directory, one at least for the file. */
	for (rlim_t spare = 2; spare < 6; spare++) {
		check_few_files(true, spare);
		check_few_files(false, spare);
	}
}

/* A pass that is told to stop gives no record more. */
static void test_stopped(void **state)
{
	struct script script;
	struct source *source = open_script(&script, FAKE_MAINLINE, true, 5);
	struct source_stamp stamp;

	(void)state;
	source_set_stopped(source, is_stopped, &script);
	script.stopped = true;
	assert_int_equal(source->ops->pass(source, &passes[0].filter, take_record, &script, &stamp),
			 -ECANCELED);
	assert_in_range(script.records, 0, 1);
	close_script(&script, source);
}

/* Nor does one that is interrupted in order to stop go on trying. */
static void test_interrupted_to_stop(void **state)
{
	struct script script;
	struct source *source = open_script(&script, FAKE_MAINLINE, true, 5);
	struct source_stamp stamp;
	unsigned int calls = script.kernel->calls_in_all;

	(void)state;
	source_set_stopped(source, is_stopped, &script);
	script.stopped = true;
	script.error = EINTR;
	set_script(&script, 1, 1000);
	assert_int_equal(source->ops->pass(source, &passes[0].filter, take_record, &script, &stamp),
			 -ECANCELED);
	assert_in_range(script.kernel->calls_in_all - calls, 1, 2);
	close_script(&script, source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),	  cmocka_unit_test(test_live),
		cmocka_unit_test(test_stamp),	  cmocka_unit_test(test_read),
		cmocka_unit_test(test_passes),	  cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_few_files), cmocka_unit_test(test_interrupted_to_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
