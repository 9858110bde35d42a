/* SPDX-License-Identifier: Apache-2.0 */
/* What the self-test concludes from what came back and what did not, without a kernel. */
#include <errno.h>
#include <string.h>

#include "daemon/audit/netlink.h"
#include "daemon/audit/self_test.h"
#include "tests/unit/unit.h"

#define START	 (1000 * NSEC_PER_SEC)
#define OUR_PID	 4321
#define REALTIME (1700000000 * NSEC_PER_SEC)

static struct audit_self_test test;
static struct audit_status status;
static uint64_t number;

/* As audit_self_test_open() leaves it when it may listen. */
static void setup(void)
{
	static const uint16_t types[] = {AUDIT_MESSAGE_USER, AUDIT_MESSAGE_USER_CMD,
		AUDIT_MESSAGE_VIRT_CONTROL, AUDIT_MESSAGE_RESP_ANOMALY};

	test = (struct audit_self_test){.fd = 1000000, .pid = OUR_PID, .due_ns = START};
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		test.types[i].type = types[i];
}

static enum audit_health health(void)
{
	audit_self_test_result(&test, &status);
	return status.health;
}

static void send_test(uint64_t now_ns)
{
	ck_assert(audit_self_test_take_due(&test, now_ns, &number));
	audit_self_test_sent(&test, AUDIT_MESSAGE_USER, now_ns);
}

static void returns(uint16_t type, unsigned pid, uint64_t now_ns)
{
	char text[128];
	int length = snprintf(text, sizeof(text),
		"audit(1700000000.123:77): pid=%u uid=0 auid=1 ses=1 msg='x'", pid);

	audit_self_test_record(&test, type, text, (size_t)length, now_ns, REALTIME);
}

START_TEST(a_test_that_comes_back)
{
	ck_assert_int_eq(health(), AUDIT_HEALTH_UNKNOWN);
	send_test(START);
	returns(AUDIT_MESSAGE_USER, OUR_PID, START + 1);
	ck_assert_int_eq(health(), AUDIT_HEALTH_WORKING);
	ck_assert_uint_eq(status.self_tests, 1);
	ck_assert_uint_eq(status.self_tests_returned, 1);
	ck_assert_uint_eq(status.last_self_test_ns, REALTIME);
	/* and the next one only after the interval */
	ck_assert(!audit_self_test_take_due(&test, START + 599 * NSEC_PER_SEC, &number));
	ck_assert(audit_self_test_take_due(&test, START + 601 * NSEC_PER_SEC, &number));
}
END_TEST

START_TEST(a_test_that_does_not)
{
	send_test(START);
	ck_assert_uint_eq(audit_self_test_wakeup(&test), START + AUDIT_SELF_TEST_TIMEOUT_NS);
	ck_assert(
		!audit_self_test_take_due(&test, START + AUDIT_SELF_TEST_TIMEOUT_NS - 1, &number));
	ck_assert_int_eq(health(), AUDIT_HEALTH_UNKNOWN);
	ck_assert(!audit_self_test_take_due(&test, START + AUDIT_SELF_TEST_TIMEOUT_NS, &number));
	ck_assert_int_eq(health(), AUDIT_HEALTH_SILENT);
	/* it is tried again soon, and there is nothing to do until then */
	ck_assert_uint_eq(audit_self_test_wakeup(&test),
		START + AUDIT_SELF_TEST_TIMEOUT_NS + AUDIT_SELF_TEST_RETRY_NS);
	send_test(audit_self_test_wakeup(&test));
	ck_assert_int_eq(health(), AUDIT_HEALTH_SILENT);
	returns(AUDIT_MESSAGE_USER, OUR_PID, START + 70 * NSEC_PER_SEC);
	ck_assert_int_eq(health(), AUDIT_HEALTH_WORKING);
}
END_TEST

START_TEST(somebody_elses_record_proves_nothing)
{
	send_test(START);
	returns(AUDIT_MESSAGE_USER, OUR_PID + 1, START + 1);
	returns(AUDIT_MESSAGE_USER, OUR_PID * 10 + 1, START + 1);
	returns(AUDIT_MESSAGE_USER, OUR_PID / 10, START + 1);
	audit_self_test_record(&test, AUDIT_MESSAGE_USER, "", 0, START + 1, REALTIME);
	audit_self_test_record(
		&test, AUDIT_MESSAGE_USER, "audit(1.2:3): pid=4321", 22, START + 1, REALTIME);
	audit_self_test_record(&test, AUDIT_MESSAGE_USER, "audit(1.2:3): pid=1 msg='): pid=4321 '",
		38, START + 1, REALTIME);
	ck_assert_int_eq(health(), AUDIT_HEALTH_UNKNOWN);
}
END_TEST

START_TEST(one_excluded_type_is_named)
{
	send_test(START);
	returns(AUDIT_MESSAGE_USER, OUR_PID, START + 1);
	audit_self_test_sent(&test, AUDIT_MESSAGE_USER_CMD, START + NSEC_PER_SEC);
	audit_self_test_sent(&test, AUDIT_MESSAGE_VIRT_CONTROL, START + NSEC_PER_SEC);
	returns(AUDIT_MESSAGE_VIRT_CONTROL, OUR_PID, START + 2 * NSEC_PER_SEC);
	audit_self_test_take_due(&test, START + 10 * NSEC_PER_SEC, &number);
	ck_assert_int_eq(health(), AUDIT_HEALTH_SILENT);
	ck_assert_ptr_nonnull(strstr(status.reason, "USER_CMD"));
	/* its own return ends that, not another type's */
	returns(AUDIT_MESSAGE_VIRT_CONTROL, OUR_PID, START + 11 * NSEC_PER_SEC);
	ck_assert_int_eq(health(), AUDIT_HEALTH_SILENT);
	returns(AUDIT_MESSAGE_USER_CMD, OUR_PID, START + 12 * NSEC_PER_SEC);
	ck_assert_int_eq(health(), AUDIT_HEALTH_WORKING);
}
END_TEST

START_TEST(everything_was_lost_for_a_while)
{
	send_test(START);
	audit_self_test_sent(&test, AUDIT_MESSAGE_USER_CMD, START);
	audit_self_test_take_due(&test, START + 10 * NSEC_PER_SEC, &number);
	ck_assert_int_eq(health(), AUDIT_HEALTH_SILENT);
	ck_assert_ptr_null(strstr(status.reason, "USER_CMD"));
	/* the lost USER_CMD says nothing of a rule, then */
	send_test(START + 100 * NSEC_PER_SEC);
	returns(AUDIT_MESSAGE_USER, OUR_PID, START + 100 * NSEC_PER_SEC);
	ck_assert_int_eq(health(), AUDIT_HEALTH_WORKING);
}
END_TEST

START_TEST(real_records_spare_the_test)
{
	send_test(START);
	returns(AUDIT_MESSAGE_USER, OUR_PID, START + 1);
	audit_self_test_sent(&test, AUDIT_MESSAGE_USER_CMD, START + 500 * NSEC_PER_SEC);
	returns(AUDIT_MESSAGE_USER_CMD, OUR_PID, START + 500 * NSEC_PER_SEC);
	ck_assert(!audit_self_test_take_due(&test, START + 700 * NSEC_PER_SEC, &number));
	ck_assert_uint_eq(test.due_ns, START + 500 * NSEC_PER_SEC + AUDIT_SELF_TEST_INTERVAL_NS);
	ck_assert(audit_self_test_take_due(&test, test.due_ns, &number));
}
END_TEST

START_TEST(without_a_reader)
{
	test.fd = -1;
	test.error = -EPERM;
	/* one record still tells whether sending is allowed */
	ck_assert(audit_self_test_take_due(&test, START, &number));
	audit_self_test_sent(&test, AUDIT_MESSAGE_USER, START);
	ck_assert_int_eq(health(), AUDIT_HEALTH_UNKNOWN);
	ck_assert_ptr_nonnull(strstr(status.reason, "CAP_AUDIT_READ"));
	ck_assert(!audit_self_test_take_due(&test, START + 10000 * NSEC_PER_SEC, &number));
	ck_assert_uint_gt(audit_self_test_wakeup(&test), START + 10000 * NSEC_PER_SEC);
}
END_TEST

START_TEST(what_the_kernel_says)
{
	send_test(START);
	returns(AUDIT_MESSAGE_USER, OUR_PID, START + 1);
	audit_self_test_kernel_status(&test, 1, 0);
	ck_assert_int_eq(health(), AUDIT_HEALTH_WORKING);
	ck_assert(!status.auditd_present);
	ck_assert_ptr_nonnull(strstr(status.reason, "no auditd"));
	audit_self_test_kernel_status(&test, 1, 77);
	health();
	ck_assert(status.auditd_present);
	audit_self_test_kernel_status(&test, 0, 77);
	audit_self_test_sent(&test, AUDIT_MESSAGE_USER, START + NSEC_PER_SEC);
	audit_self_test_take_due(&test, START + 10 * NSEC_PER_SEC, &number);
	ck_assert_int_eq(health(), AUDIT_HEALTH_SILENT);
	ck_assert_ptr_nonnull(strstr(status.reason, "enabled 0"));
}
END_TEST

RUN_SUITE_IN(setup, NULL, "audit_self_test", a_test_that_comes_back, a_test_that_does_not,
	somebody_elses_record_proves_nothing, one_excluded_type_is_named,
	everything_was_lost_for_a_while, real_records_spare_the_test, without_a_reader,
	what_the_kernel_says)
