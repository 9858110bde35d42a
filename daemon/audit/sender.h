/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that sends. A full kernel backlog puts it to sleep for up to backlog_wait_time (a
 * minute and more), uninterruptibly: nobody else may ever wait for it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/audit/audit.h"

struct audit_sender;

/* Fails for want of memory or threads only. */
int audit_sender_start(struct audit_sender **ret_sender);
/* Whether records are worth forming: false where the kernel has no audit or refuses us. */
bool audit_sender_usable(const struct audit_sender *sender);
/* Queue one record; never blocks. False when the queue is full. */
bool audit_sender_put(struct audit_sender *sender, unsigned type, const char *text, size_t length,
	uint64_t realtime_ns);
bool audit_sender_take_lost(
	struct audit_sender *sender, uint64_t *ret_count, uint64_t *ret_since_ns);
/* health, reason, auditd_present and the counters of sender, queue and self-test. */
void audit_sender_status(struct audit_sender *sender, struct audit_status *ret);
/* What auditd.conf keeps, AUDIT_RETENTION_…; read by the thread now and then. */
uint64_t audit_sender_retention(struct audit_sender *sender);
/* Send what is queued and end. A thread that sleeps in the kernel beyond the timeout is left
 * behind: it frees what it uses when it wakes. */
struct audit_sender *audit_sender_stop(struct audit_sender *sender, uint64_t timeout_ns);
