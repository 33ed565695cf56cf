/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The version of libfuse's interface that all files agree on. */
#ifndef ALLOCFS_FUSE_API_H
#define ALLOCFS_FUSE_API_H

#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 12)
#include <fuse_lowlevel.h>

#endif
