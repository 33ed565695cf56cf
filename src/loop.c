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

/* What libfuse reads requests into has so many pages, and some more. */
#define BUFFER_PAGES (256 + 16)

/* A stack and that, bytes; mostly not touched. */
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
static GArray *later; /* struct fuse_buf: requests for the next thread that has time */

/* 0 of one that lies elsewhere, as what is written to a file may; here nothing is. */
static uint32_t opcode_of(const struct fuse_buf *request)
{
	const struct fuse_in_header *header = request->mem;

	return request->flags & FUSE_BUF_IS_FD ? 0 : header->opcode;
}

/* Those that give something back wait for nothing, and are over before a thread could start. */
static bool is_forget(const struct fuse_buf *request)
{
	uint32_t opcode = opcode_of(request);

	return opcode == FUSE_FORGET || opcode == FUSE_BATCH_FORGET;
}

/* Whether it can wait for a thread: what ends another one's waiting cannot. */
static bool may_be_put_off(const struct fuse_buf *request)
{
	switch (opcode_of(request)) {
	case 0:
	case FUSE_INTERRUPT:
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_DESTROY: return false;
	default: return true;
	}
}

static void *work(void *unused);

/* Locked. */
static bool start_thread(void)
{
	GThread *thread = NULL;

	/* The first has to be there. */
	if (started == 0 || heap_has_room(THREAD_SIZE))
		thread = g_thread_try_new("request", work, NULL, NULL);
	heap_settle();
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

/* For the calling thread, which is idle. */
static bool is_alone(void)
{
	bool alone;

	g_mutex_lock(&lock);
	alone = idle == 1;
	g_mutex_unlock(&lock);
	return alone;
}

/* libfuse allocates what it reads into the first time. Where nobody else receives it has to try. */
static int receive_now(struct fuse_buf *request)
{
	size_t size = BUFFER_PAGES * (size_t)sysconf(_SC_PAGESIZE);

	if (!request->mem && !heap_has_room(size) && !is_alone())
		return -ENOMEM;
	return fuse_session_receive_buf(session, request);
}

/* Returns whether there is a request now; if not, there will be none any more. */
static bool receive(struct fuse_buf *request)
{
	while (!fuse_session_exited(session)) {
		int got = receive_now(request);

		heap_settle();
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

/*
 * Locked. Where all others are busy and there can be no further one, this is the last to receive
 * requests: were it to wait for the source as well, interrupts would reach nobody any more.
 */
static bool put_off(const struct fuse_buf *request)
{
	struct fuse_buf copy = *request;

	if (started == 1 || !may_be_put_off(request))
		return false;
	copy.mem = g_memdup2(request->mem, request->size);
	g_array_append_val(later, copy);
	return true;
}

/* Of a request that was put off. */
static uint64_t unique_of(guint number)
{
	const struct fuse_in_header *header = g_array_index(later, struct fuse_buf, number).mem;

	return header->unique;
}

/*
 * Locked. Gives up one that was put off, which libfuse knows nothing of yet. Returns whether this
 * is an interrupt of such a one.
 */
static bool take_back(const struct fuse_buf *request)
{
	const struct fuse_in_header *header = request->mem;
	const struct fuse_interrupt_in *interrupt = (const void *)(header + 1);
	struct fuse_out_header reply = {sizeof(reply), -EINTR, 0};
	guint i = 0;

	if (opcode_of(request) != FUSE_INTERRUPT)
		return false;
	while (i < later->len && unique_of(i) != interrupt->unique)
		i++;
	if (i == later->len)
		return false;
	reply.unique = interrupt->unique;
	g_free(g_array_index(later, struct fuse_buf, i).mem);
	g_array_remove_index(later, i);
	/* It fails where the mount is gone, and then nobody waits. */
	return write(fuse_session_fd(session), &reply, sizeof(reply)) != 0;
}

/* Locked. Whether somebody else receives, now or soon. */
static bool can_leave_receiving(void)
{
	return idle > 0 || (started < THREADS_MAX && start_thread());
}

/*
 * Locked, but for the while that each of them takes. Where nobody else is receiving, he who last
 * was will be back here himself and find this one receiving.
 */
static void process_later(void)
{
	while (later->len > 0 && can_leave_receiving() && !fuse_session_exited(session)) {
		struct fuse_buf request = g_array_index(later, struct fuse_buf, 0);

		g_array_remove_index(later, 0);
		g_mutex_unlock(&lock);
		fuse_session_process_buf(session, &request);
		heap_settle();
		g_free(request.mem);
		g_mutex_lock(&lock);
	}
}

/* Returns whether one more is needed to wait for requests. */
static bool process(struct fuse_buf *request)
{
	bool needed;

	g_mutex_lock(&lock);
	idle--;
	if (idle == 0 && !is_forget(request) && started < THREADS_MAX)
		start_thread();
	if (!take_back(request) && (idle > 0 || !put_off(request))) {
		g_mutex_unlock(&lock);
		fuse_session_process_buf(session, request);
		heap_settle();
		g_mutex_lock(&lock);
		process_later();
	}
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
	later = g_array_new(FALSE, FALSE, sizeof(struct fuse_buf));
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

/* Whoever asked has been told already that nobody is there any more. */
static void forget_later(void)
{
	for (guint i = 0; i < later->len; i++)
		g_free(g_array_index(later, struct fuse_buf, i).mem);
	g_array_free(later, TRUE);
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
	forget_later();
	return failure;
}
