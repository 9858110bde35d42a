/* SPDX-License-Identifier: Apache-2.0 */
/* A kind, a type for each argument, and a record as the ring would have it: what is decoded becomes
 * one line of valid JSON, an audit record below its limit, and lines of printable characters. */
#include "daemon/audit/audit.h"
#include "daemon/audit/hit_record.h"
#include "daemon/audit/record.h"
#include "daemon/decode/decode.h"
#include "daemon/export/json_event.h"
#include "lib/json.h"
#include "lib/utf8.h"
#include "tests/fuzz/fuzz.h"

#define PREFIX (2 + HOOK_ARGUMENTS_ALL)

static const enum event_kind kinds[] = {EVENT_PROCESS_KPROBE, EVENT_PROCESS_TRACEPOINT,
	EVENT_PROCESS_UPROBE, EVENT_PROCESS_USDT, EVENT_PROCESS_LSM, EVENT_PROCESS_LOADER};

static void describe(const uint8_t *prefix, struct hook_description *hook)
{
	static struct hook_selector_description selector = {.label = "s", .signal = 9};

	hook->event_kind = kinds[prefix[0] % (sizeof(kinds) / sizeof(*kinds))];
	hook->audit = (enum hit_audit)(prefix[1] % 3);
	hook->policy = "p";
	hook->namespace = "";
	hook->function = "__x64_sys_openat";
	hook->subsystem = "syscalls";
	hook->event = "sys_enter_openat";
	hook->has_return = prefix[1] & 4;
	hook->arguments_count = HOOK_ARGUMENTS_MAX;
	hook->selectors = &selector;
	hook->selector_count = 1;
	for (unsigned i = 0; i < HOOK_ARGUMENTS_ALL; i++) {
		hook->arguments[i].type =
			(enum policy_argument_type)(prefix[2 + i] % POLICY_TYPE_COUNT);
		hook->arguments[i].present = true;
		hook->arguments[i].longs = prefix[2 + i] & 0x80;
		hook->arguments[i].data = prefix[2 + i] & 0x40;
	}
}

static void check_json(const struct event *event)
{
	const struct json_event_options options = {.node_name = "n"};
	struct json_document *document = NULL;
	struct buf json = {};

	json_event_format(&options, event, &json);
	json_event_finish(&json, 1, "s");
	FUZZ_ASSERT(!json.failed && utf8_valid(json.data, json.length));
	FUZZ_ASSERT(json_parse(json.data, json.length, NULL, &document, NULL) == 0);
	FUZZ_ASSERT(json_get(json_root(document), event_kind_name(event->kind)));
	FUZZ_ASSERT(memchr(json.data, '\n', json.length) == json.data + json.length - 1);
	json_document_free(document);
	buf_done(&json);
}

static void check_printable(const struct buf *buf)
{
	for (size_t i = 0; i < buf->length; i++)
		FUZZ_ASSERT((buf->data[i] >= ' ' && buf->data[i] <= '~') || buf->data[i] == '\n');
}

static void check_audit(const struct event *event)
{
	struct buf record = {.limit = AUDIT_RECORD_MAX}, lines = {};
	struct config config = {.audit_host = false};
	struct audit_log *log = NULL;

	FUZZ_ASSERT(audit_record_format(event, &record) && !record.failed);
	FUZZ_ASSERT(!memchr(record.data, '\n', record.length));
	FUZZ_ASSERT(!memchr(record.data, '\'', record.length));
	check_printable(&record);
	if (audit_log_new(&config, &log) == 0) {
		FUZZ_ASSERT(audit_log_format(log, event, &lines) && !lines.failed);
		check_printable(&lines);
		audit_log_free(log);
	}
	buf_done(&record);
	buf_done(&lines);
}

static void use(const struct hook_description *hook, const struct record_view *view)
{
	static max_align_t memory[sizeof(struct exec_image) / sizeof(max_align_t) + 1];
	struct process process = {.pid = 2, .image = (struct exec_image *)memory};
	struct stack_frame frames[STACK_DEPTH_MAX] = {};
	struct event event = {.kind = (enum event_kind)hook->event_kind, .process = &process};

	event.hit = (struct policy_hit){.hook = hook,
		.record = view->hit,
		.data = view->bytes.data,
		.function = hook->function,
		.kernel_stack = frames,
		.user_stack = frames,
		.kernel_stack_depth = view->hit->kernel_stack_depth,
		.user_stack_depth = view->hit->user_stack_depth,
		.hash = view->hash.length ? view->hash.data : NULL,
		.hash_algorithm = view->hit->hash_algorithm};
	if (view->hit->hit_flags & HIT_AT_RETURN) {
		event.hit.return_record = view->hit;
		event.hit.return_data = view->bytes.data;
	}
	check_json(&event);
	check_audit(&event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hook_description hook = {};
	struct record_view view;
	struct record_header header;
	char *record;

	if (size < PREFIX + sizeof(header))
		return 0;
	describe(data, &hook);
	/* aligned, and with its true length, so that one byte too far is found */
	record = malloc(size - PREFIX);
	FUZZ_ASSERT(record);
	memcpy(record, data + PREFIX, size - PREFIX);
	memcpy(&header, record, sizeof(header));
	header.kind = RECORD_HIT;
	header.version = RECORD_VERSION;
	header.size = (uint32_t)(size - PREFIX);
	memcpy(record, &header, sizeof(header));
	if (record_decode(record, size - PREFIX, &view) == 0)
		use(&hook, &view);
	free(record);
	return 0;
}
