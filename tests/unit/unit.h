/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the unit tests share: a check that names the row which fails, the saved listings, and
 * catalogs made from lines. Included first: cmocka wants its four headers in front of it.
 */
#ifndef ALLOCFS_UNIT_H
#define ALLOCFS_UNIT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <glib.h>
#include "catalog.h"
#include "span.h"

/* Prints the row, made from format, and fails the test that runs, where ok is false. */
void unit_check(bool ok, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The same for what should be equal; both are printed. */
void unit_check_number(uint64_t got, uint64_t wanted, const char *row, const char *what);
void unit_check_text(struct span got, struct span wanted, const char *row, const char *what);

/* text with everything that does not print escaped; the caller frees it. */
char *unit_show(struct span text);

/* A saved listing whole, from the directory that ALLOCFS_TEST_DATA names; the caller frees it. */
char *unit_read_data(const char *name, size_t *len);

/* The catalog of sites ("FILE:LINE[ [MODULE]] func:FUNCTION"), the last one followed by NULL. */
struct catalog *unit_catalog(const char *const *sites);

/* A text_site whose words are these, any bytes allowed; site->site.at is to be freed. */
struct text_site unit_site(struct span file, uint64_t line, struct span module,
			   struct span function);

/* Fails unless all lists and lookups of a catalog agree with its tags and with each other. */
void unit_check_catalog(const struct catalog *catalog, const char *row);

/* Whether path is ancestor or below it, found by walking up. */
bool unit_path_within(const struct catalog *catalog, uint32_t path, uint32_t ancestor);

#endif
