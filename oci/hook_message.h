/* SPDX-License-Identifier: Apache-2.0 */
/* What tallyman-hook and tallymand say to each other: one packet each way on a SOCK_SEQPACKET
 * socket, the first with a pidfd of the container's init attached. A packet that nobody could be
 * sent is kept in the spool, byte for byte. Each side takes the other's for hostile. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "oci/state.h"

#define HOOK_MESSAGE_VERSION 1
/* A packet must fit the sender's socket buffer, 208 KiB by default (net.core.wmem_default). */
#define HOOK_MESSAGE_MAX	  (192u << 10)
#define HOOK_ANSWER_MAX		  4096
#define HOOK_CONMON_MAX		  (32u << 10) /* bytes of conmon's command line; what is more stays out */
#define HOOK_CONMON_ARGUMENTS_MAX 256
#define HOOK_BUDGET_MS_DEFAULT	  300
/* The hook may take two of them and its grace: less than the timeout of its descriptor, after which
 * an engine fails the container. */
#define HOOK_BUDGET_MS_MAX 4500
#define HOOK_BOOT_ID_SIZE  33 /* as boot_id() writes it */

/* The state does not say which hook is being run; its status and pid nearly do. */
enum hook_stage {
	HOOK_STAGE_CREATE_RUNTIME, /* or prestart: init is blocked in its cgroup */
	HOOK_STAGE_CONTAINER, /* createContainer, startContainer: in the container's namespaces */
	HOOK_STAGE_POSTSTART,
	HOOK_STAGE_POSTSTOP, /* a hint that the container has ended */
	HOOK_STAGE_MAX,
};
const char *hook_stage_name(enum hook_stage stage);
enum hook_stage hook_stage_of(const struct oci_state *state);

struct hook_message {
	enum hook_stage stage;
	struct oci_state *state;
	char *conmon; /* command line of the conmon among the hook's ancestors, a NUL after each
			 argument */
	size_t conmon_length;
	uint64_t started_ns; /* CLOCK_BOOTTIME, when the hook began */
	uint32_t budget_ms;
	/* What makes a message of the spool stale: another boot, another process with init's pid.
	 */
	char boot_id[HOOK_BOOT_ID_SIZE];
	uint64_t init_start_ticks;     /* 0: not known */
	uint32_t annotations_left_out; /* too long for one packet */
};

/* Write the message, at most HOOK_MESSAGE_MAX bytes: when it would be longer, the longest
 * annotations stay out, then conmon's command line. *ret_left_out (may be NULL) is how many
 * annotations were left out. 0, -ENOMEM, or -EMSGSIZE if even the rest does not fit. */
int hook_message_write(const struct hook_message *message, struct buf *buf, uint32_t *ret_left_out);
int hook_message_parse(
	const char *text, size_t length, struct hook_message **ret_message, struct error *error);
struct hook_message *hook_message_free(struct hook_message *message);
static inline void hook_message_free_p(struct hook_message **message)
{
	hook_message_free(*message);
}
#define _cleanup_hook_message_ _cleanup_(hook_message_free_p)

/* `reason`: NULL when the container was registered, else why not. */
void hook_answer_write(struct buf *buf, const char *reason);
/* `reason` is filled when the daemon said no. -EINVAL for what is no answer. */
int hook_answer_parse(const char *text, size_t length, bool *ret_registered, struct error *reason);

/* The state as JSON. Annotations of more than `longest` bytes of key and value stay out. */
uint32_t oci_state_write(const struct oci_state *state, size_t longest, struct buf *buf);
