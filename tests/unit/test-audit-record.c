/* SPDX-License-Identifier: Apache-2.0 */
/* The exact text of each record, the queue between the threads, and the retention of auditd's
 * files. */
#include <string.h>

#include "daemon/audit/netlink.h"
#include "daemon/audit/queue.h"
#include "daemon/audit/record.h"
#include "daemon/audit/retention.h"
#include "tests/audit/samples.h"
#include "tests/unit/unit.h"

#define ID  "3f4e1b2c9d8a7f6e5d4c3b2a19080706f5e4d3c2b1a0f9e8d7c6b5a493827160"
#define WEB "virt=podman vm=\"web\" uuid=" ID

static struct container web;
static struct sample sample;
static struct buf buf;

static void setup(void)
{
	web = (struct container){
		.cgroup_id = 7,
		.id = ID,
		.metadata = {.name = (char *)"web", .runtime = (char *)"podman"},
		.init_pid = 31337,
		.auid = 1000,
		.session = 3,
	};
	memset(&sample, 0, sizeof(sample));
	sample_exec(&sample, &web, "curl", "/usr/bin/curl", "/usr/bin/curl", "/work",
		"curl\0-s\0http://x/?a=1\0", 22);
	sample.process.pid = 4242;
	sample.process.image->credentials =
		(struct credentials){.uid = 1001, .auid = 1000, .session = 3};
}

static void teardown(void)
{
	sample_done(&sample);
	buf_done(&buf);
}

static void expect(const struct event *event, unsigned type, const char *text)
{
	buf_clear(&buf);
	ck_assert_uint_eq(audit_record_format(event, &buf), type);
	ck_assert_str_eq(buf_string(&buf), text);
}

START_TEST(exec)
{
	expect(&sample.event, AUDIT_MESSAGE_USER_CMD,
		"op=exec " WEB " opid=4242 oses=3 sauid=1000 id=1001 comm=\"curl\" "
		"exe=\"/usr/bin/curl\" cwd=\"/work\""
		" cmd=6375726C202D7320687474703A2F2F782F3F613D31 hostname=web addr=? terminal=? "
		"res=success");
}
END_TEST

START_TEST(exec_of_the_host)
{
	sample.event.container = NULL;
	expect(&sample.event, AUDIT_MESSAGE_USER_CMD,
		"op=exec opid=4242 oses=3 sauid=1000 id=1001 comm=\"curl\" exe=\"/usr/bin/curl\" "
		"cwd=\"/work\""
		" cmd=6375726C202D7320687474703A2F2F782F3F613D31 hostname=? addr=? terminal=? "
		"res=success");
}
END_TEST

START_TEST(the_runtimes_stub_is_no_exec_of_the_container)
{
	sample.event.setup = true;
	ck_assert_uint_eq(audit_record_format(&sample.event, &buf), 0);
	ck_assert_uint_eq(buf.length, 0);
}
END_TEST

START_TEST(lifecycle)
{
	struct event event = {.kind = EVENT_CONTAINER_START, .container = &web};

	expect(&event, AUDIT_MESSAGE_VIRT_CONTROL,
		"op=start reason=hook " WEB " vm-pid=31337 sauid=1000 exe=\"/usr/sbin/tallymand\" "
		"hostname=web addr=? terminal=? res=success");
	event = (struct event){
		.kind = EVENT_CONTAINER_STOP, .container = &web, .stop.reason = "exited"};
	web.metadata.name = (char *)"";
	web.metadata.runtime = NULL;
	expect(&event, AUDIT_MESSAGE_VIRT_CONTROL,
		"op=stop reason=exited virt=? vm=\"3f4e1b2c9d8a\" uuid=" ID
		" vm-pid=31337 sauid=1000 exe=\"/usr/sbin/tallymand\" hostname=3f4e1b2c9d8a addr=? "
		"terminal=?"
		" res=success");
}
END_TEST

START_TEST(hostile_container)
{
	struct event event = {
		.kind = EVENT_CONTAINER_STOP, .container = &web, .stop.reason = "a='b c"};

	web.metadata.name = (char *)"x\" vm=\"db";
	web.metadata.runtime = (char *)"pod man";
	snprintf(web.id, sizeof(web.id), "a:b c");
	expect(&event, AUDIT_MESSAGE_VIRT_CONTROL,
		"op=stop reason=a__b_c virt=? vm=782220766D3D226462 uuid=? vm-pid=31337 sauid=1000"
		" exe=\"/usr/sbin/tallymand\" hostname=? addr=? terminal=? res=success");
}
END_TEST

START_TEST(loss_and_summary)
{
	struct audit_container names;
	struct event event = {
		.kind = EVENT_EVENT_LOSS,
		.loss = {.stage = "json",
			.reason = "No space left on device",
			.total = 12,
			.since = 1700000000045000000},
	};

	expect(&event, AUDIT_MESSAGE_RESP_ANOMALY,
		"op=lost reason=No_space_left_on_device stage=json n=12 since=1700000000.045"
		" exe=\"/usr/sbin/tallymand\" hostname=? addr=? terminal=? res=failed");
	buf_clear(&buf);
	audit_container_of(&web, &names);
	ck_assert_uint_eq(audit_record_summary(&names, "limit", 700, 1700000000999000000, &buf),
		AUDIT_MESSAGE_RESP_ANOMALY);
	ck_assert_str_eq(buf_string(&buf),
		"op=lost reason=limit stage=audit " WEB " n=700 since=1700000000.999"
		" exe=\"/usr/sbin/tallymand\" hostname=web addr=? terminal=? res=failed");
}
END_TEST

START_TEST(anomalies)
{
	struct event event = {
		.kind = EVENT_UNREGISTERED_CONTAINER,
		.unregistered = {.engine = "podman", .id = ID, .reason = "populated"},
	};

	expect(&event, AUDIT_MESSAGE_RESP_ANOMALY,
		"op=unregistered-container reason=populated virt=podman vm=\"3f4e1b2c9d8a\" "
		"uuid=" ID " hostname=3f4e1b2c9d8a addr=? terminal=? res=failed");
	sample.event.kind = EVENT_CGROUP_ESCAPE;
	sample.event.escape.cgroup_path = "/";
	expect(&sample.event, AUDIT_MESSAGE_RESP_ANOMALY,
		"op=cgroup-escape " WEB " opid=4242 oses=3 sauid=1000 id=1001 comm=\"curl\" "
		"exe=\"/usr/bin/curl\" cgroup=\"/\""
		" hostname=web addr=? terminal=? res=success");
}
END_TEST

START_TEST(no_record)
{
	static const enum event_kind kinds[] = {EVENT_PROCESS_EXIT, EVENT_PROCESS_THROTTLE,
		EVENT_CONTAINER_UPDATE, EVENT_POLICY_CHANGE, EVENT_DAEMON_START, EVENT_DAEMON_STOP};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		sample.event.kind = kinds[i];
		expect(&sample.event, 0, "");
	}
}
END_TEST

/* Everything at its longest at once: the record stays whole and below the limit. */
START_TEST(the_longest_record)
{
	static char name[1025], path[4097];
	struct sample longest = {.container = &web};

	memset(name, '=', sizeof(name) - 1);
	memset(path, '\n', sizeof(path) - 1);
	web.metadata.name = name;
	memset(web.id, 'a', sizeof(web.id) - 1);
	sample_exec(&longest, &web, "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", path, path, path, path,
		sizeof(path));
	longest.process.image->arguments_total = 4000000000;
	longest.process.image->credentials =
		(struct credentials){.uid = 4294967295, .auid = 4294967295, .session = 4294967295};
	ck_assert_uint_eq(audit_record_format(&longest.event, &buf), AUDIT_MESSAGE_USER_CMD);
	ck_assert_uint_le(buf.length, AUDIT_RECORD_MAX);
	ck_assert_ptr_nonnull(strstr(buf_string(&buf), " cmd_len=3999999999 cmd=0A"));
	ck_assert_str_eq(buf.data + buf.length - strlen(" res=success"), " res=success");
	sample_done(&longest);
}
END_TEST

/* ---- queue ---- */

static size_t message(char *to, unsigned number, size_t length)
{
	char text[512];

	memset(text, 'a' + (int)(number % 26), sizeof(text));
	audit_message_write(to, AUDIT_MESSAGE_USER, number, text, length);
	return AUDIT_MESSAGE_SIZE(length);
}

START_TEST(queue_keeps_order_and_counts_losses)
{
	char in[AUDIT_MESSAGE_SIZE(512)], out[4096];
	struct audit_queue queue;
	uint64_t count, since, records, lost_total, state = 3;
	unsigned put = 0, taken = 0, lost = 0;
	bool was_empty;

	ck_assert_int_eq(audit_queue_init(&queue, 2000), 0);
	for (unsigned round = 0; round < 3000; round++) {
		size_t length = message(in, put, samples_random(&state) % 500);

		if (audit_queue_put(&queue, in, length, 100 + round, &was_empty))
			put++;
		else
			lost++;
		if (samples_random(&state) % 3)
			continue;
		length = audit_queue_take(&queue, out, sizeof(out), 1 + samples_random(&state) % 4);
		for (size_t done = 0; done < length; taken++) {
			struct nlmsghdr header;

			memcpy(&header, out + done, sizeof(header));
			ck_assert_uint_eq(header.nlmsg_seq, taken);
			for (size_t i = NLMSG_HDRLEN; i < header.nlmsg_len - 1; i++)
				ck_assert_int_eq(out[done + i], 'a' + (int)(taken % 26));
			done += NLMSG_ALIGN(header.nlmsg_len);
		}
	}
	ck_assert_uint_gt(lost, 0);
	ck_assert_uint_gt(taken, 100);
	audit_queue_counts(&queue, &records, &lost_total);
	ck_assert_uint_eq(records, put - taken);
	ck_assert_uint_eq(lost_total, lost);
	ck_assert(audit_queue_take_lost(&queue, &count, &since));
	ck_assert_uint_eq(count, lost);
	ck_assert_uint_ge(since, 100);
	ck_assert(!audit_queue_take_lost(&queue, &count, &since));
	audit_queue_done(&queue);
}
END_TEST

START_TEST(queue_says_when_it_was_empty)
{
	char in[AUDIT_MESSAGE_SIZE(512)], out[4096];
	struct audit_queue queue;
	bool was_empty;

	ck_assert_int_eq(audit_queue_init(&queue, 10000), 0);
	ck_assert(audit_queue_put(&queue, in, message(in, 0, 10), 1, &was_empty));
	ck_assert(was_empty);
	ck_assert(audit_queue_put(&queue, in, message(in, 1, 10), 1, &was_empty));
	ck_assert(!was_empty);
	/* no more than asked for */
	ck_assert_uint_eq(audit_queue_take(&queue, out, sizeof(out), 1), AUDIT_MESSAGE_SIZE(10));
	ck_assert_uint_eq(audit_queue_take(&queue, out, 3, 1), 0);
	audit_queue_done(&queue);
}
END_TEST

/* ---- retention ---- */

static uint64_t retention(const char *text)
{
	return audit_retention_parse(text, strlen(text));
}

START_TEST(retention_of_a_configuration)
{
	static const uint64_t mib = 1 << 20;

	ck_assert_uint_eq(
		retention("max_log_file = 8\nnum_logs = 5\nmax_log_file_action = ROTATE\n"),
		40 * mib);
	ck_assert_uint_eq(retention("  MAX_LOG_FILE=8\n#num_logs = 9\nnum_logs =5\r\n"
				    "max_log_file_action\t= rotate"),
		40 * mib);
	ck_assert_uint_eq(retention("max_log_file = 8\nmax_log_file_action = suspend\n"), 8 * mib);
	ck_assert_uint_eq(
		retention("max_log_file = 8\nnum_logs = 5\nmax_log_file_action = keep_logs\n"),
		AUDIT_RETENTION_UNLIMITED);
	ck_assert_uint_eq(retention("max_log_file = 8\nnum_logs = 5\n"), AUDIT_RETENTION_UNLIMITED);
	ck_assert_uint_eq(
		retention("write_logs = no\nmax_log_file = 8\nmax_log_file_action = rotate"),
		AUDIT_RETENTION_UNKNOWN);
	ck_assert_uint_eq(
		retention("max_log_file = 99999999999999999999\nmax_log_file_action = rotate"),
		AUDIT_RETENTION_UNKNOWN);
	ck_assert_uint_eq(retention(""), AUDIT_RETENTION_UNLIMITED);
}
END_TEST

START_TEST(hours)
{
	ck_assert_double_eq_tol(audit_retention_hours(40 << 20, 1000), 11.65, 0.01);
	ck_assert(audit_retention_hours(40 << 20, 0) < 0);
	ck_assert(audit_retention_hours(AUDIT_RETENTION_UNKNOWN, 1000) < 0);
	ck_assert(audit_retention_hours(AUDIT_RETENTION_UNLIMITED, 1000) < 0);
}
END_TEST

START_TEST(meter)
{
	struct audit_rate_meter rate = {0};

	for (unsigned i = 1; i <= 60; i++)
		audit_rate_meter_update(&rate, i * NSEC_PER_SEC, i * 50);
	ck_assert_double_eq_tol(rate.per_second, 50, 0.01);
	/* an hour of silence */
	for (unsigned i = 61; i <= 3660; i++)
		audit_rate_meter_update(&rate, i * NSEC_PER_SEC, 3000);
	ck_assert(rate.per_second >= 0 && rate.per_second < 0.01);
	/* time that stands still changes nothing */
	audit_rate_meter_update(&rate, 3660 * NSEC_PER_SEC, 4000);
	ck_assert(rate.per_second < 0.01);
}
END_TEST

RUN_SUITE_IN(setup, teardown, "audit_record", exec, exec_of_the_host,
	the_runtimes_stub_is_no_exec_of_the_container, lifecycle, hostile_container,
	loss_and_summary, anomalies, no_record, the_longest_record,
	queue_keeps_order_and_counts_losses, queue_says_when_it_was_empty,
	retention_of_a_configuration, hours, meter)
