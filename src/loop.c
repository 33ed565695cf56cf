/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads that come and go with the requests: see loop.h. */
#include "loop.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <linux/fuse.h>
#include <glib.h>
#include "heap.h"
#include "interrupt.h"

/*
 * At most. Requests that wait for a source that hangs shall not keep one away that gives them up,
 * nor those that memory can answer.
 */
#define THREADS_MAX 64

/* So many may wait for requests; of more, one ends. */
#define IDLE_MAX 10

/* A stack, and what requests are read into, bytes; mostly not touched. */
#define THREAD_SIZE (10 << 20)

/* How long to leave others the memory that there is not enough of, microseconds. */
#define MEMORY_PAUSE (100 * 1000)

/* How often those that wait for requests are told of the end, microseconds. */
#define END_PAUSE (5 * 1000)

/* How long threads that hang in the source may take to notice, seconds. */
#define END_TIMEOUT 1

static struct fuse_session *session;
static sem_t ending; /* posted when there may be an end */

static GMutex lock; /* guards the rest */
static unsigned int started, idle; /* threads; those that wait for a request, or soon will */
static pthread_t threads[THREADS_MAX];
static unsigned int entered; /* of threads[] */
static int failure; /* of the first thread that failed */

/* Those that give something back wait for nothing, and are over before a thread could start. */
static bool is_forget(const struct fuse_buf *request)
{
	const struct fuse_in_header *header = request->mem;

	return !(request->flags & FUSE_BUF_IS_FD) &&
	       (header->opcode == FUSE_FORGET || header->opcode == FUSE_BATCH_FORGET);
}

static void *work(void *unused);

/* Locked. */
static bool start_thread(void)
{
	GThread *thread = NULL;

	/* The first has to be there. */
	if (started == 0 || heap_has_room(THREAD_SIZE))
		thread = g_thread_try_new("request", work, NULL, NULL);
	if (!thread)
		return false;
	g_thread_unref(thread);
	started++;
	idle++;
	return true;
}

static void note_failure(int err)
{
	g_mutex_lock(&lock);
	if (!failure)
		failure = err;
	g_mutex_unlock(&lock);
}

/* Returns whether there is a request now; if not, there will be none any more. */
static bool receive(struct fuse_buf *request)
{
	while (!fuse_session_exited(session)) {
		int got = fuse_session_receive_buf(session, request);

		if (got > 0)
			return true;
		if (got == -ENOMEM) {
			g_usleep(MEMORY_PAUSE);
		} else if (got < 0 && got != -EINTR && got != -EAGAIN) {
			note_failure(got);
			fuse_session_exit(session);
		}
	}
	return false;
}

/* Returns whether one more is needed to wait for requests. */
static bool process(struct fuse_buf *request)
{
	bool forget = is_forget(request), needed;

	g_mutex_lock(&lock);
	idle--;
	/* Where none can be started this one is back some time. */
	if (idle == 0 && !forget && started < THREADS_MAX)
		start_thread();
	g_mutex_unlock(&lock);
	fuse_session_process_buf(session, request);
	g_mutex_lock(&lock);
	/* Who is about to leave counts no more, or others would leave because of him. */
	needed = idle < IDLE_MAX;
	idle += needed;
	g_mutex_unlock(&lock);
	return needed;
}

static void enter(void)
{
	g_mutex_lock(&lock);
	threads[entered++] = pthread_self();
	g_mutex_unlock(&lock);
}

static void leave(void)
{
	unsigned int own = 0;

	g_mutex_lock(&lock);
	while (!pthread_equal(threads[own], pthread_self()))
		own++;
	threads[own] = threads[--entered];
	started--;
	g_mutex_unlock(&lock);
	sem_post(&ending);
}

static void *work(void *unused)
{
	struct fuse_buf request = {.mem = NULL};

	(void)unused;
	enter();
	while (receive(&request) && process(&request))
		;
	free(request.mem);
	leave();
	return NULL;
}

void loop_set_up(struct fuse_session *served)
{
	session = served;
	sem_init(&ending, 0, 0);
}

void loop_end(void)
{
	alarm(END_TIMEOUT);
	fuse_session_exit(session);
	sem_post(&ending);
}

/* Tells those that wait for requests; returns whether all threads are gone. */
static bool all_have_left(void)
{
	bool gone;

	g_mutex_lock(&lock);
	for (unsigned int i = 0; i < entered; i++)
		interrupt_wake(threads[i]);
	gone = started == 0;
	g_mutex_unlock(&lock);
	return gone;
}

int loop_run(void)
{
	bool runs;

	g_mutex_lock(&lock);
	runs = start_thread();
	g_mutex_unlock(&lock);
	if (!runs)
		return -EAGAIN;
	while (!fuse_session_exited(session))
		sem_wait(&ending);
	alarm(END_TIMEOUT);
	/* A thread that was just about to wait has missed it. */
	while (!all_have_left())
		g_usleep(END_PAUSE);
	alarm(0);
	return failure;
}
