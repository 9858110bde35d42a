/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/user_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fd.h"

#define UID_MAP_TEXT_MAX    65536
#define USER_NAMESPACES_MAX 33 /* the kernel nests no deeper */

int uid_map_parse(const char *text, struct uid_map *ret_map)
{
	size_t count = 0;
	uint32_t first = 0;

	while (*text) {
		const char *end = strchr(text, '\n');

		if (count == UID_MAP_RANGES_MAX || sscanf(text, "%" SCNu32 " %" SCNu32 " %" SCNu32,
							   &first, &ret_map->ranges[count].outside,
							   &ret_map->ranges[count].count) != 3)
			return -EINVAL;
		count++;
		if (!end)
			break;
		text = end + 1;
	}
	ret_map->range_count = count;
	ret_map->initial = count == 1 && !first && !ret_map->ranges[0].outside &&
			   ret_map->ranges[0].count == UINT32_MAX;
	return 0;
}

int uid_map_read(pid_t pid, struct uid_map *ret_map)
{
	_cleanup_buf_ struct buf buf = {};
	char path[64];
	const char *text;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
	r = read_file_limited(path, UID_MAP_TEXT_MAX, &buf);
	if (r < 0)
		return r;
	text = buf_string(&buf);
	return text ? uid_map_parse(text, ret_map) : -ENOMEM;
}

bool uid_map_contains(const struct uid_map *map, uid_t outside)
{
	for (size_t i = 0; i < map->range_count; i++)
		if (outside >= map->ranges[i].outside &&
			outside - map->ranges[i].outside < map->ranges[i].count)
			return true;
	return false;
}

/* Ranges may be split differently: step over `outer` until the whole range is used up. */
static bool range_is_within(uint32_t first, uint32_t count, const struct uid_map *outer)
{
	while (count) {
		uint32_t covered = 0;

		for (size_t i = 0; i < outer->range_count; i++) {
			uint32_t offset = first - outer->ranges[i].outside;

			if (first < outer->ranges[i].outside || offset >= outer->ranges[i].count)
				continue;
			covered = outer->ranges[i].count - offset;
			break;
		}
		if (!covered)
			return false;
		if (covered >= count)
			return true;
		first += covered;
		count -= covered;
	}
	return true;
}

bool uid_map_is_within(const struct uid_map *inner, const struct uid_map *outer)
{
	for (size_t i = 0; i < inner->range_count; i++)
		if (!range_is_within(inner->ranges[i].outside, inner->ranges[i].count, outer))
			return false;
	return inner->range_count > 0;
}

int user_namespace_owner(pid_t pid, uid_t *ret_owner)
{
	_cleanup_close_ int fd = -1;
	uid_t owner = 0;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (int i = 0; i < USER_NAMESPACES_MAX; i++) {
		uid_t uid;
		int parent;

		parent = ioctl(fd, NS_GET_PARENT);
		if (parent < 0 && errno != EPERM)
			return -errno;
		if (parent < 0) { /* fd is the initial namespace, or the daemon's own */
			*ret_owner = owner;
			return 0;
		}
		if (ioctl(fd, NS_GET_OWNER_UID, &uid) < 0) {
			close(parent);
			return -errno;
		}
		owner = uid;
		close(fd);
		fd = parent;
	}
	return -ELOOP;
}
