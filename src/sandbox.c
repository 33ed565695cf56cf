/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rights and system calls: see sandbox.h. */
#include "sandbox.h"

#include <errno.h>
#include <glib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/capability.h>
#include "rights.h"
#ifdef ALLOCFS_SECCOMP
#include <seccomp.h>
#endif

static int drop_capabilities(bool reads_files)
{
	const unsigned int reading = CAP_DAC_READ_SEARCH;

	return rights_keep(&reading, reads_files && geteuid() == 0 ? 1 : 0) ? 0 : -EPERM;
}

#ifdef ALLOCFS_SECCOMP

/* What the daemon does: requests, sources, memory, threads, becoming a daemon, the log. */
static const int allowed[] = {
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(pread64),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(splice),
	SCMP_SYS(lseek),
	SCMP_SYS(_llseek),
	SCMP_SYS(ioctl),
	SCMP_SYS(openat),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(fstat64),
	SCMP_SYS(newfstatat),
	SCMP_SYS(fstatat64),
	SCMP_SYS(statx),
	SCMP_SYS(fcntl),
	SCMP_SYS(fcntl64),
	SCMP_SYS(pipe2),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(mmap),
	SCMP_SYS(mmap2),
	SCMP_SYS(mremap),
	SCMP_SYS(munmap),
	SCMP_SYS(mprotect),
	SCMP_SYS(madvise),
	SCMP_SYS(brk),
	SCMP_SYS(futex),
	SCMP_SYS(futex_time64),
	SCMP_SYS(clone),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(gettid),
	SCMP_SYS(getpid),
	SCMP_SYS(tgkill),
	SCMP_SYS(sched_yield),
	SCMP_SYS(getrlimit),
	SCMP_SYS(ugetrlimit),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(alarm),
	SCMP_SYS(setitimer),
	SCMP_SYS(timer_create),
	SCMP_SYS(timer_settime),
	SCMP_SYS(timer_settime64),
	SCMP_SYS(timer_delete),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(clock_nanosleep_time64),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(getrandom),
	SCMP_SYS(uname),
	SCMP_SYS(sysinfo),
	SCMP_SYS(prctl),
	SCMP_SYS(setsid),
	SCMP_SYS(chdir),
	SCMP_SYS(dup),
	SCMP_SYS(dup2),
	SCMP_SYS(dup3),
	SCMP_SYS(connect),
	SCMP_SYS(sendto),
	SCMP_SYS(shutdown),
};

/*
 * "Not implemented" is what callers know how to go on from: the C library takes clone() where
 * clone3() is not there, but not where it is forbidden.
 */
#ifdef ALLOCFS_SECCOMP_KILL
#define OTHERWISE SCMP_ACT_KILL_PROCESS
#else
#define OTHERWISE SCMP_ACT_ERRNO(ENOSYS)
#endif

static int add_rules(scmp_filter_ctx filter)
{
	int err = 0;

	/* A build that kills has to say so of what is only tried. */
	if (OTHERWISE != SCMP_ACT_ERRNO(ENOSYS))
		err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	for (size_t i = 0; !err && i < G_N_ELEMENTS(allowed); i++)
		/* What a machine does not have is no rule there. */
		if (allowed[i] >= 0)
			err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	/* Limits are looked at, and changed for nobody. */
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2,
				       SCMP_A0(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0));
	/* The log, and nothing that leaves the machine. */
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				       SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	return err;
}

/* A kernel can be built without seccomp: then there is nothing to be had. */
static int filter_system_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(OTHERWISE);
	int err = filter ? add_rules(filter) : -ENOMEM;

	if (!err)
		err = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	return err == -EINVAL && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 ? 0 : err;
}

#endif

int sandbox_enter(bool reads_files, const char **what)
{
	int err = 0;

	*what = "no_new_privs";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	*what = "capabilities";
	err = drop_capabilities(reads_files);
	if (err)
		return err;
	*what = "working directory";
	if (chdir("/") != 0)
		return -errno;
#ifdef ALLOCFS_SECCOMP
	/* A sanitizer, for which the filter is left out, has to trace its own process. */
	*what = "not dumpable";
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return -errno;
	*what = "system call filter";
	err = filter_system_calls();
#endif
	return err;
}
