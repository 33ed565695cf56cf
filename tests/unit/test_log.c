/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves how many messages are written of how many, with a clock that does as told: linked with
 * --wrap=g_get_monotonic_time.
 */
#include "unit.h"

#include <stdio.h>
#include <unistd.h>
#include "log.h"

static int64_t now = 1000 * G_TIME_SPAN_SECOND;

int64_t __wrap_g_get_monotonic_time(void);

int64_t __wrap_g_get_monotonic_time(void)
{
	return now;
}

/* What count warnings bring to stderr; the caller frees it. */
static char *written(int count)
{
	g_autofree char *path = NULL;
	char *text = NULL;
	int old, fd = g_file_open_tmp("log-XXXXXX", &path, NULL);

	assert_true(fd >= 0);
	old = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	for (int i = 0; i < count; i++)
		g_warning("message %d", i);
	fflush(stderr);
	dup2(old, STDERR_FILENO);
	close(old);
	close(fd);
	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	unlink(path);
	return text;
}

static unsigned int lines_of(const char *text)
{
	unsigned int lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static void test_few(void **state)
{
	g_autofree char *text = written(3);

	(void)state;
	assert_string_equal(text, "allocfs: message 0\nallocfs: message 1\nallocfs: message 2\n");
}

static void test_flood(void **state)
{
	g_autofree char *first = NULL, *second = NULL, *third = NULL;

	(void)state;
	now += G_TIME_SPAN_HOUR;
	first = written(100000);
	assert_int_equal(lines_of(first), 20);
	/* One line is paid for, and with it comes what was missed. */
	now += 6 * G_TIME_SPAN_SECOND;
	second = written(5);
	assert_string_equal(second, "allocfs: 99980 messages before the next one were left out\n"
				    "allocfs: message 0\n");
	/* After some time it is as at first. */
	now += G_TIME_SPAN_HOUR;
	third = written(30);
	assert_int_equal(lines_of(third), 21);
	assert_non_null(strstr(third, "allocfs: 4 messages before"));
}

/* Ten minutes of a message each tenth of a second. */
static void test_trickle(void **state)
{
	unsigned int lines = 0;

	(void)state;
	now += G_TIME_SPAN_HOUR;
	for (int i = 0; i < 6000; i++) {
		g_autofree char *text = written(1);

		lines += lines_of(text);
		now += G_TIME_SPAN_SECOND / 10;
	}
	assert_in_range(lines, 100, 20 + 2 * 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_trickle),
	};

	log_to(true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
