/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's side of a FUSE session: sends requests over a socketpair, has the session answer
 * them at once, and checks each reply as the kernel would. Keeps to what the kernel promises: nodes
 * and handles are those that were handed out, names are one component, each lookup is forgotten
 * once. client.c keeps account and carries requests, client_requests.c makes them.
 */
#ifndef ALLOCFS_FUZZ_CLIENT_H
#define ALLOCFS_FUZZ_CLIENT_H

#include <limits.h>
#include <linux/fuse.h>
#include <sys/uio.h>
#include "fuse_api.h"
#include "fuzz.h"

enum { CLIENT_NODES = 64, CLIENT_HANDLES = 16, CLIENT_NAMES = 16, CLIENT_ROOM = 32 << 10 };

struct known_node {
	uint64_t id;
	uint64_t lookups; /* 0: free */
	unsigned int handles; /* open ones, for which the kernel holds it */
};

struct handle {
	uint64_t fh;
	struct known_node *node; /* NULL: free */
	bool is_dir;
	uint64_t next; /* a directory's last offset */
};

struct client {
	struct fuse_session *session;
	int fd;
	uint64_t unique;
	int64_t interrupts; /* that were sent, and may have an answer */
	struct known_node nodes[CLIENT_NODES]; /* the root is the first */
	struct handle handles[CLIENT_HANDLES];
	struct fuse_buf request; /* as the session received it */
	GArray *unwanted; /* ids for which there was no room: to be forgotten after the request */
	char names[CLIENT_NAMES][NAME_MAX + 1]; /* that listings had, some of the last ones */
	unsigned int next_name;
	_Alignas(8) char reply[CLIENT_ROOM];
	size_t reply_len;
};

/* Talks to the session, which gets its end of the socketpair, and shakes hands. */
struct client *client_new(struct fuse_session *session);

/* Releases and forgets all that is open and known; the session can be destroyed then. */
void client_free(struct client *client);

/* Makes one request, which the input describes. */
void client_step(struct client *client, struct fuzz_input *input);

/*
 * Sends a request of a header and some parts, or of a struct; a string's NUL is part of it. Returns
 * the error of the reply, 0 or -errno.
 */
int client_send(struct client *client, uint32_t opcode, uint64_t node, const struct iovec *parts,
		int count);
int client_send_struct(struct client *client, uint32_t opcode, uint64_t node, const void *in,
		       size_t size);

/* What the last reply has behind its header, at least so many bytes, and how many there are. */
const void *client_body(const struct client *client, size_t least);
size_t client_body_size(const struct client *client);

/* Takes note of an entry that was handed out, which counts as a lookup, and checks it. */
void client_take_entry(struct client *client, const struct fuse_entry_out *entry);
void client_check_attributes(const struct fuse_attr *attr);

void client_forget(struct client *client, uint64_t id, uint64_t count);
void client_release(struct client *client, struct handle *handle);

/* One that is known, by a number, so that few bytes choose any. Handles: NULL where none is open.
 */
struct known_node *client_choose_node(struct client *client, unsigned int wanted);
struct handle *client_choose_handle(struct client *client, unsigned int wanted, bool is_dir);

#endif
