/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words of the kernel in formats that are UTF-8: whatever bytes they are made of, what comes out is
 * valid, and well-formed words come out as they are.
 */
#ifndef ALLOCFS_WORDS_H
#define ALLOCFS_WORDS_H

#include <stdbool.h>
#include <glib.h>
#include "span.h"

/*
 * Appends words, each byte that is not of valid UTF-8 as %XX. percent: '%' likewise, so that
 * different words never come out the same.
 */
void words_append(GString *out, struct span words, bool percent);

#endif
