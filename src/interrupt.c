/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that are given up: see interrupt.h. */
#include "interrupt.h"

#include <signal.h>
#include <time.h>

#define WAKE SIGUSR1
#define PERIOD (100 * 1000) /* microseconds */

/* How often a thread is woken until it notices, and microseconds in between. */
#define WAKES 5
#define WAKE_PAUSE 2000

static __thread struct interrupt *current;

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
	*interrupt = (struct interrupt){0, 0, pthread_self()};
	current = interrupt;
}

void interrupt_end(void)
{
	current = NULL;
}

void interrupt_wake(pthread_t thread)
{
	pthread_kill(thread, WAKE);
}

void interrupt_raise(struct interrupt *interrupt)
{
	g_atomic_int_set(&interrupt->raised, 1);
	/* A signal that comes just before the system call does not end it. */
	for (int i = 0; i < WAKES && !g_atomic_int_get(&interrupt->noticed); i++) {
		interrupt_wake(interrupt->thread);
		g_usleep(WAKE_PAUSE);
	}
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
	if (!current || !g_atomic_int_get(&current->raised))
		return false;
	g_atomic_int_set(&current->noticed, 1);
	return true;
}
