/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves what comes of a kernel that does not stand still while filtered passes run: counters that
 * are others at each call, a content id that moves at any of them, records that are not those of
 * the text. A tag's bytes say which tag it is, so that a record put to another one shows.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "fake_kernel.h"
#include "gather.h"
#include "generate.h"
#include "sampler.h"
#include "select.h"
#include "tree.h"

enum { SEED = 20261103, LISTINGS = 30, PATHS = 40, TAGS_MAX = 60, STATES = 4 };

/* The low bits of a tag's bytes, its number; the rest moves. */
#define IDENTITY 0xfff

/* What each call sees one of, for each tag. */
struct state {
	int64_t bytes;
	uint64_t calls;
	bool accurate;
};

struct world {
	GRand *random;
	struct fake_kernel *kernel;
	struct source *source;
	struct state states[STATES][TAGS_MAX];
	struct sample *samples[STATES]; /* the text in each */
	unsigned int move_at; /* the call at which the content id moves; 0: at none */
	unsigned int gathered, ranked;
};

static void enter_state(struct world *world, uint32_t tag, gint32 state)
{
	struct fake_tag *now = fake_kernel_tag(world->kernel, tag);

	now->bytes = world->states[state][tag].bytes;
	now->calls = world->states[state][tag].calls;
	now->accurate = world->states[state][tag].accurate;
}

static void make_states(struct world *world)
{
	for (uint32_t tag = 0; tag < world->kernel->tags->len; tag++) {
		bool steady = g_rand_boolean(world->random);

		for (gint32 i = 0; i < STATES; i++) {
			struct state *state = &world->states[i][tag];

			*state = world->states[0][tag];
			if (i > 0 && steady)
				continue;
			state->bytes = generate_edge(world->random);
			state->bytes = (state->bytes & ~(int64_t)IDENTITY) | tag;
			state->calls = (uint64_t)generate_edge(world->random);
			state->accurate = g_rand_boolean(world->random);
		}
	}
	for (gint32 i = 0; i < STATES; i++) {
		g_autoptr(GString) text = NULL;

		for (uint32_t tag = 0; tag < world->kernel->tags->len; tag++)
			enter_state(world, tag, i);
		text = fake_kernel_text(world->kernel);
		world->samples[i] = tree_sample(text);
		assert_non_null(world->samples[i]);
		world->samples[i]->content_id = world->kernel->content_id;
	}
}

static void make_world(struct world *world, GRand *random, enum fake_answers answers)
{
	*world = (struct world){.random = random, .kernel = fake_kernel_new(answers)};
	world->kernel->data = world;
	generate_listing(random, world->kernel, TAGS_MAX);
	make_states(world);
	world->source = fake_kernel_source(world->kernel, true);
}

static void clear_world(struct world *world)
{
	for (gint32 i = 0; i < STATES; i++)
		sample_unref(world->samples[i]);
	source_close(world->source);
	fake_kernel_free(world->kernel);
}

/* A generated target that goes down; its numbers are those of every state's catalog. */
static char *pick_target(struct world *world, struct target *target, struct plan *plan)
{
	const struct catalog *catalog = world->samples[0]->catalog;

	for (;;) {
		g_autofree char *path = generate_path(world->random, catalog);
		struct query from;
		const char *stopped;

		if (tree_walk(catalog, path, target, &from, &stopped) != 0)
			continue;
		plan_make(catalog, target, plan);
		if (plan->passes > 0)
			return g_steal_pointer(&path);
	}
}

/* Whether the plan for a target is about a tag. */
static bool concerns(const struct sample *sample, const struct target *target, uint32_t tag)
{
	const struct tag *at = &sample->catalog->tags[tag];

	if (target->kind == TARGET_TAG)
		return target->number == tag;
	return target->kind != TARGET_PLACE ||
	       (at->path == target->number && at->line == target->line);
}

static bool holds(const struct sample *sample, const struct query *query, uint32_t tag)
{
	g_autoptr(GArray) rows = select_rows(sample, query);

	for (guint i = 0; i < rows->len; i++)
		if (g_array_index(rows, struct row, i).tag == tag)
			return true;
	return false;
}

/* A tag's counter is one that this tag had, all of it. */
static void check_counters(const struct world *world, const struct sample *part, const char *path)
{
	for (uint32_t i = 0; i < part->part_count; i++) {
		uint32_t tag = part->part[i];
		bool had = false;

		for (gint32 k = 0; k < STATES; k++) {
			const struct state *state = &world->states[k][tag];

			had = had || (part->counters[tag].bytes == state->bytes &&
				      part->counters[tag].calls == state->calls &&
				      sample_is_accurate(part, tag) == state->accurate);
		}
		unit_check((part->counters[tag].bytes & IDENTITY) == tag,
			   "/%s: tag %u has the counter of tag %" G_GINT64_FORMAT, path, tag,
			   part->counters[tag].bytes & IDENTITY);
		unit_check(had, "/%s: tag %u never had that counter", path, tag);
	}
}

/* What passes in every state is there, what is there passes in one at least. */
static void check_rows(const struct world *world, const struct sample *part,
		       const struct target *target, const char *path)
{
	for (uint32_t tag = 0; tag < part->catalog->count; tag++) {
		bool always = true, ever = false, is = holds(part, &target->query, tag);

		if (!concerns(part, target, tag))
			continue;
		for (gint32 k = 0; k < STATES; k++) {
			bool now = holds(world->samples[k], &target->query, tag);

			always = always && now;
			ever = ever || now;
		}
		unit_check(is || !always, "/%s: tag %u passes always and is not there", path, tag);
		unit_check(!is || ever, "/%s: tag %u passes never and is there", path, tag);
	}
}

static int move_counters(struct fake_kernel *kernel, enum fake_command command)
{
	struct world *world = kernel->data;

	(void)command;
	for (uint32_t tag = 0; tag < kernel->tags->len; tag++)
		enter_state(world, tag, g_rand_int_range(world->random, 0, STATES));
	return 0;
}

static void check_moving(struct world *world)
{
	struct target target;
	struct plan plan;
	struct sample *part = NULL;
	g_autofree char *path = pick_target(world, &target, &plan);
	int err = gather(world->source, world->samples[0], &plan, &part);

	unit_check_number((uint64_t)-err, 0, path, "the error");
	world->gathered++;
	check_counters(world, part, path);
	if (target.kind == TARGET_TAG)
		unit_check(sample_has(part, (uint32_t)target.number), "/%s: not there", path);
	else if (!query_is_ranked(&target.query))
		check_rows(world, part, &target, path);
	else
		world->ranked++;
	sample_unref(part);
}

static void test_counters_move(void **state)
{
	GRand *random = g_rand_new_with_seed(SEED);

	(void)state;
	for (unsigned int i = 0; i < LISTINGS; i++) {
		struct world world;

		make_world(&world, random, i % 2 ? FAKE_MAINLINE : FAKE_V3);
		world.kernel->before = move_counters;
		for (int k = 0; k < PATHS; k++)
			check_moving(&world);
		assert_in_range(world.ranked, 0, PATHS / 2);
		clear_world(&world);
	}
	g_rand_free(random);
}

static int move_content_id(struct fake_kernel *kernel, enum fake_command command)
{
	const struct world *world = kernel->data;

	(void)command;
	kernel->content_id += kernel->calls_in_all == world->move_at;
	return 0;
}

/* Whatever call the content id moves at, nothing is given. */
static void test_content_id_moves(void **state)
{
	GRand *random = g_rand_new_with_seed(SEED);

	(void)state;
	for (unsigned int i = 0; i < LISTINGS; i++) {
		struct world world;
		struct target target;
		struct plan plan;
		struct sample *part = NULL;
		g_autofree char *path = NULL;
		unsigned int calls;

		make_world(&world, random, i % 2 ? FAKE_MAINLINE : FAKE_V3);
		path = pick_target(&world, &target, &plan);
		world.kernel->before = move_content_id;
		calls = world.kernel->calls_in_all;
		assert_int_equal(gather(world.source, world.samples[0], &plan, &part), 0);
		calls = world.kernel->calls_in_all - calls;
		sample_unref(part);
		for (unsigned int at = 1; at <= calls; at++) {
			world.kernel->content_id = world.samples[0]->content_id;
			world.move_at = world.kernel->calls_in_all + at;
			unit_check(gather(world.source, world.samples[0], &plan, &part) == -ESTALE,
				   "/%s: not stale where it moves at call %u", path, at);
		}
		clear_world(&world);
	}
	g_rand_free(random);
}

/* The same where the tags are others from that call on. */
static int change_listing(struct fake_kernel *kernel, enum fake_command command)
{
	const struct world *world = kernel->data;

	(void)command;
	if (kernel->calls_in_all != world->move_at)
		return 0;
	kernel->content_id++;
	for (guint i = kernel->tags->len; i-- > 0;)
		if (g_rand_boolean(world->random))
			fake_kernel_remove(kernel, i);
	return 0;
}

static void test_listing_changes(void **state)
{
	GRand *random = g_rand_new_with_seed(SEED + 1);

	(void)state;
	for (unsigned int i = 0; i < LISTINGS * PATHS / 4; i++) {
		struct world world;
		struct target target;
		struct plan plan;
		struct sample *part = NULL;
		g_autofree char *path = NULL;
		int err;

		make_world(&world, random, i % 2 ? FAKE_MAINLINE : FAKE_V3);
		path = pick_target(&world, &target, &plan);
		world.kernel->before = change_listing;
		world.move_at = world.kernel->calls_in_all + 1 + i % 20;
		err = gather(world.source, world.samples[0], &plan, &part);
		/* A record that fits nothing is met before the content id is. */
		if (world.kernel->calls_in_all >= world.move_at)
			unit_check(err == -ESTALE || err == -ENODATA, "/%s: %d", path, err);
		else
			unit_check_number((uint64_t)-err, 0, path, "the error");
		if (!err)
			sample_unref(part);
		clear_world(&world);
	}
	g_rand_free(random);
}

/* The file that a mount offers is another one's from the second pass on. */
static int replace_file(struct fake_kernel *kernel, enum fake_command command)
{
	struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	const struct world *world = kernel->data;

	if (command == FAKE_GET_AT && kernel->calls[FAKE_GET_AT] == world->move_at)
		assert_int_equal(utimensat(AT_FDCWD, kernel->path, times, 0), 0);
	return 0;
}

/* What several passes bring is of one moment, where the source can tell moments apart. */
static void test_file_replaced(void **state)
{
	GRand *random = g_rand_new_with_seed(SEED + 3);
	unsigned int torn = 0;

	(void)state;
	for (unsigned int i = 0; i < LISTINGS * 4; i++) {
		bool live = i % 4 == 0;
		struct world world;
		struct target target;
		struct plan plan;
		struct sample *part = NULL;
		g_autofree char *path = NULL;
		int err, wanted;

		make_world(&world, random, i % 2 ? FAKE_MAINLINE : FAKE_V3);
		source_close(world.source);
		world.source = fake_kernel_source(world.kernel, live);
		path = pick_target(&world, &target, &plan);
		world.kernel->before = replace_file;
		world.move_at = world.kernel->calls[FAKE_GET_AT] + 2;
		err = gather(world.source, world.samples[0], &plan, &part);
		wanted = world.kernel->calls[FAKE_GET_AT] >= world.move_at && !live ? -ENODATA : 0;
		torn += wanted != 0;
		unit_check(err == wanted, "/%s: %d, wanted %d", path, err, wanted);
		if (!err)
			sample_unref(part);
		clear_world(&world);
	}
	assert_in_range(torn, 5, LISTINGS * 3);
	g_rand_free(random);
}

/* How the records differ from the text, though the content id does not. */
enum misfit { LESS, MORE, ANOTHER, SWAPPED, MISFITS };

static struct fake_tag stranger = {
	.file = (char *)"new.c", .function = (char *)"new", .line = 7, .accurate = true};

/* Returns whether the listing is another one now; *tag is what it is about. */
static bool misfit(struct world *world, enum misfit how, uint32_t *tag)
{
	struct fake_kernel *kernel = world->kernel;
	uint32_t count = kernel->tags->len;
	struct fake_tag *at, last;

	*tag = (uint32_t)g_rand_int_range(world->random, 0, (gint32)count);
	at = fake_kernel_tag(kernel, *tag);
	switch (how) {
	case LESS: fake_kernel_remove(kernel, *tag); return true;
	case MORE:
		last = *at;
		last.bytes = IDENTITY;
		fake_kernel_insert(kernel, *tag, &last);
		return true;
	case ANOTHER:
		stranger.bytes = at->bytes;
		fake_kernel_insert(kernel, *tag, &stranger);
		fake_kernel_remove(kernel, *tag + 1);
		return true;
	default:
		if (*tag + 1 == count)
			return false;
		last = *at;
		*at = at[1];
		at[1] = last;
		return true;
	}
}

/* Nothing but what is about that tag is missing, nothing is another's. */
static void check_misfit(const struct world *world, const struct sample *part,
			 const struct target *target, bool twins, uint32_t tag, const char *path)
{
	for (uint32_t i = 0; i < part->part_count; i++) {
		int64_t identity = part->counters[part->part[i]].bytes & IDENTITY;

		/* Of two with the same words a filter by counters may have let the new one pass. */
		if (twins && identity == IDENTITY)
			continue;
		unit_check(identity == part->part[i],
			   "/%s: tag %u has the counter of tag %" G_GINT64_FORMAT, path,
			   part->part[i], identity);
	}
	if (target->kind == TARGET_TAG || query_is_ranked(&target->query))
		return;
	for (uint32_t i = 0; i < part->catalog->count; i++)
		unit_check(i == tag || !concerns(part, target, i) ||
				   holds(part, &target->query, i) ==
					   holds(world->samples[STATES - 1], &target->query, i),
			   "/%s: tag %u is there or is not, wrongly", path, i);
}

static void test_misfits(void **state)
{
	GRand *random = g_rand_new_with_seed(SEED + 2);
	unsigned int noticed[MISFITS] = {0};

	(void)state;
	for (unsigned int i = 0; i < LISTINGS * PATHS; i++) {
		enum misfit how = i % MISFITS;
		struct world world;
		struct target target;
		struct plan plan;
		struct sample *part = NULL;
		g_autofree char *path = NULL;
		uint32_t tag;
		bool by_counters;
		int err;

		make_world(&world, random, i % 8 < 4 ? FAKE_MAINLINE : FAKE_V3);
		path = pick_target(&world, &target, &plan);
		by_counters = plan.filter[0].mask & ~(uint64_t)PLAN_NAMES;
		if (misfit(&world, how, &tag)) {
			err = gather(world.source, world.samples[0], &plan, &part);
			noticed[how] += err == -ENODATA;
			unit_check(err == 0 || err == -ENODATA, "/%s: %d", path, err);
			if (!err && how != SWAPPED)
				check_misfit(&world, part, &target, how == MORE && by_counters, tag,
					     path);
			if (!err)
				sample_unref(part);
		}
		clear_world(&world);
	}
	for (enum misfit how = 0; how < MISFITS; how++)
		assert_in_range(noticed[how], LISTINGS / 4, LISTINGS * PATHS);
	g_rand_free(random);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counters_move),	cmocka_unit_test(test_content_id_moves),
		cmocka_unit_test(test_listing_changes), cmocka_unit_test(test_file_replaced),
		cmocka_unit_test(test_misfits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
