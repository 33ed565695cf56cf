/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file README of the mount's root: one screen on how to use the tree. */
#ifndef ALLOCFS_README_H
#define ALLOCFS_README_H

#include <glib.h>

/* Appends the text, made from the tables of filters, reports and root files. */
void readme_append(GString *out);

#endif
