/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/audit/self_test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/audit/netlink.h"
#include "lib/cleanup.h"
#include "lib/util.h"

#define AUDITD_PID_FILE "/run/auditd.pid"

static const uint16_t types[AUDIT_SELF_TEST_TYPES] = {
	AUDIT_MESSAGE_USER, /* first: the type made for the purpose */
	AUDIT_MESSAGE_USER_CMD,
	AUDIT_MESSAGE_VIRT_CONTROL,
	AUDIT_MESSAGE_RESP_ANOMALY,
};

/* Elsewhere the group can be joined and stays silent. /proc/1/ns/net may not be read by everyone,
 * but settings that are one for the whole machine are shown in the initial namespace only. */
static bool in_initial_network_namespace(void)
{
	return access("/proc/sys/net/core/netdev_max_backlog", F_OK) == 0 ||
	       access("/proc/sys/net/core/somaxconn", F_OK) != 0;
}

void audit_self_test_open(struct audit_self_test *test, uint64_t now_ns)
{
	*test = (struct audit_self_test){.fd = -1, .pid = (uint32_t)getpid(), .due_ns = now_ns};
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		test->types[i].type = types[i];
	test->fd = -ENETUNREACH;
	if (in_initial_network_namespace())
		test->fd = audit_netlink_listen(types, ARRAY_SIZE(types));
	if (test->fd < 0) {
		test->error = test->fd;
		test->fd = -1;
	}
}

void audit_self_test_close(struct audit_self_test *test)
{
	if (test->fd >= 0)
		close(test->fd);
	test->fd = -1;
}

uint64_t audit_self_test_wakeup(const struct audit_self_test *test)
{
	uint64_t wakeup = test->due_ns;

	for (size_t i = 0; i < ARRAY_SIZE(test->types); i++)
		if (test->types[i].waiting_since && !test->types[i].vanished)
			wakeup = MIN(
				wakeup, test->types[i].waiting_since + AUDIT_SELF_TEST_TIMEOUT_NS);
	return wakeup;
}

static bool any_vanished(const struct audit_self_test *test)
{
	for (size_t i = 0; i < ARRAY_SIZE(test->types); i++)
		if (test->types[i].vanished)
			return true;
	return test->all_vanished;
}

static void stop_waiting(struct audit_self_test *test, size_t i)
{
	test->types[i].waiting_since = 0;
	test->types[i].vanished = false;
}

static void end_late_waiting(struct audit_self_test *test, uint64_t now_ns)
{
	for (size_t i = 0; i < ARRAY_SIZE(test->types); i++) {
		uint64_t since = test->types[i].waiting_since;

		if (!since || test->types[i].vanished ||
			now_ns < since + AUDIT_SELF_TEST_TIMEOUT_NS)
			continue;
		test->types[i].vanished = true;
		test->due_ns = MIN(test->due_ns, now_ns + AUDIT_SELF_TEST_RETRY_NS);
		if (i == 0)
			test->all_vanished = true;
	}
}

bool audit_self_test_take_due(struct audit_self_test *test, uint64_t now_ns, uint64_t *ret_number)
{
	bool silent;

	end_late_waiting(test, now_ns);
	if (now_ns < test->due_ns)
		return false;
	silent = any_vanished(test);
	/* The records themselves were the test. */
	if (!silent && test->returned_ns &&
		test->returned_ns + AUDIT_SELF_TEST_INTERVAL_NS > now_ns) {
		test->due_ns = test->returned_ns + AUDIT_SELF_TEST_INTERVAL_NS;
		return false;
	}
	test->due_ns = now_ns + (silent ? AUDIT_SELF_TEST_RETRY_NS : AUDIT_SELF_TEST_INTERVAL_NS);
	/* Without a reader one record says all that can be learnt: whether sending is allowed. */
	if (test->fd < 0 && test->tests)
		return false;
	stop_waiting(test, 0);
	test->tests++;
	*ret_number = ++test->number;
	return true;
}

void audit_self_test_sent(struct audit_self_test *test, uint16_t type, uint64_t now_ns)
{
	if (test->fd < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(test->types); i++)
		if (test->types[i].type == type && !test->types[i].waiting_since)
			test->types[i].waiting_since = now_ns;
}

/* The pid= the kernel wrote: nobody else's record has ours. */
static bool record_is_ours(const struct audit_self_test *test, const char *text, size_t length)
{
	char expected[32];
	const char *end = memmem(text, MIN(length, (size_t)80), "): ", 3);
	int n = snprintf(expected, sizeof(expected), "pid=%u ", test->pid);

	if (!end)
		return false;
	end += 3;
	return (size_t)(text + length - end) > (size_t)n && !memcmp(end, expected, (size_t)n);
}

void audit_self_test_record(struct audit_self_test *test, uint16_t type, const char *text,
	size_t length, uint64_t now_ns, uint64_t realtime_ns)
{
	if (!record_is_ours(test, text, length))
		return;
	test->returned_ns = now_ns;
	for (size_t i = 0; i < ARRAY_SIZE(test->types); i++)
		/* If everything was lost before, then that says nothing of the other types now. */
		if (test->types[i].type == type || test->all_vanished)
			stop_waiting(test, i);
	test->all_vanished = false;
	if (type != AUDIT_MESSAGE_USER)
		return;
	test->tests_returned++;
	test->last_returned_realtime_ns = realtime_ns;
	test->due_ns = now_ns + AUDIT_SELF_TEST_INTERVAL_NS;
}

struct read_context {
	struct audit_self_test *test;
	uint64_t now_ns, realtime_ns;
};

static void on_message(void *data, const struct nlmsghdr *header, const char *text, size_t length)
{
	struct read_context *context = data;

	audit_self_test_record(context->test, header->nlmsg_type, text, length, context->now_ns,
		context->realtime_ns);
}

void audit_self_test_read(struct audit_self_test *test, uint64_t now_ns, uint64_t realtime_ns)
{
	struct read_context context = {test, now_ns, realtime_ns};

	if (test->fd < 0)
		return;
	if (audit_netlink_receive(test->fd, on_message, &context) != -ENOBUFS)
		return;
	/* Dropped on the way to us alone: whose they were is not known. */
	for (size_t i = 0; i < ARRAY_SIZE(test->types); i++)
		stop_waiting(test, i);
}

void audit_self_test_kernel_status(struct audit_self_test *test, uint32_t enabled, uint32_t pid)
{
	test->get_known = true;
	test->enabled = enabled;
	test->auditd_pid = pid;
}

/* Without CAP_AUDIT_CONTROL the kernel does not say who listens; auditd's pid file and that
 * process's name are the next best. */
void audit_self_test_look_for_auditd(struct audit_self_test *test)
{
	char text[32] = "", path[64], name[32] = "";
	_cleanup_close_ int pid_fd =
		open(AUDITD_PID_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	_cleanup_close_ int name_fd = -1;
	long pid;

	test->auditd_pid_file = false;
	if (pid_fd < 0 || read(pid_fd, text, sizeof(text) - 1) <= 0)
		return;
	pid = strtol(text, NULL, 10);
	if (pid <= 0)
		return;
	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	name_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (name_fd < 0 || read(name_fd, name, sizeof(name) - 1) <= 0)
		return;
	test->auditd_pid_file = !strcmp(name, "auditd\n");
}

static const char *type_name(uint16_t type)
{
	switch (type) {
	case AUDIT_MESSAGE_USER_CMD:
		return "USER_CMD";
	case AUDIT_MESSAGE_VIRT_CONTROL:
		return "VIRT_CONTROL";
	case AUDIT_MESSAGE_RESP_ANOMALY:
		return "RESP_ANOMALY";
	default:
		return "USER";
	}
}

static void silent_reason(const struct audit_self_test *test, struct audit_status *ret)
{
	if (test->get_known && !test->enabled) {
		snprintf(ret->reason, sizeof(ret->reason),
			"audit is switched off in the kernel (enabled 0)");
		return;
	}
	for (size_t i = 1; i < ARRAY_SIZE(test->types); i++) {
		if (!test->types[i].vanished || test->all_vanished)
			continue;
		snprintf(ret->reason, sizeof(ret->reason),
			"%s records are accepted and do not come back: an audit rule excludes "
			"them?",
			type_name(test->types[i].type));
		return;
	}
	snprintf(ret->reason, sizeof(ret->reason),
		"records are accepted and do not come back: audit off (enabled 0), an audit rule, "
		"or a stopped auditd");
}

static void working_reason(const struct audit_self_test *test, struct audit_status *ret)
{
	if (ret->auditd_present)
		snprintf(ret->reason, sizeof(ret->reason), "auditd is running");
	else if (test->get_known)
		snprintf(ret->reason, sizeof(ret->reason),
			"no auditd: records reach the kernel log and listeners only");
	else
		snprintf(ret->reason, sizeof(ret->reason),
			"no auditd found (not known for certain without CAP_AUDIT_CONTROL)");
}

static const char *unreadable_why(int error)
{
	switch (error) {
	case -EPERM:
		return " without CAP_AUDIT_READ";
	case -ENETUNREACH:
		return " outside the initial network namespace";
	default:
		return "";
	}
}

void audit_self_test_result(const struct audit_self_test *test, struct audit_status *ret)
{
	ret->auditd_present = test->get_known ? test->auditd_pid != 0 : test->auditd_pid_file;
	ret->self_tests = test->tests;
	ret->self_tests_returned = test->tests_returned;
	ret->last_self_test_ns = test->last_returned_realtime_ns;
	if (test->fd < 0) {
		ret->health = AUDIT_HEALTH_UNKNOWN;
		snprintf(ret->reason, sizeof(ret->reason), "records cannot be read back%s: %s",
			unreadable_why(test->error), strerror(-test->error));
	} else if (any_vanished(test)) {
		ret->health = AUDIT_HEALTH_SILENT;
		silent_reason(test, ret);
	} else if (test->returned_ns) {
		ret->health = AUDIT_HEALTH_WORKING;
		working_reason(test, ret);
	} else {
		ret->health = AUDIT_HEALTH_UNKNOWN;
		snprintf(ret->reason, sizeof(ret->reason), "the first self-test is under way");
	}
}
