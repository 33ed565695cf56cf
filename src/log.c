/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages: see log.h. */
#include "log.h"

#include <stdio.h>
#include <syslog.h>
#include <glib.h>

/* So many lines at once, and after that one in so many microseconds. */
#define BURST 20
#define PAUSE (6 * G_TIME_SPAN_SECOND)

/* What libraries say shall not keep out what is said here, and only once. */
struct budget {
	int64_t paid_until; /* each line moves it on by PAUSE, to BURST of them ahead of now */
	unsigned int left_out;
};

static GMutex lock; /* guards these */
static struct budget own, others;

/* Whether a line may be written now; *missing is how many were not since the last. */
static bool admit(struct budget *budget, unsigned int *missing)
{
	int64_t now = g_get_monotonic_time();
	bool admitted;

	g_mutex_lock(&lock);
	budget->paid_until = MAX(budget->paid_until, now);
	admitted = budget->paid_until + PAUSE <= now + BURST * PAUSE;
	if (admitted) {
		budget->paid_until += PAUSE;
		*missing = budget->left_out;
		budget->left_out = 0;
	} else {
		budget->left_out++;
	}
	g_mutex_unlock(&lock);
	return admitted;
}

static int priority_of(GLogLevelFlags level)
{
	if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
		return LOG_ERR;
	return level & G_LOG_LEVEL_WARNING ? LOG_WARNING : LOG_INFO;
}

static void to_stderr(int priority, const char *message)
{
	(void)priority;
	fprintf(stderr, "allocfs: %s\n", message);
}

static void to_syslog(int priority, const char *message)
{
	syslog(priority, "%s", message);
}

typedef void (*log_sink)(int priority, const char *message);

/* What ends the process is always said. */
static void write_line(const char *domain, GLogLevelFlags level, const char *message, void *data)
{
	log_sink sink = *(const log_sink *)data;
	g_autofree char *gap = NULL;
	unsigned int missing = 0;

	if (!(level & G_LOG_LEVEL_ERROR) && !admit(domain ? &others : &own, &missing))
		return;
	if (missing > 0) {
		gap = g_strdup_printf("%u messages before the next one were left out", missing);
		sink(LOG_INFO, gap);
	}
	sink(priority_of(level), message);
}

void log_to(bool foreground)
{
	static log_sink sinks[] = {to_syslog, to_stderr};

	if (!foreground)
		openlog("allocfs", LOG_PID, LOG_DAEMON);
	g_log_set_default_handler(write_line, &sinks[foreground]);
}
