/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the kernel's words to the names of files: escaping, shortening, normalising of source paths.
 * Pure; knows neither tags nor the tree. docs/tree.md holds the rules for users.
 */
#ifndef ALLOCFS_NAME_H
#define ALLOCFS_NAME_H

#include "span.h"

/*
 * The longest name made here, in bytes: NAME_MAX less room for a rank in front (under top/). A
 * longer one becomes a hash, a '+' and its own end, exactly NAME_LIMIT bytes in all.
 */
#define NAME_LIMIT 240

/* Room for a name and its NUL. */
#define NAME_SIZE (NAME_LIMIT + 1)

/*
 * Writes the component for words: each byte outside A-Z a-z 0-9 _ . + - as %XX, likewise the first
 * byte where it is a dot or where escape_first says so; no words at all become "%00"; what is
 * longer than NAME_LIMIT is shortened. NUL-terminated. Returns its length. Different words give
 * different names, but for a collision of 96 bits of SHA-256 between two long ones.
 */
size_t name_component(struct span words, bool escape_first, char name[NAME_SIZE]);

/*
 * Writes name (any bytes, already escaped) into out, shortened where it is longer than NAME_LIMIT
 * or looks as if it had been shortened. NUL-terminated. Returns the length. name may not be out.
 */
size_t name_shorten(struct span name, char out[NAME_SIZE]);

/*
 * Takes the next component off a source path: skips slashes and "." components. Returns false at
 * the end. ".." is returned like any other component: only the caller knows where it leads.
 */
bool name_next_component(struct span *path, struct span *component);

#endif
