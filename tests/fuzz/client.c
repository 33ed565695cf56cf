/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeping account of a FUSE session, and carrying its requests: see client.h. */
#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static ssize_t write_reply(int fd, struct iovec *parts, int count, void *data)
{
	(void)data;
	return writev(fd, parts, count);
}

static ssize_t read_request(int fd, void *to, size_t size, void *data)
{
	(void)data;
	return read(fd, to, size);
}

static const struct fuse_out_header *header_of(const struct client *client)
{
	return (const struct fuse_out_header *)(const void *)client->reply;
}

const void *client_body(const struct client *client, size_t least)
{
	fuzz_check(client->reply_len >= sizeof(struct fuse_out_header) + least, "a short reply");
	return client->reply + sizeof(struct fuse_out_header);
}

size_t client_body_size(const struct client *client)
{
	return client->reply_len - sizeof(struct fuse_out_header);
}

static bool gets_no_reply(uint32_t opcode)
{
	return opcode == FUSE_FORGET || opcode == FUSE_BATCH_FORGET || opcode == FUSE_INTERRUPT;
}

/* The next reply but to an interrupt of what is not there: that one is late, and EAGAIN. */
static ssize_t receive(struct client *client)
{
	const struct fuse_out_header *header = header_of(client);
	ssize_t got;

	do {
		got = recv(client->fd, client->reply, sizeof(client->reply), MSG_DONTWAIT);
	} while (got == sizeof(*header) && header->error == -EAGAIN &&
		 header->unique != client->unique && client->interrupts-- > 0);
	return got;
}

/* There is one reply to each request, of the length it tells, with an error that is one. */
static int take_reply(struct client *client, uint32_t opcode)
{
	const struct fuse_out_header *header = header_of(client);
	ssize_t got = receive(client);
	char more;

	if (gets_no_reply(opcode)) {
		fuzz_check(got < 0, "a reply to request %u", opcode);
		client->interrupts += opcode == FUSE_INTERRUPT;
		return 0;
	}
	fuzz_check(got >= (ssize_t)sizeof(*header), "no reply to request %u", opcode);
	client->reply_len = (size_t)got;
	fuzz_check(header->len == client->reply_len, "request %u: a wrong length", opcode);
	fuzz_check(header->unique == client->unique, "request %u: a reply to another", opcode);
	fuzz_check(header->error <= 0 && header->error > -512, "request %u: error %d", opcode,
		   header->error);
	fuzz_check(header->error == 0 || header->len == sizeof(*header),
		   "request %u: an error with a body", opcode);
	fuzz_check(recv(client->fd, &more, 1, MSG_DONTWAIT) < 0, "request %u: two replies", opcode);
	return header->error;
}

int client_send(struct client *client, uint32_t opcode, uint64_t node, const struct iovec *parts,
		int count)
{
	struct fuse_in_header header = {.len = sizeof(header),
					.opcode = opcode,
					.unique = client->unique += 2,
					.nodeid = node,
					.pid = 1};
	struct iovec all[5] = {{&header, sizeof(header)}};

	for (int i = 0; i < count; i++) {
		all[i + 1] = parts[i];
		header.len += (uint32_t)parts[i].iov_len;
	}
	fuzz_check(writev(client->fd, all, count + 1) == (ssize_t)header.len, "cannot send");
	fuzz_check(fuse_session_receive_buf(client->session, &client->request) > 0,
		   "nothing was received");
	fuse_session_process_buf(client->session, &client->request);
	return take_reply(client, opcode);
}

int client_send_struct(struct client *client, uint32_t opcode, uint64_t node, const void *in,
		       size_t size)
{
	struct iovec part = {(void *)in, size};

	return client_send(client, opcode, node, &part, size > 0 ? 1 : 0);
}

static struct known_node *find_node(struct client *client, uint64_t id)
{
	for (int i = 0; i < CLIENT_NODES; i++)
		if (client->nodes[i].lookups > 0 && client->nodes[i].id == id)
			return &client->nodes[i];
	return NULL;
}

void client_forget(struct client *client, uint64_t id, uint64_t count)
{
	struct fuse_forget_in in = {count};

	client_send_struct(client, FUSE_FORGET, id, &in, sizeof(in));
}

/* The first free place for a node, or NULL. */
static struct known_node *find_room(struct client *client)
{
	for (int i = 0; i < CLIENT_NODES; i++)
		if (client->nodes[i].lookups == 0)
			return &client->nodes[i];
	return NULL;
}

void client_check_attributes(const struct fuse_attr *attr)
{
	fuzz_check(S_ISDIR(attr->mode) || S_ISREG(attr->mode), "mode %o", attr->mode);
	fuzz_check(!(attr->mode & 022) || S_ISDIR(attr->mode), "a file that can be written");
	fuzz_check(attr->ino != 0 && attr->nlink == 1, "inode or links");
	fuzz_check(attr->size <= INT64_MAX && attr->blocks <= INT64_MAX, "a negative size");
}

void client_take_entry(struct client *client, const struct fuse_entry_out *entry)
{
	struct known_node *node;

	if (entry->nodeid == 0)
		return;
	fuzz_check(entry->nodeid != FUSE_ROOT_ID, "the root has a name");
	client_check_attributes(&entry->attr);
	node = find_node(client, entry->nodeid);
	if (!node)
		node = find_room(client);
	if (!node) {
		g_array_append_val(client->unwanted, entry->nodeid);
		return;
	}
	node->id = entry->nodeid;
	node->lookups++;
}

struct known_node *client_choose_node(struct client *client, unsigned int wanted)
{
	while (client->nodes[wanted % CLIENT_NODES].lookups == 0)
		wanted++;
	return &client->nodes[wanted % CLIENT_NODES];
}

struct handle *client_choose_handle(struct client *client, unsigned int wanted, bool is_dir)
{
	for (unsigned int i = 0; i < CLIENT_HANDLES; i++) {
		struct handle *handle = &client->handles[(wanted + i) % CLIENT_HANDLES];

		if (handle->node && handle->is_dir == is_dir)
			return handle;
	}
	return NULL;
}

void client_release(struct client *client, struct handle *handle)
{
	struct fuse_release_in in = {.fh = handle->fh};

	fuzz_check(client_send_struct(client, handle->is_dir ? FUSE_RELEASEDIR : FUSE_RELEASE,
				      handle->node->id, &in, sizeof(in)) == 0,
		   "a release failed");
	handle->node->handles--;
	handle->node = NULL;
}

static void shake_hands(struct client *client)
{
	struct fuse_init_in in = {.major = 7,
				  .minor = 38,
				  .flags = FUSE_DO_READDIRPLUS | FUSE_READDIRPLUS_AUTO |
					   FUSE_PARALLEL_DIROPS | FUSE_ASYNC_READ};

	fuzz_check(client_send_struct(client, FUSE_INIT, 0, &in, sizeof(in)) == 0, "no handshake");
}

struct client *client_new(struct fuse_session *session)
{
	static const struct fuse_custom_io io = {.writev = write_reply, .read = read_request};
	struct client *client = g_new0(struct client, 1);
	int ends[2];

	fuzz_check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0, "no sockets");
	fuzz_check(fuse_session_custom_io(session, &io, ends[1]) == 0, "no session");
	client->session = session;
	client->fd = ends[0];
	client->unwanted = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	client->nodes[0] = (struct known_node){FUSE_ROOT_ID, 1, 0};
	shake_hands(client);
	return client;
}

/* libfuse keeps interrupts of what is not there until so many requests have come. */
static void clear_interrupts(struct client *client)
{
	struct fuse_getattr_in in = {.getattr_flags = 0};

	for (int64_t left = client->interrupts; left > 0; left--)
		client_send_struct(client, FUSE_GETATTR, FUSE_ROOT_ID, &in, sizeof(in));
}

void client_free(struct client *client)
{
	clear_interrupts(client);
	for (int i = 0; i < CLIENT_HANDLES; i++)
		if (client->handles[i].node)
			client_release(client, &client->handles[i]);
	for (int i = 1; i < CLIENT_NODES; i++)
		if (client->nodes[i].lookups > 0)
			client_forget(client, client->nodes[i].id, client->nodes[i].lookups);
	client_send_struct(client, FUSE_DESTROY, 0, NULL, 0);
	close(client->fd);
	free(client->request.mem);
	g_array_free(client->unwanted, TRUE);
	g_free(client);
}
