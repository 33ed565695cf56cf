/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the C library's heap has to be told so that a daemon that runs for months stays near what it
 * uses, which does nothing where the C library is another than glibc; and asking it.
 */
#ifndef ALLOCFS_HEAP_H
#define ALLOCFS_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * To be called before there are threads. One heap serves all of them: what each of many keeps for
 * later adds up to more than what is in use, and the threads here wait for the source, not for
 * memory.
 */
void heap_set_up(void);

/*
 * Whether so many bytes more can be had now, beside what was promised to other threads, and then
 * still some for what is small. glib ends the process where memory is out, so that who is about to
 * need much asks first and fails with -ENOMEM instead; for what is small the answer is always yes.
 * What is promised is kept for the thread until it asks for something else, having taken this, or
 * settles. Any thread.
 */
bool heap_has_room(size_t bytes);

/* The calling thread has what it wanted: nothing more is kept for it. */
void heap_settle(void);

/* Gives back to the system what was freed; takes a time in proportion to the heap. Any thread. */
void heap_give_back(void);

#endif
