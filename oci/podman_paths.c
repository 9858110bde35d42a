/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/podman_paths.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"

#define CONTAINERS_SUFFIX "-containers"

void podman_paths_done(struct podman_paths *paths)
{
	free(paths->graph_root);
	free(paths->run_root);
	free(paths->tmp_directory);
	free(paths->driver);
	memset(paths, 0, sizeof(*paths));
}

/* Cut one component, which must be `name`, off the end of path[0..*length). */
static int cut_component(const char *path, size_t *length, const char *name)
{
	size_t name_length = strlen(name), end = *length;

	while (end > 0 && path[end - 1] == '/')
		end--;
	if (end <= name_length || path[end - name_length - 1] != '/' ||
		memcmp(path + end - name_length, name, name_length) != 0)
		return -EINVAL;
	*length = end - name_length - 1;
	return 0;
}

int podman_paths_split(const char *path, const char *id, char **ret_root, char **ret_driver)
{
	_cleanup_free_ char *root = NULL, *driver = NULL;
	size_t length = strlen(path), start, driver_length;

	if (path[0] != '/' || cut_component(path, &length, "userdata") < 0 ||
		cut_component(path, &length, id) < 0)
		return -EINVAL;
	for (start = length; start > 0 && path[start - 1] != '/';)
		start--;
	if (start < 2 || length - start <= strlen(CONTAINERS_SUFFIX))
		return -EINVAL;
	driver_length = length - start - strlen(CONTAINERS_SUFFIX);
	if (memcmp(path + start + driver_length, CONTAINERS_SUFFIX, strlen(CONTAINERS_SUFFIX)) != 0)
		return -EINVAL;
	root = strndup(path, start - 1);
	driver = strndup(path + start, driver_length);
	if (!root || !driver)
		return -ENOMEM;
	*ret_root = TAKE_PTR(root);
	*ret_driver = TAKE_PTR(driver);
	return 0;
}

/* conmon's -p is RUNROOT/<driver>-containers/ID/userdata/pidfile. */
static int run_root_from_pid_file(const char *pid_file, const char *id, char **ret_root)
{
	_cleanup_free_ char *directory = NULL, *driver = NULL;
	const char *slash = strrchr(pid_file, '/');

	if (!slash)
		return -EINVAL;
	directory = strndup(pid_file, slash - pid_file);
	if (!directory)
		return -ENOMEM;
	return podman_paths_split(directory, id, ret_root, &driver);
}

static int find_tmp_directory(
	const struct conmon_arguments *conmon, uid_t owner, char **ret_directory)
{
	static const char exits[] = "/exits";
	char *directory = NULL;

	if (conmon->podman_tmp_directory && conmon->podman_tmp_directory[0] == '/') {
		directory = strdup(conmon->podman_tmp_directory);
	} else if (conmon->exit_directory && conmon->exit_directory[0] == '/') {
		size_t length = strlen(conmon->exit_directory);

		if (length > strlen(exits) &&
			strcmp(conmon->exit_directory + length - strlen(exits), exits) == 0)
			length -= strlen(exits);
		directory = strndup(conmon->exit_directory, length);
	} else if (owner == 0) {
		directory = strdup("/run/libpod");
	} else if (asprintf(&directory, "/run/user/%u/libpod/tmp", (unsigned)owner) < 0) {
		directory = NULL;
	}
	if (!directory)
		return -ENOMEM;
	*ret_directory = directory;
	return 0;
}

static int copy_path(const char *path, char **ret_path)
{
	if (!path || path[0] != '/')
		return -EINVAL;
	*ret_path = strdup(path);
	return *ret_path ? 0 : -ENOMEM;
}

int podman_paths_find(const char *id, const char *bundle, const struct conmon_arguments *conmon,
	uid_t owner, struct podman_paths *ret_paths)
{
	_cleanup_podman_paths_ struct podman_paths paths = {0};
	int r = -EINVAL;

	if (bundle)
		r = podman_paths_split(bundle, id, &paths.graph_root, &paths.driver);
	if (r == -EINVAL && conmon->bundle)
		r = podman_paths_split(conmon->bundle, id, &paths.graph_root, &paths.driver);
	if (r == -EINVAL)
		r = copy_path(conmon->podman_root, &paths.graph_root);
	if (r == -ENOMEM)
		return r;

	r = copy_path(conmon->podman_run_root, &paths.run_root);
	if (r == -EINVAL && conmon->pid_file)
		r = run_root_from_pid_file(conmon->pid_file, id, &paths.run_root);
	if (r == -ENOMEM)
		return r;

	r = find_tmp_directory(conmon, owner, &paths.tmp_directory);
	if (r < 0)
		return r;
	*ret_paths = paths;
	memset(&paths, 0, sizeof(paths));
	return 0;
}
