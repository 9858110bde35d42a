/* SPDX-License-Identifier: Apache-2.0 */
/* The text of filters of each sort; what is taken is put to use. */
#include "daemon/filter/filter.h"

#include <stddef.h>

#include "tests/fuzz/fuzz.h"

static const char argv[] = "curl\0--password\0a b\0\xff\xfe";

static void check_error(int r, const struct error *error)
{
	unsigned int line, column;

	FUZZ_ASSERT(r < 0 && error->code == r);
	FUZZ_ASSERT(sscanf(error->message, "%u:%u: ", &line, &column) == 2 && line && column);
}

static void use_filters(const struct filter_list *list)
{
	static max_align_t memory[(sizeof(struct exec_image) + 64) / sizeof(max_align_t) + 1];
	struct exec_image *image = (struct exec_image *)memory;
	struct label label = {(char *)"app", (char *)"shop"};
	struct container container = {.id = "1fb931d2f6e5"};
	struct process parent = {.pid = 1, .image = image};
	struct process process = {.pid = 2, .image = image, .parent = &parent};
	struct hook_description hook = {.policy = "web", .namespace = ""};
	struct event event = {.process = &process, .parent = &parent, .container = &container};

	memcpy(image->data, argv, sizeof(argv));
	image->arguments = (struct text){0, sizeof(argv)};
	image->binary = (struct text){0, 4};
	container.metadata = (struct container_metadata){
		.name = (char *)"web", .labels = &label, .label_count = 1};
	for (event.kind = 0; event.kind < EVENT_KIND_MAX; event.kind++) {
		if (event_kind_is_hit(event.kind))
			event.hit = (struct policy_hit){.hook = &hook, .function = "sys_openat"};
		(void)filter_allows(list, NULL, &event);
		(void)filter_allows(NULL, list, &event);
	}
}

static void use_redaction(const struct redaction *redaction)
{
	struct buf buf = {};

	buf_append(&buf, argv, sizeof(argv));
	FUZZ_ASSERT(redaction_arguments(redaction, "/bin/x", 6, &buf, 0) == 0);
	FUZZ_ASSERT(buf.length >= 5 && strcmp(buf.data, "curl") == 0);
	buf_clear(&buf);
	buf_append_literal(&buf, "PASSWORD=secret");
	FUZZ_ASSERT(redaction_variable(redaction, "/bin/x", 6, &buf, 0) == 0);
	buf_done(&buf);
}

static void use_field_filters(const struct field_filters *filters)
{
	struct buf buf = {};

	for (enum event_kind kind = 0; kind < EVENT_KIND_MAX; kind++) {
		buf_clear(&buf);
		buf_append_literal(&buf,
			"{\"process_exec\":{\"process\":{\"pid\":1,\"pod\":{}}},\"time\":\"\"");
		FUZZ_ASSERT(field_filters_apply(filters, kind, &buf) == 0);
	}
	buf_done(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	struct field_filters *field_filters = NULL;
	struct redaction *redaction = NULL;
	struct filter_list *list = NULL;
	struct error error = {};
	int r;

	r = filter_list_parse(text, &list, &error);
	if (r == 0)
		use_filters(list);
	else
		check_error(r, &error);
	filter_list_free(list);
	r = field_filters_parse(text, &field_filters, &error);
	if (r == 0)
		use_field_filters(field_filters);
	else
		check_error(r, &error);
	field_filters_free(field_filters);
	r = redaction_parse(text, &redaction, &error);
	if (r == 0)
		use_redaction(redaction);
	else
		check_error(r, &error);
	redaction_free(redaction);
	free(text);
	return 0;
}
