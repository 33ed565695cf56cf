/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source that fails on command: to be preloaded into allocfs. What the daemon does with the file
 * that ALLOCFS_FAULTS_SOURCE names goes wrong as the first line of the file that ALLOCFS_FAULTS
 * names says; that one is mapped, so that it is read at each call and costs none. A line is
 *
 *     CALL FAULT [SKIP [COUNT]]
 *
 * CALL is open, read, ioctl, id (CONTENT_ID alone), get (the other ioctls), fork, or mount, which
 * knows one FAULT alone: dies, when there is a mount and before anything else. FAULT is the number
 * of an error, or: short (a read of few bytes), moves (each content id is another one), block
 * (until there is another line), stuck (the same, whatever signals come), or the name of a system
 * call that is none of the daemon's business, which is tried and whose error is that of CALL. The
 * first SKIP such calls go well, and all after COUNT further ones.
 */
#undef _FILE_OFFSET_BITS /* open and open64 are to be two names */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "allocfs/allocinfo.h"

#define EXPORTED __attribute__((visibility("default")))
#define DESCRIPTORS 1024
#define SHORT_READ 997 /* bytes */

/* What the tests write into and read from. */
struct control {
	char line[64];
	_Atomic uint64_t calls; /* of the kind of the line, since it was written */
	_Atomic uint64_t hits; /* those of them that went wrong */
};

struct fault {
	char call[8], kind[8];
	int error; /* or 0: see kind */
};

static struct control *control;
static const char *source;
static struct stat directory; /* that it is in */
static _Atomic bool is_source[DESCRIPTORS];
static _Atomic uint64_t next_id = 1;

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static void note_directory(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s", source);
	if (strrchr(path, '/'))
		*strrchr(path, '/') = '\0';
	stat(path, &directory);
}

__attribute__((constructor)) static void map_control(void)
{
	const char *path = getenv("ALLOCFS_FAULTS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *page;

	source = getenv("ALLOCFS_FAULTS_SOURCE");
	if (fd < 0 || !source)
		return;
	note_directory();
	page = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (page != MAP_FAILED)
		control = page;
}

/* Whether a call of one of both kinds goes wrong now, and how. */
static bool has_fault(const char *call, const char *other, struct fault *fault)
{
	unsigned long long skip = 0, count = UINT64_MAX;
	char line[sizeof(control->line)];
	uint64_t number;

	if (!control)
		return false;
	memcpy(line, control->line, sizeof(line));
	line[sizeof(line) - 1] = '\0';
	if (sscanf(line, "%7s %7s %llu %llu", fault->call, fault->kind, &skip, &count) < 2)
		return false;
	if (strcmp(fault->call, call) != 0 && strcmp(fault->call, other) != 0)
		return false;
	number = atomic_fetch_add(&control->calls, 1);
	if (number < skip || number - skip >= count)
		return false;
	fault->error = atoi(fault->kind);
	atomic_fetch_add(&control->hits, 1);
	return true;
}

/* Until there is another line, or a signal comes, as a call of the kernel mostly would. */
static bool block(const struct fault *fault)
{
	bool stuck = strcmp(fault->kind, "stuck") == 0;
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

	while (strncmp(control->line, fault->call, strlen(fault->call)) == 0)
		if (nanosleep(&pause, NULL) != 0 && !stuck)
			return false;
	return true;
}

static const struct {
	const char *name;
	long number;
} forbidden[] = {
	{"socket", SYS_socket}, {"execve", SYS_execve}, {"ptrace", SYS_ptrace},
	{"mount", SYS_mount},	{"setuid", SYS_setuid}, {"unlink", SYS_unlinkat},
	{"kill", SYS_kill},	{"bpf", SYS_bpf},
};

/* Returns whether the fault is a system call; errno is what came of it. */
static bool try_forbidden(const struct fault *fault)
{
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
		if (strcmp(fault->kind, forbidden[i].name) != 0)
			continue;
		if (syscall(forbidden[i].number, AF_INET, 0, 0, 0, 0, 0) >= 0)
			errno = EUCLEAN;
		return true;
	}
	return false;
}

/* -1 where the call fails, 0 where it goes on. */
static int suffer(const struct fault *fault)
{
	if (try_forbidden(fault))
		return -1;
	if ((strcmp(fault->kind, "block") == 0 || strcmp(fault->kind, "stuck") == 0) &&
	    !block(fault))
		return -1;
	errno = fault->error;
	return fault->error ? -1 : 0;
}

/* By its words: a look at the file could meet the very fault that this is about. */
static bool names_source(int dir, const char *path)
{
	const char *slash = source ? strrchr(source, '/') : NULL;
	struct stat stat;

	if (!control || !slash)
		return false;
	if (strcmp(path, source) == 0)
		return true;
	if (dir == AT_FDCWD || strcmp(path, slash + 1) != 0)
		return false;
	/* The sandbox leaves no way to ask for the name of a descriptor. */
	return fstat(dir, &stat) == 0 && stat.st_dev == directory.st_dev &&
	       stat.st_ino == directory.st_ino;
}

static int open_with(int (*real)(int, const char *, int, ...), int dir, const char *path, int flags,
		     mode_t mode)
{
	bool matches = names_source(dir, path);
	struct fault fault;
	int fd;

	if (matches && has_fault("open", "open", &fault) && suffer(&fault) != 0)
		return -1;
	fd = real(dir, path, flags, mode);
	if (fd >= 0 && fd < DESCRIPTORS)
		is_source[fd] = matches;
	return fd;
}

static mode_t mode_of(int flags, va_list args)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

/* What is called under four names. */
#define OPEN_AT(name)                                                                             \
	EXPORTED int name(int dir, const char *path, int flags, ...)                              \
	{                                                                                         \
		va_list args;                                                                     \
		mode_t mode;                                                                      \
                                                                                                  \
		va_start(args, flags);                                                            \
		mode = mode_of(flags, args);                                                      \
		va_end(args);                                                                     \
		return open_with((int (*)(int, const char *, int, ...))next("openat"), dir, path, \
				 flags, mode);                                                    \
	}

#define OPEN(name)                                                                               \
	EXPORTED int name(const char *path, int flags, ...)                                      \
	{                                                                                        \
		va_list args;                                                                    \
		mode_t mode;                                                                     \
                                                                                                 \
		va_start(args, flags);                                                           \
		mode = mode_of(flags, args);                                                     \
		va_end(args);                                                                    \
		return open_with((int (*)(int, const char *, int, ...))next("openat"), AT_FDCWD, \
				 path, flags, mode);                                             \
	}

OPEN_AT(openat)
OPEN_AT(openat64)
OPEN(open)
OPEN(open64)

EXPORTED int close(int fd)
{
	int (*real)(int) = (int (*)(int))next("close");

	if (fd >= 0 && fd < DESCRIPTORS)
		is_source[fd] = false;
	return real(fd);
}

static bool concerns(int fd)
{
	return fd >= 0 && fd < DESCRIPTORS && is_source[fd];
}

EXPORTED pid_t fork(void)
{
	pid_t (*real)(void) = (pid_t(*)(void))next("fork");
	struct fault fault;

	return has_fault("fork", "fork", &fault) && suffer(&fault) != 0 ? -1 : real();
}

struct fuse_session;
EXPORTED int fuse_session_mount(struct fuse_session *session, const char *mountpoint);

int fuse_session_mount(struct fuse_session *session, const char *mountpoint)
{
	int (*real)(struct fuse_session *, const char *) =
		(int (*)(struct fuse_session *, const char *))next("fuse_session_mount");
	struct fault fault;
	int result = real(session, mountpoint);

	if (result == 0 && has_fault("mount", "mount", &fault))
		raise(SIGKILL);
	return result;
}

EXPORTED ssize_t read(int fd, void *buffer, size_t size)
{
	ssize_t (*real)(int, void *, size_t) = (ssize_t(*)(int, void *, size_t))next("read");
	struct fault fault;

	if (concerns(fd) && has_fault("read", "read", &fault)) {
		if (suffer(&fault) != 0)
			return -1;
		if (strcmp(fault.kind, "short") == 0 && size > SHORT_READ)
			size = SHORT_READ;
	}
	return real(fd, buffer, size);
}

EXPORTED int ioctl(int fd, unsigned long command, ...)
{
	int (*real)(int, unsigned long, ...) = (int (*)(int, unsigned long, ...))next("ioctl");
	bool is_id = (unsigned int)command == ALLOCINFO_CONTENT_ID;
	struct fault fault;
	va_list args;
	void *arg;
	int result;

	va_start(args, command);
	arg = va_arg(args, void *);
	va_end(args);
	if (!concerns(fd) || !has_fault("ioctl", is_id ? "id" : "get", &fault))
		return real(fd, command, arg);
	if (suffer(&fault) != 0)
		return -1;
	result = real(fd, command, arg);
	if (result == 0 && is_id && strcmp(fault.kind, "moves") == 0)
		*(uint64_t *)arg = next_id++;
	return result;
}
