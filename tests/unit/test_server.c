/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that the server answers as the kernel does: generated calls on several open files at once,
 * valid ones and invalid ones, give the same errors and the same bytes as a kernel that is made up.
 * And what the kernel cannot show: which sample a pass sees, and what comes of one that cannot be
 * had.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "fake_kernel.h"
#include "generate.h"
#include "server.h"
#include "tree.h"

enum { SEED = 20261121, LISTINGS = 40, CALLS = 1500, CURSORS = 4, TAGS_MAX = 40 };

#define JUNK 0xa5

/* Both sides of some open files. */
struct pair {
	const struct abi_layout *layout;
	struct fake_kernel *kernel;
	struct sample *sample;
	int look_error;
	unsigned int looks[2]; /* by need */
	int fd[CURSORS];
	struct server_cursor *cursor[CURSORS];
};

static int look(void *context, enum sampler_need need, struct sample **sample)
{
	struct pair *pair = context;

	pair->looks[need]++;
	if (!pair->look_error)
		*sample = sample_ref(pair->sample);
	return pair->look_error;
}

/* From now on the server gets the kernel's counters and names of now. */
static void take_sample(struct pair *pair)
{
	g_autoptr(GString) text = fake_kernel_text(pair->kernel);

	sample_unref(pair->sample);
	pair->sample = tree_sample(text);
	assert_non_null(pair->sample);
	pair->sample->content_id = pair->kernel->content_id;
}

static void open_pair(struct pair *pair, enum abi_layout_id layout)
{
	*pair = (struct pair){.layout = abi_layout(layout)};
	pair->kernel = fake_kernel_new(layout == ABI_V3 ? FAKE_V3 : FAKE_MAINLINE);
	for (int i = 0; i < CURSORS; i++) {
		pair->fd[i] = open(pair->kernel->path, O_RDONLY | O_CLOEXEC);
		assert_in_range(pair->fd[i], 0, FAKE_DESCRIPTORS - 1);
		pair->cursor[i] = server_cursor_new();
	}
}

static void close_pair(struct pair *pair)
{
	for (int i = 0; i < CURSORS; i++) {
		close(pair->fd[i]);
		server_cursor_free(pair->cursor[i]);
	}
	sample_unref(pair->sample);
	fake_kernel_free(pair->kernel);
}

/* One call of both; arg is what goes in, and what the kernel gives. Returns the server's. */
static int call_both(struct pair *pair, int number, unsigned int command, struct abi_buffer *arg,
		     const char *row)
{
	struct abi_buffer out, in = *arg;
	size_t out_len = SIZE_MAX, size = command >> 16 & 0x3fff;
	int wanted = ioctl(pair->fd[number], command, arg->at) == 0 ? 0 : -errno, err;

	memset(&out, JUNK, sizeof(out));
	err = server_ioctl(pair->cursor[number], pair->layout, command, in.at, &out, &out_len, look,
			   pair);
	unit_check(err == wanted, "%s: command %x: %d, the kernel %d", row, command, err, wanted);
	unit_check_number(out_len, err ? 0 : size, row, "the length");
	unit_check(memcmp(in.at, arg->at, err ? sizeof(in.at) : 0) == 0, "%s: kernel wrote", row);
	for (size_t i = 0; i < out_len; i++)
		unit_check(out.at[i] == arg->at[i], "%s: command %x: byte %zu is %u, the kernel %u",
			   row, command, i, out.at[i], arg->at[i]);
	for (size_t i = out_len; i < sizeof(out.at); i++)
		unit_check(out.at[i] == JUNK || !err, "%s: byte %zu is given", row, i);
	return err;
}

static void put_number(struct abi_buffer *buffer, size_t at, uint64_t value)
{
	memcpy(buffer->at + at, &value, sizeof(value));
}

/* Members of a get_at, as the kernel's headers have them; those of v3 where they differ. */
enum { POS = 0, MASK = 8, MODNAME = 16, FUNCTION = 80, FILENAME = 144, LINENO = 208 };
enum { MIN_SIZE = 216, MAX_SIZE = 224, INACCURATE = 232, V3_INACCURATE = 216, V3_MIN_SIZE = 224 };

static void put_sizes(const struct pair *pair, struct abi_buffer *arg, uint64_t min_size,
		      uint64_t max_size, uint64_t inaccurate)
{
	bool v3 = pair->layout == abi_layout(ABI_V3);

	put_number(arg, v3 ? V3_MIN_SIZE : MIN_SIZE, min_size);
	put_number(arg, v3 ? V3_MIN_SIZE + 8 : MAX_SIZE, max_size);
	put_number(arg, v3 ? V3_INACCURATE : INACCURATE, inaccurate);
}

/* Behind its NUL a pattern can have anything; one in many has no NUL. */
static void put_pattern(GRand *random, struct abi_buffer *arg, size_t at, const char *name)
{
	size_t len = strlen(name);
	const char *kept = len > 63 ? name + len - 63 : name;

	memset(arg->at + at, g_rand_boolean(random) ? JUNK : 0, 64);
	if (g_rand_int_range(random, 0, 20) > 0)
		memcpy(arg->at + at, kept, strlen(kept) + 1);
}

static uint64_t pick_mask(GRand *random)
{
	uint64_t mask = g_rand_int(random) & g_rand_int(random) & 0x7f;

	if (g_rand_int_range(random, 0, 3) == 0)
		mask = 0;
	if (g_rand_int_range(random, 0, 10) == 0)
		mask |= 1ull << g_rand_int_range(random, 7, 64);
	return mask;
}

static void fill_get_at(GRand *random, const struct pair *pair, struct abi_buffer *arg)
{
	guint count = pair->kernel->tags->len;
	const uint64_t positions[] = {0, 0, 0, 1, 2, count - 1, count, count + 1, UINT64_MAX};
	gint32 number = g_rand_int_range(random, 0, (gint32)count);
	const struct fake_tag *like = fake_kernel_tag(pair->kernel, (size_t)number);

	put_number(arg, POS, positions[g_rand_int_range(random, 0, G_N_ELEMENTS(positions))]);
	put_number(arg, MASK, pick_mask(random));
	put_pattern(random, arg, MODNAME, like->module ? like->module : "");
	put_pattern(random, arg, FUNCTION, like->function);
	put_pattern(random, arg, FILENAME, like->file);
	put_number(arg, LINENO, like->line);
	put_sizes(pair, arg, (uint64_t)generate_edge(random), (uint64_t)generate_edge(random),
		  (uint64_t)g_rand_int_range(random, 0, 3));
}

static unsigned int pick_command(GRand *random, const struct pair *pair)
{
	static const unsigned int others[] = {0,
					      0x8008a603,
					      0xc1d0a600,
					      0x80e0a601,
					      0x5401,
					      ALLOCINFO_GET_AT,
					      ALLOCINFO_GET_NEXT,
					      ALLOCINFO_V3_GET_AT,
					      ALLOCINFO_V3_GET_NEXT};
	gint32 chance = g_rand_int_range(random, 0, 100);

	if (chance < 30)
		return pair->layout->get_at;
	if (chance < 90)
		return pair->layout->get_next;
	if (chance < 95)
		return ALLOCINFO_CONTENT_ID;
	return others[g_rand_int_range(random, 0, G_N_ELEMENTS(others))];
}

static void check_calls(GRand *random, enum abi_layout_id layout, guint *answers)
{
	struct pair pair;

	open_pair(&pair, layout);
	generate_listing(random, pair.kernel, TAGS_MAX);
	take_sample(&pair);
	for (int i = 0; i < CALLS; i++) {
		g_autofree char *row = g_strdup_printf("%s, call %d", pair.layout->name, i);
		int number = g_rand_int_range(random, 0, CURSORS);
		unsigned int command = pick_command(random, &pair);
		struct abi_buffer arg;

		memset(&arg, JUNK, sizeof(arg));
		fill_get_at(random, &pair, &arg);
		switch (call_both(&pair, number, command, &arg, row)) {
		case 0: answers[0]++; break;
		case -ENOENT: answers[1]++; break;
		case -EINVAL: answers[2]++; break;
		case -ENOTTY: answers[3]++; break;
		default: unit_check(false, "%s: another error", row);
		}
	}
	close_pair(&pair);
}

static void test_generated_calls(void **state)
{
	GRand *random = g_rand_new_with_seed(SEED);
	guint answers[4] = {0};

	(void)state;
	for (int i = 0; i < LISTINGS; i++)
		check_calls(random, i % 2 ? ABI_V3 : ABI_MAINLINE, answers);
	g_rand_free(random);
	print_message("answers: %u, ENOENT %u, EINVAL %u, ENOTTY %u\n", answers[0], answers[1],
		      answers[2], answers[3]);
	assert_in_range(answers[0], LISTINGS * CALLS / 3, LISTINGS * CALLS);
	for (int i = 1; i < 4; i++)
		assert_in_range(answers[i], LISTINGS * CALLS / 200, LISTINGS * CALLS);
}

/*
 * The named cases, on one open file over tags a.c:1 to a.c:5, of which 2 and 4 hold 4096 bytes and
 * the others -1: what is asked, and the line of the record that comes, or an error.
 */
enum ask { END, NEXT, AT, TWOS, NONE, BAD_BIT, BAD_SIZES, ODD_SIZES, MAX_ALONE, OTHER };

static const struct scenario {
	const char *name;
	struct {
		enum ask ask;
		uint64_t pos;
		int wanted;
	} steps[12];
} scenarios[] = {
	{"GET_NEXT alone starts unfiltered, at the end ENOENT once",
	 {{NEXT, 0, 1},
	  {NEXT, 0, 2},
	  {NEXT, 0, 3},
	  {NEXT, 0, 4},
	  {NEXT, 0, 5},
	  {NEXT, 0, -ENOENT},
	  {NEXT, 0, 1},
	  {NEXT, 0, 2}}},
	{"the filter stays when the pass starts over",
	 {{TWOS, 0, 2},
	  {NEXT, 0, 4},
	  {NEXT, 0, -ENOENT},
	  {NEXT, 0, 2},
	  {NEXT, 0, 4},
	  {NEXT, 0, -ENOENT},
	  {NEXT, 0, 2}}},
	{"positions count matches", {{AT, 3, 4}, {NEXT, 0, 5}, {TWOS, 1, 4}, {AT, 0, 1}}},
	{"position behind the matches: the filter is set, the first comes next",
	 {{TWOS, 2, -ENOENT}, {NEXT, 0, 2}, {NEXT, 0, 4}, {NEXT, 0, -ENOENT}, {NEXT, 0, 2}}},
	{"position behind the matches amid a pass: that one ends first",
	 {{AT, 2, 3},
	  {TWOS, 2, -ENOENT},
	  {NEXT, 0, -ENOENT},
	  {NEXT, 0, 2},
	  {TWOS, 3, -ENOENT},
	  {TWOS, 4, -ENOENT},
	  {NEXT, 0, -ENOENT},
	  {TWOS, 2, -ENOENT},
	  {NEXT, 0, 2}}},
	{"no match at all",
	 {{AT, 2, 3}, {NONE, 0, -ENOENT}, {NEXT, 0, -ENOENT}, {NEXT, 0, -ENOENT}, {AT, 0, 1}}},
	{"position behind all tags: nothing is set",
	 {{AT, 2, 3}, {TWOS, 5, -ENOENT}, {NEXT, 0, 4}, {TWOS, UINT64_MAX, -ENOENT}, {NEXT, 0, 5}}},
	{"EINVAL: nothing is set",
	 {{TWOS, 0, 2},
	  {BAD_BIT, 0, -EINVAL},
	  {NEXT, 0, 4},
	  {BAD_SIZES, 0, -EINVAL},
	  {NEXT, 0, -ENOENT},
	  {BAD_SIZES, 9, -EINVAL},
	  {NEXT, 0, 2}}},
	{"one size alone contradicts nothing", {{ODD_SIZES, 0, 1}, {NEXT, 0, 2}, {NEXT, 0, 3}}},
	{"sizes without sign", {{MAX_ALONE, 0, 2}, {NEXT, 0, 4}, {NEXT, 0, -ENOENT}, {NEXT, 0, 2}}},
	{"ENOTTY", {{AT, 0, 1}, {OTHER, 0, -ENOTTY}, {NEXT, 0, 2}}},
};

static unsigned int fill_ask(const struct pair *pair, enum ask ask, uint64_t pos,
			     struct abi_buffer *arg)
{
	static const struct {
		uint64_t mask, min_size, max_size;
	} filters[] = {
		[AT] = {0, 0, 0},
		[TWOS] = {1 << 5 | 1 << 6, 4096, 4096},
		[NONE] = {1 << 3, 0, 0},
		[BAD_BIT] = {1 << 7, 0, 0},
		[BAD_SIZES] = {1 << 5 | 1 << 6, 2, 1},
		[ODD_SIZES] = {1 << 5, 1, 0},
		[MAX_ALONE] = {1 << 6, UINT64_MAX, 4096},
	};

	memset(arg, 0, sizeof(*arg));
	if (ask == NEXT)
		return pair->layout->get_next;
	if (ask == OTHER)
		return 0x8008a603;
	put_number(arg, POS, pos);
	put_number(arg, MASK, filters[ask].mask);
	put_number(arg, LINENO, 77);
	put_sizes(pair, arg, filters[ask].min_size, filters[ask].max_size, 0);
	return pair->layout->get_at;
}

static void add_five(struct fake_kernel *kernel)
{
	for (uint64_t line = 1; line <= 5; line++) {
		struct fake_tag tag = {.file = (char *)"a.c", .function = (char *)"f"};

		tag.line = line;
		tag.bytes = line % 2 ? -1 : 4096;
		fake_kernel_add(kernel, &tag);
	}
}

static uint64_t line_given(unsigned int command, const struct pair *pair,
			   const struct abi_buffer *arg)
{
	uint64_t line;

	memcpy(&line, arg->at + (command == pair->layout->get_at ? 240 : 0) + 192, sizeof(line));
	return line;
}

static void run_scenario(const struct scenario *scenario, enum abi_layout_id layout)
{
	struct pair pair;

	open_pair(&pair, layout);
	add_five(pair.kernel);
	take_sample(&pair);
	for (size_t i = 0; scenario->steps[i].ask != END; i++) {
		g_autofree char *row = g_strdup_printf("%s: step %zu", scenario->name, i);
		struct abi_buffer arg;
		unsigned int command =
			fill_ask(&pair, scenario->steps[i].ask, scenario->steps[i].pos, &arg);
		int err = call_both(&pair, 0, command, &arg, row);
		int is = err ? err : (int)line_given(command, &pair, &arg);

		unit_check(is == scenario->steps[i].wanted, "%s: %d, wanted %d", row, is,
			   scenario->steps[i].wanted);
	}
	close_pair(&pair);
}

static void test_scenarios(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(scenarios); i++) {
		run_scenario(&scenarios[i], ABI_MAINLINE);
		run_scenario(&scenarios[i], ABI_V3);
	}
}

/* What the server alone gives: the line of the record, its bytes in *bytes; or an error. */
static int serve(struct pair *pair, enum ask ask, uint64_t pos, int64_t *bytes)
{
	struct abi_buffer in, out;
	unsigned int command = fill_ask(pair, ask, pos, &in);
	size_t len, at = command == pair->layout->get_at ? 240 : 0;
	int err =
		server_ioctl(pair->cursor[0], pair->layout, command, in.at, &out, &len, look, pair);

	if (err) {
		assert_int_equal(len, 0);
		return err;
	}
	memcpy(bytes, out.at + at + (pair->layout == abi_layout(ABI_V3) ? 208 : 200),
	       sizeof(*bytes));
	return (int)line_given(command, pair, &out);
}

/* A pass sees one sample, though there are newer ones; the next pass sees the newest. */
static void test_one_sample(void **state)
{
	struct pair pair;
	int64_t bytes = 0;

	(void)state;
	open_pair(&pair, ABI_MAINLINE);
	add_five(pair.kernel);
	take_sample(&pair);
	assert_int_equal(serve(&pair, TWOS, 0, &bytes), 2);
	fake_kernel_tag(pair.kernel, 0)->bytes = fake_kernel_tag(pair.kernel, 3)->bytes = 77;
	fake_kernel_remove(pair.kernel, 1);
	take_sample(&pair);
	assert_int_equal(serve(&pair, NEXT, 0, &bytes), 4);
	assert_int_equal(bytes, 4096);
	assert_int_equal(serve(&pair, NEXT, 0, &bytes), -ENOENT);
	/* Nothing holds 4096 bytes any more. */
	assert_int_equal(serve(&pair, NEXT, 0, &bytes), -ENOENT);
	assert_int_equal(serve(&pair, AT, 0, &bytes), 1);
	assert_int_equal(bytes, 77);
	assert_int_equal(serve(&pair, NEXT, 0, &bytes), 3);
	fake_kernel_tag(pair.kernel, 0)->bytes = 78;
	take_sample(&pair);
	assert_int_equal(serve(&pair, AT, 0, &bytes), 1);
	assert_int_equal(bytes, 78);
	close_pair(&pair);
}

/* A sample that cannot be had is an error that changes nothing. */
static void test_look_fails(void **state)
{
	struct pair pair;
	int64_t bytes;

	(void)state;
	open_pair(&pair, ABI_V3);
	add_five(pair.kernel);
	take_sample(&pair);
	pair.look_error = -EAGAIN;
	assert_int_equal(serve(&pair, NEXT, 0, &bytes), -EAGAIN);
	assert_int_equal(serve(&pair, BAD_BIT, 0, &bytes), -EINVAL);
	pair.look_error = 0;
	assert_int_equal(serve(&pair, TWOS, 0, &bytes), 2);
	pair.look_error = -EIO;
	assert_int_equal(serve(&pair, AT, 2, &bytes), -EIO);
	/* The pass that is under way needs no sample. */
	assert_int_equal(serve(&pair, NEXT, 0, &bytes), 4);
	assert_int_equal(serve(&pair, NEXT, 0, &bytes), -ENOENT);
	assert_int_equal(serve(&pair, NEXT, 0, &bytes), -EIO);
	pair.look_error = 0;
	assert_int_equal(serve(&pair, NEXT, 0, &bytes), 2);
	close_pair(&pair);
}

/* The content id needs names alone, and leaves the pass as it is. */
static void test_content_id(void **state)
{
	struct pair pair;
	struct abi_buffer out;
	int64_t bytes;
	size_t len;

	(void)state;
	open_pair(&pair, ABI_MAINLINE);
	add_five(pair.kernel);
	pair.kernel->content_id = 0x123456789abcdef0;
	take_sample(&pair);
	assert_int_equal(serve(&pair, AT, 1, &bytes), 2);
	assert_int_equal(server_ioctl(pair.cursor[0], pair.layout, ALLOCINFO_CONTENT_ID, NULL, &out,
				      &len, look, &pair),
			 0);
	assert_int_equal(len, 8);
	assert_memory_equal(out.at, &pair.kernel->content_id, 8);
	assert_int_equal(pair.looks[SAMPLER_NAMES], 1);
	assert_int_equal(pair.looks[SAMPLER_COUNTERS], 1);
	assert_int_equal(serve(&pair, NEXT, 0, &bytes), 3);
	pair.look_error = -EIO;
	assert_int_equal(server_ioctl(pair.cursor[0], pair.layout, ALLOCINFO_CONTENT_ID, NULL, &out,
				      &len, look, &pair),
			 -EIO);
	assert_int_equal(len, 0);
	server_cursor_free(NULL);
	close_pair(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generated_calls), cmocka_unit_test(test_scenarios),
		cmocka_unit_test(test_one_sample),	cmocka_unit_test(test_look_fails),
		cmocka_unit_test(test_content_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
