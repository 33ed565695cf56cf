/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers and sizes as they are typed in a path: see number.h. Knows nothing of filters. */
#include "number.h"

#include <errno.h>
#include <glib.h>

/* Reads the digits in front; *rest is what follows them. Returns as number_parse(). */
static int parse_digits(struct span text, uint64_t *value, struct span *rest)
{
	size_t len = 0;
	uint64_t sum = 0;

	if (text.len == 0 || !g_ascii_isdigit(text.at[0]))
		return -ENOENT;
	for (; len < text.len && g_ascii_isdigit(text.at[len]); len++) {
		uint64_t digit = (uint64_t)(text.at[len] - '0');

		if (!g_uint64_checked_mul(&sum, sum, 10) || !g_uint64_checked_add(&sum, sum, digit))
			return -EINVAL;
	}
	if (len > 1 && text.at[0] == '0')
		return -EINVAL;
	*value = sum;
	*rest = (struct span){text.at + len, text.len - len};
	return 0;
}

int number_parse(struct span text, uint64_t *value)
{
	uint64_t number;
	struct span rest;
	int err = parse_digits(text, &number, &rest);

	if (err)
		return err;
	if (rest.len > 0)
		return -EINVAL;
	*value = number;
	return 0;
}

static bool unit_factor(struct span unit, uint64_t *factor)
{
	static const struct {
		const char *binary, *binary_long, *decimal;
	} units[] = {
		{"K", "KiB", "kB"}, {"M", "MiB", "MB"}, {"G", "GiB", "GB"},
		{"T", "TiB", "TB"}, {"P", "PiB", "PB"},
	};
	uint64_t binary = 1, decimal = 1;

	*factor = 1;
	if (unit.len == 0)
		return true;
	for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
		binary *= 1024;
		decimal *= 1000;
		if (span_equal(unit, span_of(units[i].binary)) ||
		    span_equal(unit, span_of(units[i].binary_long))) {
			*factor = binary;
			return true;
		}
		if (span_equal(unit, span_of(units[i].decimal))) {
			*factor = decimal;
			return true;
		}
	}
	return false;
}

int number_parse_size(struct span text, uint64_t *value)
{
	uint64_t number, factor, size;
	struct span unit;
	int err = parse_digits(text, &number, &unit);

	if (err)
		return err;
	if (!unit_factor(unit, &factor) || !g_uint64_checked_mul(&size, number, factor))
		return -EINVAL;
	*value = size;
	return 0;
}

unsigned int number_width(uint64_t value)
{
	unsigned int width = 1;

	for (; value >= 10; value /= 10)
		width++;
	return width;
}

unsigned int number_width_signed(int64_t value)
{
	return value < 0 ? 1 + number_width(-(uint64_t)value) : number_width((uint64_t)value);
}

/* Two digits at a time: dividing is what takes long. */
char *number_write_before(char *end, uint64_t value)
{
	static const char pairs[] = "00010203040506070809"
				    "10111213141516171819"
				    "20212223242526272829"
				    "30313233343536373839"
				    "40414243444546474849"
				    "50515253545556575859"
				    "60616263646566676869"
				    "70717273747576777879"
				    "80818283848586878889"
				    "90919293949596979899";

	for (; value >= 10; value /= 100) {
		end -= 2;
		memcpy(end, pairs + value % 100 * 2, 2);
		if (value < 100)
			return end;
	}
	*--end = (char)('0' + value);
	return end;
}

char *number_write(char *to, uint64_t value)
{
	char *end = to + number_width(value);

	number_write_before(end, value);
	return end;
}
