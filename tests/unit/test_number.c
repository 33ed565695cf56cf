/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves which texts are numbers and sizes and what they are worth, that what is no number at all
 * (-ENOENT) is told from a wrong one (-EINVAL), and that widths are those of what is written.
 */
#include "unit.h"

#include <errno.h>
#include <inttypes.h>
#include "number.h"

#define UNTOUCHED 0x5a5a5a5a5a5a5a5au

struct row {
	const char *text;
	int err;
	uint64_t value;
};

static const struct row numbers[] = {
	{"0", 0, 0},
	{"1", 0, 1},
	{"9", 0, 9},
	{"10", 0, 10},
	{"2478", 0, 2478},
	{"9223372036854775808", 0, 9223372036854775808u},
	{"18446744073709551609", 0, UINT64_MAX - 6},
	{"18446744073709551615", 0, UINT64_MAX},
	{"18446744073709551616", -EINVAL, 0},
	{"18446744073709551620", -EINVAL, 0},
	{"28446744073709551615", -EINVAL, 0},
	{"184467440737095516150", -EINVAL, 0},
	{"99999999999999999999999999999999999999", -EINVAL, 0},
	{"00", -EINVAL, 0},
	{"01", -EINVAL, 0},
	{"007", -EINVAL, 0},
	{"0x10", -EINVAL, 0},
	{"1K", -EINVAL, 0},
	{"1 ", -EINVAL, 0},
	{"1\n", -EINVAL, 0},
	{"1.0", -EINVAL, 0},
	{"1e3", -EINVAL, 0},
	{"1-", -EINVAL, 0},
	{"1\xb2", -EINVAL, 0},
	{"", -ENOENT, 0},
	{"-1", -ENOENT, 0},
	{"+1", -ENOENT, 0},
	{" 1", -ENOENT, 0},
	{"\t1", -ENOENT, 0},
	{"x", -ENOENT, 0},
	{"K", -ENOENT, 0},
	{".5", -ENOENT, 0},
	{"\xb2", -ENOENT, 0},
	{"/", -ENOENT, 0}, /* the bytes on either side of the digits */
	{":", -ENOENT, 0},
	{"1/", -EINVAL, 0},
	{"1:", -EINVAL, 0},
};

static const struct row sizes[] = {
	{"0", 0, 0},
	{"0K", 0, 0},
	{"0PB", 0, 0},
	{"1048576", 0, 1048576},
	{"1K", 0, 1024},
	{"1M", 0, 1048576},
	{"1G", 0, 1073741824},
	{"1T", 0, 1099511627776},
	{"1P", 0, 1125899906842624},
	{"1KiB", 0, 1024},
	{"1MiB", 0, 1048576},
	{"1GiB", 0, 1073741824},
	{"1TiB", 0, 1099511627776},
	{"1PiB", 0, 1125899906842624},
	{"1kB", 0, 1000},
	{"1MB", 0, 1000000},
	{"1GB", 0, 1000000000},
	{"1TB", 0, 1000000000000},
	{"1PB", 0, 1000000000000000},
	{"64K", 0, 65536},
	{"255kB", 0, 255000},
	{"18446744073709551615", 0, UINT64_MAX},
	{"18014398509481983K", 0, UINT64_MAX - 1023},
	{"18014398509481984K", -EINVAL, 0},
	{"17592186044415M", 0, UINT64_MAX - 1048575},
	{"17592186044416M", -EINVAL, 0},
	{"17179869184G", -EINVAL, 0},
	{"16777216T", -EINVAL, 0},
	{"16383P", 0, 16383 * 1125899906842624u},
	{"16384P", -EINVAL, 0},
	{"16384PiB", -EINVAL, 0},
	{"18446PB", 0, 18446000000000000000u},
	{"18447PB", -EINVAL, 0},
	{"18446744073709551616", -EINVAL, 0},
	{"18446744073709551616K", -EINVAL, 0},
	{"01K", -EINVAL, 0},
	{"00", -EINVAL, 0},
	{"1Q", -EINVAL, 0},
	{"1E", -EINVAL, 0},
	{"1k", -EINVAL, 0},
	{"1m", -EINVAL, 0},
	{"1KB", -EINVAL, 0},
	{"1kiB", -EINVAL, 0},
	{"1Kib", -EINVAL, 0},
	{"1Ki", -EINVAL, 0},
	{"1B", -EINVAL, 0},
	{"1mB", -EINVAL, 0},
	{"1MiBs", -EINVAL, 0},
	{"1KK", -EINVAL, 0},
	{"1 K", -EINVAL, 0},
	{"1K ", -EINVAL, 0},
	{"1.5M", -EINVAL, 0},
	{"1-2", -EINVAL, 0},
	{"", -ENOENT, 0},
	{"K", -ENOENT, 0},
	{"-1K", -ENOENT, 0},
	{"+1K", -ENOENT, 0},
	{" 1K", -ENOENT, 0},
	{"M1", -ENOENT, 0},
};

static void check_rows(const struct row *rows, size_t count, int (*parse)(struct span, uint64_t *))
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(rows[i].text);
		/* Nothing behind the text, so that a read beyond it shows. */
		g_autofree char *text = g_memdup2(rows[i].text, len);
		uint64_t value = UNTOUCHED;
		int err = parse((struct span){text, len}, &value);
		g_autofree char *row = unit_show(span_of(rows[i].text));

		unit_check(err == rows[i].err, "\"%s\": %d, wanted %d", row, err, rows[i].err);
		unit_check_number(value, err ? UNTOUCHED : rows[i].value, row, "the value");
	}
}

static void test_parse(void **state)
{
	(void)state;
	check_rows(numbers, G_N_ELEMENTS(numbers), number_parse);
}

static void test_parse_size(void **state)
{
	(void)state;
	check_rows(sizes, G_N_ELEMENTS(sizes), number_parse_size);
}

/* A NUL inside ends nothing: the length does. */
static void test_length_decides(void **state)
{
	uint64_t value = UNTOUCHED;

	(void)state;
	unit_check(number_parse((struct span){"1\0", 2}, &value) == -EINVAL, "a NUL behind");
	unit_check(number_parse((struct span){"\0", 1}, &value) == -ENOENT, "a NUL alone");
	unit_check(number_parse_size((struct span){"1K\0", 3}, &value) == -EINVAL, "1K and a NUL");
	unit_check(number_parse((struct span){NULL, 0}, &value) == -ENOENT, "nothing");
	unit_check_number(value, UNTOUCHED, "errors", "the value");
	unit_check(number_parse((struct span){"1234", 2}, &value) == 0, "the first two of four");
	unit_check_number(value, 12, "the first two of four", "the value");
}

static void check_written(uint64_t value)
{
	char wanted[32], got[32];
	int len = g_snprintf(wanted, sizeof(wanted), "%" PRIu64, value);
	char *end;

	memset(got, '#', sizeof(got));
	end = number_write(got, value);
	unit_check_number(number_width(value), (uint64_t)len, wanted, "the width");
	unit_check_text((struct span){got, (size_t)(end - got)}, span_of(wanted), wanted,
			"the text");
	unit_check(*end == '#', "%s: something is written behind the end", wanted);
}

static void check_signed_width(int64_t value)
{
	char wanted[32];
	int len = g_snprintf(wanted, sizeof(wanted), "%" PRId64, value);

	unit_check_number(number_width_signed(value), (uint64_t)len, wanted, "the width");
}

static void test_width_and_write(void **state)
{
	uint64_t power = 1;

	(void)state;
	check_written(0);
	check_written(UINT64_MAX);
	check_written(UINT64_MAX - 1);
	check_signed_width(0);
	check_signed_width(INT64_MAX);
	check_signed_width(INT64_MIN);
	check_signed_width(INT64_MIN + 1);
	for (int digits = 1; digits <= 19; digits++, power *= 10) {
		check_written(power - 1);
		check_written(power);
		check_written(power + 1);
		if (power > INT64_MAX)
			continue;
		check_signed_width((int64_t)power);
		check_signed_width((int64_t)power - 1);
		check_signed_width(-(int64_t)power);
		check_signed_width(1 - (int64_t)power);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_size),
		cmocka_unit_test(test_length_decides),
		cmocka_unit_test(test_width_and_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
