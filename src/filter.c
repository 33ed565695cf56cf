/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of filters: see filter.h. */
#include "filter.h"

#include <glib.h>

static const char *const none[] = {NULL};
static const char *const sizes[] = {"4K", "64K", "1M", "16M", "256M", NULL};
static const char *const calls[] = {"1", "100", "10000", NULL};
static const char *const ranks[] = {"10", "20", "50", "100", NULL};

/* clang-format off */
static const struct filter filters[FILTER_COUNT] = {
	/*                   name          value          listed counters presets */
	[FILTER_LIVE]       = {"live",        VALUE_NONE,   true,  true,  none,
			       "live/",              "sites that hold memory now"},
	[FILTER_ALL]        = {"all",         VALUE_NONE,   true,  false, none,
			       "all/",               "every site"},
	[FILTER_FILE]       = {"by-file",     VALUE_PATH,   true,  false, none,
			       "by-file/mm/slub.c/", "by source directory and file"},
	[FILTER_MODULE]     = {"by-module",   VALUE_WORD,   true,  false, none,
			       "by-module/vmlinux/", "by module; vmlinux: built in"},
	[FILTER_FUNCTION]   = {"by-function", VALUE_WORD,   true,  false, none,
			       "by-function/NAME/",  "by allocating function"},
	[FILTER_TOP]        = {"top",         VALUE_RANK,   true,  true,  ranks,
			       "top/20/",            "the 20 largest by bytes, ranked"},
	[FILTER_MIN_SIZE]   = {"min-size",    VALUE_SIZE,   true,  true,  sizes,
			       "min-size/1M/",       "1 MiB and more"},
	[FILTER_MIN_CALLS]  = {"min-calls",   VALUE_NUMBER, true,  true,  calls,
			       "min-calls/100/",     "100 live allocations and more"},
	[FILTER_TOP_CALLS]  = {"top-calls",   VALUE_RANK,   false, true,  ranks,
			       "top-calls/20/",      "the 20 with most allocations"},
	[FILTER_MAX_SIZE]   = {"max-size",    VALUE_SIZE,   false, true,  sizes,
			       "max-size/4K/",       "4 KiB and less"},
	[FILTER_MAX_CALLS]  = {"max-calls",   VALUE_NUMBER, false, true,  calls,
			       "max-calls/1/",       "one live allocation or none"},
	[FILTER_LINE]       = {"by-line",     VALUE_LINE,   false, false, none,
			       "by-line/1024/",      "by line number"},
	[FILTER_ACCURATE]   = {"accurate",    VALUE_NONE,   false, true,  none,
			       "accurate/",          "sites that counted everything"},
	[FILTER_INACCURATE] = {"inaccurate",  VALUE_NONE,   false, true,  none,
			       "inaccurate/",        "sites that missed allocations"},
	[FILTER_AT]         = {"at",          VALUE_AT,     false, true,  none,
			       "at/0",               "a file: number 0 of the set"},
};
/* clang-format on */

const struct filter *filter_get(enum filter_id id)
{
	g_assert(id < FILTER_COUNT);
	return &filters[id];
}

enum filter_id filter_find(struct span name)
{
	enum filter_id id = 0;

	while (id < FILTER_COUNT && !span_equal(name, span_of(filters[id].name)))
		id++;
	return id;
}
