/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that an index finds what was put into it and nothing else, while it grows and however bad
 * the hash is, by doing the same to a GHashTable.
 */
#include "unit.h"

#include "hash.h"
#include "index.h"

#define SEED 20260801

static uint64_t hash_well(uint64_t key)
{
	return hash_number(hash_seed(), key);
}

static uint64_t hash_all_to_one(uint64_t key)
{
	(void)key;
	return 0x0123456789abcdefu;
}

/* The index keeps the upper half of a hash. */
static uint64_t hash_same_upper(uint64_t key)
{
	return 0xffffffff00000000u | (uint32_t)key;
}

static uint64_t hash_few_slots(uint64_t key)
{
	return (key % 5) << 32;
}

static uint64_t hash_last_slots(uint64_t key)
{
	return UINT64_MAX - ((key % 3) << 32);
}

static const struct row {
	const char *name;
	uint64_t (*hash)(uint64_t key);
	uint32_t count;
} rows[] = {
	{"nothing", hash_well, 0},
	{"one", hash_well, 1},
	{"before the first growth", hash_well, 12},
	{"at the first growth", hash_well, 13},
	{"many", hash_well, 50000},
	{"all to one slot", hash_all_to_one, 700},
	{"upper halves equal", hash_same_upper, 700},
	{"few slots", hash_few_slots, 1500},
	{"round the end", hash_last_slots, 1500},
};

/* The owner that the index knows nothing of: number -> key. */
static bool has_key(const void *owner, uint32_t number, const void *key)
{
	const GArray *keys = owner;

	assert_true(number < keys->len);
	return g_array_index(keys, uint64_t, number) == *(const uint64_t *)key;
}

static void add_unless_there(const struct row *row, struct index *index, GArray *keys,
			     GHashTable *table, uint64_t key)
{
	uint32_t number = keys->len;
	uint64_t *kept;

	if (g_hash_table_contains(table, &key)) {
		unit_check(index_find(index, row->hash(key), has_key, keys, &key) != INDEX_NONE,
			   "%s: a key is lost", row->name);
		return;
	}
	unit_check(index_find(index, row->hash(key), has_key, keys, &key) == INDEX_NONE,
		   "%s: a key is found before it is there", row->name);
	kept = g_new(uint64_t, 1);
	*kept = key;
	g_array_append_val(keys, key);
	index_add(index, row->hash(key), number);
	g_hash_table_insert(table, kept, GUINT_TO_POINTER(number));
}

static void check_row(const struct row *row)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	g_autoptr(GHashTable) table =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	struct index index = {NULL, 0, 0};

	while (keys->len < row->count)
		add_unless_there(row, &index, keys, table,
				 (uint64_t)g_rand_int_range(random, 0, 4 * (gint32)row->count));
	unit_check_number(index.used, row->count, row->name, "the number of slots in use");
	unit_check(row->count == 0 || index.mask >= index.used, "%s: no slot is free", row->name);
	for (uint64_t key = 0; key < 4 * (uint64_t)row->count + 4; key++) {
		uint32_t got = index_find(&index, row->hash(key), has_key, keys, &key);
		uint32_t wanted = INDEX_NONE;

		if (g_hash_table_contains(table, &key))
			wanted = GPOINTER_TO_UINT(g_hash_table_lookup(table, &key));
		unit_check_number(got, wanted, row->name, "the number found");
	}
	index_clear(&index);
	unit_check(!index.slots && index.used == 0 && index.mask == 0, "%s: not empty", row->name);
}

static void test_against_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check_row(&rows[i]);
}

/* What is cleared can be filled again. */
static void test_clear(void **state)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	struct index index = {NULL, 0, 0};
	uint64_t key = 42;

	(void)state;
	g_array_append_val(keys, key);
	index_clear(&index);
	for (int round = 0; round < 3; round++) {
		unit_check(index_find(&index, 7, has_key, keys, &key) == INDEX_NONE,
			   "round %d: found in an empty index", round);
		index_add(&index, 7, 0);
		unit_check(index_find(&index, 7, has_key, keys, &key) == 0, "round %d: lost",
			   round);
		index_clear(&index);
	}
}

static void test_seed(void **state)
{
	(void)state;
	assert_true(hash_seed() == hash_seed());
	assert_true(hash_seed() != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_table),
		cmocka_unit_test(test_clear),
		cmocka_unit_test(test_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
