/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config_keys.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "bpf/include/limits.h"
#include "lib/util.h"

#define KIB 1024ULL
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define TIB (1024 * GIB)
#define DAY 86400ULL

#define PATH_MAXIMUM 4095
/* exec_id is base64("node:ktime:pid") and has to fit EXEC_ID_MAX. */
#define NODE_NAME_MAX 253
#define JSON_MAXIMUM  (256 * KIB)

static const struct config_word log_levels[] = {
	{"error", LOG_ERR},
	{"warning", LOG_WARNING},
	{"notice", LOG_NOTICE},
	{"info", LOG_INFO},
	{"debug", LOG_DEBUG},
	{NULL, 0},
};
static const struct config_word json_kinds[] = {
	{"all", JSON_KINDS_ALL},
	{"tetragon", JSON_KINDS_TETRAGON},
	{NULL, 0},
};
static const struct config_word audit_execs[] = {
	{"all", AUDIT_EXEC_ALL},
	{"sessions", AUDIT_EXEC_SESSIONS},
	{"none", AUDIT_EXEC_NONE},
	{NULL, 0},
};

#define FIELD(field)                                                                               \
	.offset = offsetof(struct config, field), .width = sizeof(((struct config *)NULL)->field)
#define KEY(section_, name_, type_, field, minimum_, maximum_, default_, help_)                    \
	{                                                                                          \
		.section = section_, .name = name_, .type = type_, FIELD(field),                   \
		.minimum = minimum_, .maximum = maximum_, .default_text = default_, .help = help_  \
	}
#define KEY_FLAGS(section_, name_, type_, flags_, field, minimum_, maximum_, default_, help_)      \
	{                                                                                          \
		.section = section_, .name = name_, .type = type_, .flags = flags_, FIELD(field),  \
		.minimum = minimum_, .maximum = maximum_, .default_text = default_, .help = help_  \
	}
#define KEY_WORD(section_, name_, words_, field, default_, help_)                                  \
	{                                                                                          \
		.section = section_, .name = name_, .type = CONFIG_WORD, FIELD(field),             \
		.words = words_, .default_text = default_, .help = help_                           \
	}
#define KEY_BOOLEAN(section_, name_, field, default_, help_)                                       \
	KEY(section_, name_, CONFIG_BOOLEAN, field, 0, 1, default_, help_)

/* clang-format off */
const struct config_key config_keys[] = {
	KEY("daemon", "runtime_dir", CONFIG_PATH, runtime_dir, 1, PATH_MAXIMUM, "/run/tallyman",
		"Sockets, and the state that a restart of the daemon needs."),
	KEY("daemon", "log_dir", CONFIG_PATH, log_dir, 1, PATH_MAXIMUM, "/var/log/tallyman",
		"Where log files with a relative name are."),
	KEY("daemon", "policy_dir", CONFIG_PATH, policy_dir, 0, PATH_MAXIMUM, "",
		"Policies: *.yaml; empty: policies.d in /etc/tallyman."),
	KEY("daemon", "state_dir", CONFIG_PATH, state_dir, 0, PATH_MAXIMUM, "",
		"Policies that were added by command; empty: see tallyman.conf(5)."),
	KEY("daemon", "node_name", CONFIG_TEXT, node_name, 0, NODE_NAME_MAX, "",
		"node_name of each event; empty: the host's name."),
	KEY("daemon", "cluster_name", CONFIG_TEXT, cluster_name, 0, 253, "",
		"cluster_name of each event; empty: none."),
	KEY_WORD("daemon", "log_level", log_levels, log_level, "info",
		"The daemon's own messages."),
	KEY("daemon", "group", CONFIG_TEXT, group, 1, 32, "tallyman",
		"Group that may use the control socket."),
	KEY_BOOLEAN("daemon", "seccomp", seccomp, "yes",
		"After start, only the system calls that the daemon needs."),
	KEY("daemon", "extra_capabilities", CONFIG_NAME_LIST, extra_capabilities, 0, 64, "",
		"Capabilities to keep besides the daemon's own, separated by commas."),

	KEY_FLAGS("sensor", "ring_size", CONFIG_SIZE, CONFIG_POWER_OF_TWO, ring_size,
		RING_BYTES_MIN, 1 * GIB, "8M",
		"The ring buffer between kernel and daemon; a power of two."),
	KEY("sensor", "throttle_percent", CONFIG_NUMBER, throttle_percent, 1, 100, "25",
		"What one container may use of the ring in 100 ms; 100: all."),
	KEY_BOOLEAN("sensor", "environment_variables", environment_variables, "no",
		"Take the environment of each exec too; see environment_filter in [filter]."),

	KEY("process", "limit", CONFIG_NUMBER, process_limit, 1024, 4194304, "65536",
		"Living processes kept."),
	KEY("process", "ended_limit", CONFIG_NUMBER, ended_limit, 0, 1048576, "4096",
		"Ended processes kept for `tallyman tree --all`."),
	KEY_BOOLEAN("process", "credentials", process_credentials, "no",
		"Write cap, process_credentials and binary_properties."),
	KEY_BOOLEAN("process", "namespaces", process_namespaces, "no",
		"Write ns."),
	KEY_BOOLEAN("process", "ancestors", ancestors, "no",
		"Write ancestors: the grandparent and further up."),

	KEY_BOOLEAN("json", "enabled", json_enabled, "yes",
		"Write the JSON log."),
	KEY("json", "file", CONFIG_FILE, json_file, 1, PATH_MAXIMUM, "events.json",
		"The JSON log."),
	KEY_FLAGS("json", "max_size", CONFIG_SIZE, CONFIG_ZERO_ALLOWED, json_max_size, 4 * KIB, 1 * TIB, "10M",
		"Rotate before the file grows beyond this; 0: never."),
	KEY("json", "max_files", CONFIG_NUMBER, json_max_files, 1, 1000, "5",
		"Rotated files kept."),
	KEY_FLAGS("json", "rotate_interval", CONFIG_SECONDS, CONFIG_ZERO_ALLOWED, json_rotate_interval,
		1, 366 * DAY, "0",
		"Rotate after this time too; 0: never."),
	KEY("json", "mode", CONFIG_MODE, json_mode, 0600, 0664, "0600",
		"Access mode of the file."),
	KEY_WORD("json", "kinds", json_kinds, json_kinds, "all",
		"all, or only the kinds of events that Tetragon has."),
	KEY("json", "queue_size", CONFIG_SIZE, json_queue_size, 64 * KIB, 1 * GIB, "4M",
		"Bytes that may wait for a slow disk."),

	KEY_BOOLEAN("audit", "enabled", audit_enabled, "yes",
		"Send records to the kernel's audit."),
	KEY_WORD("audit", "exec", audit_execs, audit_exec, "all",
		"Which execs in containers make a record: all, those of login sessions, none."),
	KEY_BOOLEAN("audit", "host", audit_host, "no",
		"Host processes to the audit sinks too."),
	KEY("audit", "container_rate", CONFIG_NUMBER, audit_container_rate, 1, 1000000, "20",
		"Exec records a second of one container."),
	KEY("audit", "container_burst", CONFIG_NUMBER, audit_container_burst, 1, 1000000, "300",
		"Exec records of one container at once."),
	KEY("audit", "host_rate", CONFIG_NUMBER, audit_host_rate, 1, 1000000, "100",
		"Exec records a second of all together."),
	KEY("audit", "host_burst", CONFIG_NUMBER, audit_host_burst, 1, 1000000, "1000",
		"Exec records of all together at once."),

	KEY_BOOLEAN("audit_log", "enabled", audit_log_enabled, "yes",
		"Write the audit-format log, for ausearch -if."),
	KEY("audit_log", "file", CONFIG_FILE, audit_log_file, 1, PATH_MAXIMUM, "audit.log",
		"The audit-format log."),
	KEY_FLAGS("audit_log", "max_size", CONFIG_SIZE, CONFIG_ZERO_ALLOWED, audit_log_max_size,
		4 * KIB, 1 * TIB, "50M",
		"Rotate before the file grows beyond this; 0: never."),
	KEY("audit_log", "max_files", CONFIG_NUMBER, audit_log_max_files, 1, 1000, "5",
		"Rotated files kept."),

	KEY("container", "metadata_deadline", CONFIG_MILLISECONDS, metadata_deadline_ms, 0, 10000, "200ms",
		"How long the answer to a hook waits for the engine's metadata."),
	KEY("container", "user_limit", CONFIG_NUMBER, user_container_limit, 0, 8192, "64",
		"Containers that one user other than root may register."),
	KEY("container", "ended_time", CONFIG_SECONDS, ended_container_seconds, 1, 3600, "10s",
		"How long an ended container is kept for late events."),
	KEY_BOOLEAN("container", "unregistered_docker", unregistered_docker, "no",
		"Report unregistered containers of docker, nerdctl and lxc too."),
	KEY("container", "podman_event_files", CONFIG_PATH_LIST, podman_event_files, 0, 64, "",
		"Further podman events.log files, separated by commas."),

	KEY("filter", "export_allowlist", CONFIG_JSON, export_allowlist, 0, JSON_MAXIMUM, "",
		"Only events that one of these objects matches; empty: all."),
	KEY("filter", "export_denylist", CONFIG_JSON, export_denylist, 0, JSON_MAXIMUM, "",
		"No event that one of these objects matches."),
	KEY("filter", "field_filters", CONFIG_JSON, field_filters, 0, JSON_MAXIMUM, "",
		"Which fields of an event are written."),
	KEY("filter", "redaction_filters", CONFIG_JSON, redaction_filters, 0, JSON_MAXIMUM, "",
		"What is replaced by ***** in arguments and environment variables."),
	KEY("filter", "environment_filter", CONFIG_NAME_LIST, environment_filter, 0, 256, "",
		"Environment variables that are written, separated by commas; empty: all."),
};
/* clang-format on */
_Static_assert(ARRAY_SIZE(config_keys) <= CONFIG_KEYS_MAX, "CONFIG_KEYS_MAX");
const size_t config_key_count = ARRAY_SIZE(config_keys);

const struct config_key *config_key_find(const char *section, const char *name)
{
	size_t section_length = strlen(section);
	const char *rest = name;

	if (strncmp(name, section, section_length) == 0 && name[section_length] == '_')
		rest = name + section_length + 1;
	for (size_t i = 0; i < config_key_count; i++) {
		if (strcmp(config_keys[i].section, section) != 0)
			continue;
		if (strcmp(config_keys[i].name, name) == 0 ||
			strcmp(config_keys[i].name, rest) == 0)
			return &config_keys[i];
	}
	return NULL;
}

bool config_section_known(const char *section)
{
	for (size_t i = 0; i < config_key_count; i++)
		if (strcmp(config_keys[i].section, section) == 0)
			return true;
	return false;
}

static void append_name(char *text, size_t size, const char *name)
{
	size_t length = strlen(text);

	snprintf(text + length, size - length, "%s%s", length ? ", " : "", name);
}

const char *config_section_names(char *text, size_t size)
{
	text[0] = '\0';
	for (size_t i = 0; i < config_key_count; i++)
		if (i == 0 || strcmp(config_keys[i].section, config_keys[i - 1].section) != 0)
			append_name(text, size, config_keys[i].section);
	return text;
}

const char *config_key_names(const char *section, char *text, size_t size)
{
	text[0] = '\0';
	for (size_t i = 0; i < config_key_count; i++)
		if (strcmp(config_keys[i].section, section) == 0)
			append_name(text, size, config_keys[i].name);
	return text;
}
