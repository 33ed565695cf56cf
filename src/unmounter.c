/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that unmounts: see unmounter.h. Knows nothing of FUSE but its mounts. */
#include "unmounter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/capability.h>
#include "rights.h"

/* Of Linux 6.8: a number that no later mount gets; before that it can be used again. */
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U
#endif

/* As ps shows it; the name of the thread has 15 bytes. */
#define TITLE "allocfs-unmount"

struct identity {
	uint64_t mount;
	uint32_t major, minor;
};

/* What the kernel knows without asking whoever serves the mount. Returns whether there is one. */
static bool identify(const char *path, struct identity *identity)
{
	struct statx stat;

	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW,
		  STATX_MNT_ID | STATX_MNT_ID_UNIQUE, &stat) != 0)
		return false;
	identity->mount = stat.stx_mnt_id;
	identity->major = stat.stx_dev_major;
	identity->minor = stat.stx_dev_minor;
	return true;
}

static bool is_there(const char *path, const struct identity *identity)
{
	struct identity now;

	return identify(path, &now) && now.mount == identity->mount &&
	       now.major == identity->major && now.minor == identity->minor;
}

/* Not by what is remembered. The second error is where the kernel was only just about to notice. */
static bool is_dead(const char *path)
{
	const int flags = AT_STATX_FORCE_SYNC | AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW;
	struct statx stat;

	return statx(AT_FDCWD, path, flags, STATX_BASIC_STATS, &stat) != 0 &&
	       (errno == ENOTCONN || errno == ECONNABORTED);
}

/* Whoever ends the daemon by name or by terminal must not end this too. */
static void ignore_signals(void)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &ignore, NULL);
}

/* The arguments lie one behind the other. */
static void show_title(int argc, char **argv)
{
	size_t room = (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) + 1 - argv[0]);

	memset(argv[0], 0, room);
	strncpy(argv[0], TITLE, room - 1);
	prctl(PR_SET_NAME, TITLE, 0, 0, 0);
}

static void close_others(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i < 3; i++)
		dup2(null, i);
	if (fd > 3)
		close_range(3, (unsigned int)fd - 1, 0);
	close_range((unsigned int)fd + 1, ~0U, 0);
}

/*
 * Root needs one right for this, and one for a mountpoint below a directory that is closed to
 * others; others need the setuid program, which needs what no_new_privs takes. Returns whether
 * nothing more is left.
 */
static bool drop(void)
{
	static const unsigned int kept[] = {CAP_SYS_ADMIN, CAP_DAC_READ_SEARCH};

	if (geteuid() != 0)
		return true;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return rights_keep(kept, sizeof(kept) / sizeof(kept[0]));
}

/*
 * Lazily: somebody may have it in use, whom nobody serves any more. The daemon waits for the end of
 * the socket: whichever program unmounts holds it until it has.
 */
static void unmount(int fd, const char *path)
{
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		return;
	fcntl(fd, F_SETFD, 0);
	execl("/usr/bin/fusermount3", "fusermount3", "-u", "-q", "-z", "--", path, NULL);
	execlp("fusermount3", "fusermount3", "-u", "-q", "-z", "--", path, NULL);
}

/* Returns whether the daemon had something to tell; if not it is gone. */
static bool is_told(int fd, struct identity *identity)
{
	ssize_t got;

	do {
		got = recv(fd, identity, sizeof(*identity), 0);
	} while (got < 0 && errno == EINTR);
	return got == sizeof(*identity);
}

/*
 * Waits for the end of the daemon. Returns whether it has left a mount. One that ended before it
 * could tell may have mounted or not; what is new and dead at that place then can only be its own.
 */
static bool outlive(int fd, const char *path, const struct identity *before)
{
	struct identity own, no_more;

	if (!is_told(fd, &own))
		return !is_there(path, before) && is_dead(path);
	while (is_told(fd, &no_more))
		;
	/* Before Linux 6.8 the next mount can have the same numbers. */
	return is_there(path, &own) && is_dead(path);
}

static void help(int fd, const char *mountpoint, const struct identity *before, int argc,
		 char **argv)
{
	char *path = strdup(mountpoint); /* The arguments are about to be overwritten. */

	if (!path)
		_exit(EXIT_FAILURE);
	setsid();
	ignore_signals();
	close_others(fd);
	if (chdir("/") != 0)
		_exit(EXIT_FAILURE);
	show_title(argc, argv);
	if (!drop())
		_exit(EXIT_FAILURE);
	if (outlive(fd, path, before))
		unmount(fd, path);
	free(path);
	_exit(EXIT_SUCCESS);
}

int unmounter_start(const char *mountpoint, int argc, char **argv)
{
	struct identity before;
	int ends[2];
	pid_t pid;

	if (!identify(mountpoint, &before) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		help(ends[1], mountpoint, &before, argc, argv);
	}
	close(ends[1]);
	if (pid > 0)
		return ends[0];
	close(ends[0]);
	return -errno;
}

int unmounter_tell(int fd, const char *mountpoint)
{
	struct identity own;

	if (!identify(mountpoint, &own) || send(fd, &own, sizeof(own), MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

static int64_t now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void unmounter_finish(int fd, int timeout)
{
	struct pollfd end = {.fd = fd, .events = POLLIN};
	int64_t deadline = now() + timeout, left = timeout;

	shutdown(fd, SHUT_WR);
	/* Who tells the daemon to end once more does not make it end sooner. */
	while (left > 0 && poll(&end, 1, (int)left) < 0 && errno == EINTR)
		left = deadline - now();
}
