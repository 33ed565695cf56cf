/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share. A target is a program of its own with the one function that
 * libFuzzer calls; in other builds replay.c calls it, for each file of its corpus. What is found to
 * be wrong ends the process, so that both notice.
 */
#ifndef ALLOCFS_FUZZ_H
#define ALLOCFS_FUZZ_H

#include <stdint.h>
#include <glib.h>
#include "sample.h"

/* What libFuzzer calls; always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process with a message where ok is false. */
void fuzz_check(bool ok, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* What is left of an input. Each take is of zeros once nothing is left. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

uint8_t fuzz_take_byte(struct fuzz_input *input);
/* So many bytes of it as a number, the lowest first; at most 8. */
uint64_t fuzz_take_number(struct fuzz_input *input, size_t bytes);
/* At most so many bytes. */
struct span fuzz_take_bytes(struct fuzz_input *input, size_t most);
void fuzz_fill(struct fuzz_input *input, void *to, size_t size);

/*
 * The sample of a listing that comes in runs of that length; NULL where it is none, or has no tag.
 * known: see sample_reader_begin().
 */
struct sample *fuzz_sample(struct span listing, size_t run, struct catalog *known);

/*
 * Listings whose names and counters are odd in many ways; number is taken modulo how many there
 * are. The second has the words of the first in another order and number.
 */
struct span fuzz_listing(unsigned int number);

#endif
