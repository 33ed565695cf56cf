/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Giving up what a daemon that is mounted does not need: rights and system calls. */
#ifndef ALLOCFS_SANDBOX_H
#define ALLOCFS_SANDBOX_H

#include <stdbool.h>

/*
 * To be called when all is open, mounted and the unmounter runs, before there are threads. What is
 * left of the rights is, where reads_files says so, that of reading any file: a saved listing can
 * belong to anybody. Returns 0, or -errno with what could not be done in *what, which is static.
 */
int sandbox_enter(bool reads_files, const char **what);

#endif
