/* SPDX-License-Identifier: Apache-2.0 */
/* What ausearch -w should find an event by, from the values that were put in: the text of records
 * is never looked at. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/audit/samples.h"

/* pid= that the kernel puts before our records. */
#define SENDER_PID 4321

/* What an event should be found by. */
struct facts {
	const char *types[8];
	char vm[1100];
	const char *uuid, *exe, *comm, *key, *files[3], *result, *hostname, *syscall;
	uint32_t pid, uid, auid, session;
};

struct option {
	const char *flag;
	char value[5000];
};

/* As a user record in the kernel's trail. */
void kernel_facts(struct facts *facts, const struct sample *sample);
/* As an event of the audit-format log, written by this process. */
void audit_log_facts(struct facts *facts, const struct sample *sample);
bool option_matches(const struct facts *facts, const struct option *option);
