/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/event.h"

static const char *const kind_names[EVENT_KIND_MAX] = {
	[EVENT_PROCESS_EXEC] = "process_exec",
	[EVENT_PROCESS_EXIT] = "process_exit",
	[EVENT_PROCESS_THROTTLE] = "process_throttle",
	[EVENT_PROCESS_KPROBE] = "process_kprobe",
	[EVENT_PROCESS_TRACEPOINT] = "process_tracepoint",
	[EVENT_PROCESS_UPROBE] = "process_uprobe",
	[EVENT_PROCESS_USDT] = "process_usdt",
	[EVENT_PROCESS_LSM] = "process_lsm",
	[EVENT_PROCESS_LOADER] = "process_loader",
	[EVENT_CONTAINER_START] = "container_start",
	[EVENT_CONTAINER_UPDATE] = "container_update",
	[EVENT_CONTAINER_STOP] = "container_stop",
	[EVENT_UNREGISTERED_CONTAINER] = "unregistered_container",
	[EVENT_CGROUP_ESCAPE] = "cgroup_escape",
	[EVENT_EVENT_LOSS] = "event_loss",
	[EVENT_POLICY_CHANGE] = "policy_change",
	[EVENT_DAEMON_START] = "daemon_start",
	[EVENT_DAEMON_STOP] = "daemon_stop",
};

const char *event_kind_name(enum event_kind kind)
{
	return (unsigned int)kind < EVENT_KIND_MAX ? kind_names[kind] : "unknown";
}

bool event_kind_is_tetragon(enum event_kind kind)
{
	switch (kind) {
	case EVENT_PROCESS_EXEC:
	case EVENT_PROCESS_EXIT:
	case EVENT_PROCESS_THROTTLE:
	case EVENT_PROCESS_KPROBE:
	case EVENT_PROCESS_TRACEPOINT:
	case EVENT_PROCESS_UPROBE:
	case EVENT_PROCESS_USDT:
	case EVENT_PROCESS_LSM:
	case EVENT_PROCESS_LOADER:
		return true;
	default:
		return false;
	}
}

bool event_kind_is_hit(enum event_kind kind)
{
	switch (kind) {
	case EVENT_PROCESS_KPROBE:
	case EVENT_PROCESS_TRACEPOINT:
	case EVENT_PROCESS_UPROBE:
	case EVENT_PROCESS_USDT:
	case EVENT_PROCESS_LSM:
	case EVENT_PROCESS_LOADER:
		return true;
	default:
		return false;
	}
}
