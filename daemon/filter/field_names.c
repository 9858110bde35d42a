/* SPDX-License-Identifier: Apache-2.0 */
/* Which fields events have: a misspelt path in an EXCLUDE filter would otherwise leave in the log
 * what was to be kept out of it. */
#include "daemon/filter/field_names.h"

#include <string.h>

static const struct field_name anything[] = {{"*"}, {}};

static const struct field_name image[] = {{"id"}, {"name"}, {"digest"}, {}};
static const struct field_name security_context[] = {{"privileged"}, {}};
static const struct field_name pod_container[] = {{"id"}, {"name"}, {"image", image},
	{"start_time"}, {"pid"}, {"maybe_exec_probe"}, {"security_context", security_context}, {}};
static const struct field_name pod[] = {{"namespace"}, {"name"}, {"uid"},
	{"container", pod_container}, {"pod_labels", anything}, {"workload"}, {"workload_kind"},
	{"pod_annotations", anything}, {}};

static const struct field_name own_pod[] = {{"id"}, {"name"}, {}};
static const struct field_name started_by[] = {{"auid"}, {"ses"}, {}};
static const struct field_name container[] = {{"id"}, {"name"}, {"image", image},
	{"labels", anything}, {"pod", own_pod}, {"runtime"}, {"started_by", started_by},
	{"cgroup_id"}, {"verified"}, {"labels_source"}, {"scope"}, {"truncated"}, {}};

static const struct field_name capabilities[] = {{"permitted"}, {"effective"}, {"inheritable"}, {}};
static const struct field_name namespace[] = {{"inum"}, {"is_host"}, {}};
static const struct field_name namespaces[] = {{"uts", namespace}, {"ipc", namespace},
	{"mnt", namespace}, {"pid", namespace}, {"pid_for_children", namespace}, {"net", namespace},
	{"time", namespace}, {"time_for_children", namespace}, {"cgroup", namespace},
	{"user", namespace}, {}};
static const struct field_name user_namespace[] = {
	{"level"}, {"uid"}, {"gid"}, {"ns", namespace}, {}};
static const struct field_name credentials[] = {{"uid"}, {"gid"}, {"euid"}, {"egid"}, {"suid"},
	{"sgid"}, {"fsuid"}, {"fsgid"}, {"securebits"}, {"caps", capabilities},
	{"user_ns", user_namespace}, {}};
static const struct field_name inode[] = {{"number"}, {"links"}, {}};
static const struct field_name file[] = {{"inode", inode}, {"path"}, {}};
static const struct field_name binary_properties[] = {
	{"setuid"}, {"setgid"}, {"privileges_changed"}, {"file", file}, {}};
static const struct field_name user[] = {{"name"}, {}};
static const struct field_name variable[] = {{"Key"}, {"Value"}, {}};

static const struct field_name process[] = {{"exec_id"}, {"pid"}, {"uid"}, {"cwd"}, {"binary"},
	{"arguments"}, {"flags"}, {"start_time"}, {"auid"}, {"pod", pod}, {"docker"},
	{"parent_exec_id"}, {"refcnt"}, {"cap", capabilities}, {"ns", namespaces}, {"tid"},
	{"process_credentials", credentials}, {"binary_properties", binary_properties},
	{"user", user}, {"in_init_tree"}, {"environment_variables", variable},
	/* ours */
	{"argv"}, {"argv_b64"}, {"binary_b64"}, {"cwd_b64"}, {"exe"}, {"exe_b64"}, {"ses"},
	{"container", container}, {"phase"}, {}};

/* Of all kinds together. */
static const struct field_name event[] = {{"process", process}, {"parent", process},
	{"ancestors", process}, {"signal"}, {"status"}, {"time"}, {"function_name"},
	{"args", anything}, {"return", anything}, {"action"}, {"kernel_stack_trace", anything},
	{"policy_name"}, {"return_action"}, {"message"}, {"tags"}, {"user_stack_trace", anything},
	{"data", anything}, {"subsys"}, {"event"}, {"path"}, {"symbol"}, {"offset"},
	{"ref_ctr_offset"}, {"provider"}, {"name"}, {"flags"}, {"buildid"}, {"type"}, {"cgroup"},
	{"ima_hash"}, {"number_of_dropped_process_events"},
	/* ours */
	{"policy_namespace"}, {"selector"}, {"enforced"}, {"stack_cut"}, {"path_b64"},
	{"namespace"}, {"change"}, {"source"}, {"error"}, {"container", container}, {"pid"},
	{"registered_by"}, {"bundle"}, {"reason"}, {"cgroup_id"}, {"runtime"}, {"id"}, {"stage"},
	{"lost"}, {"by_kind", anything}, {"first_sequence"}, {"last_sequence"}, {"since"},
	{"until"}, {"version"}, {"previous_log_found"}, {"last_stop_clean"}, {"previous_stream"},
	{"unobserved_since"}, {"unobserved_until"}, {}};

const struct field_name *const field_names_event = event;

const struct field_name *field_names_find(
	const struct field_name *names, const char *name, size_t length)
{
	for (; names && names->name; names++)
		if (names == anything ||
			(strlen(names->name) == length && memcmp(names->name, name, length) == 0))
			return names;
	return NULL;
}

const struct field_name *field_names_below(const struct field_name *name)
{
	return name == anything ? anything : name->fields;
}
