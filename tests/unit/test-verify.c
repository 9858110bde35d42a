/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of registration's checks that are functions of text. */
#include "daemon/registration/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/registration/conmon_table.h"
#include "daemon/registration/sandbox.h"
#include "daemon/registration/user_namespace.h"
#include "tests/unit/unit.h"

#define A16 "aaaaaaaaaaaaaaaa"
#define A   A16 A16 A16 A16
#define B16 "bbbbbbbbbbbbbbbb"
#define B   B16 B16 B16 B16

START_TEST(test_cgroup_path)
{
	static const struct {
		const char *path, *id, *peer, *component; /* NULL: refused; "": by descent */
		enum cgroup_engine engine;
	} cases[] = {
		{"/machine.slice/libpod-" A ".scope/container", A, "/user.slice/x",
			"/machine.slice/libpod-" A ".scope", CGROUP_ENGINE_PODMAN},
		{"/libpod_parent/libpod-" A, A, "/", "/libpod_parent/libpod-" A,
			CGROUP_ENGINE_PODMAN},
		{"/libpod_parent/" B "/libpod-" A, A, "", "/libpod_parent/" B "/libpod-" A,
			CGROUP_ENGINE_PODMAN},			  /* in a pod */
		{"/web", "web", "/", "/web", CGROUP_ENGINE_NONE}, /* plain runc */
		{"/kubepods/burstable/pod1/crio-" A, A, "", "/kubepods/burstable/pod1/crio-" A,
			CGROUP_ENGINE_CRIO},
		{"/app.service/libpod-payload-" A, A, "/app.service/runtime",
			"/app.service/libpod-payload-" A, CGROUP_ENGINE_PODMAN}, /* quadlet */
		{"/buildah-buildah123", "buildah-buildah123", "", "/buildah-buildah123",
			CGROUP_ENGINE_BUILDAH},
		/* --cgroups=disabled */
		{"/", A, "/", "", CGROUP_ENGINE_NONE},
		{"/user.slice/user-1000.slice/session-3.scope", A, "", "", CGROUP_ENGINE_NONE},
		{"/machine.slice/libpod-conmon-" A ".scope", A, "", "", CGROUP_ENGINE_NONE},
		{"/libpod_parent/conmon", A, "", "", CGROUP_ENGINE_NONE},
		/* another container's */
		{"/machine.slice/libpod-" B ".scope", A, "", NULL, 0},
		{"/machine.slice/libpod-" B ".scope", "libpod", "", NULL, 0},
		{"/libpod_parent/libpod-" B "/libpod_parent/libpod-" A, A, "", NULL, 0},
		{"/libpod_parent/libpod-" B "/web", "web", "", NULL, 0},
		{"/lxc.payload.box/libpod_parent/libpod-" A, A, "", NULL, 0},
		/* the id is a word of a cgroup that holds the hook as well */
		{"/user.slice/user-1000.slice", "user",
			"/user.slice/user-1000.slice/session-1.scope", "", CGROUP_ENGINE_NONE},
		{"/build/job", "build", "/build/runner", "", CGROUP_ENGINE_NONE},
		{"/build/job", "build", "/build", "", CGROUP_ENGINE_NONE},
		{"/build/job", "build", "/builder", "/build", CGROUP_ENGINE_NONE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum cgroup_engine engine = CGROUP_ENGINE_NONE;
		struct error error = {};
		size_t length = 0;
		int r = verify_cgroup_path(
			cases[i].path, cases[i].id, cases[i].peer, &length, &engine, &error);

		if (!cases[i].component) {
			ck_assert_msg(
				r == -EPERM, "%s, id %s: accepted", cases[i].path, cases[i].id);
			continue;
		}
		ck_assert_msg(r == 0, "%s, id %s: %s", cases[i].path, cases[i].id, error.message);
		ck_assert_msg(length == strlen(cases[i].component) &&
				      !strncmp(cases[i].path, cases[i].component, length),
			"%s, id %s: %zu bytes", cases[i].path, cases[i].id, length);
		ck_assert_int_eq(engine, cases[i].engine);
	}
}
END_TEST

START_TEST(test_uid_map)
{
	struct uid_map map;

	ck_assert_int_eq(uid_map_parse("         0          0 4294967295\n", &map), 0);
	ck_assert(map.initial);
	ck_assert(uid_map_contains(&map, 1000));
	ck_assert_int_eq(uid_map_parse("0 1000 1\n1 100000 65536\n", &map), 0);
	ck_assert(!map.initial);
	ck_assert(uid_map_contains(&map, 1000));
	ck_assert(uid_map_contains(&map, 165535));
	ck_assert(!uid_map_contains(&map, 165536));
	ck_assert(!uid_map_contains(&map, 0));
	ck_assert_int_eq(uid_map_parse("0 0 1\n", &map), 0);
	ck_assert(!map.initial);
	ck_assert_int_eq(uid_map_parse("", &map), 0); /* none written yet */
	ck_assert(!map.initial);
	ck_assert(!uid_map_contains(&map, 0));
	ck_assert_int_eq(uid_map_parse("0 x 1\n", &map), -EINVAL);
}
END_TEST

START_TEST(test_uid_map_is_within)
{
	static const struct {
		const char *inner, *outer;
		bool within;
	} cases[] = {
		{"0 1000 1\n1 100000 65536\n", "0 1000 1\n1 100000 65536\n", true},
		{"0 100000 1000\n", "0 1000 1\n1 100000 65536\n", true}, /* --userns=auto */
		{"0 100001 1000\n1000 1000 1\n", "0 1000 1\n1 100000 65536\n", true}, /* keep-id */
		{"0 100000 20\n", "0 100000 10\n10 100010 10\n", true}, /* split differently */
		{"0 100000 21\n", "0 100000 10\n10 100010 10\n", false},
		{"0 0 1\n", "0 1000 1\n1 100000 65536\n", false},
		{"0 1001 1\n", "0 1000 1\n", false},
		{"0 99999 2\n", "0 100000 65536\n", false},
		{"0 4294967290 5\n", "0 4294967290 5\n", true},
		{"", "0 1000 1\n", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct uid_map inner, outer;

		ck_assert_int_eq(uid_map_parse(cases[i].inner, &inner), 0);
		ck_assert_int_eq(uid_map_parse(cases[i].outer, &outer), 0);
		ck_assert_msg(uid_map_is_within(&inner, &outer) == cases[i].within, "case %zu", i);
	}
}
END_TEST

START_TEST(test_sandbox_bundle)
{
	char *bundle = NULL;

	ck_assert_int_eq(sandbox_bundle("/run/containers/" A "/userdata", B, &bundle), 0);
	ck_assert_str_eq(bundle, "/run/containers/" B "/userdata");
	free(bundle);
	ck_assert_int_eq(sandbox_bundle("/userdata", B, &bundle), -EINVAL);
	ck_assert_int_eq(sandbox_bundle("", B, &bundle), -EINVAL);
}
END_TEST

RUN_SUITE("verify", test_cgroup_path, test_uid_map, test_uid_map_is_within, test_sandbox_bundle)
