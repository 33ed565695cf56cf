/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server of the ioctls, beside a kernel that is made up (see fake_kernel.h): the same calls on
 * the same listing give the same errors and the same bytes. The first byte chooses the layout and
 * the listing; then come calls, on a few open files, with structs of any bytes, and changes of the
 * counters and names.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "fake_kernel.h"
#include "server.h"

enum { FILES = 3, LAYOUTS = ABI_LAYOUT_COUNT };

/* What the bytes that lead a call mean. */
enum {
	CALL_ID,
	CALL_NEXT,
	CALL_GET,
	CALL_GET_KNOWN,
	CALL_ANY,
	CHANGE_COUNTER,
	CHANGE_NAMES,
	CALLS
};

/* Both sides. The kernel and its open files are made once for each layout. */
struct pair {
	const struct abi_layout *layout;
	struct fake_kernel *kernel;
	int fd[FILES];
	struct sample *sample;
	struct server_cursor *cursor[FILES];
};

static int look(void *context, enum sampler_need need, struct sample **sample)
{
	(void)need;
	*sample = sample_ref(((struct pair *)context)->sample);
	return 0;
}

/* The server's listing is that of the kernel again. */
static void take_sample(struct pair *pair)
{
	g_autoptr(GString) text = fake_kernel_text(pair->kernel);

	sample_unref(pair->sample);
	pair->sample = fuzz_sample((struct span){text->str, text->len}, SIZE_MAX, NULL);
	fuzz_check(pair->sample, "the kernel has no listing");
	pair->sample->content_id = pair->kernel->content_id;
}

static void fill_kernel(struct fake_kernel *kernel, const struct sample *sample)
{
	while (kernel->tags->len > 0)
		fake_kernel_remove(kernel, kernel->tags->len - 1);
	for (uint32_t i = 0; i < sample->catalog->count; i++) {
		struct text_site site;

		catalog_site(sample->catalog, i, &site);
		{
			g_autofree char *file = g_strndup(site.file.at, site.file.len);
			g_autofree char *function = g_strndup(site.function.at, site.function.len);
			g_autofree char *module =
				site.module.at ? g_strndup(site.module.at, site.module.len) : NULL;
			struct fake_tag tag = {file,
					       function,
					       module,
					       site.line,
					       sample->counters[i].bytes,
					       sample->counters[i].calls,
					       sample_is_accurate(sample, i),
					       ""};

			fake_kernel_add(kernel, &tag);
		}
	}
}

static void begin(struct pair *pair, enum abi_layout_id layout, unsigned int listing)
{
	struct sample *sample = fuzz_sample(fuzz_listing(listing), SIZE_MAX, NULL);

	pair->layout = abi_layout(layout);
	pair->kernel = fake_kernel_new(layout == ABI_V3 ? FAKE_V3 : FAKE_MAINLINE);
	fill_kernel(pair->kernel, sample);
	sample_unref(sample);
	take_sample(pair);
	for (int i = 0; i < FILES; i++) {
		pair->fd[i] = open(pair->kernel->path, O_RDONLY | O_CLOEXEC);
		fuzz_check(pair->fd[i] >= 0, "the kernel's file cannot be opened");
		pair->cursor[i] = server_cursor_new();
	}
}

static void end(struct pair *pair)
{
	for (int i = 0; i < FILES; i++) {
		close(pair->fd[i]);
		server_cursor_free(pair->cursor[i]);
	}
	sample_unref(pair->sample);
	fake_kernel_free(pair->kernel);
}

static void call(struct pair *pair, unsigned int file, unsigned int command, struct abi_buffer *arg)
{
	struct abi_buffer out = {.at = {0}}, in = *arg;
	size_t out_len;
	int wanted = ioctl(pair->fd[file], command, arg->at) == 0 ? 0 : -errno;
	int err = server_ioctl(pair->cursor[file], pair->layout, command, in.at, &out, &out_len,
			       look, pair);

	fuzz_check(err == wanted, "command %x: %d, the kernel %d", command, err, wanted);
	fuzz_check(out_len == (err ? 0 : _IOC_SIZE(command)), "command %x: length", command);
	fuzz_check(memcmp(out.at, arg->at, out_len) == 0, "command %x: other bytes", command);
}

/* The words of a tag there is, so that the filter passes something. */
static void get_known(struct pair *pair, unsigned int file, struct fuzz_input *input)
{
	struct abi_filter filter = {.mask = fuzz_take_number(input, 1)};
	uint64_t tag = fuzz_take_number(input, 1) % pair->sample->catalog->count;
	uint64_t pos = fuzz_take_number(input, 1);
	struct abi_record record;
	struct abi_buffer arg = {.at = {0}};

	sample_cut_record(pair->sample, (uint32_t)tag, &record);
	abi_fill_string(filter.modname, record.modname);
	abi_fill_string(filter.function, record.function);
	abi_fill_string(filter.filename, record.filename);
	filter.lineno = record.lineno;
	filter.inaccurate = fuzz_take_number(input, 1);
	filter.min_size = fuzz_take_number(input, 2);
	filter.max_size = (uint64_t)record.bytes + fuzz_take_number(input, 1);
	abi_put_get_at(pair->layout, pos, &filter, arg.at);
	call(pair, file, pair->layout->get_at, &arg);
}

/* As a module that comes or goes. */
static void change_names(struct pair *pair, struct fuzz_input *input)
{
	uint64_t number = fuzz_take_number(input, 1);

	if (pair->kernel->tags->len > 1 && number % 2 == 0) {
		fake_kernel_remove(pair->kernel, number % pair->kernel->tags->len);
	} else {
		struct fake_tag tag =
			*fake_kernel_tag(pair->kernel, number % pair->kernel->tags->len);

		tag.line += number;
		fake_kernel_add(pair->kernel, &tag);
	}
	pair->kernel->content_id++;
}

static void change_counter(struct pair *pair, struct fuzz_input *input)
{
	uint64_t number = fuzz_take_number(input, 1) % pair->kernel->tags->len;
	struct fake_tag *tag = fake_kernel_tag(pair->kernel, number);

	tag->bytes = (int64_t)fuzz_take_number(input, 8);
	tag->accurate = tag->bytes % 2 == 0;
}

/*
 * A pass sees one sample here and the counters of each moment there: so a change is followed by a
 * new pass on all files.
 */
static void change(struct pair *pair, struct fuzz_input *input, bool names)
{
	if (names)
		change_names(pair, input);
	else
		change_counter(pair, input);
	take_sample(pair);
	for (unsigned int i = 0; i < FILES; i++) {
		struct abi_filter filter = {.mask = 0};
		struct abi_buffer arg = {.at = {0}};

		abi_put_get_at(pair->layout, 0, &filter, arg.at);
		call(pair, i, pair->layout->get_at, &arg);
	}
}

static void step(struct pair *pair, struct fuzz_input *input)
{
	uint8_t lead = fuzz_take_byte(input);
	unsigned int file = lead / CALLS % FILES;
	struct abi_buffer arg = {.at = {0}};

	switch (lead % CALLS) {
	case CALL_ID: call(pair, file, ALLOCINFO_CONTENT_ID, &arg); break;
	case CALL_NEXT: call(pair, file, pair->layout->get_next, &arg); break;
	case CALL_GET:
		fuzz_fill(input, arg.at, pair->layout->get_at_size);
		call(pair, file, pair->layout->get_at, &arg);
		break;
	case CALL_GET_KNOWN: get_known(pair, file, input); break;
	case CALL_ANY:
		/* Of this kind, the others are not the file's to answer. */
		call(pair, file,
		     0xa600 | (unsigned int)fuzz_take_number(input, 1) |
			     (unsigned int)fuzz_take_number(input, 2) << 16,
		     &arg);
		break;
	default: change(pair, input, lead % CALLS == CHANGE_NAMES); break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	uint8_t lead = fuzz_take_byte(&input);
	struct pair pair = {.sample = NULL};

	begin(&pair, lead % LAYOUTS, lead / LAYOUTS);
	while (input.left > 0)
		step(&pair, &input);
	end(&pair);
	return 0;
}
