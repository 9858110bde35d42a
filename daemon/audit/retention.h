/* SPDX-License-Identifier: Apache-2.0 */
/* For how long auditd's files keep what we write: auditd.conf against our own present rate. An
 * upper bound, since others write there too. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define AUDIT_RETENTION_UNKNOWN	  0
#define AUDIT_RETENTION_UNLIMITED UINT64_MAX
/* What kernel and auditd add to a record's text on disk: prefix and interpretations. */
#define AUDIT_RECORD_OVERHEAD 128

/* Bytes that auditd.conf's settings keep: max_log_file × num_logs with ROTATE, max_log_file with
 * SUSPEND, SINGLE and HALT, which write no more after it; unlimited with KEEP_LOGS, IGNORE and
 * SYSLOG. */
uint64_t audit_retention_parse(const char *text, size_t length);
/* The same of a file; AUDIT_RETENTION_UNKNOWN when it cannot be read. */
uint64_t audit_retention_read(const char *path);
/* <0: not known, or without end. */
double audit_retention_hours(uint64_t capacity, double bytes_per_second);

/* A rate over the last five minutes, or since the start when that is shorter. */
struct audit_rate_meter {
	uint64_t last_ns, started_ns, last_total;
	double per_second;
};
void audit_rate_meter_update(struct audit_rate_meter *meter, uint64_t now_ns, uint64_t total);
