/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/audit/audit.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/audit/hit_record.h"
#include "daemon/audit/limit.h"
#include "daemon/audit/record.h"
#include "daemon/audit/retention.h"
#include "daemon/audit/sender.h"
#include "daemon/log.h"
#include "lib/clock.h"
#include "lib/util.h"

#define UID_UNSET	    4294967295U
#define SUMMARY_INTERVAL_NS (10 * NSEC_PER_SEC)
#define WARNING_INTERVAL_NS (3600 * NSEC_PER_SEC)
#define RETENTION_HOURS_MIN 24

struct audit {
	struct audit_sender *sender; /* NULL: off by configuration */
	struct audit_limit *limit;
	enum audit_exec exec;
	bool host;
	char text[AUDIT_RECORD_MAX];	    /* the record being formed */
	uint64_t summaries, records, bytes; /* queued */
	uint64_t summaries_due_ns, warning_due_ns;
	struct audit_rate_meter record_meter, byte_meter;
	double retention_hours;
};

static const char *const health_names[] = {
	[AUDIT_HEALTH_OFF] = "off",
	[AUDIT_HEALTH_UNSUPPORTED] = "unsupported",
	[AUDIT_HEALTH_UNKNOWN] = "unknown",
	[AUDIT_HEALTH_WORKING] = "working",
	[AUDIT_HEALTH_SILENT] = "silent",
	[AUDIT_HEALTH_STUCK] = "stuck",
};

const char *audit_health_name(enum audit_health health)
{
	return (unsigned)health < ARRAY_SIZE(health_names) ? health_names[health] : "unknown";
}

int audit_start(const struct config *config, struct audit **ret_audit, struct error *error)
{
	struct audit *audit = calloc(1, sizeof(*audit));
	int r;

	if (!audit)
		return error_set(error, -ENOMEM, "audit: no memory");
	audit->retention_hours = -1;
	audit->exec = config->audit_exec;
	audit->host = config->audit_host;
	r = audit_limit_new(
		(struct audit_rate){config->audit_container_rate, config->audit_container_burst},
		(struct audit_rate){config->audit_host_rate, config->audit_host_burst},
		&audit->limit);
	if (r >= 0 && config->audit_enabled)
		r = audit_sender_start(&audit->sender);
	if (r < 0) {
		audit_stop(audit, 0);
		return error_set(error, r, "audit: cannot start the sender: %s", strerror(-r));
	}
	*ret_audit = audit;
	return 0;
}

static void put(struct audit *audit, unsigned type, const struct buf *buf)
{
	/* A record that cannot be formed whole is not sent: without its end ausearch would not find
	 * it. */
	if (!type || buf->failed)
		return;
	if (!audit_sender_put(
		    audit->sender, type, buf->data, buf->length, clock_ns(CLOCK_REALTIME)))
		return;
	audit->records++;
	audit->bytes += buf->length + AUDIT_RECORD_OVERHEAD;
}

static struct buf record_buffer(struct audit *audit)
{
	return (struct buf){
		.data = audit->text,
		.capacity = sizeof(audit->text),
		.limit = sizeof(audit->text),
	};
}

static bool exec_wanted(const struct audit *audit, const struct event *event)
{
	const struct exec_image *image = event->process ? event->process->image : NULL;

	switch (audit->exec) {
	case AUDIT_EXEC_NONE:
		return false;
	case AUDIT_EXEC_SESSIONS:
		if (!image || image->credentials.auid == UID_UNSET)
			return false;
		break;
	case AUDIT_EXEC_ALL:
		break;
	}
	/* Those are no records, and must not use up the limits. */
	if (event->setup || (event->process && event->process->procfs))
		return false;
	return event->container || audit->host;
}

static bool wanted(const struct audit *audit, const struct event *event)
{
	switch (event->kind) {
	case EVENT_PROCESS_EXEC:
		return exec_wanted(audit, event);
	case EVENT_CONTAINER_START:
	case EVENT_CONTAINER_STOP:
	case EVENT_EVENT_LOSS:
	case EVENT_UNREGISTERED_CONTAINER:
	case EVENT_CGROUP_ESCAPE:
		return true;
	default: /* of the host too: somebody asked for it */
		return event_kind_is_hit(event->kind);
	}
}

void audit_event(struct audit *audit, const struct event *event)
{
	struct buf buf;

	if (!audit->sender || !wanted(audit, event) || !audit_sender_usable(audit->sender))
		return;
	if (audit_record_is_limited(event) &&
		!audit_limit_pass(audit->limit, event->container, clock_ns(CLOCK_MONOTONIC_COARSE),
			event->time))
		return;
	buf = record_buffer(audit);
	put(audit, audit_record_format(event, &buf), &buf);
	buf = record_buffer(audit);
	put(audit, audit_hit_response(event, &buf), &buf);
}

static void emit_summary(void *data, const struct audit_container *container, const char *reason,
	uint64_t count, uint64_t since_ns)
{
	struct audit *audit = data;
	struct buf buf = record_buffer(audit);

	put(audit, audit_record_summary(container, reason, count, since_ns, &buf), &buf);
	audit->summaries++;
}

static void check_retention(struct audit *audit, uint64_t now_ns)
{
	uint64_t capacity = audit_sender_retention(audit->sender);
	double hours = audit_retention_hours(capacity, audit->byte_meter.per_second);

	audit->retention_hours = hours;
	if (hours < 0 || hours >= RETENTION_HOURS_MIN || now_ns < audit->warning_due_ns)
		return;
	audit->warning_due_ns = now_ns + WARNING_INTERVAL_NS;
	log_warning("audit: at the present %.1f records a second auditd's files (%llu MiB) hold "
		    "%.1f hours; "
		    "see max_log_file and num_logs in auditd.conf, container_rate and exec in "
		    "tallyman.conf",
		audit->record_meter.per_second, (unsigned long long)(capacity >> 20), hours);
}

void audit_tick(struct audit *audit, uint64_t now_boottime_ns)
{
	if (!audit->sender)
		return;
	if (now_boottime_ns >= audit->summaries_due_ns) {
		audit->summaries_due_ns = now_boottime_ns + SUMMARY_INTERVAL_NS;
		audit_limit_summaries(
			audit->limit, clock_ns(CLOCK_MONOTONIC_COARSE), emit_summary, audit);
	}
	audit_rate_meter_update(&audit->record_meter, now_boottime_ns, audit->records);
	audit_rate_meter_update(&audit->byte_meter, now_boottime_ns, audit->bytes);
	check_retention(audit, now_boottime_ns);
}

bool audit_take_loss(struct audit *audit, uint64_t *ret_count, uint64_t *ret_since_realtime_ns)
{
	return audit->sender &&
	       audit_sender_take_lost(audit->sender, ret_count, ret_since_realtime_ns);
}

void audit_status_get(struct audit *audit, struct audit_status *ret)
{
	*ret = (struct audit_status){
		.health = AUDIT_HEALTH_OFF, .reason = "switched off in the configuration"};
	if (audit->sender)
		audit_sender_status(audit->sender, ret);
	ret->limited = audit_limit_total(audit->limit);
	ret->summaries = audit->summaries;
	ret->records_per_second = audit->record_meter.per_second;
	ret->retention_hours = audit->retention_hours;
}

struct audit *audit_stop(struct audit *audit, uint64_t timeout_ns)
{
	if (!audit)
		return NULL;
	if (audit->sender && audit->limit && audit_sender_usable(audit->sender))
		audit_limit_summaries(
			audit->limit, clock_ns(CLOCK_MONOTONIC_COARSE), emit_summary, audit);
	audit_sender_stop(audit->sender, timeout_ns);
	audit_limit_free(audit->limit);
	free(audit);
	return NULL;
}
