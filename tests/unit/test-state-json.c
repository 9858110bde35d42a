/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/state_json.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

#define BOOT "0123456789abcdef0123456789abcdef"

static struct container *make_container(void)
{
	struct container *container = container_new();
	struct container_metadata *metadata = &container->metadata;

	ck_assert_ptr_nonnull(container);
	container->cgroup_id = UINT64_MAX;
	container->generation = 1ULL << 63;
	strncpy(container->id, "web", sizeof(container->id) - 1);
	container->cgroup_path = strdup("/a \"b\"\n");
	container->has_cgroup = true;
	container->verified = true;
	container->scope = strdup("user:1000");
	container->init_pid = 4194304;
	container->init_start = 123456789;
	container->auid = UINT32_MAX;
	container->session = 7;
	container->registered_ns = 1700000000000000000;
	container->bundle = strdup("/bundle");
	metadata->name = strdup("name");
	metadata->image_name = strdup("image");
	metadata->image_id = strdup("image id");
	metadata->image_digest = strdup("digest");
	metadata->pod_id = strdup("pod id");
	metadata->pod_name = strdup("pod name");
	metadata->pod_namespace = strdup("namespace");
	metadata->pod_uid = strdup("uid");
	metadata->pod_container = strdup("container");
	metadata->runtime = strdup("podman");
	metadata->source = LABELS_SOURCE_EVENT;
	metadata->truncated = true;
	ck_assert_int_eq(
		container_metadata_add_label(&metadata->labels, &metadata->label_count, "b\"", "2"),
		0);
	ck_assert_int_eq(
		container_metadata_add_label(&metadata->labels, &metadata->label_count, "a", ""),
		0);
	ck_assert_int_eq(container_metadata_add_label(
				 &metadata->pod_labels, &metadata->pod_label_count, "p", "q"),
		0);
	container_metadata_sort(metadata);
	return container;
}

START_TEST(test_round_trip)
{
	struct container *container = make_container(), *parsed = NULL;
	struct buf first = {}, second = {};
	struct error error = {};

	state_json_write(&first, BOOT, container, &container->metadata);
	ck_assert_msg(state_json_parse(first.data, first.length, BOOT, &parsed, &error) == 0, "%s",
		error.message);
	ck_assert_int_eq(parsed->source, CONTAINER_SOURCE_STATE);
	parsed->source = container->source;
	ck_assert_uint_eq(parsed->cgroup_id, UINT64_MAX);
	ck_assert_uint_eq(parsed->metadata.label_count, 2);
	ck_assert_str_eq(parsed->metadata.labels[1].key, "b\"");
	ck_assert_int_eq(parsed->metadata.source, LABELS_SOURCE_EVENT);
	/* written again it is the same text: nothing was lost */
	state_json_write(&second, BOOT, parsed, &parsed->metadata);
	ck_assert_uint_eq(first.length, second.length);
	ck_assert_mem_eq(first.data, second.data, first.length);
	container_free(container);
	container_free(parsed);
	buf_done(&first);
	buf_done(&second);
}
END_TEST

START_TEST(test_another_boot)
{
	struct container *container = make_container(), *parsed = NULL;
	struct error error = {};
	struct buf buf = {};

	state_json_write(&buf, "another", container, &container->metadata);
	ck_assert_int_eq(state_json_parse(buf.data, buf.length, BOOT, &parsed, &error), -ESTALE);
	ck_assert_ptr_null(parsed);
	container_free(container);
	buf_done(&buf);
}
END_TEST

/* Every text that is cut off, and every one with one byte changed, is either refused or a container
 * whose id is one. */
START_TEST(test_damaged)
{
	struct container *container = make_container();
	struct buf buf = {};

	state_json_write(&buf, BOOT, container, &container->metadata);
	for (size_t i = 0; i < buf.length; i++) {
		struct container *parsed = NULL;
		struct error error = {};
		char before = buf.data[i];

		ck_assert_int_lt(state_json_parse(buf.data, i, BOOT, &parsed, &error), 0);
		buf.data[i] = before == '"' ? 'x' : '"';
		if (!state_json_parse(buf.data, buf.length, BOOT, &parsed, &error)) {
			ck_assert_int_ne(parsed->id[0], '\0');
			container_free(parsed);
		}
		buf.data[i] = before;
	}
	container_free(container);
	buf_done(&buf);
}
END_TEST

RUN_SUITE("state-json", test_round_trip, test_another_boot, test_damaged)
