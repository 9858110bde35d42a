/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's own messages: stderr, with the journal's <N> priority prefix when stderr is the
 * journal. Only daemon/ may log; once per failure; what a container can repeat is limited. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

void log_open(int level);
void log_message(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)	 log_message(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)	 log_message(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)	 log_message(LOG_INFO, __VA_ARGS__)
#define log_debug(...)	 log_message(LOG_DEBUG, __VA_ARGS__)

/* At most one message a minute through each `limit`; true when this one may go, and then
 * *ret_suppressed says how many were held back since. Safe from any thread. */
struct log_limit {
	uint64_t last_ns, suppressed;
};
bool log_limit_pass(struct log_limit *limit, uint64_t *ret_suppressed);
