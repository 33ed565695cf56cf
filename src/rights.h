/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rights of a process that was started by root: what it keeps of them. */
#ifndef ALLOCFS_RIGHTS_H
#define ALLOCFS_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Gives up all capabilities of the calling thread but these, which are CAP_ numbers, and of these
 * what it does not have: root lacks some in containers. To be called before there are other
 * threads. Returns whether nothing more is left.
 */
bool rights_keep(const unsigned int *capabilities, size_t count);

#endif
