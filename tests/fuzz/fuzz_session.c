/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole filesystem behind a FUSE session, over a source that changes as the input says. The first
 * byte chooses the listing and max_age; what follows are requests, see client_requests.c, and what
 * happens to the source.
 */
#include "client.h"
#include "fs.h"

#include <errno.h>

/* A byte from here on that leads a step is about the source. */
#define SOURCE_STEPS 240

void __wrap_g_usleep(gulong microseconds);

/* Nobody else changes the source meanwhile: linked with --wrap=g_usleep. */
void __wrap_g_usleep(gulong microseconds)
{
	(void)microseconds;
}

/* A source in memory. */
struct scripted {
	struct source source;
	unsigned int listing;
	uint64_t names; /* as its stamp has it */
	int error; /* that it fails with, or 0 */
	bool moves; /* each look shows other names */
	uint64_t reads;
};

static int scripted_stamp(struct source *source, struct source_stamp *stamp)
{
	struct scripted *scripted = (struct scripted *)source;

	if (scripted->moves)
		scripted->names++;
	*stamp = (struct source_stamp){.names = scripted->names, .is_content_id = true};
	return scripted->error;
}

/* The counters differ at each read. */
static int scripted_read(struct source *source, source_sink sink, void *context,
			 struct source_stamp *stamp)
{
	struct scripted *scripted = (struct scripted *)source;
	g_autofree char *more = g_strdup_printf("%" G_GUINT64_FORMAT " 1 reads.c:1 func:reads \n",
						4096 * ++scripted->reads);
	int err = scripted_stamp(source, stamp);

	if (!err)
		err = sink(context, fuzz_listing(scripted->listing));
	if (!err)
		err = sink(context, span_of(more));
	return err;
}

static void scripted_close(struct source *source)
{
	g_free(source);
}

static struct scripted *scripted_new(unsigned int listing)
{
	static const struct source_ops ops = {scripted_stamp, scripted_read, NULL, scripted_close};
	struct scripted *scripted = g_new0(struct scripted, 1);

	scripted->source = (struct source){
		.ops = &ops, .interface = "scripted", .live = true, .name = g_strdup("scripted")};
	scripted->listing = listing;
	scripted->names = 1;
	return scripted;
}

static void change_source(struct scripted *scripted, uint8_t how)
{
	static const int errors[] = {0, -EIO, -EAGAIN, 0};

	if (how < 8) {
		scripted->listing = how;
		scripted->names++;
	} else {
		scripted->error = errors[how % G_N_ELEMENTS(errors)];
		scripted->moves = how % 16 == 15;
	}
}

/* What fails is told in the log, each time an input has it. */
static void ignore_log(const char *domain, GLogLevelFlags level, const char *message, void *data)
{
	(void)domain;
	(void)data;
	fuzz_check(!(level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)), "%s", message);
}

static void begin(struct fs *fs, struct scripted *scripted, int64_t max_age)
{
	struct sample *sample;

	fs->sampler = sampler_new(&scripted->source, max_age);
	fs->live = world_new_live(fs->sampler);
	fs->snapshots = snapshots_new(fs->live, 4);
	fuzz_check(sampler_get(fs->sampler, SAMPLER_COUNTERS, &sample) == 0, "no first sample");
	fuzz_check(snapshots_add(fs->snapshots, span_of("mount"), sample) == 0, "no snapshot");
	sample_unref(sample);
	fs->nodes = node_table_new(fs->live);
	fs->cache = content_cache_new(max_age);
	fs->handles = handle_table_new();
}

/* As main ends. */
static void end(struct fs *fs)
{
	handle_table_free(fs->handles);
	content_cache_free(fs->cache);
	node_table_free(fs->nodes);
	snapshots_free(fs->snapshots);
	world_unref(fs->live);
	sampler_free(fs->sampler);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *arguments[] = {"allocfs", NULL};
	struct fuse_args args = FUSE_ARGS_INIT(1, arguments);
	struct fuzz_input input = {data, size};
	uint8_t lead = fuzz_take_byte(&input);
	struct scripted *scripted = scripted_new(lead);
	struct fs fs = {.umask = 077, .layout = abi_layout(lead / 8 % ABI_LAYOUT_COUNT)};
	struct fuse_session *session;
	struct client *client;

	g_log_set_default_handler(ignore_log, NULL);
	/* As main does. libFuzzer takes the signal for a wish to end. */
	interrupt_set_up();
	begin(&fs, scripted, lead < 128 ? 0 : 10 * G_TIME_SPAN_SECOND);
	session = fuse_session_new(&args, &fs_operations, sizeof(fs_operations), &fs);
	fuzz_check(session, "no session");
	client = client_new(session);
	while (input.left > 0) {
		if (input.at[0] >= SOURCE_STEPS)
			change_source(scripted, fuzz_take_byte(&input) - SOURCE_STEPS);
		else
			client_step(client, &input);
	}
	client_free(client);
	fuse_session_destroy(session);
	fuse_opt_free_args(&args);
	end(&fs);
	return 0;
}
