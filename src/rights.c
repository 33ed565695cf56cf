/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capabilities: see rights.h. */
#include "rights.h"

#include <stdint.h>
#include <cap-ng.h>

bool rights_keep(const unsigned int *capabilities, size_t count)
{
	uint64_t had = 0;

	capng_get_caps_process();
	for (size_t i = 0; i < count; i++)
		if (capng_have_capability(CAPNG_PERMITTED, capabilities[i]))
			had |= (uint64_t)1 << capabilities[i];
	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < count; i++)
		if (had >> capabilities[i] & 1)
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, capabilities[i]);
	/* What bounds them can be changed by few, and bounds nothing without new privileges. */
	capng_apply(CAPNG_SELECT_BOUNDS);
	return capng_apply(CAPNG_SELECT_CAPS) == 0;
}
