/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/event_kind.h"

#include <string.h>

static const struct {
	const char *name;
	bool tetragon, hit;
} kinds[EVENT_KIND_MAX] = {
	[EVENT_PROCESS_EXEC] = {"process_exec", .tetragon = true},
	[EVENT_PROCESS_EXIT] = {"process_exit", .tetragon = true},
	[EVENT_PROCESS_THROTTLE] = {"process_throttle", .tetragon = true},
	[EVENT_PROCESS_KPROBE] = {"process_kprobe", .tetragon = true, .hit = true},
	[EVENT_PROCESS_TRACEPOINT] = {"process_tracepoint", .tetragon = true, .hit = true},
	[EVENT_PROCESS_UPROBE] = {"process_uprobe", .tetragon = true, .hit = true},
	[EVENT_PROCESS_USDT] = {"process_usdt", .tetragon = true, .hit = true},
	[EVENT_PROCESS_LSM] = {"process_lsm", .tetragon = true, .hit = true},
	[EVENT_PROCESS_LOADER] = {"process_loader", .tetragon = true, .hit = true},
	[EVENT_CONTAINER_START] = {"container_start"},
	[EVENT_CONTAINER_UPDATE] = {"container_update"},
	[EVENT_CONTAINER_STOP] = {"container_stop"},
	[EVENT_UNREGISTERED_CONTAINER] = {"unregistered_container"},
	[EVENT_CGROUP_ESCAPE] = {"cgroup_escape"},
	[EVENT_EVENT_LOSS] = {"event_loss"},
	[EVENT_POLICY_CHANGE] = {"policy_change"},
	[EVENT_DAEMON_START] = {"daemon_start"},
	[EVENT_DAEMON_STOP] = {"daemon_stop"},
};

const char *event_kind_name(enum event_kind kind)
{
	return (unsigned int)kind < EVENT_KIND_MAX ? kinds[kind].name : "unknown";
}

enum event_kind event_kind_find(const char *name)
{
	enum event_kind kind = 0;

	while (kind < EVENT_KIND_MAX && strcmp(kinds[kind].name, name) != 0)
		kind++;
	return kind;
}

bool event_kind_is_tetragon(enum event_kind kind)
{
	return (unsigned int)kind < EVENT_KIND_MAX && kinds[kind].tetragon;
}

bool event_kind_is_hit(enum event_kind kind)
{
	return (unsigned int)kind < EVENT_KIND_MAX && kinds[kind].hit;
}
