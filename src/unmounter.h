/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small process that unmounts when the daemon is gone, however it went: what serves the mount has
 * given up the right to do so. It waits for the end of a socket whose other end only the daemon
 * holds, and looks whether the mount is still the one that it was started for.
 */
#ifndef ALLOCFS_UNMOUNTER_H
#define ALLOCFS_UNMOUNTER_H

/*
 * Starts it for the mount that is about to be made at that absolute path, before there are threads
 * and while there are privileges. argv is main's: the helper shows another command line in it.
 * Returns the daemon's end of the socket, or -errno.
 */
int unmounter_start(const char *mountpoint, int argc, char **argv);

/*
 * Tells it which the mount is that is there now, so that it unmounts no other. Returns 0, or -errno
 * where it is gone.
 */
int unmounter_tell(int fd, const char *mountpoint);

/*
 * Has it unmount now and waits until it has, for timeout milliseconds at most. It unmounts what
 * nobody serves: the session has to have let go of its device.
 */
void unmounter_finish(int fd, int timeout);

#endif
