/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the C library's heap has to be told so that a daemon that runs for months stays near what it
 * uses. Nothing happens where the C library is another than glibc.
 */
#ifndef ALLOCFS_HEAP_H
#define ALLOCFS_HEAP_H

/*
 * To be called before there are threads. One heap serves all of them: what each of many keeps for
 * later adds up to more than what is in use, and the threads here wait for the source, not for
 * memory.
 */
void heap_set_up(void);

/* Gives back to the system what was freed; takes a time in proportion to the heap. Any thread. */
void heap_give_back(void);

#endif
