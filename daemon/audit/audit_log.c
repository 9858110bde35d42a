/* SPDX-License-Identifier: Apache-2.0 */
/* Lines as auditd would write them had the kernel been given an execve rule, with one record more:
 * a VIRT_MACHINE_ID that names the container. What ausearch needs, all tried:
 *
 * VIRT_MACHINE_ID stands last before EOE (first, `--format text` loses the verb), has no exe=,
 * comm= or res= (they would replace the SYSCALL's), and its prefix names the subject.
 *
 * A blank follows uuid=: ausearch reads on to one without looking for the end.
 *
 * No line is longer than 8969 bytes: ausearch reads the rest as another record. */
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/audit/audit_execve.h"
#include "daemon/audit/audit_log_internal.h"
#include "daemon/audit/record.h"
#include "lib/audit_text.h"
#include "lib/util.h"

/* The second for a process that was found running: nobody saw its exec. */
#define KEY_EXEC  "tallyman-exec"
#define KEY_FOUND "tallyman-found"

#define CGROUP_ENCODED_MAX 4096 /* as AUDIT_LOG_PATH_MAX */

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#elif defined(__riscv)
#define MACHINE EM_RISCV
#elif defined(__powerpc64__)
#define MACHINE EM_PPC64
#elif defined(__s390x__)
#define MACHINE EM_S390
#elif defined(__i386__)
#define MACHINE EM_386
#elif defined(__arm__)
#define MACHINE EM_ARM
#elif defined(__loongarch__)
#define MACHINE 258
#else
#error "add this machine's ELF number"
#endif
/* __AUDIT_ARCH_64BIT, __AUDIT_ARCH_LE */
#define ARCH_64BIT	   (sizeof(long) == 8 ? 0x80000000U : 0U)
#define ARCH_LITTLE_ENDIAN (BYTE_ORDER == LITTLE_ENDIAN ? 0x40000000U : 0U)

int audit_log_new(const struct config *config, struct audit_log **ret_log)
{
	struct audit_log *log = calloc(1, sizeof(*log));

	if (!log)
		return -ENOMEM;
	log->host = config->audit_host;
	log->pid = getpid();
	log->uid = getuid();
	snprintf(log->arch, sizeof(log->arch), "%08x", MACHINE | ARCH_64BIT | ARCH_LITTLE_ENDIAN);
	*ret_log = log;
	return 0;
}

struct audit_log *audit_log_free(struct audit_log *log)
{
	free(log);
	return NULL;
}

static uint32_t next_serial(struct audit_log *log)
{
	/* 0 would be "no serial" to ausearch -a. */
	if (!++log->serial)
		log->serial = 1;
	return log->serial;
}

static void path_field(
	struct buf *buf, const char *name, const struct exec_image *image, struct text text)
{
	buf_append_char(buf, ' ');
	if (text.length) {
		audit_field_limited(
			buf, name, exec_image_text(image, text), text.length, AUDIT_LOG_PATH_MAX);
	} else {
		buf_append_string(buf, name);
		buf_append_literal(buf, "=(null)");
	}
}

static bool exe_differs(const struct exec_image *image)
{
	return image->exe.length &&
	       (image->exe.length != image->binary.length ||
		       memcmp(exec_image_text(image, image->exe),
			       exec_image_text(image, image->binary), image->exe.length) != 0);
}

void audit_log_put_process(struct buf *buf, const struct process *process)
{
	const struct exec_image *image = process->image;
	const struct credentials *credentials = &image->credentials;

	audit_number(buf, " ppid=", process->parent_pid);
	audit_number(buf, " pid=", process->pid);
	audit_number(buf, " auid=", credentials->auid);
	audit_number(buf, " uid=", credentials->uid);
	audit_number(buf, " gid=", credentials->gid);
	audit_number(buf, " euid=", credentials->euid);
	audit_number(buf, " suid=", credentials->suid);
	audit_number(buf, " fsuid=", credentials->fsuid);
	audit_number(buf, " egid=", credentials->egid);
	audit_number(buf, " sgid=", credentials->sgid);
	audit_number(buf, " fsgid=", credentials->fsgid);
	audit_number(buf, " tty=(none) ses=", credentials->session);
	buf_append_char(buf, ' ');
	audit_field_n(
		buf, "comm", image->comm, MIN((size_t)image->comm_length, sizeof(image->comm)));
	path_field(buf, "exe", image, image->exe);
}

static void syscall_line(
	struct audit_lines *lines, const struct audit_log *log, const struct process *process)
{
	struct buf *buf = lines->buf;

	audit_line_start(lines, "SYSCALL");
	buf_append_literal(buf, "arch=");
	buf_append_string(buf, log->arch);
	audit_number(buf, " syscall=", SYS_execve);
	buf_append_literal(buf, " success=yes exit=0 a0=? a1=? items=");
	buf_append_char(buf, exe_differs(process->image) ? '2' : '1');
	audit_log_put_process(buf, process);
	if (process->procfs)
		buf_append_literal(buf, " key=\"" KEY_FOUND "\"");
	else
		buf_append_literal(buf, " key=\"" KEY_EXEC "\"");
	audit_line_end(lines);
}

void audit_log_cwd_line(struct audit_lines *lines, const struct exec_image *image)
{
	audit_line_start(lines, "CWD");
	path_field(lines->buf, "cwd", image, image->cwd);
	audit_line_end(lines);
}

static void hex_pair(struct buf *buf, unsigned value)
{
	char text[16];

	buf_append(buf, text, (size_t)snprintf(text, sizeof(text), "%02x", value));
}

static void inode_fields(struct buf *buf, const struct exec_image *image)
{
	char mode[16];

	audit_number(buf, " inode=", image->exe_inode);
	buf_append_literal(buf, " dev=");
	/* new_encode_dev() */
	hex_pair(buf, image->exe_device >> 8 & 0xfff);
	buf_append_char(buf, ':');
	hex_pair(buf, (image->exe_device & 0xff) | (image->exe_device >> 12 & 0xfff00));
	buf_append_literal(buf, " mode=");
	buf_append(
		buf, mode, (size_t)snprintf(mode, sizeof(mode), "%#o", image->exe_mode & 0177777));
	audit_number(buf, " ouid=", image->exe_uid);
	audit_number(buf, " ogid=", image->exe_gid);
	buf_append_literal(buf, " rdev=00:00");
}

/* What was named in the call, and the file that runs when that is another: a script's interpreter,
 * or where a link leads. Only of that file the kernel side knows more than the name. */
static void path_lines(struct audit_lines *lines, const struct exec_image *image)
{
	bool two = exe_differs(image);

	audit_line_start(lines, "PATH");
	buf_append_literal(lines->buf, "item=0");
	path_field(lines->buf, "name", image, image->binary);
	if (!two)
		inode_fields(lines->buf, image);
	buf_append_literal(lines->buf, " nametype=NORMAL");
	audit_line_end(lines);
	if (!two)
		return;
	audit_line_start(lines, "PATH");
	buf_append_literal(lines->buf, "item=1");
	path_field(lines->buf, "name", image, image->exe);
	inode_fields(lines->buf, image);
	buf_append_literal(lines->buf, " nametype=NORMAL");
	audit_line_end(lines);
}

static void prefix(struct buf *buf, uint32_t pid, uint32_t uid, uint32_t auid, uint32_t session)
{
	audit_number(buf, "pid=", pid);
	audit_number(buf, " uid=", uid);
	audit_number(buf, " auid=", auid);
	audit_number(buf, " ses=", session);
	buf_append_literal(buf, " msg='");
}

void audit_log_put_prefix(struct buf *buf, const struct process *process)
{
	const struct credentials *credentials = &process->image->credentials;

	prefix(buf, process->pid, credentials->uid, credentials->auid, credentials->session);
}

static void machine_id_line(
	struct audit_lines *lines, const struct process *process, const struct container *container)
{
	const char *cgroup = container->cgroup_path ? container->cgroup_path : "";
	struct audit_container names;

	audit_container_of(container, &names);
	audit_line_start(lines, "VIRT_MACHINE_ID");
	audit_log_put_prefix(lines->buf, process);
	buf_append_literal(lines->buf, "op=annotate");
	audit_container_format(&names, lines->buf);
	buf_append_char(lines->buf, ' ');
	audit_field_limited(lines->buf, "cgroup", cgroup, strlen(cgroup), CGROUP_ENCODED_MAX);
	buf_append_char(lines->buf, '\'');
	audit_line_end(lines);
}

void audit_log_end_lines(struct audit_lines *lines, const struct event *event)
{
	if (event->container)
		machine_id_line(lines, event->process, event->container);
	audit_line_start(lines, "EOE");
	audit_line_end(lines);
}

static void exec_lines(
	struct audit_lines *lines, const struct audit_log *log, const struct event *event)
{
	syscall_line(lines, log, event->process);
	audit_execve_lines(lines, event->process->image);
	audit_log_cwd_line(lines, event->process->image);
	path_lines(lines, event->process->image);
	audit_log_end_lines(lines, event);
}

/* One record as it would come from the kernel with us as the sender, but with the login that
 * started the container, so that -ul and --session find what that login started. */
static void record_line(
	struct audit_lines *lines, const struct audit_log *log, const struct event *event)
{
	uint32_t pid = (uint32_t)log->pid, uid = log->uid, auid = UINT32_MAX, session = UINT32_MAX;

	if (event->kind == EVENT_CONTAINER_START || event->kind == EVENT_CONTAINER_STOP)
		audit_line_start(lines, "VIRT_CONTROL");
	else
		audit_line_start(lines, "RESP_ANOMALY");
	if (event->process && event->process->image) {
		pid = event->process->pid;
		uid = event->process->image->credentials.uid;
		auid = event->process->image->credentials.auid;
		session = event->process->image->credentials.session;
	} else if (event->container) {
		auid = event->container->auid;
		session = event->container->session;
	}
	prefix(lines->buf, pid, uid, auid, session);
	audit_record_format(event, lines->buf);
	buf_append_char(lines->buf, '\'');
	audit_line_end(lines);
}

unsigned audit_log_format(struct audit_log *log, const struct event *event, struct buf *buf)
{
	size_t start = buf->length;
	struct audit_lines lines;

	switch (event->kind) {
	case EVENT_PROCESS_EXEC:
		if (event->setup || !event->process || !event->process->image)
			return 0;
		if (!event->container && !log->host)
			return 0;
		audit_lines_begin(&lines, event->time, next_serial(log), buf);
		exec_lines(&lines, log, event);
		break;
	case EVENT_CONTAINER_START:
	case EVENT_CONTAINER_STOP:
		if (!event->container)
			return 0;
		audit_lines_begin(&lines, event->time, next_serial(log), buf);
		record_line(&lines, log, event);
		break;
	case EVENT_CGROUP_ESCAPE:
		if (!event->process)
			return 0;
		/* fall through */
	case EVENT_EVENT_LOSS:
	case EVENT_UNREGISTERED_CONTAINER:
		audit_lines_begin(&lines, event->time, next_serial(log), buf);
		record_line(&lines, log, event);
		break;
	default:
		if (!event_kind_is_hit(event->kind) || !event->process || !event->process->image)
			return 0;
		audit_lines_begin(&lines, event->time, next_serial(log), buf);
		audit_log_hit_lines(&lines, log, event);
		break;
	}
	if (buf->failed) {
		buf->length = start;
		return 0;
	}
	return lines.count;
}
