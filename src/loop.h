/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The threads that serve a session. libfuse has such a loop too, but that one ends the session
 * where there is no memory for one more thread to read requests into, and it cancels threads, which
 * can lose a request that was just read. Here a thread that cannot be had is done without.
 */
#ifndef ALLOCFS_LOOP_H
#define ALLOCFS_LOOP_H

#include "fuse_api.h"

/* Call it before loop_end() can be called. There is one loop in a process. */
void loop_set_up(struct fuse_session *session);

/*
 * Serves until the session has ended: by loop_end(), or because it is no longer mounted. Returns 0;
 * -EAGAIN where not even one thread could be started; or as the session failed. Threads that hang
 * in a request are waited for, but after a second SIGALRM is raised.
 */
int loop_run(void);

/* Ends the session; SIGALRM as above. A signal handler may call it. */
void loop_end(void);

#endif
