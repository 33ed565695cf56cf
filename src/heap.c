/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Telling the heap: see heap.h. */
#include "heap.h"

#include <malloc.h>
#include <sys/mman.h>

#define LARGE (1 << 20) /* bytes */

/* What has to be left for all that is small. */
#define RESERVE (4 * LARGE)

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

bool heap_has_room(size_t bytes)
{
	size_t size = bytes + RESERVE;
	void *room;

	if (bytes < LARGE)
		return true;
	/* As the heap would have it. Nothing of it is touched. */
	room = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		return false;
	munmap(room, size);
	return true;
}

void heap_give_back(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
