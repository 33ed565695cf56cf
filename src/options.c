/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line, by fuse_opt: see options.h. */
#include "options.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>
#include <glib.h>
#include "number.h"
#include "snapshots.h"

#define DEFAULT_SOURCE "/proc/allocinfo"
#define DEFAULT_MAX_AGE_MS 100
#define DEFAULT_UMASK 0077
#define DEFAULT_MAX_SNAPSHOTS 64
#define MAX_SNAPSHOTS_LIMIT 1000000
#define MAX_AGE_LIMIT_MS (24u * 3600 * 1000)

/* The texts of options whose values need a closer look. */
struct texts {
	struct options *options;
	char *max_age, *uid, *gid, *umask, *abi, *max_snapshots;
	int remount;
	unsigned int max_read;
	GPtrArray *operands;
};

enum key { KEY_IGNORED, KEY_SNAPSHOT };

#define TEXT(option, member)                              \
	{                                                 \
		option, offsetof(struct texts, member), 0 \
	}

/* UINT_MAX: no offset, give the key to take_argument(). */
#define IGNORED(option)                       \
	{                                     \
		option, UINT_MAX, KEY_IGNORED \
	}

static const struct fuse_opt table[] = {
	TEXT("max_age=%s", max_age),
	TEXT("uid=%s", uid),
	TEXT("gid=%s", gid),
	TEXT("umask=%s", umask),
	TEXT("abi=%s", abi),
	/* libfuse wants to be told twice: here, and when the connection is made. */
	{"max_read=%u", offsetof(struct texts, max_read), 0},
	{"snapshot=", UINT_MAX, KEY_SNAPSHOT},
	TEXT("max_snapshots=%s", max_snapshots),
	{"remount", offsetof(struct texts, remount), 1},
	/* fstab's own words, which mount(8) may leave in; those that begin with x- too. */
	IGNORED("_netdev"),
	IGNORED("nofail"),
	IGNORED("defaults"),
	FUSE_OPT_END,
};

/* Words that decide about the run, not about the mount. */
static bool take_word(struct options *options, const char *word)
{
	static const struct {
		const char *short_form, *long_form;
		size_t member;
	} words[] = {
		{"-h", "--help", offsetof(struct options, help)},
		{"-V", "--version", offsetof(struct options, version)},
		{"-f", "-f", offsetof(struct options, foreground)},
		{"-d", "-d", offsetof(struct options, debug)},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (strcmp(word, words[i].short_form) == 0 ||
		    strcmp(word, words[i].long_form) == 0) {
			*(int *)((char *)options + words[i].member) = 1;
			return true;
		}
	}
	return false;
}

static int complain(const char *option, const char *text, const char *wanted)
{
	fprintf(stderr, "allocfs: %s=%s: expected %s\n", option, text, wanted);
	return -EINVAL;
}

static void free_saved(void *pointer)
{
	struct saved_snapshot *saved = pointer;

	g_free(saved->name);
	g_free(saved->file);
	g_free(saved);
}

/* "NAME=FILE"; the name has no '=' then. 0, or -1 as fuse_opt wants it. */
static int take_snapshot(struct options *options, const char *text)
{
	const char *equals = strchr(text, '=');
	struct span name = {text, equals ? (size_t)(equals - text) : 0};
	struct saved_snapshot *saved;

	if (!equals || equals[1] == '\0' || snapshots_check_name(name) != 0) {
		complain("snapshot", text,
			 "NAME=FILE, the name without a leading dot, \"..\" and control bytes");
		return -1;
	}
	saved = g_new(struct saved_snapshot, 1);
	saved->name = g_strndup(name.at, name.len);
	saved->file = g_strdup(equals + 1);
	g_ptr_array_add(options->saved, saved);
	return 0;
}

static int take_argument(void *data, const char *arg, int key, struct fuse_args *rest)
{
	struct texts *texts = data;

	(void)rest;
	if (key == FUSE_OPT_KEY_NONOPT) {
		g_ptr_array_add(texts->operands, g_strdup(arg));
		return 0;
	}
	if (key == KEY_SNAPSHOT)
		return take_snapshot(texts->options, arg + strlen("snapshot="));
	if (key == KEY_IGNORED || g_str_has_prefix(arg, "x-"))
		return 0;
	return !take_word(texts->options, arg);
}

static int parse_max_age(const char *text, int64_t *max_age)
{
	uint64_t ms = DEFAULT_MAX_AGE_MS;

	if (text && (number_parse(span_of(text), &ms) != 0 || ms > MAX_AGE_LIMIT_MS))
		return complain("max_age", text, "a number of milliseconds, at most a day");
	*max_age = (int64_t)ms * 1000;
	return 0;
}

static int parse_max_snapshots(const char *text, unsigned int *most)
{
	uint64_t number = DEFAULT_MAX_SNAPSHOTS;

	if (text && (number_parse(span_of(text), &number) != 0 || number > MAX_SNAPSHOTS_LIMIT))
		return complain("max_snapshots", text, "a number up to 1000000");
	*most = (unsigned int)number;
	return 0;
}

static bool find_user(const char *name, uint32_t *id)
{
	const struct passwd *user = getpwnam(name);

	if (user)
		*id = user->pw_uid;
	return user;
}

static bool find_group(const char *name, uint32_t *id)
{
	const struct group *group = getgrnam(name);

	if (group)
		*id = group->gr_gid;
	return group;
}

/* A number or a name; *id stays as it is where the option was not given. */
static int parse_id(const char *option, const char *text,
		    bool (*find)(const char *name, uint32_t *id), uint32_t *id)
{
	uint64_t number;

	if (!text)
		return 0;
	if (number_parse(span_of(text), &number) == 0 && number < UINT32_MAX) {
		*id = (uint32_t)number;
		return 0;
	}
	return find(text, id) ? 0 : complain(option, text, "a name that exists, or a number");
}

static int parse_umask(const char *text, mode_t *mask)
{
	guint64 number = DEFAULT_UMASK;

	if (text && !g_ascii_string_to_unsigned(text, 8, 0, 0777, &number, NULL))
		return complain("umask", text, "an octal number up to 777");
	*mask = (mode_t)number;
	return 0;
}

static int parse_abi(const char *text, enum abi_layout_id *abi)
{
	*abi = 0;
	if (!text)
		return 0;
	while (*abi < ABI_LAYOUT_COUNT && strcmp(text, abi_layout(*abi)->name) != 0)
		(*abi)++;
	return *abi < ABI_LAYOUT_COUNT ? 0 : complain("abi", text, "mainline or v3");
}

static int parse_values(struct options *options, const struct texts *texts)
{
	int err = parse_max_age(texts->max_age, &options->max_age);

	options->uid = getuid();
	options->gid = getgid();
	if (!err)
		err = parse_id("uid", texts->uid, find_user, &options->uid);
	if (!err)
		err = parse_id("gid", texts->gid, find_group, &options->gid);
	if (!err)
		err = parse_umask(texts->umask, &options->umask);
	if (!err)
		err = parse_abi(texts->abi, &options->abi);
	if (!err)
		err = parse_max_snapshots(texts->max_snapshots, &options->max_snapshots);
	return err;
}

static int take_operands(struct options *options, GPtrArray *operands)
{
	if (operands->len == 0 || operands->len > 2) {
		fprintf(stderr, "usage: allocfs [SOURCE] MOUNTPOINT [-o OPTION...]; "
				"see allocfs --help\n");
		return -EINVAL;
	}
	if (operands->len == 2)
		options->source = g_strdup(g_ptr_array_index(operands, 0));
	else
		options->source = g_strdup(DEFAULT_SOURCE);
	options->mountpoint = g_strdup(g_ptr_array_index(operands, operands->len - 1));
	return 0;
}

/*
 * Added last, so that they win. The kernel checks the modes; nothing in the tree is a device or a
 * program.
 */
static int add_mount_options(struct options *options)
{
	g_autofree char *name = g_strconcat("fsname=", options->source, NULL);
	char *list = g_strdup("-osubtype=allocfs,default_permissions,nodev,nosuid,noexec");
	char *escaped = NULL;
	int failed = fuse_opt_add_opt_escaped(&escaped, name) ||
		     fuse_opt_add_arg(&options->rest, list) ||
		     fuse_opt_add_arg(&options->rest, "-o") ||
		     fuse_opt_add_arg(&options->rest, escaped);

	if (options->max_read > 0) {
		g_autofree char *option = g_strdup_printf("-omax_read=%u", options->max_read);

		failed = failed || fuse_opt_add_arg(&options->rest, option);
	}
	if (options->debug)
		failed = failed || fuse_opt_add_arg(&options->rest, "-d");
	g_free(list);
	free(escaped);
	return failed ? -ENOMEM : 0;
}

static int check(struct options *options, const struct texts *texts)
{
	int err;

	if (options->help || options->version)
		return 0;
	if (texts->remount) {
		fprintf(stderr,
			"allocfs: remount: the options of a running mount cannot be changed: "
			"unmount it and mount it again\n");
		return -EINVAL;
	}
	options->max_read = texts->max_read;
	err = take_operands(options, texts->operands);
	if (!err)
		err = parse_values(options, texts);
	return err ? err : add_mount_options(options);
}

int options_parse(struct options *options, int argc, char **argv)
{
	struct texts texts = {.options = options};
	struct fuse_args given = FUSE_ARGS_INIT(argc, argv);
	int err;

	*options = (struct options){.rest = given};
	options->saved = g_ptr_array_new_with_free_func(free_saved);
	texts.operands = g_ptr_array_new_with_free_func(g_free);
	if (fuse_opt_parse(&options->rest, &texts, table, take_argument) != 0)
		err = -EINVAL;
	else
		err = check(options, &texts);
	g_ptr_array_free(texts.operands, TRUE);
	free(texts.max_age);
	free(texts.uid);
	free(texts.gid);
	free(texts.umask);
	free(texts.abi);
	free(texts.max_snapshots);
	return err;
}

void options_clear(struct options *options)
{
	fuse_opt_free_args(&options->rest);
	g_free(options->source);
	g_free(options->mountpoint);
	g_ptr_array_free(options->saved, TRUE);
}

void options_print_help(void)
{
	printf("usage: allocfs [SOURCE] MOUNTPOINT [-o OPTION[,OPTION...]]\n"
	       "       mount -t fuse.allocfs SOURCE MOUNTPOINT [-o ...]\n"
	       "\n"
	       "Shows the kernel's memory allocation profile as a tree of files.\n"
	       "SOURCE is " DEFAULT_SOURCE " where it is not given, or a saved copy of it.\n"
	       "Unmount with: umount MOUNTPOINT, or fusermount3 -u MOUNTPOINT\n"
	       "\n"
	       "  -h, --help      this text\n"
	       "  -V, --version   versions of allocfs and libfuse\n"
	       "  -f              stay in the foreground\n"
	       "  -d              foreground, and show each request\n"
	       "\n"
	       "  -o max_age=MS   how old counters may be, in milliseconds (%d); 0: never old\n"
	       "  -o abi=LAYOUT   of the ioctls that allocinfo answers: mainline or v3\n"
	       "  -o snapshot=NAME=FILE  a saved listing as a snapshot; again for more\n"
	       "  -o max_snapshots=N     how many there can be (%d)\n"
	       "  -o uid=USER     owner of the tree, name or number (who mounts it)\n"
	       "  -o gid=GROUP    its group (that of who mounts it)\n"
	       "  -o umask=OCTAL  what files (444) and directories (555) lack (%03o)\n"
	       "  -o allow_other  let users in whom the modes let in (others cannot enter)\n"
	       "  -o auto_unmount unmount even if allocfs dies\n"
	       "\n"
	       "Example: let the group adm read\n"
	       "  allocfs /proc/allocinfo /mnt/alloc -o allow_other,gid=adm,umask=0027\n"
	       "Then: cat MOUNTPOINT/README\n",
	       DEFAULT_MAX_AGE_MS, DEFAULT_MAX_SNAPSHOTS, DEFAULT_UMASK);
}
