/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filling the kernel's binary records. Pure; the layout itself is include/allocfs/allocinfo.h. */
#ifndef ALLOCFS_ABI_H
#define ALLOCFS_ABI_H

#include "allocfs/allocinfo.h"
#include "text.h"

#define ABI_RECORD_SIZE sizeof(struct allocinfo_tag_data)

/* Fills *record, every byte of it, as GET_AT would: strings cut to their last 63 bytes. */
void abi_fill_record(struct allocinfo_tag_data *record, const struct text_site *site, int64_t bytes,
		     uint64_t calls, bool accurate);

#endif
