/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving up a request that waits for the source, because whoever asked no longer wants to know. A
 * thread serves one request at a time; what waits, however deep below, asks for its own.
 */
#ifndef ALLOCFS_INTERRUPT_H
#define ALLOCFS_INTERRUPT_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>
#include <glib.h>

struct interrupt {
	gint raised;
	pthread_t thread;
	pid_t thread_id;
	bool has_timer;
	timer_t timer;
};

/* For the process, before there are threads: a signal ends the system call that a thread is in. */
void interrupt_set_up(void);

/* The calling thread begins to serve a request, which can be given up until interrupt_end(). */
void interrupt_begin(struct interrupt *interrupt);
void interrupt_end(void);

/*
 * The request is to be given up: its thread is woken again and again until the end. Any thread,
 * between begin and end, one at a time.
 */
void interrupt_raise(struct interrupt *interrupt);

/* Ends the system call that a thread is in, if it is in one. */
void interrupt_wake(pthread_t thread);

/* Whether the request that the calling thread serves is to be given up. */
bool interrupt_is_raised(void);

/*
 * g_cond_wait() for whoever has to ask that again and again while he waits for another thread:
 * returns now and then, though nothing was signalled.
 */
void interrupt_wait(GCond *cond, GMutex *mutex);

#endif
