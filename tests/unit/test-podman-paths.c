/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/podman_paths.h"

#include <errno.h>

#include "tests/unit/unit.h"

#define ID "28cafcd527b827d2424fbda1e0d04555c6c82247914a2e176215bd8f30f02388"

/* podman 4.3.1 with --root and --runroot of its own, shortened */
static const char *const podman[] = {"/usr/bin/conmon", "--api-version", "1", "-c", ID, "-u", ID,
	"-r", "/usr/bin/runc", "-b", "/srv/root/overlay-containers/" ID "/userdata", "-p",
	"/srv/run/overlay-containers/" ID "/userdata/pidfile", "-n", "web", "--exit-dir",
	"/run/libpod/exits", "--full-attach", "-l",
	"k8s-file:/srv/root/overlay-containers/" ID "/userdata/ctr.log", "--log-level", "warning",
	"--log-tag", "--name", "--runtime-arg", "--log-format=json", "--runtime-arg", "-n",
	"--conmon-pidfile", "/srv/run/overlay-containers/" ID "/userdata/conmon.pid",
	"--exit-command", "/usr/bin/podman", "--exit-command-arg", "--root", "--exit-command-arg",
	"/srv/root", "--exit-command-arg", "--runroot", "--exit-command-arg", "/srv/run",
	"--exit-command-arg", "--tmpdir", "--exit-command-arg", "/run/libpod", "--exit-command-arg",
	"--network-config-dir", "--exit-command-arg", "", "--exit-command-arg", "container",
	"--exit-command-arg", "cleanup", "--exit-command-arg", ID};

static const char *const crio[] = {"/usr/bin/conmon", "-b",
	"/run/containers/storage/overlay-containers/" ID "/userdata", "-c", ID, "--exit-dir",
	"/var/run/crio/exits", "-l", "/var/log/pods/nginx.log", "--log-level", "info", "-n",
	"k8s_nginx_web_prod_1_0", "-P",
	"/run/containers/storage/overlay-containers/" ID "/userdata/conmon-pidfile", "-p",
	"/run/containers/storage/overlay-containers/" ID "/userdata/pidfile", "--persist-dir",
	"/var/lib/containers/storage/overlay-containers/" ID "/userdata", "-r", "/usr/bin/runc",
	"--runtime-arg", "--root=/run/runc", "--socket-dir-path", "/var/run/crio", "--syslog", "-u",
	ID, "-s"};

START_TEST(test_conmon_of_podman)
{
	struct conmon_arguments conmon;

	conmon_arguments_parse(podman, ARRAY_SIZE(podman), &conmon);
	ck_assert_str_eq(conmon.id, ID);
	ck_assert_str_eq(conmon.name, "web");
	ck_assert_str_eq(conmon.bundle, "/srv/root/overlay-containers/" ID "/userdata");
	ck_assert_str_eq(conmon.exit_directory, "/run/libpod/exits");
	ck_assert_str_eq(conmon.podman_root, "/srv/root");
	ck_assert_str_eq(conmon.podman_run_root, "/srv/run");
	ck_assert_str_eq(conmon.podman_tmp_directory, "/run/libpod");
	ck_assert(conmon_is_podman(&conmon));
}
END_TEST

START_TEST(test_conmon_of_crio)
{
	struct conmon_arguments conmon;

	conmon_arguments_parse(crio, ARRAY_SIZE(crio), &conmon);
	ck_assert_str_eq(conmon.id, ID);
	ck_assert_str_eq(conmon.name, "k8s_nginx_web_prod_1_0");
	ck_assert_ptr_null(conmon.exit_command);
	ck_assert(!conmon_is_podman(&conmon));
}
END_TEST

START_TEST(test_conmon_odd)
{
	static const char *const odd[] = {"conmon", ("--cid=" ID), "--name", "a", "--name=b",
		"--exit-command=/opt/bin/podman", "--exit-command-arg=--root",
		"--exit-command-arg=/x", "-b"};
	struct conmon_arguments conmon;

	conmon_arguments_parse(odd, ARRAY_SIZE(odd), &conmon);
	ck_assert_str_eq(conmon.id, ID);
	ck_assert_str_eq(conmon.name, "b");
	ck_assert_ptr_null(conmon.bundle);
	ck_assert_str_eq(conmon.podman_root, "/x");
	ck_assert(conmon_is_podman(&conmon));
	conmon_arguments_parse(NULL, 0, &conmon);
	ck_assert_ptr_null(conmon.id);
}
END_TEST

START_TEST(test_split)
{
	static const struct {
		const char *path, *root, *driver;
	} paths[] = {
		{"/var/lib/containers/storage/overlay-containers/" ID "/userdata",
			"/var/lib/containers/storage", "overlay"},
		{"/home/user/.local/share/containers/storage/vfs-containers/" ID "/userdata",
			"/home/user/.local/share/containers/storage", "vfs"},
		{"/a/btrfs-containers/" ID "/userdata/", "/a", "btrfs"},
		{"/overlay-containers/" ID "/userdata", NULL, NULL},
		{"/a/-containers/" ID "/userdata", NULL, NULL},
		{"/a/overlay/" ID "/userdata", NULL, NULL},
		{"/a/overlay-containers/x" ID "/userdata", NULL, NULL},
		{"/a/overlay-containers/" ID, NULL, NULL},
		{"a/overlay-containers/" ID "/userdata", NULL, NULL},
		{"/var/tmp/buildah2033477514", NULL, NULL},
		{"/", NULL, NULL},
		{"", NULL, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_free_ char *root = NULL, *driver = NULL;

		ck_assert_msg(podman_paths_split(paths[i].path, ID, &root, &driver) ==
				      (paths[i].root ? 0 : -EINVAL),
			"%s", paths[i].path);
		ck_assert_pstr_eq(root, paths[i].root);
		ck_assert_pstr_eq(driver, paths[i].driver);
	}
}
END_TEST

START_TEST(test_find)
{
	_cleanup_podman_paths_ struct podman_paths paths = {0};
	struct conmon_arguments conmon;

	/* crun before 1.27 says "/" is the bundle */
	conmon_arguments_parse(podman, ARRAY_SIZE(podman), &conmon);
	ck_assert_int_eq(podman_paths_find(ID, "/", &conmon, 0, &paths), 0);
	ck_assert_str_eq(paths.graph_root, "/srv/root");
	ck_assert_str_eq(paths.driver, "overlay");
	ck_assert_str_eq(paths.run_root, "/srv/run");
	ck_assert_str_eq(paths.tmp_directory, "/run/libpod");
	podman_paths_done(&paths);

	/* the run root from the pid file, the tmpdir from the exit directory */
	conmon.podman_run_root = conmon.podman_tmp_directory = conmon.podman_root = NULL;
	conmon.exit_directory = "/srv/tmp/exits";
	ck_assert_int_eq(podman_paths_find(ID, NULL, &conmon, 0, &paths), 0);
	ck_assert_str_eq(paths.graph_root, "/srv/root");
	ck_assert_str_eq(paths.run_root, "/srv/run");
	ck_assert_str_eq(paths.tmp_directory, "/srv/tmp");
	podman_paths_done(&paths);
}
END_TEST

START_TEST(test_find_without_conmon)
{
	_cleanup_podman_paths_ struct podman_paths paths = {0};
	const struct conmon_arguments nothing = {0};

	ck_assert_int_eq(
		podman_paths_find(ID, "/s/vfs-containers/" ID "/userdata", &nothing, 0, &paths), 0);
	ck_assert_str_eq(paths.graph_root, "/s");
	ck_assert_ptr_null(paths.run_root);
	ck_assert_str_eq(paths.tmp_directory, "/run/libpod");
	podman_paths_done(&paths);

	ck_assert_int_eq(podman_paths_find(ID, NULL, &nothing, 1000, &paths), 0);
	ck_assert_ptr_null(paths.graph_root);
	ck_assert_str_eq(paths.tmp_directory, "/run/user/1000/libpod/tmp");
}
END_TEST

RUN_SUITE("podman_paths", test_conmon_of_podman, test_conmon_of_crio, test_conmon_odd, test_split,
	test_find, test_find_without_conmon)
