/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/cgroup_path.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

#define ID    "3f5ec9c5ba8b2a0c7e5a7c2a1d4f0e9b8a7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e"
#define OTHER "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define UID   "0d2b7f3c-6a1e-4d7b-9a52-1f2e3d4c5b6a"

/* `component` is the path up to and including the container's component; the id is ID where the
 * table says nothing else. */
static const struct {
	const char *component, *rest;
	enum cgroup_engine engine;
	const char *id;
} containers[] = {
	/* podman, systemd manager: rootful, crun's own sub-cgroup, pod, --cgroup-parent, rootless
	 */
	{"/machine.slice/libpod-" ID ".scope", "", CGROUP_ENGINE_PODMAN},
	{"/machine.slice/libpod-" ID ".scope", "/container", CGROUP_ENGINE_PODMAN},
	{"/machine.slice/machine-libpod_pod_" OTHER ".slice/libpod-" ID ".scope", "/container",
		CGROUP_ENGINE_PODMAN},
	{"/shop.slice/libpod-" ID ".scope", "", CGROUP_ENGINE_PODMAN},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope",
		"/container", CGROUP_ENGINE_PODMAN},
	/* podman, cgroupfs manager: rootful, pod, --cgroup-parent, at the root */
	{"/libpod_parent/libpod-" ID, "", CGROUP_ENGINE_PODMAN},
	{"/libpod_parent/" OTHER "/libpod-" ID, "", CGROUP_ENGINE_PODMAN},
	{"/shop/libpod-" ID, "/deep/er", CGROUP_ENGINE_PODMAN},
	{"/libpod-" ID, "/", CGROUP_ENGINE_PODMAN},
	/* podman --cgroups=split, as quadlet does */
	{"/system.slice/web.service/libpod-payload-" ID, "", CGROUP_ENGINE_PODMAN},
	{"/system.slice/web.service/libpod-payload-" ID, "/container", CGROUP_ENGINE_PODMAN},
	{"/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/libpod-payload-" ID,
		"", CGROUP_ENGINE_PODMAN},
	/* systemd in a container */
	{"/machine.slice/libpod-" ID ".scope", "/container/system.slice/nginx.service",
		CGROUP_ENGINE_PODMAN},
	/* the systemd manager's notation, taken literally */
	{"/machine.slice:libpod:" ID, "", CGROUP_ENGINE_PODMAN},
	{"/user.slice/machine.slice:libpod:" ID, "/x", CGROUP_ENGINE_PODMAN},
	/* CRI-O */
	{"/kubepods.slice/kubepods-besteffort.slice/"
	 "kubepods-besteffort-pod0d2b7f3c_6a1e_4d7b_9a52_1f2e3d4c5b6a.slice/crio-" ID ".scope",
		"/container", CGROUP_ENGINE_CRIO},
	{"/kubepods/besteffort/pod" UID "/crio-" ID, "", CGROUP_ENGINE_CRIO},
	{"/crio-" ID, "", CGROUP_ENGINE_CRIO},
	/* buildah */
	{"/buildah-buildah1436792281", "", CGROUP_ENGINE_BUILDAH, "buildah-buildah1436792281"},
	{"/machine.slice/buildah-buildah1093.scope", "", CGROUP_ENGINE_BUILDAH,
		"buildah-buildah1093"},
	{"/system.slice/crun-buildah-buildah14.scope", "/container", CGROUP_ENGINE_BUILDAH,
		"buildah-buildah14"},
	{"/system.slice/runc-buildah-buildah14.scope", "", CGROUP_ENGINE_BUILDAH,
		"buildah-buildah14"},
	/* containerd under Kubernetes */
	{"/kubepods.slice/kubepods-pod0d2b7f3c_6a1e_4d7b_9a52_1f2e3d4c5b6a.slice/cri-containerd-" ID
	 ".scope",
		"", CGROUP_ENGINE_CONTAINERD},
	{"/system.slice/kubepods-burstable-pod0d2b7f3c_6a1e_4d7b_9a52_1f2e3d4c5b6a.slice"
	 ":cri-containerd:" ID,
		"", CGROUP_ENGINE_CONTAINERD},
	{"/kubepods/burstable/pod" UID "/" ID, "", CGROUP_ENGINE_CONTAINERD},
	{"/kubepods/pod0123456789abcdef0123456789abcdef/" ID, "/x", CGROUP_ENGINE_CONTAINERD},
	/* docker, nerdctl */
	{"/system.slice/docker-" ID ".scope", "", CGROUP_ENGINE_DOCKER},
	{"/docker/" ID, "", CGROUP_ENGINE_DOCKER},
	{"/docker/" ID, "/kubelet.slice/kubepods.slice/cri-containerd-" OTHER ".scope",
		CGROUP_ENGINE_DOCKER},
	{"/system.slice/nerdctl-" ID ".scope", "", CGROUP_ENGINE_NERDCTL},
	/* LXC */
	{"/lxc.payload.debian-12", "/init.scope", CGROUP_ENGINE_LXC, "debian-12"},
	{"/lxc.payload/debian", "", CGROUP_ENGINE_LXC, "debian"},
	{"/lxc/100", "/ns/system.slice", CGROUP_ENGINE_LXC, "100"},
	/* monitors */
	{"/machine.slice/libpod-conmon-" ID ".scope", "", CGROUP_ENGINE_CONMON},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-conmon-" ID ".scope", "",
		CGROUP_ENGINE_CONMON},
	{"/system.slice/crio-conmon-" ID ".scope", "", CGROUP_ENGINE_CONMON},
	{"/kubepods/besteffort/pod" UID "/crio-conmon-" ID, "", CGROUP_ENGINE_CONMON},
	{"/libpod_parent/conmon", "", CGROUP_ENGINE_CONMON, ""},
	/* the outermost wins: podman in podman, a user's own look-alike, podman in LXC */
	{"/machine.slice/libpod-" ID ".scope", "/container/libpod_parent/libpod-" OTHER,
		CGROUP_ENGINE_PODMAN},
	{"/machine.slice/libpod-" ID ".scope", "/libpod-conmon-" OTHER ".scope",
		CGROUP_ENGINE_PODMAN},
	{"/lxc.payload.web", "/machine.slice/libpod-" ID ".scope", CGROUP_ENGINE_LXC, "web"},
	/* slashes in plenty, or missing */
	{"//machine.slice///libpod-" ID ".scope", "//", CGROUP_ENGINE_PODMAN},
	{"libpod-" ID, "", CGROUP_ENGINE_PODMAN},
};

START_TEST(finds_containers)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(containers); i++) {
		const char *id = containers[i].id ? containers[i].id : ID;
		struct cgroup_container found;
		char path[1024];

		snprintf(path, sizeof(path), "%s%s", containers[i].component, containers[i].rest);
		ck_assert_msg(cgroup_path_container(path, &found), "nothing in %s", path);
		ck_assert_msg(found.engine == containers[i].engine, "%s: engine %s", path,
			cgroup_engine_name(found.engine));
		ck_assert_msg(!strcmp(found.id, id), "%s: id %s", path, found.id);
		ck_assert_msg(found.component_end == strlen(containers[i].component), "%s: end %zu",
			path, found.component_end);
	}
}
END_TEST

static const char *const others[] = {
	"",
	"/",
	"///",
	"/init.scope",
	"/system.slice/ssh.service",
	"/user.slice/user-1000.slice/session-3.scope",
	"/user.slice/user-1000.slice/user@1000.service/app.slice/run-r1.scope",
	/* pods, and what stands beside their containers */
	"/machine.slice/machine-libpod_pod_" ID ".slice",
	"/libpod_parent/" ID,
	"/libpod_parent",
	"/system.slice/web.service/runtime",
	"/kubepods/burstable/pod" UID,
	"/kubepods.slice/kubepods-besteffort.slice",
	"/machine.slice/conmon",
	"/lxc.monitor.debian",
	"/lxc.monitor/debian",
	"/lxc.payload.",
	"/lxc.payload",
	"/lxc",
	"/other/lxc/100",
	"/docker",
	"/docker/buildx",
	"/docker/system.slice/ssh.service",
	"/buildah-buildah",
	"/buildah-buildah12x",
	"/buildah-12",
	"/xbuildah-buildah12",
	/* ids that none is: too short, too long, upper case, not hex, followed by something */
	"/machine.slice/libpod-3f5ec9c5ba8b.scope",
	"/machine.slice/libpod-" ID "0.scope",
	"/machine.slice/"
	"libpod-3F5EC9C5BA8B2A0C7E5A7C2A1D4F0E9B8A7C6D5E4F3A2B1C0D9E8F7A6B5C4D3E.scope",
	"/machine.slice/"
	"libpod-gf5ec9c5ba8b2a0c7e5a7c2a1d4f0e9b8a7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e.scope",
	"/machine.slice/libpod-" ID ".scopes",
	"/machine.slice/libpod-" ID ".service",
	"/machine.slice/libpod-" ID ".scope.scope",
	"/machine.slice/libpod-" ID " ",
	"/machine.slice/libpod-",
	"/machine.slice/libpod-.scope",
	"/machine.slice/xlibpod-" ID ".scope",
	"/machine.slice/libpod_" ID ".scope",
	"/machine.slice/libpod-payload-conmon-" ID,
	"/machine.slice:xlibpod:" ID,
	"/machine.slice:libpod:" ID ":",
	"/libpod:" ID,
	"/" ID,
	"/podman/" ID,
	"/pods/" ID,
	"/pod" ID "/" ID,
};

START_TEST(finds_nothing_else)
{
	struct cgroup_container found = {.engine = CGROUP_ENGINE_LXC, .id = "untouched"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		ck_assert_msg(!cgroup_path_container(others[i], &found), "%s: %s %s", others[i],
			cgroup_engine_name(found.engine), found.id);
	ck_assert_int_eq(found.engine, CGROUP_ENGINE_LXC);
	ck_assert_str_eq(found.id, "untouched");
}
END_TEST

START_TEST(an_id_that_does_not_fit_is_none)
{
	char path[CONTAINER_ID_MAX + 32] = "/lxc.payload.";
	size_t start = strlen(path);
	struct cgroup_container found;

	memset(path + start, 'x', CONTAINER_ID_MAX - 1);
	ck_assert(cgroup_path_container(path, &found));
	ck_assert_uint_eq(strlen(found.id), CONTAINER_ID_MAX - 1);
	path[start + CONTAINER_ID_MAX - 1] = 'x';
	ck_assert(!cgroup_path_container(path, &found));
}
END_TEST

START_TEST(every_engine_has_a_name)
{
	static const struct {
		enum cgroup_engine engine;
		const char *name;
	} names[] = {
		{CGROUP_ENGINE_NONE, ""},
		{CGROUP_ENGINE_PODMAN, "podman"},
		{CGROUP_ENGINE_CRIO, "cri-o"},
		{CGROUP_ENGINE_BUILDAH, "buildah"},
		{CGROUP_ENGINE_CONTAINERD, "containerd"},
		{CGROUP_ENGINE_DOCKER, "docker"},
		{CGROUP_ENGINE_NERDCTL, "nerdctl"},
		{CGROUP_ENGINE_LXC, "lxc"},
		{CGROUP_ENGINE_CONMON, "conmon"},
		{(enum cgroup_engine)1000, ""},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		ck_assert_str_eq(cgroup_engine_name(names[i].engine), names[i].name);
}
END_TEST

/* `found`: the path up to the component, NULL when there is none. */
static const struct {
	const char *id, *path, *found;
} words[] = {
	{ID, "/machine.slice/libpod-" ID ".scope/container", "/machine.slice/libpod-" ID ".scope"},
	{ID, "/libpod_parent/" OTHER "/libpod-" ID, "/libpod_parent/" OTHER "/libpod-" ID},
	{ID, "/system.slice/web.service/libpod-payload-" ID "/x",
		"/system.slice/web.service/libpod-payload-" ID},
	{ID, "/machine.slice:libpod:" ID, "/machine.slice:libpod:" ID},
	{ID, "/machine.slice/libpod-" OTHER ".scope", NULL},
	{ID, "/", NULL},
	{ID, "", NULL},
	/* plain runc and crun: any name */
	{"web", "/web", "/web"},
	{"web", "/user.slice/web/web", "/user.slice/web"},
	{"web", "/system.slice/runc-web.scope", "/system.slice/runc-web.scope"},
	{"web", "/system.slice/crun-web.scope/container", "/system.slice/crun-web.scope"},
	{"web-2", "/system.slice/runc-web-2.scope", "/system.slice/runc-web-2.scope"},
	{"buildah-buildah12", "/buildah-buildah12", "/buildah-buildah12"},
	{"a.b", "/a.b", "/a.b"},
	/* only as a whole word */
	{"web", "/web2", NULL},
	{"web", "/myweb", NULL},
	{"web", "/webA", NULL},
	{"web", "/webZ", NULL},
	{"web", "/aweb", NULL},
	{"web", "/zweb", NULL},
	{"web", "/web0", NULL},
	{"web", "/9web", NULL},
	{"web", "/my_web", NULL},
	{"web", "/webweb", NULL},
	{"web", "/webweb-web", "/webweb-web"},
	{"web", "/we/b", NULL},
	{"b", "/buildah-buildah12", NULL},
	{"12", "/buildah-buildah12", NULL},
	/* never across components, nor nothing */
	{"a/b", "/a/b", NULL},
	{"", "/a", NULL},
	/* names that the host's own cgroups hold */
	{"system", "/system.slice/runc-system.scope", "/system.slice/runc-system.scope"},
	{"slice", "/system.slice/ssh.service", NULL},
	{"user", "/user.slice/user-1000.slice/user@1000.service/user.slice/x.scope", NULL},
	{"1000", "/user.slice/user-1000.slice/user@1000.service/app.slice/crun-1000.scope",
		"/user.slice/user-1000.slice/user@1000.service/app.slice/crun-1000.scope"},
	{"ssh", "/system.slice/ssh.service", NULL},
	/* the monitor's scope is not the container's */
	{ID, "/machine.slice/libpod-conmon-" ID ".scope", NULL},
	{ID, "/kubepods/pod" UID "/crio-conmon-" ID, NULL},
};

START_TEST(finds_ids_as_words)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		size_t expected = words[i].found ? strlen(words[i].found) : 0;
		size_t found = cgroup_path_find_id(words[i].path, words[i].id);

		ck_assert_msg(found == expected, "\"%s\" in %s: %zu, not %zu", words[i].id,
			words[i].path, found, expected);
	}
}
END_TEST

RUN_SUITE("cgroup_path", finds_containers, finds_nothing_else, an_id_that_does_not_fit_is_none,
	every_engine_has_a_name, finds_ids_as_words)
