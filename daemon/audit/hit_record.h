/* SPDX-License-Identifier: Apache-2.0 */
/* Matches of policies as audit records, and what both their forms say of a match. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bpf/include/policy.h"
#include "daemon/event.h"
#include "daemon/export/json_network.h"
#include "lib/buf.h"

/* What a match is about. */
struct hit_object {
	const char *path; /* the first file or name among the arguments; NULL: none */
	size_t path_length;
	uint32_t mode;	  /* st_mode, 0 when it is not known */
	bool has_address; /* the other end of a socket; its own when it has no other */
	struct hit_socket socket;
	const uint8_t *address; /* in `socket` */
	uint16_t port;
};
void hit_object_find(const struct policy_hit *hit, struct hit_object *ret_object);

enum hit_result {
	HIT_RESULT_UNKNOWN, /* seen when the call began */
	HIT_RESULT_SUCCESS,
	HIT_RESULT_FAILED
};
/* `ret_value`: what the call returned, or the error it was given. */
enum hit_result hit_result_of(const struct policy_hit *hit, int64_t *ret_value);
/* "openat" for __x64_sys_openat and for sys_enter_openat, "file_open", "readline" … */
const char *hit_operation(const struct event *event);

/* ANOM_EXEC, ANOM_ACCESS_FS or RESP_ANOMALY, by what the hook is about; its type. */
unsigned audit_hit_record(const struct event *event, struct buf *buf);
/* RESP_KILL_PROC when a signal was sent; else 0 and nothing. */
unsigned audit_hit_response(const struct event *event, struct buf *buf);
