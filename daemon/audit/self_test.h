/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what we send arrives. "Sent" proves nothing: with enabled=0, an exclude rule or no auditd
 * every send succeeds. Proof is a record of ours read back through the multicast group, where
 * records appear after all rules.
 *
 * Any record counts: each type's last one is expected back. Only when none was sent for a while is
 * a record made for the purpose, of type USER (1005): no report of aureport counts it, no ausearch
 * query by container finds it. So a busy host's trail has none and an idle host's has one per
 * AUDIT_SELF_TEST_INTERVAL. All of this runs on the sender thread, without allocation. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/audit/audit.h"

#define AUDIT_SELF_TEST_INTERVAL_NS (600 * NSEC_PER_SEC)
/* While nothing comes back; such records vanish, so they disturb nobody. */
#define AUDIT_SELF_TEST_RETRY_NS   (60 * NSEC_PER_SEC)
#define AUDIT_SELF_TEST_TIMEOUT_NS (3 * NSEC_PER_SEC)
#define AUDIT_SELF_TEST_TYPES	   4

struct audit_self_test {
	int fd;	   /* multicast; -1 */
	int error; /* why there is none */
	uint32_t pid;
	struct {
		uint16_t type;
		uint64_t waiting_since; /* oldest sent one that did not come back; 0: none */
		bool vanished;		/* it did not in AUDIT_SELF_TEST_TIMEOUT_NS */
	} types[AUDIT_SELF_TEST_TYPES];
	uint64_t due_ns, number;
	uint64_t returned_ns; /* monotonic, of the last record of any type */
	bool all_vanished;    /* of the last record made for the purpose: it did not come back */
	/* for struct audit_status */
	uint64_t tests, tests_returned, last_returned_realtime_ns;
	/* what AUDIT_GET said, if it may be asked */
	bool get_denied, get_known;
	uint32_t enabled, auditd_pid;
	bool auditd_pid_file;
};

void audit_self_test_open(struct audit_self_test *test, uint64_t now_ns);
void audit_self_test_close(struct audit_self_test *test);
/* When the next thing is to be done: a test, or the end of waiting for a record. */
uint64_t audit_self_test_wakeup(const struct audit_self_test *test);
/* Call after each wake-up. Whether a record should be made now; then *ret_number is its n=. */
bool audit_self_test_take_due(struct audit_self_test *test, uint64_t now_ns, uint64_t *ret_number);
void audit_self_test_sent(struct audit_self_test *test, uint16_t type, uint64_t now_ns);
/* A record from the multicast group: "audit(…): pid=N …". */
void audit_self_test_record(struct audit_self_test *test, uint16_t type, const char *text,
	size_t length, uint64_t now_ns, uint64_t realtime_ns);
/* Read what came back. */
void audit_self_test_read(struct audit_self_test *test, uint64_t now_ns, uint64_t realtime_ns);
/* The answer to AUDIT_GET: enabled and pid of struct audit_status. */
void audit_self_test_kernel_status(struct audit_self_test *test, uint32_t enabled, uint32_t pid);
void audit_self_test_look_for_auditd(struct audit_self_test *test);
/* Fill health, reason, auditd_present and the self_test fields. */
void audit_self_test_result(const struct audit_self_test *test, struct audit_status *ret);
