/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/fd.h"
#include "oci/hook_message.h"
#include "tests/unit/unit.h"

static struct oci_state *read_fixture(const char *name)
{
	const char *source_dir = getenv("top_srcdir");
	struct oci_state *state = NULL;
	struct error error = {};
	struct buf buf = {};
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/unit/data/registration/%s.json",
		source_dir ? source_dir : ".", name);
	ck_assert_int_eq(read_file_limited(path, 1 << 20, &buf), 0);
	ck_assert_msg(oci_state_parse(buf.data, buf.length, &state, &error) == 0, "%s: %s", name,
		error.message);
	buf_done(&buf);
	return state;
}

/* What runtimes really write, captured. */
START_TEST(test_real_states)
{
	static const struct {
		const char *name;
		enum oci_status status;
		pid_t pid;
		enum hook_stage stage;
		const char *manager;
	} cases[] = {
		{"podman-4.3.1-runc", OCI_STATUS_CREATED, 30488, HOOK_STAGE_CREATE_RUNTIME,
			"libpod"},
		{"podman-5.4.2-crun", OCI_STATUS_CREATED, 7471, HOOK_STAGE_CREATE_RUNTIME,
			"libpod"},
		{"podman-5.4.2-runc", OCI_STATUS_CREATING, 7968, HOOK_STAGE_CREATE_RUNTIME,
			"libpod"},
		{"podman-rootless", OCI_STATUS_CREATED, 29459, HOOK_STAGE_CREATE_RUNTIME, "libpod"},
		{"cri-o-1.37-runc", OCI_STATUS_CREATING, 26442, HOOK_STAGE_CREATE_RUNTIME, "cri-o"},
		{"poststop", OCI_STATUS_STOPPED, 0, HOOK_STAGE_POSTSTOP, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct oci_state *state = read_fixture(cases[i].name);
		const char *manager = oci_state_annotation(state, "io.container.manager");

		ck_assert_int_eq(state->status, cases[i].status);
		ck_assert_int_eq(state->pid, cases[i].pid);
		ck_assert_int_eq(hook_stage_of(state), cases[i].stage);
		ck_assert_uint_eq(strlen(state->id), 64);
		ck_assert_int_eq(state->bundle[0], '/');
		ck_assert(cases[i].manager ? manager && !strcmp(manager, cases[i].manager)
					   : !manager);
		ck_assert_ptr_null(oci_state_annotation(state, "no.such.annotation"));
		oci_state_free(state);
	}
}
END_TEST

#define STATE(id, status, pid, bundle, more)                                                       \
	"{\"ociVersion\":\"1.0.2\",\"id\":" id ",\"status\":" status ",\"pid\":" pid               \
	",\"bundle\":" bundle more "}"

START_TEST(test_stages)
{
	static const struct {
		const char *text;
		enum hook_stage stage;
	} cases[] = {
		{STATE("\"a\"", "\"creating\"", "2", "\"/b\"", ""), HOOK_STAGE_CREATE_RUNTIME},
		{STATE("\"a\"", "\"created\"", "4194304", "\"/b\"", ""), HOOK_STAGE_CREATE_RUNTIME},
		{STATE("\"a\"", "\"created\"", "1", "\"/b\"", ""), HOOK_STAGE_CONTAINER},
		{STATE("\"a\"", "\"created\"", "0", "\"/b\"", ""), HOOK_STAGE_CONTAINER},
		{STATE("\"a\"", "\"running\"", "1", "\"/b\"", ""), HOOK_STAGE_CONTAINER},
		{STATE("\"a\"", "\"running\"", "77", "\"/b\"", ""), HOOK_STAGE_POSTSTART},
		{STATE("\"a\"", "\"stopped\"", "0", "\"/b\"", ""), HOOK_STAGE_POSTSTOP},
		{STATE("\"a\"", "\"created\"", "2", "\"/b\"", ",\"annotations\":null"),
			HOOK_STAGE_CREATE_RUNTIME},
		{STATE("\"a\"", "\"created\"", "2", "\"/b\"", ",\"root\":\"/r\",\"x\":[{}]"),
			HOOK_STAGE_CREATE_RUNTIME},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct oci_state *state = NULL;
		struct error error = {};

		ck_assert_msg(
			oci_state_parse(cases[i].text, strlen(cases[i].text), &state, &error) == 0,
			"%s: %s", cases[i].text, error.message);
		ck_assert_int_eq(hook_stage_of(state), cases[i].stage);
		oci_state_free(state);
	}
}
END_TEST

START_TEST(test_refused)
{
	static const char *const texts[] = {
		"",
		"[]",
		"\"\"",
		"7",
		"{}",
		"null",
		STATE("\"\"", "\"creating\"", "2", "\"/b\"", ""),
		STATE("\".\"", "\"creating\"", "2", "\"/b\"", ""),
		STATE("\"..\"", "\"creating\"", "2", "\"/b\"", ""),
		STATE("\"a/b\"", "\"creating\"", "2", "\"/b\"", ""),
		STATE("\"a b\"", "\"creating\"", "2", "\"/b\"", ""),
		STATE("\"a\\u0000b\"", "\"creating\"", "2", "\"/b\"", ""),
		STATE("\"a\\n\"", "\"creating\"", "2", "\"/b\"", ""),
		STATE("7", "\"creating\"", "2", "\"/b\"", ""),
		STATE("\"a\"", "\"dancing\"", "2", "\"/b\"", ""),
		STATE("\"a\"", "\"CREATED\"", "2", "\"/b\"", ""),
		STATE("\"a\"", "1", "2", "\"/b\"", ""),
		STATE("\"a\"", "\"creating\"", "-1", "\"/b\"", ""),
		STATE("\"a\"", "\"creating\"", "4194305", "\"/b\"", ""),
		STATE("\"a\"", "\"creating\"", "1e30", "\"/b\"", ""),
		STATE("\"a\"", "\"creating\"", "2.5", "\"/b\"", ""),
		STATE("\"a\"", "\"creating\"", "\"2\"", "\"/b\"", ""),
		STATE("\"a\"", "\"creating\"", "null", "\"/b\"", ""),
		STATE("\"a\"", "\"creating\"", "[2]", "\"/b\"", ""),
		STATE("\"a\"", "\"creating\"", "2", "\"b\"", ""),
		STATE("\"a\"", "\"creating\"", "2", "\"\"", ""),
		STATE("\"a\"", "\"creating\"", "2", "null", ""),
		STATE("\"a\"", "\"creating\"", "2", "\"/b\"", ",\"annotations\":[]"),
		STATE("\"a\"", "\"creating\"", "2", "\"/b\"", ",\"annotations\":{\"a\":1}"),
		STATE("\"a\"", "\"creating\"", "2", "\"/b\"",
			",\"annotations\":{\"a\":\"\\u0000\"}"),
		STATE("\"a\"", "\"creating\"", "2", "\"/b\"",
			",\"annotations\":{\"\\u0000\":\"\"}"),
		STATE("\"a\"", "\"creating\"", "2", "\"/b\"", ",\"id\":\"b\""), /* twice */
		"{\"ociVersion\":\"1\",\"id\":\"a\",\"status\":\"created\",\"bundle\":\"/"
		"b\"}", /* no pid */
		"{\"id\":\"a\",\"status\":\"created\",\"pid\":2,\"bundle\":\"/b\"}",
		STATE("\"a\"", "\"creating\"", "2", "\"/b\"", "") "x",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct oci_state *state = NULL;
		struct error error = {};

		ck_assert_msg(oci_state_parse(texts[i], strlen(texts[i]), &state, &error) < 0, "%s",
			texts[i]);
		ck_assert_msg(error.message[0], "%s: no reason given", texts[i]);
		ck_assert_ptr_null(state);
	}
}
END_TEST

START_TEST(test_id_length)
{
	char id[CONTAINER_ID_MAX + 1];

	memset(id, 'a', sizeof(id));
	id[CONTAINER_ID_MAX - 1] = '\0';
	ck_assert(oci_id_valid(id));
	id[CONTAINER_ID_MAX - 1] = 'a';
	id[CONTAINER_ID_MAX] = '\0';
	ck_assert(!oci_id_valid(id));
	ck_assert(oci_id_valid("a"));
	ck_assert(oci_id_valid("...")); /* runc takes it */
	ck_assert(oci_id_valid("web-1_2.x+y"));
	ck_assert(!oci_id_valid("w\xc3\xa9"
				"b"));
}
END_TEST

START_TEST(test_too_many_annotations)
{
	struct oci_state *state = NULL;
	struct error error = {};
	struct buf buf = {};

	buf_append_string(&buf,
		"{\"ociVersion\":\"1\",\"id\":\"a\",\"status\":\"created\",\"pid\":2,"
		"\"bundle\":\"/b\",\"annotations\":{");
	for (int i = 0; i <= OCI_STATE_ANNOTATIONS_MAX; i++)
		buf_printf(&buf, "%s\"k%d\":\"v\"", i ? "," : "", i);
	buf_append_string(&buf, "}}");
	ck_assert_int_eq(oci_state_parse(buf.data, buf.length, &state, &error), -E2BIG);
	buf_done(&buf);
}
END_TEST

RUN_SUITE("oci-state", test_real_states, test_stages, test_refused, test_id_length,
	test_too_many_annotations)
