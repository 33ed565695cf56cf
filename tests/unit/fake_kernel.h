/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel in the test's own process: a file that holds a listing as text and answers the ioctls of
 * /proc/allocinfo, for programs linked with --wrap=ioctl and --wrap=close. Written from what is
 * known of the kernel alone, over plain arrays, so that it can judge both sides of the ioctls. It
 * does as it is told, counts what is asked of it, and notices descriptors that passes share.
 */
#ifndef ALLOCFS_FAKE_KERNEL_H
#define ALLOCFS_FAKE_KERNEL_H

#include "allocfs/allocinfo.h"
#include "source.h"

/* Which commands it knows; all others are ENOTTY. */
enum fake_answers {
	FAKE_MAINLINE,
	FAKE_V3,
	FAKE_CONTENT_ID_ALONE,
	FAKE_NOTHING,
};

enum fake_command {
	FAKE_CONTENT_ID,
	FAKE_GET_AT,
	FAKE_GET_NEXT,
	FAKE_OTHER,
	FAKE_COMMANDS,
};

/* A tag with its names whole. */
struct fake_tag {
	char *file, *function;
	char *module; /* NULL: built in */
	uint64_t line;
	int64_t bytes;
	uint64_t calls;
	bool accurate;
	const char *tail; /* static: what the text has behind it besides, or "" */
};

struct fake_kernel;

/*
 * Called before each command is answered, the kernel's lock held: may change the kernel. Returns 0,
 * or the errno that the command fails with at once.
 */
typedef int (*fake_before)(struct fake_kernel *kernel, enum fake_command command);

/* What the kernel keeps for an open file. */
struct fake_descriptor {
	struct allocinfo_filter filter;
	bool positioned; /* a pass is under way: */
	size_t next; /* the tag that GET_NEXT goes on with */
	GThread *owner; /* who called GET_AT */
	int inside; /* calls at this moment */
};

#define FAKE_DESCRIPTORS 256

struct fake_kernel {
	char *path;
	/* What it is told to do. */
	enum fake_answers answers;
	uint64_t content_id;
	GArray *tags; /* struct fake_tag */
	fake_before before; /* or NULL */
	void *data; /* for before() */
	gulong delay; /* microseconds that a call takes */
	/* What was done to it. */
	unsigned int calls[FAKE_COMMANDS];
	unsigned int calls_in_all; /* the one at hand included */
	unsigned int shared; /* calls amid a pass of another thread over the same open file */
	/* The rest is its own. */
	dev_t device;
	ino_t inode;
	GMutex lock;
	struct fake_descriptor descriptors[FAKE_DESCRIPTORS];
};

/* Without tags; its content id is 1. Only the last one made is in force. */
struct fake_kernel *fake_kernel_new(enum fake_answers answers);
void fake_kernel_free(struct fake_kernel *kernel);

struct fake_tag *fake_kernel_tag(const struct fake_kernel *kernel, size_t number);

/* Adds a tag at a place of the listing; the strings are copied. */
void fake_kernel_insert(struct fake_kernel *kernel, size_t at, const struct fake_tag *tag);
void fake_kernel_add(struct fake_kernel *kernel, const struct fake_tag *tag);
void fake_kernel_remove(struct fake_kernel *kernel, size_t at);

/* The listing as text; the caller owns it. */
GString *fake_kernel_text(const struct fake_kernel *kernel);

/* Writes the listing into the file: the text does not follow by itself. */
void fake_kernel_write(struct fake_kernel *kernel);

/* The file as a source, as the kernel's own or as that of another mount; NULL where it is none. */
struct source *fake_kernel_source(const struct fake_kernel *kernel, bool live);

/* How many descriptors the process has open. */
unsigned int fake_kernel_open_files(void);

#endif
