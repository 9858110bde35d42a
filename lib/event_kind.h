/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of events, as they leave the daemon. */
#pragma once

#include <stdbool.h>

enum event_kind {
	/* Tetragon's */
	EVENT_PROCESS_EXEC,
	EVENT_PROCESS_EXIT,
	EVENT_PROCESS_THROTTLE,
	EVENT_PROCESS_KPROBE,
	EVENT_PROCESS_TRACEPOINT,
	EVENT_PROCESS_UPROBE,
	EVENT_PROCESS_USDT,
	EVENT_PROCESS_LSM,
	EVENT_PROCESS_LOADER,
	/* ours */
	EVENT_CONTAINER_START,
	EVENT_CONTAINER_UPDATE,
	EVENT_CONTAINER_STOP,
	EVENT_UNREGISTERED_CONTAINER,
	EVENT_CGROUP_ESCAPE,
	EVENT_EVENT_LOSS,
	EVENT_POLICY_CHANGE,
	EVENT_DAEMON_START,
	EVENT_DAEMON_STOP,
	EVENT_KIND_MAX,
};

/* The JSON key: "process_exec", "container_start" … */
const char *event_kind_name(enum event_kind kind);
/* The kind of this name; EVENT_KIND_MAX: none. */
enum event_kind event_kind_find(const char *name);
bool event_kind_is_tetragon(enum event_kind kind);
/* A policy's match. */
bool event_kind_is_hit(enum event_kind kind);
