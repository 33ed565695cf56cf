/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For builds with ThreadSanitizer alone: tells it of what glib orders. glib's locks and reference
 * counts are futexes and atomics in a library that is not built with it, so that it would take all
 * that they guard for races. The functions here take the place of glib's and say what happened
 * before what. With this no report has to be suppressed.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <glib.h>
#include <sanitizer/tsan_interface.h>

static struct {
	void (*mutex_lock)(GMutex *);
	void (*mutex_unlock)(GMutex *);
	void (*cond_wait)(GCond *, GMutex *);
	gboolean (*cond_wait_until)(GCond *, GMutex *, gint64);
	void (*bytes_unref)(GBytes *);
} real;

/* Before there are threads, and before anybody locks. */
__attribute__((constructor(101))) static void find_real(void)
{
	*(void **)&real.mutex_lock = dlsym(RTLD_NEXT, "g_mutex_lock");
	*(void **)&real.mutex_unlock = dlsym(RTLD_NEXT, "g_mutex_unlock");
	*(void **)&real.cond_wait = dlsym(RTLD_NEXT, "g_cond_wait");
	*(void **)&real.cond_wait_until = dlsym(RTLD_NEXT, "g_cond_wait_until");
	*(void **)&real.bytes_unref = dlsym(RTLD_NEXT, "g_bytes_unref");
}

/* glib's own constructor is earlier. */
static void be_ready(void)
{
	if (!real.mutex_lock)
		find_real();
}

void g_mutex_lock(GMutex *mutex)
{
	be_ready();
	real.mutex_lock(mutex);
	__tsan_acquire(mutex);
}

void g_mutex_unlock(GMutex *mutex)
{
	__tsan_release(mutex);
	real.mutex_unlock(mutex);
}

void g_cond_wait(GCond *cond, GMutex *mutex)
{
	__tsan_release(mutex);
	real.cond_wait(cond, mutex);
	__tsan_acquire(mutex);
}

gboolean g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_time)
{
	gboolean signalled;

	__tsan_release(mutex);
	signalled = real.cond_wait_until(cond, mutex, end_time);
	__tsan_acquire(mutex);
	return signalled;
}

/*
 * What was made once is handed over by a store that has to be seen here: so these do not call
 * glib's, but hold a lock while it is made.
 */
static pthread_mutex_t once = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

gboolean(g_once_init_enter)(volatile void *location)
{
	pthread_mutex_lock(&once);
	if (!__atomic_load_n((volatile gsize *)location, __ATOMIC_RELAXED))
		return TRUE;
	pthread_mutex_unlock(&once);
	return FALSE;
}

void(g_once_init_leave)(volatile void *location, gsize made)
{
	__atomic_store_n((volatile gsize *)location, made, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&once);
}

/* One at a time: so whoever frees comes after all who let go. */
static pthread_mutex_t references = PTHREAD_MUTEX_INITIALIZER;

void g_bytes_unref(GBytes *bytes)
{
	be_ready();
	pthread_mutex_lock(&references);
	real.bytes_unref(bytes);
	pthread_mutex_unlock(&references);
}
