/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Telling the heap: see heap.h. */
#include "heap.h"

#include <malloc.h>

void heap_keep_one(void)
{
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, 1);
#endif
}

void heap_give_back(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
