/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves that who waits in a system call comes back from it, whenever the interrupt is raised. */
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>
#include <sys/resource.h>
#include "interrupt.h"

#define LONG 20 /* seconds: until a test is given up */
#define LATE 200 /* milliseconds: between the interrupt and the call that it is to end */

struct waiter {
	struct interrupt interrupt;
	gint begun, raised; /* each waits for the other */
	int late; /* milliseconds */
	int ends[2]; /* of a pipe that nothing is written to */
	bool was_raised;
	int quiet; /* errno of a call after the end, or 0 */
};

static void wait_for(const gint *flag)
{
	while (!g_atomic_int_get(flag))
		sched_yield();
}

/* Without a system call that a signal could end. */
static void spin(int milliseconds)
{
	int64_t end = g_get_monotonic_time() + 1000 * (int64_t)milliseconds;

	while (g_get_monotonic_time() < end)
		;
}

static void *wait_in_a_call(void *data)
{
	struct waiter *waiter = data;
	struct pollfd end = {.fd = waiter->ends[0], .events = POLLIN};
	char byte;

	interrupt_begin(&waiter->interrupt);
	assert_false(interrupt_is_raised());
	g_atomic_int_set(&waiter->begun, 1);
	if (waiter->late) {
		wait_for(&waiter->raised);
		spin(waiter->late);
	}
	if (read(waiter->ends[0], &byte, 1) < 0 && errno == EINTR)
		waiter->was_raised = interrupt_is_raised();
	/* Whoever raises it is done with it first. */
	wait_for(&waiter->raised);
	interrupt_end();
	waiter->quiet = poll(&end, 1, LATE) == 0 ? 0 : errno;
	assert_false(interrupt_is_raised());
	return NULL;
}

/* times interrupts of a thread that waits, or will do so later. */
static void check(int late, int times)
{
	struct waiter waiter = {.late = late};
	struct timespec end;
	pthread_t thread;

	assert_int_equal(pipe(waiter.ends), 0);
	assert_int_equal(pthread_create(&thread, NULL, wait_in_a_call, &waiter), 0);
	wait_for(&waiter.begun);
	if (!late)
		spin(LATE);
	for (int i = 0; i < times; i++)
		interrupt_raise(&waiter.interrupt);
	g_atomic_int_set(&waiter.raised, 1);
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += LONG;
	assert_int_equal(pthread_timedjoin_np(thread, NULL, &end), 0);
	assert_true(waiter.was_raised);
	assert_int_equal(waiter.quiet, 0);
	close(waiter.ends[0]);
	close(waiter.ends[1]);
}

static void test_waits_already(void **state)
{
	(void)state;
	check(0, 1);
}

static void test_waits_later(void **state)
{
	(void)state;
	check(LATE, 1);
}

static void test_again(void **state)
{
	(void)state;
	check(LATE, 3);
}

/* As libfuse does it with a request whose interrupt came first. */
static void test_by_itself(void **state)
{
	struct interrupt interrupt;
	int ends[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	interrupt_begin(&interrupt);
	interrupt_raise(&interrupt);
	spin(LATE);
	assert_int_equal(read(ends[0], &byte, 1), -1);
	assert_int_equal(errno, EINTR);
	assert_true(interrupt_is_raised());
	interrupt_end();
	assert_false(interrupt_is_raised());
	close(ends[0]);
	close(ends[1]);
}

/* Where no timer can be had, who waits already is woken. */
static void test_without_timers(void **state)
{
	struct rlimit before, none;
	timer_t timer;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_SIGPENDING, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_SIGPENDING, &none), 0);
	assert_int_equal(timer_create(CLOCK_MONOTONIC, NULL, &timer), -1);
	check(0, 1);
	assert_int_equal(setrlimit(RLIMIT_SIGPENDING, &before), 0);
}

static int set_up(void **state)
{
	(void)state;
	interrupt_set_up();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits_already),  cmocka_unit_test(test_waits_later),
		cmocka_unit_test(test_again),	       cmocka_unit_test(test_by_itself),
		cmocka_unit_test(test_without_timers),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
