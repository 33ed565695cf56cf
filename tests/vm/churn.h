/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of vm-churn share. The model knows what a listing may look like, modules come and
 * go by churn_modules.c, readers look at the mount, churn.c runs them all. Nothing here is taken
 * from allocfs: the names of the tree are computed anew from docs/tree.md.
 */
#ifndef CHURN_H
#define CHURN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODULES_MAX 32
#define BUILT_IN 0u /* the module `vmlinux` */
#define ANY_MODULE UINT32_MAX
#define KEY_SIZE 320
#define NAME_LEN 512
#define WHY_SIZE 1024
#define PATH_SIZE 1024

/* A set of modules: bit i is module i. */
typedef uint32_t module_set;

struct site {
	unsigned int module;
	char *key; /* the words of its line without counters, cut as in a record */
	char *path; /* in by-file/, normalised and escaped */
	char *function; /* escaped */
	char *in_file, *flat; /* the names of the tag */
};

struct module {
	char name[64];
	char *file; /* NULL for vmlinux */
	module_set needs; /* what has to be loaded before */
	unsigned int sites;
};

struct model {
	struct module modules[MODULES_MAX];
	unsigned int module_count;
	struct site *sites;
	size_t site_count;
};

/* Which sites a directory or report is about; NULL and ANY_MODULE do not restrict. */
struct scope {
	unsigned int module;
	const char *function;
	const char *path; /* that of the site or above it */
};

/* As what sites appear in a listing. */
enum form { FORM_KEY, FORM_FLAT, FORM_CHILD, FORM_MODULE };

/* Names, or keys of lines and records, in any order. */
struct seen {
	char **names;
	size_t count, room;
};

void seen_add(struct seen *seen, const char *name, size_t len);
void seen_clear(struct seen *seen);

/* Takes every site of a listing of the kernel's into the model, as of modules that it knows. */
void model_learn(struct model *model, const char *text);
/* A line of a listing without its newline -> the key; returns false if it is none. */
bool model_line_key(const char *line, size_t len, char key[KEY_SIZE], long long *bytes);
void model_key(char key[KEY_SIZE], const char *file, unsigned long long line, const char *module,
	       const char *function);
/* The modules that have a site in the scope. */
module_set model_modules_in(const struct model *model, const struct scope *scope);

/*
 * Whether what was seen is, for some set of modules that can be loaded together, all of their sites
 * in the scope and nothing else. Gives that set, or says in why what is wrong.
 */
bool model_is_whole(const struct model *model, const struct scope *scope, enum form form,
		    struct seen *seen, module_set *present, char why[WHY_SIZE]);
/* Whether each thing seen is a site in the scope, none of them twice. */
bool model_is_part(const struct model *model, const struct scope *scope, enum form form,
		   struct seen *seen, char why[WHY_SIZE]);

/* Finds the *.ko of a directory and what each needs. */
void modules_find(struct model *model, const char *dir);
/* With what it needs; ends the program if the kernel will not. */
void modules_load(const struct model *model, unsigned int module, module_set *loaded);
/* Without what others need; waits for the kernel to let it go. */
void modules_unload(const struct model *model, unsigned int module, module_set *loaded);
void modules_unload_all(const struct model *model, module_set *loaded);
/* Whether no other module needs it. */
bool modules_is_top(const struct model *model, unsigned int module);

#define READERS_MAX 64
#define KINDS_MAX 32

/* In memory that parent and readers share. */
struct shared {
	atomic_bool stop, pause;
	atomic_int waiting; /* readers that heed pause */
	atomic_ulong done[KINDS_MAX]; /* by kind: looked at, and found to be right */
	atomic_ulong again, gone, failures;
	atomic_ulong with[MODULES_MAX], without[MODULES_MAX]; /* listings, by module */
};

struct reader {
	const struct model *model;
	struct shared *shared;
	const char *mount;
	unsigned int kind;
	uint64_t random;
};

/* The name of a kind of look, or NULL behind the last. */
const char *kind_name(unsigned int kind);
/* Looks at the mount until shared->stop. */
void reader_run(struct reader *reader, unsigned int first_kind);
/* A xorshift generator; the state must not be 0. */
uint64_t random_below(uint64_t *state, uint64_t limit);

/*
 * The checks. Each returns 0, or -1 when the look ends here: by EAGAIN, by ENOENT where all that it
 * is about comes and goes, or by a failure, which has then been printed and counted.
 */
int reader_fail(struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* MOUNT/view dir[/name] */
void reader_path(const struct reader *reader, char path[PATH_SIZE], const char *view,
		 const char *dir, const char *name);
/* A file in an allocation of its own, or NULL as -1 above. */
char *reader_read(struct reader *reader, const char *path, bool can_go, size_t *len);
/* Text to keys; each line has to hold the least number of bytes. */
int reader_parse_listing(struct reader *reader, const char *path, const char *text, size_t len,
			 long long least, struct seen *seen);
int reader_parse_records(struct reader *reader, const char *path, const char *data, size_t len,
			 struct seen *seen);
int reader_check_whole(struct reader *reader, const char *path, const struct scope *scope,
		       enum form form, struct seen *seen);
/* Lists a directory that has to be whole. */
int reader_list(struct reader *reader, const char *path, const struct scope *scope, enum form form,
		struct seen *seen);
int reader_list_and_check(struct reader *reader, const char *path, const struct scope *scope,
			  enum form form);
/* Reads a listing that has to be whole. */
int reader_read_and_check(struct reader *reader, const char *path, const struct scope *scope);
int reader_check_stat(struct reader *reader, const char *path, const struct site *site, bool raw);
/* A tag's file has to hold the tag, and nothing else. */
int reader_check_tag(struct reader *reader, const char *path, const struct site *site, bool raw);

/* Ends the program, which could not do its work. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Memory that is there, or the end. */
static inline void *there(void *memory)
{
	if (!memory)
		die("no memory");
	return memory;
}
/* The whole of a file, with a NUL behind it, or NULL with errno. */
char *read_whole(const char *path, size_t *len);

#endif
