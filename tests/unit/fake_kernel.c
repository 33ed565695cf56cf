/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel in the test's own process: see fake_kernel.h. */
#include "fake_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <glib/gstdio.h>

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __real_close(int fd);
int __wrap_close(int fd);

static struct fake_kernel *running;

/* The last 63 bytes, zeros behind them. */
static void cut(char to[ALLOCINFO_STRING_SIZE], const char *name)
{
	size_t len = strlen(name);

	memset(to, 0, ALLOCINFO_STRING_SIZE);
	memcpy(to, len > 63 ? name + len - 63 : name, len > 63 ? 63 : len);
}

static void fill_data(const struct fake_tag *tag, struct allocinfo_tag_data *data)
{
	memset(data, 0, sizeof(*data));
	cut(data->tag.modname, tag->module ? tag->module : "");
	cut(data->tag.function, tag->function);
	cut(data->tag.filename, tag->file);
	data->tag.lineno = tag->line;
	data->counter.bytes = (uint64_t)tag->bytes;
	data->counter.calls = tag->calls;
	data->counter.accurate = tag->accurate;
}

/* A pattern without its NUL is longer than any name. */
static bool same(const char *name, const char *pattern)
{
	return strncmp(name, pattern, ALLOCINFO_STRING_SIZE) == 0;
}

static bool passes(const struct allocinfo_tag_data *data, const struct allocinfo_filter *filter)
{
	const bool verdicts[] = {
		same(data->tag.modname, filter->tag.modname),
		same(data->tag.function, filter->tag.function),
		same(data->tag.filename, filter->tag.filename),
		data->tag.lineno == filter->tag.lineno,
		data->counter.accurate == !filter->inaccurate,
		data->counter.bytes >= filter->min_size,
		data->counter.bytes <= filter->max_size,
	};

	for (size_t bit = 0; bit < G_N_ELEMENTS(verdicts); bit++)
		if (filter->mask >> bit & 1 && !verdicts[bit])
			return false;
	return true;
}

/* The next match from where the descriptor stands, or ENOENT. */
static int step(const struct fake_kernel *kernel, struct fake_descriptor *descriptor,
		struct allocinfo_tag_data *data)
{
	while (descriptor->next < kernel->tags->len) {
		fill_data(fake_kernel_tag(kernel, descriptor->next++), data);
		if (passes(data, &descriptor->filter))
			return 0;
	}
	return ENOENT;
}

/* At the end the pass is over, so that the next call begins anew. */
static int get_next(const struct fake_kernel *kernel, struct fake_descriptor *descriptor,
		    struct allocinfo_tag_data *data)
{
	int error;

	if (!descriptor->positioned)
		descriptor->next = 0;
	error = step(kernel, descriptor, data);
	descriptor->positioned = !error;
	return error;
}

/* One size alone contradicts nothing. */
static bool is_valid(const struct allocinfo_filter *filter)
{
	bool both = filter->mask >> 5 & 1 && filter->mask >> 6 & 1;

	return filter->mask < 1 << 7 && !(both && filter->min_size > filter->max_size);
}

/* What finds nothing begins no pass, and leaves one that was under way at its end. */
static int get_at(const struct fake_kernel *kernel, struct fake_descriptor *descriptor,
		  uint64_t pos, const struct allocinfo_filter *filter,
		  struct allocinfo_tag_data *data)
{
	int error = 0;

	if (!is_valid(filter))
		return EINVAL;
	if (pos >= kernel->tags->len)
		return ENOENT;
	descriptor->filter = *filter;
	descriptor->next = 0;
	for (uint64_t match = 0; !error && match <= pos; match++)
		error = step(kernel, descriptor, data);
	descriptor->positioned |= !error;
	return error;
}

static int answer_get_at(const struct fake_kernel *kernel, struct fake_descriptor *descriptor,
			 struct allocinfo_get_at *arg)
{
	struct allocinfo_tag_data data;
	int error;

	if (!arg)
		return EFAULT;
	error = get_at(kernel, descriptor, arg->pos, &arg->filter, &data);
	if (!error)
		arg->data = data;
	return error;
}

static void fill_v3(const struct allocinfo_tag_data *data, struct allocinfo_v3_tag_data *v3)
{
	memset(v3, 0, sizeof(*v3));
	memcpy(&v3->tag, &data->tag, sizeof(data->tag));
	v3->counter = data->counter;
}

static int answer_v3_get_at(const struct fake_kernel *kernel, struct fake_descriptor *descriptor,
			    struct allocinfo_v3_get_at *arg)
{
	struct allocinfo_filter filter;
	struct allocinfo_tag_data data;
	int error;

	if (!arg)
		return EFAULT;
	filter.mask = arg->filter.mask;
	memcpy(&filter.tag, &arg->filter.tag, sizeof(filter.tag));
	filter.inaccurate = arg->filter.tag.inaccurate;
	filter.min_size = arg->filter.min_size;
	filter.max_size = arg->filter.max_size;
	error = get_at(kernel, descriptor, arg->pos, &filter, &data);
	if (!error)
		fill_v3(&data, &arg->data);
	return error;
}

/* A record that cannot be handed over is gone. */
static int answer_get_next(const struct fake_kernel *kernel, struct fake_descriptor *descriptor,
			   void *arg)
{
	struct allocinfo_tag_data data;
	int error = get_next(kernel, descriptor, &data);

	if (error)
		return error;
	if (!arg)
		return EFAULT;
	if (kernel->answers == FAKE_V3)
		fill_v3(&data, arg);
	else
		memcpy(arg, &data, sizeof(data));
	return 0;
}

static enum fake_command command_of(const struct fake_kernel *kernel, unsigned long request)
{
	static const struct {
		unsigned long request;
		enum fake_command command;
		bool known[FAKE_NOTHING + 1];
	} commands[] = {
		{0x8008a600, FAKE_CONTENT_ID, {true, true, true, false}},
		{0xc1d0a601, FAKE_GET_AT, {true, false, false, false}},
		{0x80e0a602, FAKE_GET_NEXT, {true, false, false, false}},
		{0xc1d8a601, FAKE_GET_AT, {false, true, false, false}},
		{0x80e8a602, FAKE_GET_NEXT, {false, true, false, false}},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		if (request == commands[i].request && commands[i].known[kernel->answers])
			return commands[i].command;
	return FAKE_OTHER;
}

static int answer(struct fake_kernel *kernel, struct fake_descriptor *descriptor,
		  enum fake_command command, void *arg)
{
	switch (command) {
	case FAKE_CONTENT_ID:
		if (!arg)
			return EFAULT;
		memcpy(arg, &kernel->content_id, sizeof(kernel->content_id));
		return 0;
	case FAKE_GET_AT:
		descriptor->owner = g_thread_self();
		if (kernel->answers == FAKE_V3)
			return answer_v3_get_at(kernel, descriptor, arg);
		return answer_get_at(kernel, descriptor, arg);
	case FAKE_GET_NEXT:
		kernel->shared += descriptor->owner && descriptor->owner != g_thread_self();
		return answer_get_next(kernel, descriptor, arg);
	default: return ENOTTY;
	}
}

/* The whole call; while it takes its time others can come. */
static int enter(struct fake_kernel *kernel, struct fake_descriptor *descriptor,
		 unsigned long request, void *arg)
{
	enum fake_command command;
	int error = 0;

	g_mutex_lock(&kernel->lock);
	command = command_of(kernel, request);
	kernel->calls[command]++;
	kernel->calls_in_all++;
	kernel->shared += descriptor->inside++ > 0;
	if (kernel->delay > 0) {
		g_mutex_unlock(&kernel->lock);
		g_usleep(kernel->delay);
		g_mutex_lock(&kernel->lock);
	}
	if (kernel->before)
		error = kernel->before(kernel, command);
	if (!error)
		error = answer(kernel, descriptor, command, arg);
	descriptor->inside--;
	g_mutex_unlock(&kernel->lock);
	return error;
}

static struct fake_descriptor *find_descriptor(int fd)
{
	struct stat stat;

	if (!running || fd < 0 || fd >= FAKE_DESCRIPTORS || fstat(fd, &stat) != 0 ||
	    stat.st_dev != running->device || stat.st_ino != running->inode)
		return NULL;
	return &running->descriptors[fd];
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	struct fake_descriptor *descriptor = find_descriptor(fd);
	va_list arguments;
	void *arg;

	va_start(arguments, request);
	arg = va_arg(arguments, void *);
	va_end(arguments);
	if (!descriptor)
		return __real_ioctl(fd, request, arg);
	errno = enter(running, descriptor, request, arg);
	return errno ? -1 : 0;
}

int __wrap_close(int fd)
{
	struct fake_descriptor *descriptor = find_descriptor(fd);

	if (descriptor) {
		g_mutex_lock(&running->lock);
		*descriptor = (struct fake_descriptor){.next = 0};
		g_mutex_unlock(&running->lock);
	}
	return __real_close(fd);
}

static void clear_tag(void *data)
{
	struct fake_tag *tag = data;

	g_free(tag->file);
	g_free(tag->module);
	g_free(tag->function);
}

struct fake_kernel *fake_kernel_new(enum fake_answers answers)
{
	struct fake_kernel *kernel = g_new0(struct fake_kernel, 1);
	struct stat stat;
	int fd;

	g_mutex_init(&kernel->lock);
	kernel->answers = answers;
	kernel->content_id = 1;
	kernel->tags = g_array_new(FALSE, FALSE, sizeof(struct fake_tag));
	g_array_set_clear_func(kernel->tags, clear_tag);
	fd = g_file_open_tmp("allocinfo-XXXXXX", &kernel->path, NULL);
	g_assert(fd >= 0 && fstat(fd, &stat) == 0);
	kernel->device = stat.st_dev;
	kernel->inode = stat.st_ino;
	__real_close(fd);
	fake_kernel_write(kernel);
	running = kernel;
	return kernel;
}

void fake_kernel_free(struct fake_kernel *kernel)
{
	running = NULL;
	g_unlink(kernel->path);
	g_free(kernel->path);
	g_array_free(kernel->tags, TRUE);
	g_mutex_clear(&kernel->lock);
	g_free(kernel);
}

struct fake_tag *fake_kernel_tag(const struct fake_kernel *kernel, size_t number)
{
	g_assert(number < kernel->tags->len);
	return &g_array_index(kernel->tags, struct fake_tag, number);
}

void fake_kernel_insert(struct fake_kernel *kernel, size_t at, const struct fake_tag *tag)
{
	struct fake_tag copy = *tag;

	copy.file = g_strdup(tag->file);
	copy.module = g_strdup(tag->module);
	copy.function = g_strdup(tag->function);
	g_array_insert_val(kernel->tags, (guint)at, copy);
}

void fake_kernel_add(struct fake_kernel *kernel, const struct fake_tag *tag)
{
	fake_kernel_insert(kernel, kernel->tags->len, tag);
}

void fake_kernel_remove(struct fake_kernel *kernel, size_t at)
{
	g_array_remove_index(kernel->tags, (guint)at);
}

GString *fake_kernel_text(const struct fake_kernel *kernel)
{
	GString *text =
		g_string_new("allocinfo - version: 2.0\n#     <size>  <calls> <tag info>\n");

	for (size_t i = 0; i < kernel->tags->len; i++) {
		const struct fake_tag *tag = fake_kernel_tag(kernel, i);

		g_string_append_printf(text, "%12" PRId64 " %8" PRIu64 " %s:%" PRIu64, tag->bytes,
				       tag->calls, tag->file, tag->line);
		if (tag->module)
			g_string_append_printf(text, " [%s]", tag->module);
		g_string_append_printf(text, " func:%s%s%s \n", tag->function,
				       tag->accurate ? "" : " accurate:no",
				       tag->tail ? tag->tail : "");
	}
	return text;
}

/* Into the same inode. */
void fake_kernel_write(struct fake_kernel *kernel)
{
	GString *text = fake_kernel_text(kernel);
	int fd = open(kernel->path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	g_assert(fd >= 0 && write(fd, text->str, text->len) == (ssize_t)text->len);
	__real_close(fd);
	g_string_free(text, TRUE);
}

static struct source *open_live(const struct fake_kernel *kernel)
{
	g_autofree char *dir_name = g_path_get_dirname(kernel->path);
	g_autofree char *base = g_path_get_basename(kernel->path);
	int dir = open(dir_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(dir, base, O_RDONLY | O_CLOEXEC);
	struct source *source = source_new_ioctl(fd, dir, base, true);

	if (source) {
		source->name = g_strdup(kernel->path);
	} else {
		__real_close(fd);
		__real_close(dir);
	}
	return source;
}

struct source *fake_kernel_source(const struct fake_kernel *kernel, bool live)
{
	char *message = NULL;
	struct source *source = live ? open_live(kernel) : source_open(kernel->path, &message);

	g_free(message);
	return source;
}

unsigned int fake_kernel_open_files(void)
{
	GDir *dir = g_dir_open("/proc/self/fd", 0, NULL);
	unsigned int count = 0;

	while (dir && g_dir_read_name(dir))
		count++;
	if (dir)
		g_dir_close(dir);
	return count;
}
