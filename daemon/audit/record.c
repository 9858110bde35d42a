/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/audit/record.h"

#include <string.h>

#include "daemon/audit/audit_lines.h"
#include "daemon/audit/hit_record.h"
#include "daemon/audit/netlink.h"
#include "lib/audit_text.h"
#include "lib/util.h"

#define SHORT_ID_LENGTH 12
#define UID_UNSET	4294967295U

void audit_container_of(const struct container *container, struct audit_container *ret)
{
	const char *name = container->metadata.name;
	size_t length = strnlen(container->id, SHORT_ID_LENGTH);

	memcpy(ret->short_id, container->id, length);
	ret->short_id[length] = '\0';
	ret->virt = container->metadata.runtime;
	ret->vm = name && *name ? name : ret->short_id;
	ret->uuid = container->id;
}

void audit_put_plain(struct buf *buf, const char *name, const char *value)
{
	buf_append_char(buf, ' ');
	audit_field_plain(buf, name, value && strlen(value) <= AUDIT_WORD_MAX ? value : NULL);
}

void audit_put_number(struct buf *buf, const char *name, uint64_t value)
{
	buf_append_char(buf, ' ');
	buf_append_string(buf, name);
	buf_append_char(buf, '=');
	buf_u64(buf, value);
}

static void word_of(const char *value, char word[AUDIT_WORD_MAX + 1])
{
	size_t length = value ? strnlen(value, AUDIT_WORD_MAX) : 0;

	for (size_t i = 0; i < length; i++) {
		bool safe = audit_text_is_safe(value + i, 1) && value[i] != ',' && value[i] != ':';

		word[i] = safe ? value[i] : '_';
	}
	word[length] = '\0';
}

void audit_word(struct buf *buf, const char *name, const char *value)
{
	char word[AUDIT_WORD_MAX + 1];

	word_of(value, word);
	audit_put_plain(buf, name, word);
}

void audit_put_operation(struct buf *buf, const char *operation)
{
	char word[AUDIT_WORD_MAX + 1];

	word_of(operation, word);
	audit_field_plain(buf, "op", word);
}

void audit_container_format(const struct audit_container *container, struct buf *buf)
{
	audit_put_plain(buf, "virt", container->virt);
	buf_append_char(buf, ' ');
	audit_field_limited(buf, "vm", container->vm, strlen(container->vm), AUDIT_NAME_MAX);
	audit_put_plain(buf, "uuid", container->uuid);
}

static void since(struct buf *buf, uint64_t realtime_ns)
{
	buf_append_literal(buf, " since=");
	audit_seconds(buf, realtime_ns);
}

void audit_put_end(struct buf *buf, const char *hostname, const char *address, bool success)
{
	audit_put_plain(buf, "hostname", hostname);
	buf_append_literal(buf, " addr=");
	buf_append_string(buf, address ? address : "?");
	buf_append_literal(buf, " terminal=? res=");
	buf_append_string(buf, success ? "success" : "failed");
}

static void own_exe(struct buf *buf)
{
	buf_append_literal(buf, " exe=\"" AUDIT_OWN_EXE "\"");
}

/* Not pid=, uid=, auid=, ses=: ausearch -i shows the sender's names for an inner uid= and auid=,
 * and other ?uid= names make -ui lose the record. */
void audit_put_subject(struct buf *buf, const struct process *process)
{
	const struct exec_image *image = process->image;

	audit_put_number(buf, "opid", process->pid);
	audit_put_number(buf, "oses", image ? image->credentials.session : UID_UNSET);
	audit_put_number(buf, "sauid", image ? image->credentials.auid : UID_UNSET);
	audit_put_number(buf, "id", image ? image->credentials.uid : UID_UNSET);
	if (!image)
		return;
	buf_append_char(buf, ' ');
	audit_field_n(
		buf, "comm", image->comm, MIN((size_t)image->comm_length, sizeof(image->comm)));
	buf_append_char(buf, ' ');
	if (image->exe.length)
		audit_field_limited(buf, "exe", exec_image_text(image, image->exe),
			image->exe.length, AUDIT_PATH_MAX);
	else
		audit_field(buf, "exe", NULL);
}

void audit_put_command(struct buf *buf, const struct exec_image *image, size_t reserved)
{
	static const char cut_fields[] = " cmd_len=4294967295 cmd=";
	const char *arguments = exec_image_text(image, image->arguments);
	size_t length = image->arguments.length, used, room, total;
	char piece[256];

	if (length && !arguments[length - 1])
		length--;
	total = MAX((size_t)image->arguments_total, length + 1) - 1;
	used = buf->length + reserved + sizeof(cut_fields);
	room = used < AUDIT_RECORD_MAX ? (AUDIT_RECORD_MAX - used) / 2 : 0;
	if (total > room || length < total)
		audit_put_number(buf, "cmd_len", total);
	buf_append_literal(buf, " cmd=");
	length = MIN(length, room);
	if (!length)
		buf_append_literal(buf, "\"\"");
	for (size_t done = 0; done < length; done += sizeof(piece)) {
		size_t more = MIN(length - done, sizeof(piece));

		for (size_t i = 0; i < more; i++)
			piece[i] = arguments[done + i] ? arguments[done + i] : ' ';
		audit_hex(buf, piece, more);
	}
}

static unsigned exec_record(const struct event *event, struct buf *buf)
{
	const struct exec_image *image = event->process->image;
	struct audit_container container;
	const char *hostname = NULL;

	buf_append_literal(buf, "op=exec");
	if (event->container) {
		audit_container_of(event->container, &container);
		audit_container_format(&container, buf);
		hostname = container.vm;
	}
	audit_put_subject(buf, event->process);
	if (image) {
		buf_append_char(buf, ' ');
		audit_field_limited(buf, "cwd", exec_image_text(image, image->cwd),
			image->cwd.length, AUDIT_PATH_MAX);
		audit_put_command(buf, image, AUDIT_END_MAX);
	}
	audit_put_end(buf, hostname, NULL, true);
	return AUDIT_MESSAGE_USER_CMD;
}

static unsigned lifecycle_record(const struct event *event, bool start, struct buf *buf)
{
	struct audit_container container;

	audit_container_of(event->container, &container);
	buf_append_string(buf, start ? "op=start" : "op=stop");
	audit_word(buf, "reason",
		start ? container_source_name(event->container->source) : event->stop.reason);
	audit_container_format(&container, buf);
	audit_put_number(buf, "vm-pid",
		event->container->init_pid > 0 ? (uint64_t)event->container->init_pid : 0);
	audit_put_number(buf, "sauid", event->container->auid);
	own_exe(buf);
	audit_put_end(buf, container.vm, NULL, true);
	return AUDIT_MESSAGE_VIRT_CONTROL;
}

static unsigned loss_record(const struct event *event, struct buf *buf)
{
	struct audit_container container = {0};

	buf_append_literal(buf, "op=lost");
	audit_word(buf, "reason", event->loss.reason);
	audit_word(buf, "stage", event->loss.stage);
	if (event->container) {
		audit_container_of(event->container, &container);
		audit_container_format(&container, buf);
	}
	audit_put_number(buf, "n", event->loss.total);
	since(buf, event->loss.since);
	own_exe(buf);
	audit_put_end(buf, container.vm, NULL, false);
	return AUDIT_MESSAGE_RESP_ANOMALY;
}

static unsigned unregistered_record(const struct event *event, struct buf *buf)
{
	struct container known = {.cgroup_id = 0};
	struct audit_container container;

	/* Nothing is known of it but what its cgroup's name says. */
	if (event->unregistered.id)
		memcpy(known.id, event->unregistered.id,
			strnlen(event->unregistered.id, sizeof(known.id) - 1));
	audit_container_of(&known, &container);
	container.virt = event->unregistered.engine;
	buf_append_literal(buf, "op=unregistered-container");
	audit_word(buf, "reason", event->unregistered.reason);
	audit_container_format(&container, buf);
	if (event->process)
		audit_put_subject(buf, event->process);
	audit_put_end(buf, container.vm, NULL, false);
	return AUDIT_MESSAGE_RESP_ANOMALY;
}

static unsigned escape_record(const struct event *event, struct buf *buf)
{
	struct audit_container container = {0};
	const char *path = event->escape.cgroup_path;

	buf_append_literal(buf, "op=cgroup-escape");
	if (event->container) {
		audit_container_of(event->container, &container);
		audit_container_format(&container, buf);
	}
	audit_put_subject(buf, event->process);
	if (path) {
		buf_append_char(buf, ' ');
		audit_field_limited(buf, "cgroup", path, strlen(path), AUDIT_PATH_MAX);
	}
	audit_put_end(buf, container.vm, NULL, true);
	return AUDIT_MESSAGE_RESP_ANOMALY;
}

unsigned audit_record_format(const struct event *event, struct buf *buf)
{
	switch (event->kind) {
	case EVENT_PROCESS_EXEC:
		return event->process && !event->process->procfs && !event->setup
			       ? exec_record(event, buf)
			       : 0;
	case EVENT_CONTAINER_START:
	case EVENT_CONTAINER_STOP:
		return event->container
			       ? lifecycle_record(event, event->kind == EVENT_CONTAINER_START, buf)
			       : 0;
	case EVENT_EVENT_LOSS:
		return loss_record(event, buf);
	case EVENT_UNREGISTERED_CONTAINER:
		return unregistered_record(event, buf);
	case EVENT_CGROUP_ESCAPE:
		return event->process ? escape_record(event, buf) : 0;
	default:
		return event_kind_is_hit(event->kind) ? audit_hit_record(event, buf) : 0;
	}
}

bool audit_record_is_limited(const struct event *event)
{
	return event_kind_is_hit(event->kind) || event->kind == EVENT_PROCESS_EXEC ||
	       event->kind == EVENT_UNREGISTERED_CONTAINER || event->kind == EVENT_CGROUP_ESCAPE;
}

unsigned audit_record_summary(const struct audit_container *container, const char *reason,
	uint64_t count, uint64_t since_ns, struct buf *buf)
{
	buf_append_literal(buf, "op=lost");
	audit_word(buf, "reason", reason);
	buf_append_literal(buf, " stage=audit");
	if (container)
		audit_container_format(container, buf);
	audit_put_number(buf, "n", count);
	since(buf, since_ns);
	own_exe(buf);
	audit_put_end(buf, container ? container->vm : NULL, NULL, false);
	return AUDIT_MESSAGE_RESP_ANOMALY;
}

unsigned audit_record_self_test(uint64_t value, struct buf *buf)
{
	buf_append_literal(buf, "op=self-test");
	audit_put_number(buf, "n", value);
	own_exe(buf);
	audit_put_end(buf, NULL, NULL, true);
	return AUDIT_MESSAGE_USER;
}
