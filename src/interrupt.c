/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that are given up: see interrupt.h. */
#include "interrupt.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#define WAKE SIGUSR1
#define PERIOD (100 * 1000) /* microseconds */

/* How often who is given up is woken, nanoseconds. */
#define WAKE_PERIOD (20 * 1000 * 1000)

/* A C library that has not yet given the member its name. */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static __thread struct interrupt *current;
static __thread pid_t own_id;

static void do_nothing(int number)
{
	(void)number;
}

void interrupt_set_up(void)
{
	/* Without SA_RESTART: that the call comes back is all that is wanted. */
	struct sigaction wake = {.sa_handler = do_nothing};

	sigaction(WAKE, &wake, NULL);
}

void interrupt_begin(struct interrupt *interrupt)
{
	if (own_id == 0)
		own_id = gettid();
	*interrupt = (struct interrupt){.thread = pthread_self(), .thread_id = own_id};
	current = interrupt;
}

void interrupt_end(void)
{
	if (current->has_timer)
		timer_delete(current->timer);
	current = NULL;
}

void interrupt_wake(pthread_t thread)
{
	pthread_kill(thread, WAKE);
}

/*
 * A signal that comes just before the system call does not end it, and a thread may be kept from
 * running between its last look and the call for any time. So the kernel repeats it.
 */
static bool start_timer(struct interrupt *interrupt)
{
	static const struct itimerspec times = {{0, WAKE_PERIOD}, {0, 1}};
	struct sigevent wake = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = WAKE};

	wake.sigev_notify_thread_id = interrupt->thread_id;
	if (timer_create(CLOCK_MONOTONIC, &wake, &interrupt->timer) != 0)
		return false;
	timer_settime(interrupt->timer, 0, &times, NULL);
	return true;
}

void interrupt_raise(struct interrupt *interrupt)
{
	g_atomic_int_set(&interrupt->raised, 1);
	if (!interrupt->has_timer)
		interrupt->has_timer = start_timer(interrupt);
	/* Of timers there may be too many; then once has to do. */
	if (!interrupt->has_timer)
		interrupt_wake(interrupt->thread);
}

void interrupt_wait(GCond *cond, GMutex *mutex)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	g_cond_wait_until(cond, mutex,
			  (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000 + PERIOD);
}

bool interrupt_is_raised(void)
{
	return current && g_atomic_int_get(&current->raised);
}
