/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage: vm-hold PIPES
 * Makes the kernel hold a known amount: so many pipes, until it is killed. Says so when all are
 * there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long pipes = argc > 1 ? atol(argv[1]) : 0;
	struct rlimit limit = {1 << 16, 1 << 16};

	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		perror("setrlimit");
	for (long i = 0; i < pipes; i++) {
		int ends[2];

		if (pipe(ends) != 0) {
			perror("pipe");
			return 1;
		}
	}
	printf("holding %ld pipes\n", pipes);
	fflush(stdout);
	pause();
	return 0;
}
