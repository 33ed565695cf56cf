/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel may ask of a session: see client.h. The table at the end has all of it. */
#include "client.h"

#include "allocfs/allocinfo.h"

/* Pages are small, so that listings take many; and a socket takes no large ones. */
#define SIZE_MOST (8 << 10)

static struct known_node *choose_node(struct client *client, struct fuzz_input *input)
{
	return client_choose_node(client, fuzz_take_byte(input));
}

static struct handle *choose_handle(struct client *client, struct fuzz_input *input, bool is_dir)
{
	return client_choose_handle(client, fuzz_take_byte(input), is_dir);
}

static const char *const words[] = {
	"README",     "status",	   "allocinfo",	  "live",	 "all",
	"by-file",    "by-module", "by-function", "top",	 "min-size",
	"min-calls",  "snapshots", "since",	  "sized",	 "raw",
	"top-calls",  "max-size",  "max-calls",	  "by-line",	 "accurate",
	"inaccurate", "at",	   "0",		  "1",		 "10",
	"4K",	      "1M",	   "mount",	  "s",		 "mount..s",
	".summary",   ".total",	   ".totals",	  ".allocinfo",	 ".raw",
	".json",      ".csv",	   ".folded",	  ".prom",	 "mm",
	"slub.c",     "vmlinux",   "xfs",	  "slub.c:2478", "mm,slub.c,2478,alloc_slab_page",
};

/* A word, a name that was listed, or any bytes that can be one component. */
static struct iovec take_name(struct client *client, struct fuzz_input *input, char *to)
{
	uint8_t lead = fuzz_take_byte(input);

	if (lead < G_N_ELEMENTS(words)) {
		g_strlcpy(to, words[lead], NAME_MAX + 1);
	} else if (lead < 128) {
		memcpy(to, client->names[lead % CLIENT_NAMES], NAME_MAX + 1);
	} else {
		struct span bytes = fuzz_take_bytes(input, lead);

		memset(to, 0, NAME_MAX + 1);
		if (bytes.len > 0)
			memcpy(to, bytes.at, bytes.len);
		for (size_t i = 0; i < bytes.len; i++)
			if (to[i] == '\0' || to[i] == '/')
				to[i] = '_';
	}
	if (to[0] == '\0' || strcmp(to, ".") == 0 || strcmp(to, "..") == 0)
		strcpy(to, "_");
	return (struct iovec){to, strlen(to) + 1};
}

static void do_lookup(struct client *client, struct fuzz_input *input)
{
	uint64_t dir = choose_node(client, input)->id;
	char name[NAME_MAX + 1];
	struct iovec part = take_name(client, input, name);

	if (client_send(client, FUSE_LOOKUP, dir, &part, 1) == 0)
		client_take_entry(client, client_body(client, sizeof(struct fuse_entry_out)));
}

/* How many lookups can be given back; one stays while a handle is open, and the root for good. */
static uint64_t forgettable(const struct client *client, const struct known_node *node)
{
	return node->lookups - (node->handles > 0 || node == &client->nodes[0] ? 1 : 0);
}

static void do_forget(struct client *client, struct fuzz_input *input)
{
	struct known_node *node = choose_node(client, input);
	uint64_t most = forgettable(client, node), count = 1 + fuzz_take_byte(input) % 4u;

	if (most == 0)
		return;
	count = MIN(count, most);
	node->lookups -= count;
	client_forget(client, node->id, count);
}

static void do_batch_forget(struct client *client, struct fuzz_input *input)
{
	struct fuse_forget_one forgets[4];
	struct fuse_batch_forget_in in = {.count = 0};
	struct iovec parts[2] = {{&in, sizeof(in)}, {forgets, 0}};

	while (in.count < G_N_ELEMENTS(forgets)) {
		struct known_node *node = choose_node(client, input);
		uint64_t count = forgettable(client, node);

		if (count == 0)
			break;
		forgets[in.count++] = (struct fuse_forget_one){node->id, count};
		node->lookups -= count;
	}
	parts[1].iov_len = in.count * sizeof(forgets[0]);
	client_send(client, FUSE_BATCH_FORGET, 0, parts, 2);
}

static void do_getattr(struct client *client, struct fuzz_input *input)
{
	struct handle *handle = choose_handle(client, input, false);
	struct fuse_getattr_in in = {.getattr_flags = 0};
	uint64_t node = choose_node(client, input)->id;
	const struct fuse_attr_out *out;

	if (handle && fuzz_take_byte(input) % 2 == 0) {
		in = (struct fuse_getattr_in){.getattr_flags = FUSE_GETATTR_FH, .fh = handle->fh};
		node = handle->node->id;
	}
	if (client_send_struct(client, FUSE_GETATTR, node, &in, sizeof(in)) != 0)
		return;
	out = client_body(client, sizeof(*out));
	client_check_attributes(&out->attr);
}

static void do_open(struct client *client, struct fuzz_input *input)
{
	struct known_node *node = choose_node(client, input);
	uint8_t lead = fuzz_take_byte(input);
	bool is_dir = lead % 2 == 0;
	struct fuse_open_in in = {.flags = lead < 240 ? 0 : (uint32_t)fuzz_take_number(input, 3)};
	struct handle *free_one = NULL;
	const struct fuse_open_out *out;

	for (int i = 0; i < CLIENT_HANDLES; i++)
		if (!client->handles[i].node)
			free_one = &client->handles[i];
	if (!free_one || client_send_struct(client, is_dir ? FUSE_OPENDIR : FUSE_OPEN, node->id,
					    &in, sizeof(in)) != 0)
		return;
	out = client_body(client, sizeof(*out));
	fuzz_check(is_dir || (in.flags & 3) == 0, "a file was opened to be written");
	*free_one = (struct handle){out->fh, node, is_dir, 0};
	node->handles++;
}

static void do_release(struct client *client, struct fuzz_input *input)
{
	struct handle *handle = choose_handle(client, input, fuzz_take_byte(input) % 2 == 0);

	if (handle)
		client_release(client, handle);
}

static void do_read(struct client *client, struct fuzz_input *input)
{
	struct handle *handle = choose_handle(client, input, false);
	struct fuse_read_in in = {.size = (uint32_t)fuzz_take_number(input, 2) % SIZE_MOST};
	uint8_t lead = fuzz_take_byte(input);

	/* No file is opened at an offset below 0. */
	in.offset = fuzz_take_number(input, lead % 9) >> 1;
	if (!handle)
		return;
	in.fh = handle->fh;
	if (client_send_struct(client, FUSE_READ, handle->node->id, &in, sizeof(in)) == 0)
		fuzz_check(client_body_size(client) <= in.size, "more was read than was asked for");
}

/* Names are those of one component, and their entries lie within the page. Returns its size. */
static size_t take_dirent(struct client *client, const struct fuse_dirent *entry, size_t left)
{
	fuzz_check(left >= FUSE_NAME_OFFSET && left >= FUSE_NAME_OFFSET + entry->namelen,
		   "half an entry");
	fuzz_check(entry->namelen > 0 && entry->namelen <= NAME_MAX, "a name of %u bytes",
		   entry->namelen);
	fuzz_check(!memchr(entry->name, '/', entry->namelen) &&
			   !memchr(entry->name, '\0', entry->namelen),
		   "a name that is none");
	memset(client->names[client->next_name % CLIENT_NAMES], 0, NAME_MAX + 1);
	memcpy(client->names[client->next_name++ % CLIENT_NAMES], entry->name, entry->namelen);
	return FUSE_DIRENT_SIZE(entry);
}

static void take_page(struct client *client, struct handle *handle, bool plus)
{
	const char *at = client_body(client, 0), *end = at + client_body_size(client);
	size_t lead = plus ? offsetof(struct fuse_direntplus, dirent) : 0;

	while (at < end) {
		const struct fuse_dirent *entry = (const void *)(at + lead);

		fuzz_check((size_t)(end - at) > lead, "half an entry");
		if (plus)
			client_take_entry(client, (const void *)at);
		at += lead + take_dirent(client, entry, (size_t)(end - at) - lead);
		fuzz_check(entry->off > handle->next, "an offset that does not go on");
		handle->next = entry->off;
	}
}

static void do_readdir(struct client *client, struct fuzz_input *input)
{
	struct handle *handle = choose_handle(client, input, true);
	struct fuse_read_in in = {.size = (uint32_t)fuzz_take_number(input, 2) % SIZE_MOST};
	uint8_t lead = fuzz_take_byte(input);
	bool plus = lead % 2 == 0;

	if (!handle)
		return;
	/* seekdir(3) takes any offset. */
	if (lead > 200)
		handle->next = fuzz_take_number(input, lead % 9) >> 1;
	in.fh = handle->fh;
	in.offset = handle->next;
	if (client_send_struct(client, plus ? FUSE_READDIRPLUS : FUSE_READDIR, handle->node->id,
			       &in, sizeof(in)) != 0)
		return;
	fuzz_check(client_body_size(client) <= in.size, "a page too long");
	take_page(client, handle, plus);
}

/* What is to be set may be anything, but by no handle. */
static void hide_handle(char *in, uint8_t valid)
{
	struct fuse_setattr_in *setattr = (struct fuse_setattr_in *)(void *)in;

	setattr->valid = valid & ~(uint32_t)FATTR_FH;
	setattr->fh = 0;
}

/* All that would change something. */
static void do_change(struct client *client, struct fuzz_input *input)
{
	static const struct {
		uint32_t opcode;
		size_t lead; /* the struct in front of the name */
		int names;
		bool gives_entry;
	} changes[] = {
		{FUSE_MKDIR, sizeof(struct fuse_mkdir_in), 1, true},
		{FUSE_RMDIR, 0, 1, false},
		{FUSE_RENAME, sizeof(struct fuse_rename_in), 2, false},
		{FUSE_RENAME2, sizeof(struct fuse_rename2_in), 2, false},
		{FUSE_UNLINK, 0, 1, false},
		{FUSE_SYMLINK, 0, 2, true},
		{FUSE_MKNOD, sizeof(struct fuse_mknod_in), 1, true},
		{FUSE_LINK, sizeof(struct fuse_link_in), 1, true},
		{FUSE_SETATTR, sizeof(struct fuse_setattr_in), 0, false},
	};
	unsigned int which = fuzz_take_byte(input) % G_N_ELEMENTS(changes);
	struct known_node *node = choose_node(client, input), *other = choose_node(client, input);
	_Alignas(8) char in[sizeof(struct fuse_setattr_in)] = "";
	char names[2][NAME_MAX + 1];
	struct iovec parts[3];
	int count = 0;

	if (changes[which].lead > 0) {
		fuzz_fill(input, in, changes[which].lead);
		/* Where a node stands, it is one that is known. */
		memcpy(in, &other->id, MIN(sizeof(other->id), changes[which].lead));
		if (changes[which].opcode == FUSE_SETATTR)
			hide_handle(in, fuzz_take_byte(input));
		parts[count++] = (struct iovec){in, changes[which].lead};
	}
	for (int i = 0; i < changes[which].names; i++)
		parts[count++] = take_name(client, input, names[i]);
	if (client_send(client, changes[which].opcode, node->id, parts, count) == 0 &&
	    changes[which].gives_entry)
		client_take_entry(client, client_body(client, sizeof(struct fuse_entry_out)));
}

static void do_ioctl(struct client *client, struct fuzz_input *input)
{
	static const uint32_t commands[] = {ALLOCINFO_CONTENT_ID, ALLOCINFO_GET_AT,
					    ALLOCINFO_GET_NEXT, 0, 0xffffffff};
	uint8_t lead = fuzz_take_byte(input);
	bool is_dir = lead >= 240;
	struct handle *handle = choose_handle(client, input, is_dir);
	struct fuse_ioctl_in in = {.flags = is_dir ? FUSE_IOCTL_DIR : 0};
	char bytes[1 << 14];
	struct iovec parts[2] = {{&in, sizeof(in)}, {bytes, 0}};

	if (!handle)
		return;
	in.fh = handle->fh;
	in.cmd = commands[lead % G_N_ELEMENTS(commands)] ^ (uint32_t)fuzz_take_number(input, 1);
	/* The kernel copies what the command says, in the directions that it says. */
	in.in_size = in.cmd >> 30 & 1 ? in.cmd >> 16 & 0x3fff : 0;
	in.out_size = in.cmd >> 31 ? in.cmd >> 16 & 0x3fff : 0;
	fuzz_fill(input, bytes, in.in_size);
	parts[1].iov_len = in.in_size;
	if (client_send(client, FUSE_IOCTL, handle->node->id, parts, in.in_size > 0 ? 2 : 1) == 0)
		fuzz_check(client_body_size(client) <= sizeof(struct fuse_ioctl_out) + in.out_size,
			   "an ioctl gives more than there is room for");
}

/* What is about a node or a handle, and what this filesystem has no answer to. */
static void do_other(struct client *client, struct fuzz_input *input)
{
	static const struct {
		uint32_t opcode;
		size_t size;
		const char *name; /* behind the struct */
	} others[] = {
		{FUSE_STATFS, 0, NULL},
		{FUSE_READLINK, 0, NULL},
		{FUSE_ACCESS, sizeof(struct fuse_access_in), NULL},
		{FUSE_GETXATTR, sizeof(struct fuse_getxattr_in), "user.x"},
		{FUSE_LISTXATTR, sizeof(struct fuse_getxattr_in), NULL},
		{FUSE_REMOVEXATTR, 0, "user.x"},
		{FUSE_BMAP, sizeof(struct fuse_bmap_in), NULL},
		{FUSE_INTERRUPT, sizeof(struct fuse_interrupt_in), NULL},
		{9999, 0, NULL},
	};
	unsigned int which = fuzz_take_byte(input) % G_N_ELEMENTS(others);
	uint64_t node = choose_node(client, input)->id;
	char in[64];
	struct iovec parts[2];
	int count = 0;

	if (others[which].size > 0) {
		fuzz_fill(input, in, others[which].size);
		parts[count++] = (struct iovec){in, others[which].size};
	}
	if (others[which].name)
		parts[count++] =
			(struct iovec){(void *)others[which].name, strlen(others[which].name) + 1};
	client_send(client, others[which].opcode, node, parts, count);
}

static void do_handle(struct client *client, struct fuzz_input *input)
{
	static const struct {
		uint32_t opcode;
		size_t size; /* the handle comes first in all of them */
	} others[] = {
		{FUSE_FLUSH, sizeof(struct fuse_flush_in)},
		{FUSE_FSYNC, sizeof(struct fuse_fsync_in)},
		{FUSE_FALLOCATE, sizeof(struct fuse_fallocate_in)},
		{FUSE_POLL, sizeof(struct fuse_poll_in)},
		{FUSE_LSEEK, sizeof(struct fuse_lseek_in)},
	};
	unsigned int which = fuzz_take_byte(input) % G_N_ELEMENTS(others);
	struct handle *handle = choose_handle(client, input, false);
	char in[64];

	fuzz_fill(input, in, others[which].size);
	if (!handle)
		return;
	memcpy(in, &handle->fh, sizeof(handle->fh));
	client_send_struct(client, others[which].opcode, handle->node->id, in, others[which].size);
}

void client_step(struct client *client, struct fuzz_input *input)
{
	static void (*const steps[])(struct client *, struct fuzz_input *) = {
		do_lookup,  do_lookup,	     do_open,  do_open,	  do_read,
		do_readdir, do_getattr,	     do_ioctl, do_change, do_forget,
		do_release, do_batch_forget, do_other, do_handle,
	};

	steps[fuzz_take_byte(input) % G_N_ELEMENTS(steps)](client, input);
	for (guint i = 0; i < client->unwanted->len; i++)
		client_forget(client, g_array_index(client->unwanted, uint64_t, i), 1);
	g_array_set_size(client->unwanted, 0);
}
