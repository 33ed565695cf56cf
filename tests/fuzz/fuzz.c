/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzz targets share: see fuzz.h. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

void fuzz_check(bool ok, const char *format, ...)
{
	va_list args;

	if (ok)
		return;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

struct span fuzz_take_bytes(struct fuzz_input *input, size_t most)
{
	struct span taken = {(const char *)input->at, MIN(most, input->left)};

	input->at += taken.len;
	input->left -= taken.len;
	return taken;
}

void fuzz_fill(struct fuzz_input *input, void *to, size_t size)
{
	struct span taken = fuzz_take_bytes(input, size);

	memset(to, 0, size);
	if (taken.len > 0)
		memcpy(to, taken.at, taken.len);
}

uint8_t fuzz_take_byte(struct fuzz_input *input)
{
	return (uint8_t)fuzz_take_number(input, 1);
}

uint64_t fuzz_take_number(struct fuzz_input *input, size_t bytes)
{
	uint8_t taken[sizeof(uint64_t)] = {0};
	uint64_t number = 0;

	fuzz_fill(input, taken, bytes);
	for (size_t i = bytes; i-- > 0;)
		number = number << 8 | taken[i];
	return number;
}

struct sample *fuzz_sample(struct span listing, size_t run, struct catalog *known)
{
	struct sample_reader *reader = sample_reader_begin(known);
	struct sample *sample = NULL;

	for (size_t at = 0; at < listing.len; at += run) {
		/* In memory of its own: no byte behind the run may be looked at. */
		size_t len = MIN(run, listing.len - at);
		g_autofree char *copy = g_memdup2(listing.at + at, len);

		fuzz_check(sample_reader_feed(reader, (struct span){copy, len}) == 0,
			   "the reader refuses text");
	}
	if (sample_reader_finish(reader, (struct timespec){1, 0}, &sample) != 0)
		return NULL;
	if (sample->catalog->count > 0)
		return sample;
	sample_unref(sample);
	return NULL;
}

#define WORD_60 "w123456789x123456789y123456789z123456789a123456789b123456789"

/* clang-format off */
static const char *const listings[] = {
	"allocinfo - version: 2.0\n#     <size>  <calls> <tag info>\n"
	"        4096        1 mm/slub.c:2478 func:alloc_slab_page \n"
	"           0        0 mm/slub.c:2478 func:alloc_slab_page \n"
	"    33554432     8192 mm/memory.c:1071 func:folio_prealloc \n"
	"      -86016 18446744073709551595 mm/filemap.c:1951 func:__filemap_get_folio \n"
	"         512        8 fs/xfs/xfs_buf.c:405 [xfs] func:xfs_buf_alloc \n"
	"         100        3 fs/xfs/xfs_buf.c:405 [xfs] func:xfs_buf_alloc accurate:no \n"
	"           7        7 drivers/iommu/amd/../iommu-pages.h:94 func:iommu_alloc_pages \n"
	"           1        1 drivers/iommu/intel/../iommu-pages.h:94 func:iommu_alloc_pages \n"
	"          16        2 ././common/inc/nv-linux.h:1117 [nvidia] func:NvAlloc \n"
	"          16        2 live/at:1 [vmlinux] func:0digit key:value accurate:no \n"
	"          64        1 a b/\303\244,%/.hidden:18446744073709551615 [m o] func:f(x) \n",
	"allocinfo - version: 1.0\n#     <size>  <calls> <tag info>\n"
	"           1        1 fs/xfs/xfs_buf.c:405 [xfs] func:xfs_buf_alloc \n"
	"     1048576        1 mm/slub.c:2478 func:alloc_slab_page \n"
	"        8192        2 mm/memory.c:1072 func:folio_prealloc \n"
	"           5        5 mm/memory.c:1072 func:added \n",
	/* Names that meet once they are cut, by the kernel to 63 and here to 240 bytes. */
	"1 1 " WORD_60 "/" WORD_60 "/" WORD_60 "/" WORD_60 "/" WORD_60 "/x.c:1 func:" WORD_60 "\n"
	"2 2 1" WORD_60 "/" WORD_60 "/" WORD_60 "/" WORD_60 "/" WORD_60 "/x.c:1 func:" WORD_60 "\n"
	"3 3 x.c:1 [" WORD_60 WORD_60 "] func:" WORD_60 WORD_60 WORD_60 WORD_60 WORD_60 "\n"
	"4 4 x.c:1 [1" WORD_60 WORD_60 "] func:1" WORD_60 WORD_60 WORD_60 WORD_60 WORD_60 "\n"
	"9223372036854775807 9223372036854775807 x.c/y.c:2 func:both\n"
	"-9223372036854775808 18446744073709551615 x.c/y.c:2 func:both\n",
};
/* clang-format on */

struct span fuzz_listing(unsigned int number)
{
	return span_of(listings[number % G_N_ELEMENTS(listings)]);
}
