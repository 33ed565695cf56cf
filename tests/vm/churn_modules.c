/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modules come and go: see churn.h. */
#include "churn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define UNLOAD_TRIES 500
#define UNLOAD_PAUSE 10000 /* microseconds */

static unsigned int module_named(const struct model *model, const char *name, size_t len)
{
	for (unsigned int i = 1; i < model->module_count; i++)
		if (strlen(model->modules[i].name) == len &&
		    memcmp(model->modules[i].name, name, len) == 0)
			return i;
	die("a module needs %.*s, which is not there", (int)len, name);
}

/* What is behind "depends=" in the module's information. */
static module_set read_needs(const struct model *model, const char *file)
{
	static const char tag[] = "\0depends=";
	module_set needs = 0;
	size_t size;
	char *data = read_whole(file, &size);
	const char *at = data ? memmem(data, size, tag, sizeof(tag) - 1) : NULL;

	if (!at)
		die("%s: not a module", file);
	at += sizeof(tag) - 1;
	while (*at) {
		size_t len = strcspn(at, ",");

		needs |= 1u << module_named(model, at, len);
		at += len + (at[len] == ',');
	}
	free(data);
	return needs;
}

static void add_module(struct model *model, const char *dir, const char *file)
{
	struct module *module = &model->modules[model->module_count];
	size_t len = strlen(file);

	if (len < 3 || strcmp(file + len - 3, ".ko") != 0)
		return;
	if (model->module_count == MODULES_MAX)
		die("%s: more than %d modules", dir, MODULES_MAX - 1);
	snprintf(module->name, sizeof(module->name), "%.*s", (int)len - 3, file);
	if (asprintf(&module->file, "%s/%s", dir, file) < 0)
		die("out of memory");
	model->module_count++;
}

void modules_find(struct model *model, const char *dir)
{
	DIR *stream = opendir(dir);
	struct dirent *entry;

	if (!stream)
		die("%s: %s", dir, strerror(errno));
	model->module_count = 1;
	snprintf(model->modules[BUILT_IN].name, sizeof(model->modules[BUILT_IN].name), "vmlinux");
	while ((entry = readdir(stream)))
		add_module(model, dir, entry->d_name);
	closedir(stream);
	for (unsigned int i = 1; i < model->module_count; i++)
		model->modules[i].needs = read_needs(model, model->modules[i].file);
}

bool modules_is_top(const struct model *model, unsigned int module)
{
	for (unsigned int i = 1; i < model->module_count; i++)
		if (model->modules[i].needs & 1u << module)
			return false;
	return module != BUILT_IN;
}

void modules_load(const struct model *model, unsigned int module, module_set *loaded)
{
	const struct module *wanted = &model->modules[module];
	int fd;

	if (*loaded & 1u << module)
		return;
	for (unsigned int i = 1; i < model->module_count; i++)
		if (wanted->needs & 1u << i)
			modules_load(model, i, loaded);
	fd = open(wanted->file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) < 0)
		die("loading %s: %s", wanted->file, strerror(errno));
	close(fd);
	*loaded |= 1u << module;
}

/* The kernel may hold it for a moment, so that EAGAIN and EBUSY are tried again. */
void modules_unload(const struct model *model, unsigned int module, module_set *loaded)
{
	const char *name = model->modules[module].name;

	for (unsigned int i = 1; i < model->module_count; i++)
		if (*loaded & 1u << i && model->modules[i].needs & 1u << module)
			return;
	for (int i = 0; syscall(SYS_delete_module, name, O_NONBLOCK) < 0; i++) {
		if ((errno != EAGAIN && errno != EBUSY) || i == UNLOAD_TRIES)
			die("unloading %s: %s", name, strerror(errno));
		usleep(UNLOAD_PAUSE);
	}
	*loaded &= ~(1u << module);
}

void modules_unload_all(const struct model *model, module_set *loaded)
{
	while (*loaded)
		for (unsigned int i = 1; i < model->module_count; i++)
			if (*loaded & 1u << i)
				modules_unload(model, i, loaded);
}
