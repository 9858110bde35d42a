/* SPDX-License-Identifier: Apache-2.0 */
/* Audit records to the kernel: formed and limited on the main thread, sent by a thread of their
 * own, because a full kernel backlog puts the sender to sleep for a minute, uninterruptibly. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/config.h"
#include "daemon/event.h"
#include "lib/error.h"

enum audit_health {
	AUDIT_HEALTH_OFF,	  /* by configuration */
	AUDIT_HEALTH_UNSUPPORTED, /* the kernel has no audit, or we may not send: see reason */
	AUDIT_HEALTH_UNKNOWN,	  /* sending, but the self-test cannot be read back: see reason */
	AUDIT_HEALTH_WORKING, /* the last self-test record came back through the multicast group */
	AUDIT_HEALTH_SILENT,  /* records are accepted and vanish (enabled=0, an exclude rule …) */
	AUDIT_HEALTH_STUCK,   /* the sender sleeps in the kernel: its backlog is full */
};
const char *audit_health_name(enum audit_health health);

struct audit_status {
	enum audit_health health;
	char reason[160];
	bool auditd_present; /* best knowledge; see reason when not known */
	uint64_t sent, failed, queued;
	uint64_t queue_lost; /* the bounded queue was full */
	uint64_t limited;    /* held back by the limits, announced in summaries */
	uint64_t summaries;
	uint64_t self_tests, self_tests_returned;
	uint64_t last_self_test_ns; /* CLOCK_REALTIME of the last one that came back */
	double records_per_second;  /* of the last minutes */
	double retention_hours;	    /* at that rate with auditd.conf's files; <0 unknown */
};

struct audit;

/* Never fails because audit is missing: then `health` says so and the calls do nothing. */
int audit_start(const struct config *config, struct audit **ret_audit, struct error *error);
/* Main thread: form the record this event calls for (none for most) and queue it. Never blocks. */
void audit_event(struct audit *audit, const struct event *event);
/* Main thread, about once a second: summaries of what the limits held back, retention. */
void audit_tick(struct audit *audit, uint64_t now_boottime_ns);
/* Records lost in the queue since the last call, for an event_loss; false when none. */
bool audit_take_loss(struct audit *audit, uint64_t *ret_count, uint64_t *ret_since_realtime_ns);
void audit_status_get(struct audit *audit, struct audit_status *ret);
struct audit *audit_stop(struct audit *audit, uint64_t timeout_ns);

/* --- the audit-format log: events of containers as auditd would have written them --- */

struct audit_log;
int audit_log_new(const struct config *config, struct audit_log **ret_log);
/* Append all lines of this event (SYSCALL … EOE, or one VIRT_CONTROL or RESP_ANOMALY line) to
 * `buf`; nothing for events that do not belong there. Returns the number of lines; 0 and
 * buf->failed when they did not fit. The lines of one event belong into one file: put them into the
 * sink together. */
unsigned audit_log_format(struct audit_log *log, const struct event *event, struct buf *buf);
struct audit_log *audit_log_free(struct audit_log *log);
