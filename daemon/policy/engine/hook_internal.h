/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a hook share: hook.c, hook_environment.c, hook_programs.c, hook_attach.c,
 * hook_status.c. */
#pragma once

#include "daemon/policy/engine/hook.h"

#include "bpf/policy.skel.h"

struct hook {
	struct policy_bpf *object;
	enum hook_mechanism mechanism;
	char subsystem[HOOK_TARGET_MAX];
	struct hook_target *targets;
	size_t target_count;
	bool wants_return;		  /* a program on the return too */
	bool resumes;			  /* by task work instead */
	struct bpf_program *entry, *back; /* of the object; back: NULL where none is wanted */
	struct bpf_link **links;
	size_t link_count;
	int uprobe_links[2]; /* of many places: entries, returns; -1 */
	int file;	     /* of a program; -1 */
	int cpus;
};

/* Whether the kernel has all functions that the object wants, so that it is not the plain one. */
bool hook_object_is_full(const struct hook_environment *environment);
/* The object, unloaded; `resumes`: the one with task work. NULL with errno. */
struct policy_bpf *hook_open_object(const struct hook_environment *environment, bool resumes);
/* Decide which programs are loaded, and for which function. */
int hook_choose_programs(struct hook *hook);
/* Have it use the maps that are not a hook's own. */
int hook_share_maps(struct policy_bpf *object, const struct hook_environment *environment);
/* `what`, and what the kernel said when it refused to load; returns `code`. */
int hook_say_refused(struct error *error, int code, const char *what);
