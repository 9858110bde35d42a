/* SPDX-License-Identifier: Apache-2.0 */
/* Matches of policies as kernel user records and as lines of the audit-format log. That ausearch
 * reads them is tests/audit/test-ausearch.c. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/audit/audit.h"
#include "daemon/audit/hit_record.h"
#include "daemon/audit/netlink.h"
#include "daemon/audit/record.h"
#include "daemon/policy/hit/audit_kind.h"
#include "tests/audit/samples.h"
#include "tests/unit/hit-sample.h"
#include "tests/unit/unit.h"

#define ID	"3f4e1b2c9d8a7f6e5d4c3b2a19080706f5e4d3c2b1a0f9e8d7c6b5a493827160"
#define WEB	"virt=podman vm=\"web\" uuid=" ID
#define SUBJECT " opid=4242 oses=3 sauid=1000 id=1001 comm=\"cat\" exe=\"/usr/bin/cat\""

static struct container web;
static struct sample sample;
static struct hit_sample hit;
static struct event event;
static struct buf buf;

static void begin(enum event_kind kind, enum hit_audit audit)
{
	hit_sample_done(&hit);
	hit_sample_init(&hit, kind);
	hit.hook->audit = audit;
}

static void set_up(void)
{
	web = (struct container){
		.cgroup_id = 7,
		.id = ID,
		.metadata = {.name = (char *)"web", .runtime = (char *)"podman"},
		.cgroup_path = (char *)"/c",
	};
	memset(&sample, 0, sizeof(sample));
	sample_exec(&sample, &web, "cat", "/usr/bin/cat", "/usr/bin/cat", "/work", "cat\0x\0", 6);
	sample.process.pid = 4242;
	sample.process.parent_pid = 1;
	sample.process.image->credentials =
		(struct credentials){.uid = 1001, .auid = 1000, .session = 3};
	hit_sample_init(&hit, EVENT_PROCESS_KPROBE);
	hit.hook->audit = HIT_AUDIT_ANOM_ACCESS_FS;
}

static void tear_down(void)
{
	sample_done(&sample);
	hit_sample_done(&hit);
	buf_done(&buf);
}

static void make_event(void)
{
	event = sample.event;
	event.time = 1700000000045999999;
	hit_sample_event(&hit, &event);
	buf_clear(&buf);
}

static void expect(unsigned type, const char *text)
{
	make_event();
	ck_assert_uint_eq(audit_record_format(&event, &buf), type);
	ck_assert_str_eq(buf_string(&buf), text);
}

START_TEST(of_a_file)
{
	hit_sample_integer(&hit, POLICY_TYPE_INT, -100);
	hit_sample_text(&hit, POLICY_TYPE_STRING, ARGUMENT_STRING, "/etc/shadow");
	expect(AUDIT_MESSAGE_ANOM_ACCESS_FS,
		"op=openat key=\"p\" " WEB SUBJECT " name=\"/etc/shadow\" cwd=\"/work\""
		" hostname=web addr=? terminal=? res=success");
	/* the call failed */
	hit_sample_return(&hit, POLICY_TYPE_INT, -13);
	make_event();
	audit_record_format(&event, &buf);
	ck_assert_ptr_nonnull(strstr(buf_string(&buf), " res=failed"));
	/* it was denied, whatever it returned */
	hit_sample_return(&hit, POLICY_TYPE_INT, 3);
	make_event();
	audit_record_format(&event, &buf);
	ck_assert_ptr_nonnull(strstr(buf_string(&buf), " res=success"));
	hit.record.hit_flags |= HIT_OVERRIDDEN;
	make_event();
	audit_record_format(&event, &buf);
	ck_assert_ptr_nonnull(strstr(buf_string(&buf), " res=failed"));
}
END_TEST

START_TEST(of_the_host)
{
	sample.event.container = NULL;
	hit_sample_text(&hit, POLICY_TYPE_FILE, ARGUMENT_FILE, "/etc/sh\n");
	expect(AUDIT_MESSAGE_ANOM_ACCESS_FS,
		"op=openat key=\"p\"" SUBJECT " name=2F6574632F73680A cwd=\"/work\""
		" hostname=? addr=? terminal=? res=success");
	ck_assert(audit_record_is_limited(&event));
}
END_TEST

START_TEST(of_a_program)
{
	begin(EVENT_PROCESS_LSM, HIT_AUDIT_ANOM_EXEC);
	hit_sample_text(&hit, POLICY_TYPE_LINUX_BINPRM, ARGUMENT_LINUX_BINPRM, "/tmp/x");
	expect(AUDIT_MESSAGE_ANOM_EXEC, "op=file_open key=\"p\" " WEB SUBJECT
					" name=\"/tmp/x\" cwd=\"/work\" cmd=6361742078"
					" hostname=web addr=? terminal=? res=success");
}
END_TEST

START_TEST(of_a_connection)
{
	struct hit_socket socket = {.family = AF_INET6,
		.source_port = 40000,
		.destination_port = 443,
		.source = {1},
		.destination = {0x20, 1, 0xd, 0xb8, [15] = 1}};

	begin(EVENT_PROCESS_KPROBE, HIT_AUDIT_RESP_ANOMALY);
	hit_sample_bytes(&hit, POLICY_TYPE_SOCK, ARGUMENT_SOCK, &socket, sizeof(socket));
	expect(AUDIT_MESSAGE_RESP_ANOMALY,
		"op=openat key=\"p\" " WEB SUBJECT " rport=443 cwd=\"/work\""
		" hostname=web addr=2001:db8::1 terminal=? res=success");
	/* one that listens has no other end */
	begin(EVENT_PROCESS_KPROBE, HIT_AUDIT_RESP_ANOMALY);
	socket = (struct hit_socket){.family = AF_INET, .source_port = 80, .source = {10, 0, 0, 1}};
	hit_sample_bytes(&hit, POLICY_TYPE_SOCK, ARGUMENT_SOCK, &socket, sizeof(socket));
	make_event();
	audit_record_format(&event, &buf);
	ck_assert_ptr_nonnull(strstr(buf_string(&buf), " rport=80 "));
	ck_assert_ptr_nonnull(strstr(buf.data, " addr=10.0.0.1 "));
}
END_TEST

START_TEST(of_other_hooks)
{
	static const struct {
		enum event_kind kind;
		const char *operation;
	} hooks[] = {{EVENT_PROCESS_TRACEPOINT, "op=openat "},
		{EVENT_PROCESS_UPROBE, "op=readline "}, {EVENT_PROCESS_USDT, "op=probe "},
		{EVENT_PROCESS_LOADER, "op=load "}};

	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		begin(hooks[i].kind, HIT_AUDIT_RESP_ANOMALY);
		make_event();
		ck_assert_uint_eq(audit_record_format(&event, &buf), AUDIT_MESSAGE_RESP_ANOMALY);
		ck_assert_int_eq(
			strncmp(buf_string(&buf), hooks[i].operation, strlen(hooks[i].operation)),
			0);
	}
}
END_TEST

START_TEST(of_a_signal)
{
	/* every event is asked about */
	ck_assert_uint_eq(audit_hit_response(&sample.event, &buf), 0);
	make_event();
	ck_assert_uint_eq(audit_hit_response(&event, &buf), 0);
	ck_assert_uint_eq(buf.length, 0);
	hit_sample_fill(&hit);
	make_event();
	ck_assert_uint_eq(audit_hit_response(&event, &buf), AUDIT_MESSAGE_RESP_KILL_PROC);
	ck_assert_str_eq(buf_string(&buf), "op=kill sig=9 key=\"p\" " WEB SUBJECT
					   " hostname=web addr=? terminal=? res=success");
}
END_TEST

/* Everything at its longest at once: it stays below the limit, and its end is whole. */
START_TEST(the_longest_record)
{
	static char name[1025], path[4097], policy[4097];
	struct sample longest = {.container = &web};

	memset(name, '=', sizeof(name) - 1);
	memset(path, '\n', sizeof(path) - 1);
	memset(policy, '\'', sizeof(policy) - 1);
	web.metadata.name = name;
	memset(web.id, 'a', sizeof(web.id) - 1);
	sample_exec(&longest, &web, "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", path, path, path, path,
		sizeof(path));
	longest.process.image->credentials =
		(struct credentials){.uid = 4294967295, .auid = 4294967295, .session = 4294967295};
	begin(EVENT_PROCESS_KPROBE, HIT_AUDIT_ANOM_EXEC);
	free((char *)hit.hook->policy);
	hit.hook->policy = strdup(policy);
	hit_sample_text(&hit, POLICY_TYPE_FILE, ARGUMENT_FILE, path);
	event = longest.event;
	hit_sample_event(&hit, &event);
	buf_clear(&buf);
	ck_assert_uint_eq(audit_record_format(&event, &buf), AUDIT_MESSAGE_ANOM_EXEC);
	ck_assert_uint_le(buf.length, AUDIT_RECORD_MAX);
	ck_assert_ptr_nonnull(strstr(buf_string(&buf), " name=0A0A"));
	ck_assert_ptr_nonnull(strstr(buf.data, " cwd="));
	ck_assert_str_eq(buf.data + buf.length - strlen(" res=success"), " res=success");
	sample_done(&longest);
}
END_TEST

#define STAMP " msg=audit(1700000000.045:1): "
#define PROCESS                                                                                    \
	" ppid=1 pid=4242 auid=1000 uid=1001 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0"    \
	" tty=(none) ses=3 comm=\"cat\" exe=\"/usr/bin/cat\" key=\"p\"\n"
#define PREFIX "pid=4242 uid=1001 auid=1000 ses=3 msg='"

static unsigned format_lines(void)
{
	struct config config = {.audit_host = false};
	struct audit_log *log;
	unsigned lines;

	make_event();
	ck_assert_int_eq(audit_log_new(&config, &log), 0);
	lines = audit_log_format(log, &event, &buf);
	audit_log_free(log);
	buf_string(&buf);
	return lines;
}

START_TEST(lines_of_a_file)
{
	hit_sample_text(&hit, POLICY_TYPE_STRING, ARGUMENT_STRING, "/etc/shadow");
	hit_sample_text(&hit, POLICY_TYPE_FILE, ARGUMENT_FILE, "/a b");
	hit.hook->arguments[hit_sample_integer(&hit, POLICY_TYPE_INT, 0x241)].call_argument = 3;
	hit_sample_return(&hit, POLICY_TYPE_INT, -13);
	ck_assert_uint_eq(format_lines(), 7);
#if defined(__x86_64__)
	ck_assert_str_eq(buf.data,
		"node=tallyman type=SYSCALL" STAMP
		"arch=c000003e syscall=257 success=no exit=-13 a0=? a1=? a2=241 items=2" PROCESS
		"node=tallyman type=CWD" STAMP " cwd=\"/work\"\n"
		"node=tallyman type=PATH" STAMP "item=0 name=\"/etc/shadow\" nametype=NORMAL\n"
		"node=tallyman type=PATH" STAMP "item=1 name=2F612062 nametype=NORMAL\n"
		"node=tallyman type=ANOM_ACCESS_FS" STAMP PREFIX "op=openat key=\"p\" " WEB SUBJECT
		" name=\"/etc/shadow\" cwd=\"/work\" hostname=web addr=? terminal=? res=failed'\n"
		"node=tallyman type=VIRT_MACHINE_ID" STAMP PREFIX "op=annotate " WEB
		" cgroup=\"/c\"'\n"
		"node=tallyman type=EOE" STAMP "\n");
#endif
}
END_TEST

START_TEST(a_file_below_a_directory)
{
	uint32_t directory = hit_sample_text(&hit, POLICY_TYPE_FD, ARGUMENT_FD, "/srv");
	struct hit_object object;

	hit.record.arguments[directory].integer = 0040755;
	hit_sample_text(&hit, POLICY_TYPE_STRING, ARGUMENT_STRING, "passwd");
	hit_sample_text(&hit, POLICY_TYPE_STRING, ARGUMENT_STRING, "another");
	make_event();
	hit_object_find(&event.hit, &object);
	ck_assert_uint_eq(object.path_length, strlen("passwd"));
	ck_assert_mem_eq(object.path, "passwd", strlen("passwd"));
}
END_TEST

START_TEST(no_name_before_a_name)
{
	hit_sample_text(&hit, POLICY_TYPE_STRING, ARGUMENT_STRING, "");
	hit_sample_text(&hit, POLICY_TYPE_STRING, ARGUMENT_STRING, "/mnt");
	expect(AUDIT_MESSAGE_ANOM_ACCESS_FS,
		"op=openat key=\"p\" " WEB SUBJECT " name=\"/mnt\" cwd=\"/work\""
		" hostname=web addr=? terminal=? res=success");
}
END_TEST

START_TEST(lines_of_a_killed_connection)
{
	struct hit_socket socket = {
		.family = AF_INET, .destination_port = 443, .destination = {1, 2, 3, 4}};

	begin(EVENT_PROCESS_LSM, HIT_AUDIT_RESP_ANOMALY);
	hit_sample_bytes(&hit, POLICY_TYPE_SOCK, ARGUMENT_SOCK, &socket, sizeof(socket));
	hit_sample_text(&hit, POLICY_TYPE_STRING, ARGUMENT_STRING, "no file");
	hit.record.hit_flags |= HIT_SIGNALLED;
	sample.event.container = NULL;
	ck_assert_uint_eq(format_lines(), 6);
	ck_assert_ptr_nonnull(strstr(buf.data, " syscall=-1 a0=? a1=? items=0 "));
	ck_assert_ptr_nonnull(
		strstr(buf.data, "type=SOCKADDR" STAMP "saddr=020001BB010203040000000000000000\n"));
	ck_assert_ptr_nonnull(strstr(buf.data, "type=RESP_KILL_PROC" STAMP PREFIX "op=kill key="));
	ck_assert_ptr_nonnull(strstr(buf.data, "type=RESP_ANOMALY" STAMP PREFIX "op=file_open "));
	ck_assert_ptr_null(strstr(buf.data, "type=PATH"));
	ck_assert_ptr_null(strstr(buf.data, "VIRT_MACHINE_ID"));
}
END_TEST

static void expect_kind(
	int kind, const char *name, enum policy_argument_type type, enum hit_audit expected)
{
	struct policy_hook hook = {.kind = kind};
	struct policy_text text = {.data = name, .length = strlen(name)};

	if (kind == POLICY_TRACEPOINT)
		hook.event = text;
	else
		hook.call = text;
	ck_assert_msg(hook_audit_kind(&hook, &type, 1) == expected, "%s", name);
}

START_TEST(what_hooks_are_about)
{
	expect_kind(POLICY_KPROBE, "sys_openat", POLICY_TYPE_STRING, HIT_AUDIT_ANOM_ACCESS_FS);
	expect_kind(POLICY_KPROBE, "sys_execve", POLICY_TYPE_STRING, HIT_AUDIT_ANOM_EXEC);
	expect_kind(POLICY_KPROBE, "sys_setuid", POLICY_TYPE_INT, HIT_AUDIT_RESP_ANOMALY);
	expect_kind(POLICY_KPROBE, "sys_connect", POLICY_TYPE_SOCKADDR, HIT_AUDIT_RESP_ANOMALY);
	expect_kind(POLICY_KPROBE, "sys_write", POLICY_TYPE_FD, HIT_AUDIT_ANOM_ACCESS_FS);
	expect_kind(POLICY_TRACEPOINT, "sys_enter_mkdirat", POLICY_TYPE_STRING,
		HIT_AUDIT_ANOM_ACCESS_FS);
	expect_kind(
		POLICY_TRACEPOINT, "sched_process_exec", POLICY_TYPE_STRING, HIT_AUDIT_ANOM_EXEC);
	expect_kind(POLICY_TRACEPOINT, "sched_process_exit", POLICY_TYPE_STRING,
		HIT_AUDIT_RESP_ANOMALY);
	expect_kind(POLICY_KPROBE, "security_bprm_creds_from_file", POLICY_TYPE_FILE,
		HIT_AUDIT_ANOM_EXEC);
	/* no system call, whatever its name begins with */
	expect_kind(POLICY_KPROBE, "open_exec", POLICY_TYPE_STRING, HIT_AUDIT_RESP_ANOMALY);
	expect_kind(POLICY_LSM_HOOK, "", POLICY_TYPE_LINUX_BINPRM, HIT_AUDIT_ANOM_EXEC);
	expect_kind(POLICY_LSM_HOOK, "", POLICY_TYPE_FILE, HIT_AUDIT_ANOM_ACCESS_FS);
	expect_kind(POLICY_KPROBE, "tcp_connect", POLICY_TYPE_SOCK, HIT_AUDIT_RESP_ANOMALY);
}
END_TEST

RUN_SUITE_IN(set_up, tear_down, "hit-audit", of_a_file, of_the_host, of_a_program, of_a_connection,
	of_other_hooks, of_a_signal, the_longest_record, lines_of_a_file, a_file_below_a_directory,
	no_name_before_a_name, lines_of_a_killed_connection, what_hooks_are_about)
