/* SPDX-License-Identifier: Apache-2.0 */
/* Where events leave: filters once, then every sink with its own numbering. Main thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/audit/audit.h"
#include "daemon/config.h"
#include "daemon/event.h"
#include "daemon/export/file_sink.h"
#include "daemon/export/json_event.h"
#include "daemon/export/subscribers.h"
#include "lib/error.h"

#define STREAM_MAX 64

struct export_counters {
	uint64_t events[EVENT_KIND_MAX]; /* that passed the filters */
	uint64_t filtered;
	uint64_t searches_given_up; /* of the filters' regular expressions */
	uint64_t oversized;	    /* could not be formatted: memory or size */
	uint64_t json_sequence, audit_log_sequence;
};

struct export;

/* Opens the files and starts their writers. `audit` and, later, the subscribers are borrowed. */
int export_start(const struct config *config, struct audit *audit, struct export **ret_export,
	struct error *error);
void export_set_subscribers(struct export *export, struct subscribers *subscribers);
void export_set_host_namespaces(struct export *export, const struct namespaces *namespaces);
const char *export_stream(const struct export *export);
const struct json_event_options *export_json_options(const struct export *export);

/* A line that does not fit into its sink's queue waits for room as long as `may_wait` says so,
 * which is asked every few milliseconds. Not set: it is lost at once. */
void export_set_may_wait(struct export *export, bool (*may_wait)(void *data), void *data);
/* Filter, format, hand to every sink. */
void export_event(struct export *export, const struct event *event);
/* End of a batch: let the writers work. `more`: more is likely to come, and in any case another
 * call with false, within milliseconds; until then the audit-format log may wait a little, since
 * each waking of a thread costs as much as several events. */
void export_flush(struct export *export, bool more);
/* daemon_start says where the previous log ended; daemon_stop is what makes the next one call it
 * clean. */
void export_daemon_start(struct export *export);
void export_daemon_stop(struct export *export, const char *reason);
/* Emit event_loss for what sinks lost since the last time. */
void export_report_losses(struct export *export);
void export_reopen(struct export *export);
void export_counters_get(const struct export *export, struct export_counters *ret);
/* NULL when that sink is off. */
const struct file_sink *export_json_sink(const struct export *export);
const struct file_sink *export_audit_log_sink(const struct export *export);
struct export *export_stop(struct export *export);
