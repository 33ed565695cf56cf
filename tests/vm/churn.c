/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage: vm-churn MOUNT MODULE_DIR CYCLES READERS [PID]
 * To be run as root of a machine that is there for tests. READERS processes look at the mount of
 * /proc/allocinfo while this one loads and unloads the modules of MODULE_DIR, CYCLES times each.
 * With the PID of the daemon also says what it takes of memory and descriptors.
 */
#include "churn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALLOCINFO "/proc/allocinfo"
#define TOGETHER 4 /* so many of the modules that nothing needs are loaded at a time */
#define LONGEST_REST 6 /* looks of readers between a load and an unload */
#define REST_TIME 20000 /* microseconds, and ... */
#define REST_TRIES 200 /* ... so often */
#define NAMES_SETTLE 1200000 /* microseconds: longer than names are kept */
#define FIRST_MEASURE 50u /* cycles */

struct churn {
	struct model model;
	struct shared *shared;
	const char *mount;
	unsigned int cycles;
	int readers;
	pid_t pids[READERS_MAX], daemon;
	module_set loaded;
	unsigned int turn;
	uint64_t random;
};

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "vm-churn: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(2);
}

static char *read_all(int fd, size_t *len)
{
	size_t room = 1 << 16;
	char *data = there(malloc(room));
	ssize_t got;

	*len = 0;
	while (data && (got = read(fd, data + *len, room - 1 - *len)) != 0) {
		if (got < 0) {
			free(data);
			return NULL;
		}
		*len += (size_t)got;
		if (*len == room - 1)
			data = there(realloc(data, room *= 2));
	}
	if (data)
		data[*len] = '\0';
	return data;
}

char *read_whole(const char *path, size_t *len)
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);
	char *data = fd < 0 ? NULL : read_all(fd, len);

	err = errno;
	if (fd >= 0)
		close(fd);
	errno = err;
	return data;
}

/* What all modules and the kernel have. */
static void learn(struct churn *churn)
{
	struct model *model = &churn->model;
	size_t len;
	char *text;

	for (unsigned int m = 1; m < model->module_count; m++)
		modules_load(model, m, &churn->loaded);
	text = read_whole(ALLOCINFO, &len);
	if (!text)
		die("%s: %s", ALLOCINFO, strerror(errno));
	model_learn(model, text);
	free(text);
	modules_unload_all(model, &churn->loaded);
	for (unsigned int m = 0; m < model->module_count; m++)
		printf("%s %u %s", m ? "," : "tags:", model->modules[m].sites,
		       model->modules[m].name);
	printf("\n");
}

static void start_readers(struct churn *churn)
{
	for (int i = 0; i < churn->readers; i++) {
		struct reader reader = {&churn->model, churn->shared, churn->mount, 0,
					88172645463325252ull + (unsigned int)i};

		fflush(stdout);
		churn->pids[i] = fork();
		if (churn->pids[i] < 0)
			die("fork: %s", strerror(errno));
		if (churn->pids[i] == 0) {
			reader_run(&reader, (unsigned int)i);
			_exit(0);
		}
	}
}

static unsigned int count_loaded(const struct churn *churn)
{
	unsigned int count = 0;

	for (unsigned int m = 1; m < churn->model.module_count; m++)
		count += churn->loaded & 1u << m && modules_is_top(&churn->model, m);
	return count;
}

/* Loads one that nothing needs: each in its turn, so that none is left to chance. */
static void next_module(struct churn *churn)
{
	unsigned int others = churn->model.module_count - 1;

	for (unsigned int i = 0; i < others; i++) {
		unsigned int m = 1 + churn->turn++ % others;

		if (!modules_is_top(&churn->model, m) || churn->loaded & 1u << m)
			continue;
		modules_load(&churn->model, m, &churn->loaded);
		return;
	}
}

/* Unloads one that nothing needs. */
static void random_module_goes(struct churn *churn)
{
	unsigned int others = churn->model.module_count - 1, m;

	do
		m = 1 + (unsigned int)random_below(&churn->random, others);
	while (!(churn->loaded & 1u << m) || !modules_is_top(&churn->model, m));
	modules_unload(&churn->model, m, &churn->loaded);
}

static unsigned long looks(const struct churn *churn)
{
	const struct shared *shared = churn->shared;
	unsigned long count = shared->again + shared->gone + shared->failures;

	for (unsigned int kind = 0; kind < KINDS_MAX; kind++)
		count += shared->done[kind];
	return count;
}

/*
 * Not at all, or for a random time that is measured in looks: so there are as many of them where
 * each takes longer.
 */
static void rest(struct churn *churn)
{
	unsigned long end = looks(churn) + random_below(&churn->random, LONGEST_REST);

	if (random_below(&churn->random, 2))
		return;
	usleep((useconds_t)random_below(&churn->random, REST_TIME));
	for (int i = 0; looks(churn) < end && i < REST_TRIES; i++)
		usleep(REST_TIME);
}

/* A module comes, one goes: the same, or one that came before. */
static void cycle(struct churn *churn)
{
	const struct model *model = &churn->model;

	next_module(churn);
	rest(churn);
	rest(churn);
	if (count_loaded(churn) == TOGETHER || random_below(&churn->random, 2)) {
		random_module_goes(churn);
		rest(churn);
	}
	/* What nothing needs any more, now and then. */
	for (unsigned int m = 1; m < model->module_count; m++)
		if (churn->loaded & 1u << m && !modules_is_top(model, m) &&
		    random_below(&churn->random, 3) == 0)
			modules_unload(model, m, &churn->loaded);
}

struct footprint {
	long memory, descriptors; /* kB */
};

static long memory_of(pid_t pid)
{
	char path[64], *status, *row;
	long memory;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	status = read_whole(path, &len);
	row = status ? strstr(status, "\nVmRSS:") : NULL;
	if (!row)
		die("%s: the daemon is gone", path);
	memory = strtol(row + strlen("\nVmRSS:"), NULL, 10);
	free(status);
	return memory;
}

static long descriptors_of(pid_t pid)
{
	char path[64];
	long count = -2; /* . and .. */
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		die("%s: %s", path, strerror(errno));
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* The kernel shall let go of the nodes that it knows, for the daemon keeps what the kernel knows.
 */
static void drop_dentries(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "2", 1) != 1)
		die("/proc/sys/vm/drop_caches: %s", strerror(errno));
	close(fd);
	usleep(NAMES_SETTLE / 2);
}

/* With no module and no reader about, so that it is the same state each time. */
static struct footprint measure(struct churn *churn, unsigned int cycles)
{
	struct footprint footprint = {0, 0};
	char path[PATH_SIZE];
	size_t len;

	churn->shared->pause = true;
	while (churn->shared->waiting < churn->readers)
		usleep(1000);
	modules_unload_all(&churn->model, &churn->loaded);
	drop_dentries();
	snprintf(path, sizeof(path), "%s/allocinfo", churn->mount);
	free(read_whole(path, &len));
	if (churn->daemon > 0)
		footprint =
			(struct footprint){memory_of(churn->daemon), descriptors_of(churn->daemon)};
	printf("after %u cycles: %ld kB, %ld descriptors\n", cycles, footprint.memory,
	       footprint.descriptors);
	churn->shared->pause = false;
	while (churn->shared->waiting > 0)
		usleep(1000);
	return footprint;
}

/*
 * What may be more at the end: a tenth and 2 MB, room for three more catalogs with their samples,
 * as which of them was in use when another was made is chance. One lost now and then is far more.
 */
static bool has_grown(const struct footprint *first, const struct footprint *last)
{
	bool grown = last->memory > first->memory + first->memory / 10 + 2048 ||
		     last->descriptors > first->descriptors;

	if (grown)
		printf("FAIL the daemon grows\n");
	return grown;
}

static bool end_readers(struct churn *churn)
{
	bool good = true;
	int status;

	churn->shared->stop = true;
	for (int i = 0; i < churn->readers; i++)
		if (waitpid(churn->pids[i], &status, 0) < 0 || status != 0)
			good = false;
	if (!good)
		printf("FAIL a reader crashed\n");
	return good;
}

/* Whether there was a look of each kind, and each module was seen, and seen to be absent. */
static bool saw_all(const struct churn *churn)
{
	bool all = true;

	for (unsigned int kind = 0; kind_name(kind); kind++)
		all = all && churn->shared->done[kind] > 0;
	for (unsigned int m = 1; m < churn->model.module_count; m++)
		if (churn->model.modules[m].sites > 0)
			all = all && churn->shared->with[m] && churn->shared->without[m];
	return all;
}

/* Chance may need some cycles more than were asked for. */
static bool goes_on(const struct churn *churn, unsigned int cycles)
{
	return cycles < churn->cycles || (cycles < 3 * churn->cycles && !saw_all(churn));
}

static void report(const struct churn *churn)
{
	const struct shared *shared = churn->shared;

	for (unsigned int kind = 0; kind_name(kind); kind++)
		printf("%6lu  %s\n", shared->done[kind], kind_name(kind));
	printf("%6lu  EAGAIN\n%6lu  ENOENT\n%6lu  failures\n", shared->again, shared->gone,
	       shared->failures);
	for (unsigned int m = 1; m < churn->model.module_count; m++)
		if (churn->model.modules[m].sites > 0)
			printf("listings with %s %lu, without %lu\n", churn->model.modules[m].name,
			       shared->with[m], shared->without[m]);
}

/* The modules that a listing shows, be it a file or the directory all/. */
static module_set shown_in(struct reader *reader, const char *path, bool is_file)
{
	struct scope everything = {ANY_MODULE, NULL, NULL};
	enum form form = is_file ? FORM_KEY : FORM_FLAT;
	struct seen seen = {NULL, 0, 0};
	module_set present = 0;
	char why[WHY_SIZE];
	size_t len;
	char *text = is_file ? reader_read(reader, path, false, &len) : NULL;

	if (text)
		reader_parse_listing(reader, path, text, len, INT64_MIN, &seen);
	else if (!is_file)
		reader_list(reader, path, &everything, form, &seen);
	if (!model_is_whole(reader->model, &everything, form, &seen, &present, why))
		reader_fail(reader, "%s: %s", path, why);
	seen_clear(&seen);
	free(text);
	return present;
}

/* When all is quiet the mount shows what the kernel shows. */
static void compare_at_the_end(struct churn *churn)
{
	struct reader reader = {&churn->model, churn->shared, churn->mount, 0, 1};
	char allocinfo[PATH_SIZE], all[PATH_SIZE];
	module_set kernel;

	next_module(churn);
	usleep(NAMES_SETTLE);
	reader_path(&reader, allocinfo, "", "allocinfo", "");
	reader_path(&reader, all, "", "all", "");
	kernel = shown_in(&reader, ALLOCINFO, true);
	if (shown_in(&reader, allocinfo, true) != kernel || shown_in(&reader, all, false) != kernel)
		reader_fail(&reader, "%s: not the modules that the kernel has", churn->mount);
	modules_unload_all(&churn->model, &churn->loaded);
}

static struct shared *new_shared(void)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	return shared;
}

static struct churn *parse_arguments(int argc, char **argv)
{
	static struct churn only;
	struct churn *churn = &only;

	if (argc < 5 || argc > 6)
		die("usage: vm-churn MOUNT MODULE_DIR CYCLES READERS [PID]");
	churn->mount = argv[1];
	churn->cycles = (unsigned int)atoi(argv[3]);
	churn->readers = atoi(argv[4]);
	churn->daemon = argc > 5 ? atoi(argv[5]) : 0;
	if (churn->cycles < 4 || churn->readers < 1 || churn->readers > READERS_MAX)
		die("at least 4 cycles, 1 to %d readers", READERS_MAX);
	churn->random = 88172645463325252ull;
	churn->shared = new_shared();
	modules_find(&churn->model, argv[2]);
	return churn;
}

int main(int argc, char **argv)
{
	struct churn *churn = parse_arguments(argc, argv);
	unsigned int first_at =
		churn->cycles < 4 * FIRST_MEASURE ? churn->cycles / 4 : FIRST_MEASURE;
	struct footprint first = {0, 0}, last;
	bool good = true;

	learn(churn);
	start_readers(churn);
	for (unsigned int i = 0; goes_on(churn, i); i++) {
		if (i == first_at)
			first = measure(churn, i);
		else if (i % first_at == 0 && i < churn->cycles)
			measure(churn, i);
		cycle(churn);
	}
	last = measure(churn, churn->cycles);
	good = end_readers(churn);
	compare_at_the_end(churn);
	good = !has_grown(&first, &last) && good;
	report(churn);
	if (!saw_all(churn))
		printf("FAIL something was never seen\n");
	return good && saw_all(churn) && churn->shared->failures == 0 ? 0 : 1;
}
