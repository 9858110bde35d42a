/* SPDX-License-Identifier: Apache-2.0 */
/* tallyman.conf: `key = value` in sections, then conf.d/x.conf in name order, then flags. Every key
 * has a default, a range and a line in tallyman.conf(5). Unknown keys and wrong values are errors.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/error.h"

enum json_kinds {
	JSON_KINDS_ALL,
	JSON_KINDS_TETRAGON
};
enum audit_exec {
	AUDIT_EXEC_ALL,
	AUDIT_EXEC_SESSIONS,
	AUDIT_EXEC_NONE
};

struct string_list {
	char **items;
	size_t count;
};

struct config {
	/* [daemon] */
	char *runtime_dir;		       /* /run/tallyman */
	char *log_dir;			       /* /var/log/tallyman */
	char *policy_dir;		       /* /etc/tallyman/policies.d */
	char *state_dir;		       /* /var/lib/tallyman, see config_finish() */
	char *node_name;		       /* hostname */
	char *cluster_name;		       /* "" */
	int log_level;			       /* info */
	char *group;			       /* tallyman: group of control.sock */
	bool seccomp;			       /* true: a filter of its own after start */
	struct string_list extra_capabilities; /* kept besides the daemon's own */
	/* [sensor] */
	uint64_t ring_size;	    /* 8 MiB, a power of two */
	uint32_t throttle_percent;  /* 25: of the ring, per container per 100 ms; 100 = off */
	bool environment_variables; /* false */
	/* [process] */
	uint32_t process_limit; /* 65536 living processes kept */
	uint32_t ended_limit;	/* 4096 ended ones kept for `tree --all` */
	bool process_credentials,
		process_namespaces; /* as --enable-process-cred, --enable-process-ns */
	bool ancestors;
	/* [json] */
	bool json_enabled;	       /* true */
	char *json_file;	       /* events.json in log_dir */
	uint64_t json_max_size;	       /* 10 MiB */
	uint32_t json_max_files;       /* 5 rotated ones kept */
	uint64_t json_rotate_interval; /* seconds, 0 = off */
	uint32_t json_mode;	       /* 0600 */
	enum json_kinds json_kinds;
	uint64_t json_queue_size; /* 4 MiB */
	/* [audit] */
	bool audit_enabled; /* records to the kernel's audit; --no-audit */
	enum audit_exec audit_exec;
	bool audit_host;				      /* false */
	uint32_t audit_container_rate, audit_container_burst; /* 20/s, 300 */
	uint32_t audit_host_rate, audit_host_burst;	      /* 100/s, 1000 */
	/* [audit_log] the audit-format log */
	bool audit_log_enabled; /* true */
	char *audit_log_file;	/* audit.log in log_dir */
	uint64_t audit_log_max_size;
	uint32_t audit_log_max_files;
	/* [container] */
	uint32_t metadata_deadline_ms;	  /* 200: how long a hook's answer waits for metadata */
	uint32_t user_container_limit;	  /* 64 per uid: registrations of other users */
	uint32_t ended_container_seconds; /* 10: an ended container still gets late events */
	bool unregistered_docker;	  /* false: docker, nerdctl, lxc shapes */
	struct string_list podman_event_files; /* extra events.log paths; normally empty */
	/* [filter] each value is one or more JSON objects, as Tetragon's options */
	char *export_allowlist, *export_denylist; /* NULL when not set */
	char *field_filters;
	char *redaction_filters;
	struct string_list environment_filter; /* names; empty = all, when environment_variables */
};

/* The defaults alone. */
int config_new(struct config **ret_config, struct error *error);
/* Defaults, then `path` (NULL: SYSCONFDIR/tallyman/tallyman.conf, which may be missing) and its
 * .d directory. On failure *ret_config is untouched and `error` says file:line: key: what. */
int config_load(const char *path, struct config **ret_config, struct error *error);
/* One `section.key` as if from a file; for flags. */
int config_set(struct config *config, const char *section, const char *key, const char *value,
	struct error *error);
/* After all sources: fill what depends on other keys (file paths, node name), check ranges. */
int config_finish(struct config *config, struct error *error);
/* All keys as in force, in the form of a file. */
void config_print(const struct config *config, FILE *file);
/* The commented file with the defaults that is installed. */
int config_print_template(FILE *file, struct error *error);
struct config *config_free(struct config *config);
static inline void config_free_p(struct config **config)
{
	config_free(*config);
}
