/* SPDX-License-Identifier: Apache-2.0 */
/* hook.conf, its rules, and the texts that tell the hook who it is. */
#include "hook/hook_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hook/deadline.h"
#include "hook/image.h"
#include "hook/require.h"
#include "hook/user.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fd.h"
#include "lib/util.h"
#include "oci/hook_message.h"
#include "tests/unit/unit.h"

static struct hook_config *parse(const char *text, int expected, struct error *error)
{
	struct hook_config *config = NULL;

	ck_assert_msg(hook_config_parse(text, "f", &config, error) == expected, "%s: %s", text,
		error->message);
	ck_assert_ptr_nonnull(config);
	return config;
}

START_TEST(test_all_keys)
{
	struct error error = {};
	struct hook_config *config =
		parse("# comment\n\n[hook]\r\n budget_ms = 1234 ; comment\n[require]\n"
		      "all=on\nuid = 0\n image =  registry/a b \n"
		      "annotation = k=v=w\nannotation=only.key\nall = no\n",
			0, &error);

	ck_assert_uint_eq(config->budget_ms, 1234);
	ck_assert_uint_eq(config->rule_count, 5);
	ck_assert_int_eq(config->rules[0].kind, HOOK_RULE_ALL);
	ck_assert_uint_eq(config->rules[0].line, 6);
	ck_assert_int_eq(config->rules[1].kind, HOOK_RULE_UID);
	ck_assert_str_eq(config->rules[2].text, "registry/a b");
	ck_assert_str_eq(config->rules[3].text, "k");
	ck_assert_str_eq(config->rules[3].value, "v=w");
	ck_assert_str_eq(config->rules[4].text, "only.key");
	ck_assert_ptr_null(config->rules[4].value);
	hook_config_free(config);
}
END_TEST

START_TEST(test_mistakes)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"x = 1", "f:1: stands in no known section"},
		{"[hook]\n[other]\nx = 1", "f:2: unknown section"},
		{"[hook]\nnonsense", "f:2: neither a section"},
		{"[hook]\nbudget = 1", "f:2: unknown key in [hook]"},
		{"[hook]\nbudget_ms = 0", "f:2: budget_ms"},
		{"[hook]\nbudget_ms = 4501", "f:2: budget_ms: a number from 1 to 4500"},
		{"[hook]\nbudget_ms = 1s", "f:2: budget_ms"},
		{"[hook]\nbudget_ms = -1", "f:2: budget_ms"},
		{"[hook]\nbudget_ms = 99999999999999999999999", "f:2: budget_ms"},
		{"[require]\nall = maybe", "f:2: all"},
		{"[require]\nuid = root", "f:2: uid"},
		{"[require]\nuid = 4294967295", "f:2: uid"},
		{"[require]\nimage =", "f:2: the value is missing"},
		{"[require]\nannotation = =v", "f:2: annotation"},
		{"[require]\nexcept = x", "f:2: unknown key in [require]"},
		{"[require]\n= x", "f:2: unknown key in [require]"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error error = {};
		struct hook_config *config = parse(cases[i].text, -EINVAL, &error);

		ck_assert_msg(!strncmp(error.message, cases[i].message, strlen(cases[i].message)),
			"got: %s, expected: %s", error.message, cases[i].message);
		ck_assert_uint_eq(config->rule_count, 0);
		hook_config_free(config);
	}
}
END_TEST

START_TEST(test_the_other_lines_hold)
{
	struct error error = {};
	struct hook_config *config = parse("[require]\nx\nuid = 7\ny\n", -EINVAL, &error);

	ck_assert_str_eq(error.message, "f:2: neither a section nor `key = value`");
	ck_assert_uint_eq(config->rule_count, 1);
	ck_assert_uint_eq(config->rules[0].uid, 7);
	hook_config_free(config);
}
END_TEST

START_TEST(test_limits)
{
	struct error error = {};
	struct hook_config *config;
	struct buf buf = {};

	buf_append_string(&buf, "[require]\n");
	for (int i = 0; i <= HOOK_RULES_MAX; i++)
		buf_printf(&buf, "uid = %d\n", i);
	config = parse(buf_string(&buf), -EINVAL, &error);
	ck_assert_uint_eq(config->rule_count, HOOK_RULES_MAX);
	ck_assert_str_eq(error.message, "f:258: more than 256 rules");
	hook_config_free(config);
	buf_done(&buf);
}
END_TEST

START_TEST(test_files)
{
	struct hook_config *config = NULL;
	struct error error = {};

	ck_assert_int_eq(hook_config_read("/nonexistent/hook.conf", &config, &error), 0);
	ck_assert_uint_eq(config->rule_count, 0);
	hook_config_free(config);
	ck_assert_int_eq(hook_config_read("/", &config, &error), -EISDIR);
	ck_assert_uint_eq(config->rule_count, 0);
	hook_config_free(config);
}
END_TEST

START_TEST(test_shipped_file)
{
	const char *source_dir = getenv("top_srcdir");
	struct hook_config *config = NULL;
	struct error error = {};
	char path[4096];

	snprintf(
		path, sizeof(path), "%s/packaging/common/hook.conf", source_dir ? source_dir : ".");
	ck_assert_int_eq(access(path, R_OK), 0);
	ck_assert_msg(hook_config_read(path, &config, &error) == 0, "%s", error.message);
	ck_assert_uint_eq(config->rule_count, 0); /* it must not stop anything by itself */
	hook_config_free(config);
}
END_TEST

/* An engine that loses patience with the hook fails the container's start. */
START_TEST(test_gives_up_before_the_engine_does)
{
	static const char *const descriptors[] = {
		"50-tallyman.json.in", "51-tallyman-poststop.json.in"};

	for (size_t i = 0; i < ARRAY_SIZE(descriptors); i++) {
		_cleanup_buf_ struct buf text = {};
		char path[4096];
		const char *timeout;

		snprintf(path, sizeof(path), "%s/oci/hooks.d/%s", getenv("top_srcdir") ?: ".",
			descriptors[i]);
		ck_assert_int_eq(read_file_limited(path, 4096, &text), 0);
		timeout = strstr(buf_string(&text), "\"timeout\": ");
		ck_assert_ptr_nonnull(timeout);
		ck_assert_int_gt(strtol(timeout + strlen("\"timeout\": "), NULL, 10) * 1000,
			2 * HOOK_BUDGET_MS_MAX + HOOK_GRACE_MS);
	}
}
END_TEST

START_TEST(test_unreadable_state)
{
	struct error error = {};
	static const struct {
		const char *text;
		bool applies;
	} cases[] = {
		{"[require]\nimage = x\n", true},
		{"[require]\nannotation = x\n", true},
		{"[require]\nall = yes\n", true},
		{"[require]\nuid = 5\n", true},
		{"[require]\nuid = 6\n", false},
		{"", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hook_config *config = parse(cases[i].text, 0, &error);

		ck_assert(cases[i].applies == (require_rule(config, NULL, 5) != NULL));
		hook_config_free(config);
	}
}
END_TEST

START_TEST(test_image_of_crio)
{
	const char *text =
		"{\"ociVersion\":\"1\",\"id\":\"a\",\"status\":\"created\",\"pid\":2,\"bundle\":"
		"\"/nonexistent/a/userdata\",\"annotations\":{\"io.kubernetes.cri-o.Image\":"
		"\"registry.example.com/prod/web\"}}";
	struct oci_state *state = NULL;

	ck_assert_int_eq(oci_state_parse(text, strlen(text), &state, NULL), 0);
	ck_assert(image_has_prefix(state, "registry.example.com/prod/"));
	ck_assert(!image_has_prefix(state, "registry.example.com/test/"));
	oci_state_free(state);
}
END_TEST

START_TEST(test_uid_map)
{
	bool initial = true;
	uid_t uid = 7;

	ck_assert(uid_map_lookup("         0          0 4294967295\n", 0, &uid, &initial));
	ck_assert(initial);
	ck_assert_uint_eq(uid, 0);
	ck_assert(uid_map_lookup("0 1000 1\n1 100000 65536\n", 0, &uid, &initial));
	ck_assert(!initial);
	ck_assert_uint_eq(uid, 1000);
	ck_assert(uid_map_lookup("0 1000 1\n1 100000 65536\n", 33, &uid, &initial));
	ck_assert_uint_eq(uid, 100032);
	ck_assert(!uid_map_lookup("0 1000 1\n", 1, &uid, &initial));
	ck_assert(!uid_map_lookup("", 0, &uid, &initial));
	ck_assert(!uid_map_lookup("rubbish", 0, &uid, &initial));
	ck_assert(uid_map_lookup("0 0 1\n", 0, &uid, &initial));
	ck_assert(!initial);
}
END_TEST

START_TEST(test_passwd)
{
	uid_t uid = 7;

	ck_assert(passwd_lookup(
		"root:x:0:0::/:/bin/sh\ntallyman:x:998:998::/:/bin/sh\n", "tallyman", &uid));
	ck_assert_uint_eq(uid, 998);
	ck_assert(!passwd_lookup("tallyman2:x:1:1:\n#tallyman:x:2:2\n", "tallyman", &uid));
	ck_assert(!passwd_lookup("tallyman\n", "tallyman", &uid));
	ck_assert(!passwd_lookup("tallyman:x:\n", "tallyman", &uid));
	ck_assert(!passwd_lookup("tallyman:x:-1:", "tallyman", &uid));
	ck_assert(!passwd_lookup("tallyman:x:99999999999:", "tallyman", &uid));
	ck_assert(!passwd_lookup("x:y:tallyman:1\n", "tallyman", &uid));
	ck_assert(!passwd_lookup("", "tallyman", &uid));
}
END_TEST

RUN_SUITE("hook-config", test_all_keys, test_mistakes, test_the_other_lines_hold, test_limits,
	test_files, test_shipped_file, test_gives_up_before_the_engine_does, test_unreadable_state,
	test_image_of_crio, test_uid_map, test_passwd)
