/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where glib's messages go: stderr in the foreground, syslog once the daemon has no stderr. A line
 * each, and of many only the first and then a few a minute, so that what fails again and again
 * fills no disk; how many were left out is said with the next.
 */
#ifndef ALLOCFS_LOG_H
#define ALLOCFS_LOG_H

#include <stdbool.h>

/* Call it before the first thread starts. */
void log_to(bool foreground);

#endif
