/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages: see log.h. */
#include "log.h"

#include <stdio.h>
#include <syslog.h>
#include <glib.h>

static int priority_of(GLogLevelFlags level)
{
	if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
		return LOG_ERR;
	return level & G_LOG_LEVEL_WARNING ? LOG_WARNING : LOG_INFO;
}

static void to_stderr(const char *domain, GLogLevelFlags level, const char *message, void *data)
{
	(void)domain;
	(void)level;
	(void)data;
	fprintf(stderr, "allocfs: %s\n", message);
}

static void to_syslog(const char *domain, GLogLevelFlags level, const char *message, void *data)
{
	(void)domain;
	(void)data;
	syslog(priority_of(level), "%s", message);
}

void log_to(bool foreground)
{
	if (!foreground)
		openlog("allocfs", LOG_PID, LOG_DAEMON);
	g_log_set_default_handler(foreground ? to_stderr : to_syslog, NULL);
}
