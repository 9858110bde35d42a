/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/hit-sample.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static const char *text(const char *value)
{
	return must(strdup(value));
}

void hit_sample_init(struct hit_sample *sample, enum event_kind kind)
{
	struct hook_description *hook = must(calloc(1, sizeof(*hook)));

	memset(sample, 0, sizeof(*sample));
	hook->references = 1;
	hook->id = 5;
	hook->event_kind = kind;
	hook->policy = text("p");
	hook->namespace = text("");
	switch (kind) {
	case EVENT_PROCESS_TRACEPOINT:
		hook->subsystem = text("syscalls");
		hook->event = text("sys_enter_openat");
		break;
	case EVENT_PROCESS_UPROBE:
		hook->path = text("/bin/bash");
		hook->places = must(calloc(1, sizeof(*hook->places)));
		hook->places[0].symbol = text("readline");
		hook->place_count = 1;
		break;
	case EVENT_PROCESS_USDT:
		hook->path = text("/bin/x");
		hook->provider = text("provider");
		hook->symbol = text("probe");
		break;
	case EVENT_PROCESS_LSM:
		hook->function = text("file_open");
		break;
	default:
		hook->function = text("__x64_sys_openat");
		break;
	}
	sample->hook = hook;
	sample->record = (struct hit_record){
		.header = {.kind = RECORD_HIT, .version = RECORD_VERSION, .time = 1000000000},
		.process = {.start_boottime = 500000000, .pid = 7, .self_exec_id = 1},
		.hook = 5,
		.tid = 8,
		.call = 77,
	};
}

void hit_sample_done(struct hit_sample *sample)
{
	hook_description_unref(sample->hook);
	buf_done(&sample->data);
	buf_done(&sample->bytes);
}

static struct hit_argument *next_argument(
	struct hit_sample *sample, enum policy_argument_type type, enum argument_reader reader)
{
	uint32_t index = sample->record.arguments_count;

	if (index == HOOK_ARGUMENTS_MAX)
		abort();
	sample->hook->arguments[index].type = type;
	sample->hook->arguments[index].present = true;
	sample->hook->arguments_count = sample->record.arguments_count = index + 1;
	sample->record.arguments[index].status = ARGUMENT_READ;
	sample->record.arguments[index].reader = (uint8_t)reader;
	return &sample->record.arguments[index];
}

uint32_t hit_sample_integer(
	struct hit_sample *sample, enum policy_argument_type type, int64_t value)
{
	next_argument(sample, type, ARGUMENT_INTEGER)->integer = (uint64_t)value;
	return sample->record.arguments_count - 1;
}

uint32_t hit_sample_bytes(struct hit_sample *sample, enum policy_argument_type type,
	enum argument_reader reader, const void *bytes, size_t length)
{
	struct hit_argument *argument = next_argument(sample, type, reader);

	argument->offset = (uint32_t)sample->data.length;
	argument->length = argument->size = (uint32_t)length;
	buf_append(&sample->data, bytes, length);
	return sample->record.arguments_count - 1;
}

void hit_sample_return(struct hit_sample *sample, enum policy_argument_type type, int64_t value)
{
	struct hit_argument *argument = &sample->record.arguments[HOOK_RETURN_ARGUMENT];

	sample->hook->arguments[HOOK_RETURN_ARGUMENT].type = type;
	sample->hook->arguments[HOOK_RETURN_ARGUMENT].present = true;
	sample->hook->has_return = true;
	sample->record.hit_flags |= HIT_AT_RETURN;
	argument->status = ARGUMENT_READ;
	argument->reader = ARGUMENT_INTEGER;
	argument->integer = (uint64_t)value;
}

void hit_sample_label(struct hit_sample *sample, uint32_t argument, const char *label)
{
	sample->hook->arguments[argument].label = text(label);
}

void hit_sample_fill(struct hit_sample *sample)
{
	struct hit_socket socket = {.family = AF_INET,
		.type = SOCK_STREAM,
		.protocol = 6,
		.state = 1,
		.source_port = 40000,
		.destination_port = 443,
		.source = {10, 0, 0, 1},
		.destination = {1, 1, 1, 1},
		.mark = 2,
		.priority = 3,
		.cookie = 4};
	struct hook_description *hook = sample->hook;
	struct hit_argument *argument;

	hit_sample_label(sample, hit_sample_integer(sample, POLICY_TYPE_INT, -1), "number");
	hit_sample_bytes(sample, POLICY_TYPE_STRING, ARGUMENT_STRING, "a\xff", 2);
	hit_sample_bytes(sample, POLICY_TYPE_SOCK, ARGUMENT_SOCK, &socket, sizeof(socket));
	hit_sample_bytes(sample, POLICY_TYPE_CHAR_BUF, ARGUMENT_CHAR_BUF, "\0\1", 2);
	hit_sample_text(sample, POLICY_TYPE_FILE, ARGUMENT_FILE, "/etc/passwd");
	argument = &sample->record.arguments[4];
	argument->integer = 0100644;
	argument->flags = PATH_CUT | PATH_DELETED;
	hook->arguments[3].data = true;
	hit_sample_return(sample, POLICY_TYPE_INT, -13);
	sample->record.kernel_stack_depth = sample->record.user_stack_depth = 1;
	sample->kernel_stack[0] = 0xffffffff81000010;
	sample->user_stack[0] = 0x401000;
	sample->record.has_hash = 1;
	sample->record.hash_algorithm = 4;
	memset(sample->hash, 0xab, sizeof(sample->hash));
	sample->record.hit_flags |= HIT_SIGNALLED | HIT_STACK_CUT;
	free((char *)hook->namespace);
	hook->namespace = text("default");
	hook->message = text("m");
	hook->tags = must(calloc(1, sizeof(*hook->tags)));
	hook->tags[0] = text("observability.filesystem");
	hook->tag_count = 1;
	hook->selectors = must(calloc(1, sizeof(*hook->selectors)));
	hook->selectors[0].label = text("s");
	hook->selectors[0].action = POLICY_ACTION_SIGKILL;
	hook->selectors[0].signal = 9;
	hook->selector_count = 1;
	if (!hook->places)
		hook->places = must(calloc(1, sizeof(*hook->places)));
	hook->place_count = 1;
	hook->places[0].offset = 4096;
	hook->places[0].reference_counter_offset = 8;
}

/* However many frames are claimed. */
static void append_stack(struct buf *bytes, const uint64_t stack[4], size_t depth)
{
	for (size_t i = 0; i < depth; i++)
		buf_append(bytes, &stack[i % 4], sizeof(*stack));
}

const void *hit_sample_record(struct hit_sample *sample, size_t *ret_size)
{
	struct hit_record *record = &sample->record;

	record->data_length = (uint32_t)sample->data.length;
	record->header.size =
		(uint32_t)(sizeof(*record) + sample->data.length + 8u * record->kernel_stack_depth +
			   8u * record->user_stack_depth + (record->has_hash ? FILE_HASH_MAX : 0u));
	buf_clear(&sample->bytes);
	buf_append(&sample->bytes, record, sizeof(*record));
	buf_append(&sample->bytes, sample->data.data, sample->data.length);
	append_stack(&sample->bytes, sample->kernel_stack, record->kernel_stack_depth);
	append_stack(&sample->bytes, sample->user_stack, record->user_stack_depth);
	if (record->has_hash)
		buf_append(&sample->bytes, sample->hash, sizeof(sample->hash));
	if (sample->bytes.failed)
		abort();
	if (ret_size)
		*ret_size = sample->bytes.length;
	return sample->bytes.data;
}

void hit_sample_event(struct hit_sample *sample, struct event *event)
{
	static struct stack_frame kernel, user;
	const struct hit_record *record = hit_sample_record(sample, NULL);
	struct policy_hit *hit = &event->hit;

	event->kind = (enum event_kind)sample->hook->event_kind;
	event->tid = record->tid;
	*hit = (struct policy_hit){.hook = sample->hook,
		.record = record,
		.data = (const char *)(record + 1),
		.function = sample->hook->function,
		.acted = record->hit_flags & (HIT_SIGNALLED | HIT_OVERRIDDEN)};
	if (record->hit_flags & HIT_AT_RETURN) {
		hit->return_record = record;
		hit->return_data = hit->data;
	}
	if (sample->hook->selector_count)
		hit->action = sample->hook->selectors[0].action;
	kernel = (struct stack_frame){.address = sample->kernel_stack[0],
		.offset = 16,
		.symbol = "do_sys_openat2",
		.module = NULL};
	user = (struct stack_frame){.address = sample->user_stack[0]};
	hit->kernel_stack = &kernel;
	hit->user_stack = &user;
	hit->kernel_stack_depth = record->kernel_stack_depth;
	hit->user_stack_depth = record->user_stack_depth;
	hit->hash = record->has_hash ? sample->hash : NULL;
	hit->hash_algorithm = record->hash_algorithm;
}
