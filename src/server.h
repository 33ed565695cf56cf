/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server of the ioctls: what the kernel does for an open /proc/allocinfo, done from samples for
 * an open allocinfo of the mount. Knows no requests and no sampler; samples come when asked for.
 */
#ifndef ALLOCFS_SERVER_H
#define ALLOCFS_SERVER_H

#include "abi.h"
#include "sampler.h"

/* The filter and position of one open file. */
struct server_cursor;

struct server_cursor *server_cursor_new(void);
void server_cursor_free(struct server_cursor *cursor);

/* Gives a new reference to a sample that meets the need, in *sample; 0 or -errno. */
typedef int (*server_look)(void *context, enum sampler_need need, struct sample **sample);

/*
 * Answers one ioctl, whole: calls for the same cursor wait for each other. in is what the command
 * takes, by its size; out has room for what it gives, which is *out_len bytes afterwards. A pass of
 * GET_AT and the calls of GET_NEXT behind it see one sample, so that tags do not move under it.
 *
 * Returns 0; -ENOTTY for what is no command of the layout; -EINVAL and -ENOENT as allocinfo.h
 * says; or what look() returned. With an error nothing is given.
 */
int server_ioctl(struct server_cursor *cursor, const struct abi_layout *layout,
		 unsigned int command, const void *in, struct abi_buffer *out, size_t *out_len,
		 server_look look, void *context);

#endif
