/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/decode/decode.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static const size_t fixed_size[RECORD_KIND_MAX] = {
	[RECORD_EXEC] = sizeof(struct exec_record),
	[RECORD_DATA] = sizeof(struct data_record),
	[RECORD_FORK] = sizeof(struct fork_record),
	[RECORD_EXIT] = sizeof(struct exit_record),
	[RECORD_CGROUP_MKDIR] = sizeof(struct cgroup_record),
	[RECORD_CGROUP_RMDIR] = sizeof(struct cgroup_record),
	[RECORD_CGROUP_ATTACH] = sizeof(struct cgroup_record),
	[RECORD_TASK] = sizeof(struct exec_record),
	[RECORD_HIT] = sizeof(struct hit_record),
	[RECORD_HIT_DATA] = sizeof(struct hit_data_record),
};

struct cursor {
	const char *next, *end;
	bool failed;
};

static struct span take(struct cursor *cursor, uint32_t length)
{
	struct span span = {cursor->next, length};

	if (length > (size_t)(cursor->end - cursor->next)) {
		cursor->failed = true;
		return (struct span){cursor->end, 0};
	}
	cursor->next += length;
	return span;
}

/* What an argument's bytes must at least be to be read as what they are. */
static const uint8_t structure_size[ARGUMENT_READERS] = {
	[ARGUMENT_SOCK] = sizeof(struct hit_socket),
	[ARGUMENT_SOCKET] = sizeof(struct hit_socket),
	[ARGUMENT_SKB] = sizeof(struct hit_socket),
	[ARGUMENT_SOCKADDR] = sizeof(struct hit_socket),
	[ARGUMENT_CRED] = sizeof(struct credentials),
	[ARGUMENT_USER_NAMESPACE] = sizeof(struct hit_user_namespace),
	[ARGUMENT_BPF_ATTR] = sizeof(struct hit_bpf_prog),
	[ARGUMENT_BPF_PROG] = sizeof(struct hit_bpf_prog),
	[ARGUMENT_BPF_MAP] = sizeof(struct hit_bpf_map),
	[ARGUMENT_PERF_EVENT] = sizeof(struct hit_perf_event),
	[ARGUMENT_LOAD_INFO] = sizeof(struct hit_module),
	[ARGUMENT_MODULE] = sizeof(struct hit_module),
};

static bool argument_fits(const struct hit_record *record, const struct hit_argument *argument)
{
	if (argument->status > ARGUMENT_UNREADABLE)
		return false;
	/* of these nothing else is looked at */
	if (argument->status == ARGUMENT_UNREAD || argument->status == ARGUMENT_UNREADABLE)
		return true;
	if (argument->reader >= ARGUMENT_READERS ||
		(uint64_t)argument->offset + argument->length > record->data_length)
		return false;
	/* a structure that was cut had no room at all */
	return argument->status == ARGUMENT_CUT ||
	       argument->length >= structure_size[argument->reader];
}

static bool hit_fits(const struct hit_record *record)
{
	if (record->arguments_count > HOOK_ARGUMENTS_MAX || record->data_length > HIT_DATA_MAX ||
		record->kernel_stack_depth > STACK_DEPTH_MAX ||
		record->user_stack_depth > STACK_DEPTH_MAX ||
		record->module_count > STACK_MODULES_MAX || record->has_hash > 1)
		return false;
	for (uint32_t i = 0; i < record->arguments_count; i++)
		if (!argument_fits(record, &record->arguments[i]))
			return false;
	return argument_fits(record, &record->arguments[HOOK_RETURN_ARGUMENT]);
}

/* As many as the record says; each path is a string then. */
static bool modules_fit(struct span modules)
{
	for (size_t at = 0; at < modules.length; at += sizeof(struct stack_module)) {
		struct stack_module module;

		memcpy(&module, modules.data + at, sizeof(module));
		if (module.begin >= module.end || module.path_length >= STACK_MODULE_PATH_MAX ||
			strnlen(module.path, STACK_MODULE_PATH_MAX) != module.path_length)
			return false;
	}
	return true;
}

int record_decode(const void *data, size_t size, struct record_view *ret_view)
{
	const struct record_header *header = data;
	struct record_view view = {};
	struct cursor cursor;

	if (size < sizeof(*header) || header->size > size || header->size < sizeof(*header) ||
		header->version != RECORD_VERSION)
		return -EBADMSG;
	if (header->kind == RECORD_NONE || header->kind >= RECORD_KIND_MAX ||
		header->size < fixed_size[header->kind])
		return -EBADMSG;
	view.kind = header->kind;
	view.header = header;
	cursor.next = (const char *)data + fixed_size[header->kind];
	cursor.end = (const char *)data + header->size;
	cursor.failed = false;
	switch (view.kind) {
	case RECORD_EXEC:
	case RECORD_TASK:
		view.filename = take(&cursor, view.exec->filename_length);
		view.interp = take(&cursor, view.exec->interp_length);
		view.exe = take(&cursor, view.exec->exe_length);
		view.cwd = take(&cursor, view.exec->cwd_length);
		view.arguments = take(&cursor, view.exec->arguments_length);
		view.environment = take(&cursor, view.exec->environment_length);
		break;
	case RECORD_DATA:
		view.bytes = take(&cursor, view.data->length);
		break;
	case RECORD_HIT_DATA:
		view.bytes = take(&cursor, view.hit_data->length);
		break;
	case RECORD_HIT:
		if (!hit_fits(view.hit))
			return -EBADMSG;
		view.bytes = take(&cursor, view.hit->data_length);
		view.kernel_stack = take(&cursor, view.hit->kernel_stack_depth * sizeof(uint64_t));
		view.user_stack = take(&cursor, view.hit->user_stack_depth * sizeof(uint64_t));
		view.modules = take(&cursor, view.hit->module_count * sizeof(struct stack_module));
		view.hash = take(&cursor, view.hit->has_hash ? FILE_HASH_MAX : 0);
		if (!cursor.failed && !modules_fit(view.modules))
			return -EBADMSG;
		break;
	case RECORD_CGROUP_MKDIR:
	case RECORD_CGROUP_RMDIR:
	case RECORD_CGROUP_ATTACH:
		view.bytes = take(&cursor, view.cgroup->path_length);
		break;
	default:
		break;
	}
	/* the iterator rounds its records up, so that each begins aligned */
	if (cursor.failed || cursor.end - cursor.next >= 8)
		return -EBADMSG;
	*ret_view = view;
	return 0;
}
