/* SPDX-License-Identifier: Apache-2.0 */
/* What passes between the main thread and the policy thread: requests of clients one way, notices
 * the other. Both queues are bounded and neither side waits for the other. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/policy/policy_entry.h"
#include "lib/buf.h"

enum policy_verb {
	POLICY_VERB_ADD,
	POLICY_VERB_DELETE,
	POLICY_VERB_ENABLE,
	POLICY_VERB_DISABLE,
	POLICY_VERB_SET_MODE,
	POLICY_VERB_LIST
};

struct policy_request {
	struct policy_request *next;
	enum policy_verb verb;
	uint64_t client; /* handed back with the reply */
	uid_t uid;
	char *name, *namespace; /* namespace NULL: whichever has it */
	char *file, *text;	/* ADD */
	size_t length;
	bool replace, mode_is_set;
	enum policy_mode mode;
};
struct policy_request *policy_request_free(struct policy_request *request);

enum policy_notice_kind {
	POLICY_NOTICE_CHANGE, /* to be an event */
	POLICY_NOTICE_REPLY,
	POLICY_NOTICE_LOADED /* what there is at start is in force, or refused */
};
struct policy_notice {
	struct policy_notice *next;
	enum policy_notice_kind kind;
	uint64_t time; /* CLOCK_REALTIME */
	/* CHANGE; NULL where there is none */
	char *name, *namespace, *source;
	const char *change;
	/* CHANGE and REPLY */
	char *error;
	/* REPLY */
	uint64_t client;
	int code;	 /* 0, or a negative errno with `error` */
	struct buf json; /* ADD: an object; LIST: objects, a newline after each */
};
struct policy_notice *policy_notice_free(struct policy_notice *notice);
