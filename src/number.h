/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The numbers that occur as names in the tree: counts, ranks, line numbers and sizes.
 * Pure: text in, number or error out.
 */
#ifndef ALLOCFS_NUMBER_H
#define ALLOCFS_NUMBER_H

#include <stdint.h>
#include "span.h"

/*
 * Digits alone: no sign, no leading zero, nothing behind. Returns 0 and sets *value, -ENOENT where
 * the text does not begin with a digit (it is no number at all), -EINVAL where it does but is
 * malformed or does not fit 64 bits; then *value is untouched.
 */
int number_parse(struct span text, uint64_t *value);

/*
 * A number with an optional unit: K M G T P (or KiB MiB GiB TiB PiB) are powers of 1024, kB MB GB
 * TB PB powers of 1000. Returns as number_parse(); a size of more than 64 bits is -EINVAL.
 */
int number_parse_size(struct span text, uint64_t *value);

/* How many characters the decimal form of value takes, from 1 to 20. */
unsigned int number_width(uint64_t value);

/* As number_width() for a signed number, its minus counted. */
unsigned int number_width_signed(int64_t value);

/* The most digits that a number has. */
#define NUMBER_DIGITS 20

/* Writes value in decimal so that it ends before end, where there is room; returns its start. */
char *number_write_before(char *end, uint64_t value);

/* Writes value in decimal at to, no NUL; returns the first byte behind it. */
char *number_write(char *to, uint64_t value);

#endif
