/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/audit/hit_record.h"

#include <string.h>
#include <sys/socket.h>

#include "daemon/audit/netlink.h"
#include "daemon/audit/record.h"
#include "lib/audit_text.h"
#include "lib/util.h"

#define ERROR_MAX 4095 /* the kernel's MAX_ERRNO */

/* ---- what it is about ---- */

static bool is_zero(const uint8_t address[16])
{
	static const uint8_t zero[16];

	return memcmp(address, zero, sizeof(zero)) == 0;
}

static void take_address(struct hit_object *object, const char *bytes, bool single)
{
	struct hit_socket *socket = &object->socket;
	bool own;

	memcpy(socket, bytes, sizeof(*socket));
	if (socket->family != AF_INET && socket->family != AF_INET6)
		return;
	own = single || (is_zero(socket->destination) && !socket->destination_port);
	object->has_address = true;
	object->address = own ? socket->source : socket->destination;
	object->port = own ? socket->source_port : socket->destination_port;
}

static bool is_directory(const struct hit_argument *argument)
{
	return argument && argument->reader == ARGUMENT_FD &&
	       (argument->integer & 0170000) == 0040000;
}

void hit_object_find(const struct policy_hit *hit, struct hit_object *ret_object)
{
	const struct hit_argument *before = NULL;

	memset(ret_object, 0, sizeof(*ret_object));
	for (uint32_t i = 0; i < HOOK_ARGUMENTS_MAX; i++) {
		const char *bytes;
		const struct hit_argument *argument = policy_hit_argument(hit, i, &bytes);

		if (!policy_hit_argument_usable(argument) || hit->hook->arguments[i].of_task)
			continue;
		/* openat(directory, path): what it is about is the path; mount(NULL, path, …) too
		 */
		if (policy_hit_argument_is_text(argument) &&
			(!ret_object->path_length || is_directory(before))) {
			before = argument;
			ret_object->path = bytes;
			ret_object->path_length = strnlen(bytes, argument->length);
			ret_object->mode = (uint32_t)argument->integer & 0177777;
		} else if (!ret_object->has_address &&
			   (argument->reader == ARGUMENT_SOCK ||
				   argument->reader == ARGUMENT_SOCKET ||
				   argument->reader == ARGUMENT_SKB)) {
			take_address(ret_object, bytes, false);
		} else if (!ret_object->has_address && argument->reader == ARGUMENT_SOCKADDR) {
			take_address(ret_object, bytes, true);
		}
	}
	/* a flag word of a text is no mode */
	if (!(ret_object->mode & 0170000))
		ret_object->mode = 0;
}

enum hit_result hit_result_of(const struct policy_hit *hit, int64_t *ret_value)
{
	const struct hit_argument *argument;
	const char *bytes;

	*ret_value = 0;
	argument =
		hit->return_record ? policy_hit_argument(hit, HOOK_RETURN_ARGUMENT, &bytes) : NULL;
	if (policy_hit_argument_usable(argument) && argument->reader == ARGUMENT_INTEGER) {
		*ret_value = (int64_t)argument->integer;
		if (*ret_value < 0 && *ret_value >= -ERROR_MAX)
			return HIT_RESULT_FAILED;
	}
	/* also when the return that we saw is that of a function further in */
	if ((hit->record->hit_flags | (hit->return_record ? hit->return_record->hit_flags : 0)) &
		HIT_OVERRIDDEN)
		return HIT_RESULT_FAILED;
	return policy_hit_argument_usable(argument) ? HIT_RESULT_SUCCESS : HIT_RESULT_UNKNOWN;
}

static const char *without(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(text, prefix, length) == 0 ? text + length : text;
}

static const char *function_operation(const char *function)
{
	static const char *const prefixes[] = {
		"__x64_", "__arm64_", "__riscv_", "__s390x_", "__ia32_compat_", "__ia32_"};
	const char *rest = function;

	for (size_t i = 0; i < ARRAY_SIZE(prefixes) && rest == function; i++)
		rest = without(function, prefixes[i]);
	return without(rest, "sys_");
}

const char *hit_operation(const struct event *event)
{
	const struct policy_hit *hit = &event->hit;
	const char *name = NULL;

	switch (event->kind) {
	case EVENT_PROCESS_KPROBE:
	case EVENT_PROCESS_LSM:
		name = hit->function ? function_operation(hit->function) : NULL;
		break;
	case EVENT_PROCESS_TRACEPOINT:
		name = hit->hook->event;
		if (name)
			name = without(without(name, "sys_enter_"), "sys_exit_");
		break;
	case EVENT_PROCESS_LOADER:
		return "load";
	default:
		name = policy_hit_symbol(hit);
		break;
	}
	return name && *name ? name : event_kind_name(event->kind) + strlen("process_");
}

/* ---- records ---- */

static void begin(const struct event *event, struct audit_container *container, struct buf *buf)
{
	const char *policy = event->hit.hook->policy;

	buf_append_char(buf, ' ');
	audit_field_limited(buf, "key", policy, strlen(policy), AUDIT_KEY_MAX);
	memset(container, 0, sizeof(*container));
	if (event->container) {
		audit_container_of(event->container, container);
		audit_container_format(container, buf);
	}
	audit_put_subject(buf, event->process);
}

/* In what is left: the name comes first, and the end has its room in any case. */
static void path(struct buf *buf, const char *name, const char *text, size_t length)
{
	size_t used = buf->length + strlen(name) + AUDIT_END_MAX + 2, room = 16;

	if (used + room < AUDIT_RECORD_MAX)
		room = MIN(AUDIT_RECORD_MAX - used, (size_t)AUDIT_PATH_MAX);
	buf_append_char(buf, ' ');
	audit_field_limited(buf, name, text, length, room);
}

static unsigned message_type(enum hit_audit audit)
{
	switch (audit) {
	case HIT_AUDIT_ANOM_EXEC:
		return AUDIT_MESSAGE_ANOM_EXEC;
	case HIT_AUDIT_ANOM_ACCESS_FS:
		return AUDIT_MESSAGE_ANOM_ACCESS_FS;
	case HIT_AUDIT_RESP_ANOMALY:
		break;
	}
	return AUDIT_MESSAGE_RESP_ANOMALY;
}

unsigned audit_hit_record(const struct event *event, struct buf *buf)
{
	const struct exec_image *image = event->process ? event->process->image : NULL;
	const struct policy_hit *hit = &event->hit;
	char address[NETWORK_ADDRESS_MAX] = "";
	struct audit_container container;
	struct hit_object object;
	int64_t value;

	if (!event->process)
		return 0;
	hit_object_find(hit, &object);
	audit_put_operation(buf, hit_operation(event));
	begin(event, &container, buf);
	if (object.path)
		path(buf, "name", object.path, object.path_length);
	if (object.has_address) {
		network_address_text(object.socket.family, object.address, address);
		audit_put_number(buf, "rport", object.port);
	}
	if (image)
		path(buf, "cwd", exec_image_text(image, image->cwd), image->cwd.length);
	if (image && hit->hook->audit == HIT_AUDIT_ANOM_EXEC)
		audit_put_command(buf, image, AUDIT_END_MAX);
	audit_put_end(buf, container.vm, *address ? address : NULL,
		hit_result_of(hit, &value) != HIT_RESULT_FAILED);
	return message_type(hit->hook->audit);
}

unsigned audit_hit_response(const struct event *event, struct buf *buf)
{
	const struct policy_hit *hit = &event->hit;
	const struct hook_description *hook;
	struct audit_container container;
	uint32_t selector;

	if (!event_kind_is_hit(event->kind) || !event->process ||
		!(hit->record->hit_flags & HIT_SIGNALLED))
		return 0;
	hook = hit->hook;
	selector = hit->record->selector;
	buf_append_literal(buf, "op=kill");
	if (selector < hook->selector_count && hook->selectors[selector].signal > 0)
		audit_put_number(buf, "sig", (uint64_t)hook->selectors[selector].signal);
	begin(event, &container, buf);
	audit_put_end(buf, container.vm, NULL, true);
	return AUDIT_MESSAGE_RESP_KILL_PROC;
}
