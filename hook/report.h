/* SPDX-License-Identifier: Apache-2.0 */
/* The hook's own messages, only when something failed: to stderr, which runc shows when the hook
 * fails the start and crun never does, and therefore to syslog (LOG_AUTHPRIV) too. */
#pragma once

#include <syslog.h>

void report(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));
