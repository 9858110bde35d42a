/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/cgroup_fs.h"

#include <errno.h>
#include <stdbool.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "lib/cleanup.h"
#include "lib/util.h"

int cgroup2_mount_point(char *path, size_t size)
{
	static const char *const candidates[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(candidates); i++) {
		struct statfs fs;

		if (statfs(candidates[i], &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
			continue;
		if (strlen(candidates[i]) >= size)
			return -ENAMETOOLONG;
		memcpy(path, candidates[i], strlen(candidates[i]) + 1);
		return 0;
	}
	return -ENOENT;
}

static bool has_parent_component(const char *path)
{
	const char *p = path;

	for (;;) {
		size_t length = strcspn(p, "/");

		if (length == 2 && p[0] == '.' && p[1] == '.')
			return true;
		if (!p[length])
			return false;
		p += length + 1;
	}
}

int cgroup_id_of_path(const char *mount_point, const char *cgroup_path, uint64_t *ret_id)
{
	_cleanup_free_ char *path = NULL;
	struct stat st;

	if (has_parent_component(cgroup_path))
		return -EINVAL;
	if (asprintf(&path, "%s/%s", mount_point, cgroup_path) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	if (lstat(path, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	/* kernfs: the inode number is the 64-bit id of name_to_handle_at() and of BPF's helpers */
	*ret_id = st.st_ino;
	return 0;
}
