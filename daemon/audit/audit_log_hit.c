/* SPDX-License-Identifier: Apache-2.0 */
/* A policy's match as the kernel would have written it had an audit rule with that key matched:
 * SYSCALL, CWD, a PATH for each file, SOCKADDR, then the same record that the kernel's audit is
 * sent. What ausearch needs, all tried:
 *
 * A SYSCALL without syscall= is dropped with its whole event; -1 is what the kernel writes where it
 * is in none. success= and exit= may be missing: how a call ended is not known at its beginning.
 *
 * It needs a0= and a1= as well, which take a "?"; the others may be missing.
 *
 * SOCKADDR stands after the ANOM_… record, whose hostname= it would otherwise lose -hn ADDRESS to.
 */
#include <netinet/in.h>
#include <string.h>

#include "daemon/audit/audit_log_internal.h"
#include "daemon/audit/hit_record.h"
#include "daemon/audit/record.h"
#include "daemon/audit/system_call.h"
#include "lib/audit_text.h"
#include "lib/util.h"

#define ARCH_I386			"40000003" /* AUDIT_ARCH_I386 */
#define SYSCALL_RECORD_ARGUMENTS	4
#define SYSCALL_RECORD_ARGUMENTS_NEEDED 2

/* A call of this machine's 32-bit programs, which have numbers of their own. */
static bool is_32_bit(const struct event *event)
{
	const char *function = event->kind == EVENT_PROCESS_KPROBE ? event->hit.function : NULL;

	return function && !strncmp(function, "__ia32_", strlen("__ia32_"));
}

/* Of which system call it is, -1 when it is none. */
static int system_call(const struct event *event)
{
	const struct policy_hit *hit = &event->hit;
	const char *operation = hit_operation(event);

	if (event->kind == EVENT_PROCESS_TRACEPOINT) {
		if (!hit->hook->subsystem || strcmp(hit->hook->subsystem, "syscalls") != 0)
			return -1;
	} else if (event->kind != EVENT_PROCESS_KPROBE || !hit->function ||
		   !strstr(hit->function, "sys_")) {
		return -1;
	}
	return audit_system_call_number(operation, is_32_bit(event));
}

/* A text is a path at a hook about files, and anywhere if it looks like one. */
static bool is_file(const struct policy_hit *hit, uint32_t index,
	const struct hit_argument *argument, const char *bytes)
{
	if (!argument || !policy_hit_argument_is_text(argument) ||
		hit->hook->arguments[index].of_task)
		return false;
	return (argument->reader != ARGUMENT_STRING && argument->reader != ARGUMENT_DATA_LOC) ||
	       hit->hook->audit != HIT_AUDIT_RESP_ANOMALY || (argument->length && bytes[0] == '/');
}

static unsigned count_files(const struct policy_hit *hit)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < HOOK_ARGUMENTS_MAX; i++) {
		const char *bytes = NULL;
		const struct hit_argument *argument = policy_hit_argument(hit, i, &bytes);

		count += is_file(hit, i, argument, bytes);
	}
	return count;
}

/* As far as the policy has read them. */
static void call_arguments(struct buf *buf, const struct policy_hit *hit)
{
	for (unsigned number = 1; number <= SYSCALL_RECORD_ARGUMENTS; number++) {
		const struct hit_argument *known = NULL;

		for (uint32_t i = 0; i < HOOK_ARGUMENTS_MAX && !known; i++) {
			const char *bytes;

			if (hit->hook->arguments[i].call_argument == number)
				known = policy_hit_argument(hit, i, &bytes);
		}
		if (known)
			buf_printf(
				buf, " a%u=%llx", number - 1, (unsigned long long)known->integer);
		else if (number <= SYSCALL_RECORD_ARGUMENTS_NEEDED)
			buf_printf(buf, " a%u=?", number - 1);
	}
}

static void syscall_line(
	struct audit_lines *lines, const struct audit_log *log, const struct event *event)
{
	const struct policy_hit *hit = &event->hit;
	struct buf *buf = lines->buf;
	enum hit_result result;
	int64_t value;

	audit_line_start(lines, "SYSCALL");
	buf_append_literal(buf, "arch=");
	buf_append_string(buf, is_32_bit(event) ? ARCH_I386 : log->arch);
	buf_append_literal(buf, " syscall=");
	buf_i64(buf, system_call(event));
	result = hit_result_of(hit, &value);
	if (result != HIT_RESULT_UNKNOWN) {
		buf_append_literal(buf, " success=");
		buf_append_string(buf, result == HIT_RESULT_SUCCESS ? "yes" : "no");
		buf_append_literal(buf, " exit=");
		buf_i64(buf, value);
	}
	call_arguments(buf, hit);
	buf_append_literal(buf, " items=");
	buf_u64(buf, count_files(hit));
	audit_log_put_process(buf, event->process);
	buf_append_char(buf, ' ');
	audit_field_limited(
		buf, "key", hit->hook->policy, strlen(hit->hook->policy), AUDIT_KEY_MAX);
	audit_line_end(lines);
}

static void path_lines(struct audit_lines *lines, const struct policy_hit *hit)
{
	unsigned item = 0;

	for (uint32_t i = 0; i < HOOK_ARGUMENTS_MAX; i++) {
		const char *bytes = NULL;
		const struct hit_argument *argument = policy_hit_argument(hit, i, &bytes);

		if (!is_file(hit, i, argument, bytes))
			continue;
		audit_line_start(lines, "PATH");
		audit_number(lines->buf, "item=", item++);
		buf_append_char(lines->buf, ' ');
		audit_field_limited(lines->buf, "name", bytes, strnlen(bytes, argument->length),
			AUDIT_LOG_PATH_MAX);
		buf_append_literal(lines->buf, " nametype=NORMAL");
		audit_line_end(lines);
	}
}

static void sockaddr_line(struct audit_lines *lines, const struct hit_object *object)
{
	struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(object->port)};
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(object->port)};

	audit_line_start(lines, "SOCKADDR");
	buf_append_literal(lines->buf, "saddr=");
	if (object->socket.family == AF_INET) {
		memcpy(&ipv4.sin_addr, object->address, sizeof(ipv4.sin_addr));
		audit_hex(lines->buf, (const char *)&ipv4, sizeof(ipv4));
	} else {
		memcpy(&ipv6.sin6_addr, object->address, sizeof(ipv6.sin6_addr));
		audit_hex(lines->buf, (const char *)&ipv6, sizeof(ipv6));
	}
	audit_line_end(lines);
}

static void record_line(struct audit_lines *lines, const struct event *event)
{
	switch (event->hit.hook->audit) {
	case HIT_AUDIT_ANOM_EXEC:
		audit_line_start(lines, "ANOM_EXEC");
		break;
	case HIT_AUDIT_ANOM_ACCESS_FS:
		audit_line_start(lines, "ANOM_ACCESS_FS");
		break;
	case HIT_AUDIT_RESP_ANOMALY:
		audit_line_start(lines, "RESP_ANOMALY");
		break;
	}
	audit_log_put_prefix(lines->buf, event->process);
	audit_hit_record(event, lines->buf);
	buf_append_char(lines->buf, '\'');
	audit_line_end(lines);
}

static void response_line(struct audit_lines *lines, const struct event *event)
{
	if (!(event->hit.record->hit_flags & HIT_SIGNALLED))
		return;
	audit_line_start(lines, "RESP_KILL_PROC");
	audit_log_put_prefix(lines->buf, event->process);
	audit_hit_response(event, lines->buf);
	buf_append_char(lines->buf, '\'');
	audit_line_end(lines);
}

void audit_log_hit_lines(
	struct audit_lines *lines, const struct audit_log *log, const struct event *event)
{
	struct hit_object object;

	hit_object_find(&event->hit, &object);
	syscall_line(lines, log, event);
	audit_log_cwd_line(lines, event->process->image);
	path_lines(lines, &event->hit);
	response_line(lines, event);
	record_line(lines, event);
	if (object.has_address)
		sockaddr_line(lines, &object);
	audit_log_end_lines(lines, event);
}
