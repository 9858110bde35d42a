/* SPDX-License-Identifier: Apache-2.0 */
/* Every conmon that runs, by the id of its container: what still knows a container's name and
 * bundle when the hook's message is gone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/cgroup_path.h"

#define CONMON_TABLE_MAX 8192 /* CONTAINERS_MAX; more are passed over */
#define CONMON_COMMAND_MAX                                                                         \
	(32u << 10) /* bytes; a longer command line is cut behind an argument                      \
		     */

struct conmon_process {
	char id[CONTAINER_ID_MAX]; /* -c */
	char *bundle;		   /* -b, or NULL */
	uid_t uid;
	char *command; /* a NUL after each argument */
	size_t command_length;
};

struct conmon_table {
	struct conmon_process *processes;
	size_t count;
	bool filled;
};

/* Read /proc, once for each table. Only processes called conmon that are in no container
 * themselves. -ENOMEM, or what opening /proc says. */
int conmon_table_fill(struct conmon_table *table);
void conmon_table_done(struct conmon_table *table);
/* The one for container `id` that runs as `uid`; NULL: none. Anybody can call a program conmon, but
 * not as somebody else. */
const struct conmon_process *conmon_table_find(
	const struct conmon_table *table, const char *id, uid_t uid);
