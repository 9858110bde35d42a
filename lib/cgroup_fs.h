/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup v2 file system: where it is, and which cgroup is which. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Where cgroup v2 is mounted: "/sys/fs/cgroup" or, on hybrid hosts, ".../unified"; -ENOENT if
 * nowhere. */
int cgroup2_mount_point(char *path, size_t size);
/* The id (inode number) of a cgroup given by its path below the mount point. -EINVAL for a path
 * with "..", which is how one outside the own cgroup namespace looks. */
int cgroup_id_of_path(const char *mount_point, const char *cgroup_path, uint64_t *ret_id);
