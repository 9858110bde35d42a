/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of the audit-format log, what belongs there, and memory that runs out. That ausearch
 * reads them is tests/audit/test-ausearch.c. */
#include <errno.h>
#include <string.h>

#include "daemon/audit/audit.h"
#include "tests/audit/samples.h"
#include "tests/unit/failing-memory.h"
#include "tests/unit/unit.h"

#define ID "3f4e1b2c9d8a7f6e5d4c3b2a19080706f5e4d3c2b1a0f9e8d7c6b5a493827160"

static struct container web;
static struct sample sample;
static struct audit_log *audit_log;
static struct buf buf;

static void open_log(bool host)
{
	struct config config = {.audit_host = host};

	audit_log = audit_log_free(audit_log);
	ck_assert_int_eq(audit_log_new(&config, &audit_log), 0);
}

static void set_up(void)
{
	web = (struct container){
		.cgroup_id = 7,
		.id = ID,
		.metadata = {.name = (char *)"web", .runtime = (char *)"podman"},
		.cgroup_path = (char *)"/a b",
		.auid = 1000,
		.session = 3,
	};
	memset(&sample, 0, sizeof(sample));
	sample_exec(&sample, &web, "ls", "/bin/busybox", "/bin/ls", "/work", "ls\0-l\0a b\0", 10);
	sample.event.time = 1700000000045999999;
	sample.process.pid = 4242;
	sample.process.parent_pid = 4241;
	sample.process.image->credentials = (struct credentials){
		.uid = 1,
		.gid = 2,
		.euid = 3,
		.suid = 4,
		.fsuid = 5,
		.egid = 6,
		.sgid = 7,
		.fsgid = 8,
		.auid = 9,
		.session = 10,
	};
	open_log(false);
}

static void tear_down(void)
{
	sample_done(&sample);
	audit_log = audit_log_free(audit_log);
	buf_done(&buf);
}

static const char *format(unsigned lines)
{
	buf_clear(&buf);
	ck_assert_uint_eq(audit_log_format(audit_log, &sample.event, &buf), lines);
	return buf_string(&buf);
}

#define STAMP " msg=audit(1700000000.045:1): "

START_TEST(exec)
{
	format(7);
#if defined(__x86_64__)
	ck_assert_str_eq(buf.data,
		"node=tallyman type=SYSCALL" STAMP
		"arch=c000003e syscall=59 success=yes exit=0 a0=? a1=?"
		" items=2 ppid=4241 pid=4242 auid=9 uid=1 gid=2 euid=3 suid=4 fsuid=5 "
		"egid=6"
		" sgid=7 fsgid=8 tty=(none) ses=10 comm=\"ls\" exe=\"/bin/busybox\" "
		"key=\"tallyman-exec\"\n"
		"node=tallyman type=EXECVE" STAMP "argc=3 a0=\"ls\" a1=\"-l\" a2=612062\n"
		"node=tallyman type=CWD" STAMP " cwd=\"/work\"\n"
		"node=tallyman type=PATH" STAMP "item=0 name=\"/bin/ls\" nametype=NORMAL\n"
		"node=tallyman type=PATH" STAMP "item=1 name=\"/bin/busybox\" inode=4711 dev=08:01"
		" mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL\n"
		"node=tallyman type=VIRT_MACHINE_ID" STAMP "pid=4242 uid=1 auid=9 ses=10"
		" msg='op=annotate virt=podman vm=\"web\" uuid=" ID " cgroup=2F612062'\n"
		"node=tallyman type=EOE" STAMP "\n");
#endif
}
END_TEST

START_TEST(serials_grow)
{
	format(7);
	ck_assert_ptr_nonnull(strstr(format(7), ".045:2): "));
	ck_assert_ptr_nonnull(strstr(format(7), ".045:3): "));
}
END_TEST

START_TEST(what_was_only_found_running)
{
	sample.process.procfs = true;
	ck_assert_ptr_nonnull(strstr(format(7), " key=\"tallyman-found\"\n"));
}
END_TEST

START_TEST(what_does_not_belong_there)
{
	sample.event.setup = true;
	format(0);
	sample.event.setup = false;
	sample.event.kind = EVENT_PROCESS_EXIT;
	format(0);
	sample.event.kind = EVENT_CONTAINER_UPDATE;
	format(0);
	ck_assert_uint_eq(buf.length, 0);
	/* the host's own business, unless asked for */
	sample.event.kind = EVENT_PROCESS_EXEC;
	sample.event.container = NULL;
	format(0);
	open_log(true);
	ck_assert_ptr_null(strstr(format(6), "VIRT_MACHINE_ID"));
}
END_TEST

START_TEST(unknown_paths)
{
	struct exec_image *image = sample.process.image;

	image->exe.length = image->cwd.length = image->binary.length = 0;
	image->arguments.length = 0;
	image->argc = 0;
	image->comm_length = 0;
	format(6);
	ck_assert_ptr_nonnull(strstr(buf.data, " comm=\"\" exe=(null) key="));
	ck_assert_ptr_nonnull(strstr(buf.data, "): argc=0\n"));
	ck_assert_ptr_nonnull(strstr(buf.data, "):  cwd=(null)\n"));
	ck_assert_ptr_nonnull(strstr(buf.data, " name=(null) "));
}
END_TEST

START_TEST(logins_of_a_start)
{
	sample.event = (struct event){.kind = EVENT_CONTAINER_START, .container = &web};
	ck_assert_ptr_nonnull(strstr(format(1), " auid=1000 ses=3 msg='op=start "));
	/* a process's own, where the event is about one */
	sample.event = (struct event){
		.kind = EVENT_CGROUP_ESCAPE, .container = &web, .process = &sample.process};
	ck_assert_ptr_nonnull(
		strstr(format(1), ": pid=4242 uid=1 auid=9 ses=10 msg='op=cgroup-escape "));
}
END_TEST

/* The lines are there wholly or not at all. */
START_TEST(no_memory_for_lines)
{
	static const char before[] = "before\n";
	bool refused = true;

	for (unsigned i = 0; refused; i++) {
		unsigned lines;

		buf_done(&buf);
		buf_append_string(&buf, before);
		memory_fail_after(i);
		lines = audit_log_format(audit_log, &sample.event, &buf);
		refused = memory_restore();
		ck_assert_uint_eq(lines, refused ? 0 : 7);
		ck_assert(buf.failed == refused);
		if (refused)
			ck_assert_uint_eq(buf.length, strlen(before));
		ck_assert(!memcmp(buf.data, before, strlen(before)));
	}
	buf_done(&buf);
	buf.limit = 500;
	ck_assert_uint_eq(audit_log_format(audit_log, &sample.event, &buf), 0);
	ck_assert(buf.failed && !buf.length);
}
END_TEST

START_TEST(no_memory_to_start)
{
	struct config config = {.audit_enabled = true};
	struct audit_log *log = NULL;
	struct audit *audit = NULL;
	struct error error;
	int r;

	memory_fail_after(0);
	r = audit_log_new(&config, &log);
	memory_restore();
	ck_assert_int_eq(r, -ENOMEM);
	ck_assert_ptr_null(log);
	/* audit, its limits, the sender, its queue; what follows would reach this machine's audit
	 */
	for (unsigned i = 0; i < 4; i++) {
		memory_fail_after(i);
		r = audit_start(&config, &audit, &error);
		ck_assert(memory_restore());
		ck_assert_int_eq(r, -ENOMEM);
		ck_assert_ptr_null(audit);
		ck_assert_str_ne(error.message, "");
	}
}
END_TEST

START_TEST(switched_off)
{
	struct config config = {.audit_enabled = false};
	struct audit_status status;
	struct audit *audit;
	struct error error;
	uint64_t count, since;

	ck_assert_int_eq(audit_start(&config, &audit, &error), 0);
	audit_event(audit, &sample.event);
	audit_tick(audit, 1);
	ck_assert(!audit_take_loss(audit, &count, &since));
	audit_status_get(audit, &status);
	ck_assert_str_eq(audit_health_name(status.health), "off");
	ck_assert_uint_eq(status.sent + status.queued + status.limited, 0);
	ck_assert_ptr_null(audit_stop(audit, 0));
}
END_TEST

RUN_SUITE_IN(set_up, tear_down, "audit_log", exec, serials_grow, what_was_only_found_running,
	what_does_not_belong_there, unknown_paths, logins_of_a_start, no_memory_for_lines,
	no_memory_to_start, switched_off)
