/* SPDX-License-Identifier: Apache-2.0 */
/* Whose user namespace a process is in. The daemon has no right to open /proc/PID/ns/user, so the
 * answer comes from uid_map, which anybody may read and only the namespace's creator, or a setuid
 * helper that checks /etc/subuid, can have written. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define UID_MAP_RANGES_MAX 340 /* the kernel's own limit */

struct uid_map {
	struct {
		uint32_t outside, count; /* ids of the initial namespace */
	} ranges[UID_MAP_RANGES_MAX];
	size_t range_count;
	bool initial; /* the one range of the initial namespace: every id, as itself */
};

/* -EINVAL for text that is no uid_map. */
int uid_map_parse(const char *text, struct uid_map *ret_map);
int uid_map_read(pid_t pid, struct uid_map *ret_map);
bool uid_map_contains(const struct uid_map *map, uid_t outside);
/* Every id of `inner` is one of `outer` too. */
bool uid_map_is_within(const struct uid_map *inner, const struct uid_map *outer);

/* The creator of the outermost user namespace below the initial one that `pid` is in; 0 for a
 * process of the initial one. -EACCES or -EPERM where only ptrace rights would help. */
int user_namespace_owner(pid_t pid, uid_t *ret_owner);
