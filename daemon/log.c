/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/clock.h"
#include "lib/util.h"

#define LOG_LINE_MAX	   2048
#define LOG_LIMIT_INTERVAL (60 * NSEC_PER_SEC)

static int log_level = LOG_INFO;
static bool log_to_journal;

void log_open(int level)
{
	log_level = level;
	log_to_journal = getenv("JOURNAL_STREAM") != NULL;
}

void log_message(int level, const char *format, ...)
{
	char line[LOG_LINE_MAX];
	va_list arguments;

	if (level > log_level)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	/* One call per line, so that lines of two threads do not mix. A container can choose bytes
	 * of a message; it must not be able to start a second line or to steer the reader's
	 * terminal. */
	for (char *c = line; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	if (log_to_journal)
		fprintf(stderr, "<%d>%s\n", level, line);
	else
		fprintf(stderr, "tallymand: %s\n", line);
}

bool log_limit_pass(struct log_limit *limit, uint64_t *ret_suppressed)
{
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC), last;

	last = __atomic_load_n(&limit->last_ns, __ATOMIC_RELAXED);
	if ((last && now_ns - last < LOG_LIMIT_INTERVAL) ||
		!__atomic_compare_exchange_n(&limit->last_ns, &last, now_ns, false,
			__ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
		__atomic_fetch_add(&limit->suppressed, 1, __ATOMIC_RELAXED);
		return false;
	}
	*ret_suppressed = __atomic_exchange_n(&limit->suppressed, 0, __ATOMIC_RELAXED);
	return true;
}
