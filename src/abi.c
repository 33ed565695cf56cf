/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's binary records: see abi.h. */
#include "abi.h"

static void fill_string(char to[ALLOCINFO_STRING_SIZE], struct span words)
{
	size_t kept = words.len < ALLOCINFO_STRING_SIZE ? words.len : ALLOCINFO_STRING_SIZE - 1;

	if (kept > 0)
		memcpy(to, words.at + words.len - kept, kept);
}

void abi_fill_record(struct allocinfo_tag_data *record, const struct text_site *site, int64_t bytes,
		     uint64_t calls, bool accurate)
{
	memset(record, 0, sizeof(*record));
	fill_string(record->tag.modname, site->module);
	fill_string(record->tag.function, site->function);
	fill_string(record->tag.filename, site->file);
	record->tag.lineno = site->line;
	record->counter.bytes = (uint64_t)bytes;
	record->counter.calls = calls;
	record->counter.accurate = accurate;
}
