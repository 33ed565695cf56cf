/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Telling the heap: see heap.h. */
#include "heap.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <glib.h>

#define LARGE ((size_t)1 << 20) /* bytes */

/* From here on it is worth a system call to ask. */
#define ASKED (LARGE / 16)

/* What has to be left for all that is small. */
#define RESERVE (4 * LARGE)

static GMutex lock; /* guards promised */
static size_t promised; /* bytes, to all threads */
static __thread size_t own; /* of them to this one */

void heap_set_up(void)
{
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, 1);
	/* What is as large as a report grows in place by mappings, and is gone when it is freed. */
	mallopt(M_MMAP_THRESHOLD, LARGE);
	/* What is smaller comes and goes with each question. */
	mallopt(M_TRIM_THRESHOLD, 4 * LARGE);
#endif
}

/* What the process has of the address space, and of that which can be written to, bytes. */
static bool read_use(uint64_t *all, uint64_t *data)
{
	char line[128];
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	/* Not kept open: a daemon is another process than the one that was started. */
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	unsigned long long pages, data_pages;

	if (fd >= 0)
		close(fd);
	line[MAX(got, 0)] = '\0';
	if (sscanf(line, "%llu %*u %*u %*u %*u %llu", &pages, &data_pages) != 2)
		return false;
	*all = pages * page;
	*data = data_pages * page;
	return true;
}

/* Bytes that both limits leave; where there is none, more than any sum. */
static uint64_t left_by_limits(void)
{
	struct rlimit all, data;
	uint64_t all_used, data_used;

	if (getrlimit(RLIMIT_AS, &all) != 0 || getrlimit(RLIMIT_DATA, &data) != 0 ||
	    (all.rlim_cur == RLIM_INFINITY && data.rlim_cur == RLIM_INFINITY) ||
	    !read_use(&all_used, &data_used))
		return UINT64_MAX;
	return MIN(all.rlim_cur - MIN(all_used, all.rlim_cur),
		   data.rlim_cur - MIN(data_used, data.rlim_cur));
}

/* As the heap would have it. Nothing of it is touched. */
static bool can_map(size_t size)
{
	void *room = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED)
		return false;
	munmap(room, size);
	return true;
}

/*
 * Limits are looked at. A mapping is tried where they leave as much again: one that uses up what
 * there is for a moment would be in the way of the others, who take what they were promised. Nor at
 * each small question, of few bytes: it is to be seen in the kernel's counters. size is of all.
 */
static bool is_there(size_t size, size_t bytes)
{
	uint64_t left = left_by_limits();

	return left >= size && (bytes < LARGE || left / 2 < size || can_map(size));
}

bool heap_has_room(size_t bytes)
{
	bool has_room;

	if (bytes < ASKED)
		return true;
	g_mutex_lock(&lock);
	promised -= own;
	has_room = is_there(promised + bytes + RESERVE, bytes);
	own = has_room ? bytes : 0;
	promised += own;
	g_mutex_unlock(&lock);
	return has_room;
}

void heap_settle(void)
{
	if (own == 0)
		return;
	g_mutex_lock(&lock);
	promised -= own;
	own = 0;
	g_mutex_unlock(&lock);
}

void heap_give_back(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
