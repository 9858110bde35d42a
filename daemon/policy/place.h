/* SPDX-License-Identifier: Apache-2.0 */
/* Where a hook goes on this kernel, by which mechanism, and how its arguments are read there. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/include/policy.h"
#include "lib/error.h"
#include "policy/model.h"

enum hook_mechanism {
	MECHANISM_SYSCALL_TRACEPOINT, /* tracepoint syscalls/sys_enter_NAME, and sys_exit_NAME */
	MECHANISM_TRACEPOINT,
	MECHANISM_RAW_TRACEPOINT,
	MECHANISM_FENTRY,
	MECHANISM_KPROBE,
	MECHANISM_LSM,
	MECHANISM_UPROBE,
	MECHANISM_USDT,
	MECHANISMS
};

#define HOOK_TARGET_MAX	 128
#define HOOK_TARGETS_MAX 1024 /* of a list: */

struct hook_target {
	char name[HOOK_TARGET_MAX]; /* "openat", "sched_process_exec", "tcp_connect" */
	int64_t number;		    /* of a system call */
};

struct hook_place {
	enum hook_mechanism mechanism;
	struct hook_target *targets;
	size_t target_count;
	char subsystem[HOOK_TARGET_MAX];
	struct hook_argument arguments[HOOK_ARGUMENTS_ALL];
	enum policy_argument_type types[HOOK_ARGUMENTS_ALL];
	uint32_t arguments_count; /* args and data */
	struct tracepoint_field fields[HOOK_RAW_MAX];
	uint32_t raw_count;
	uint64_t readers;
	bool reads_user_memory; /* which may not be there yet when the call begins */
};

/* Free with hook_place_done(), after a failure too. -ENOENT: this kernel has no such place;
 * -EOPNOTSUPP: it has, and cannot put a program there; `error` says which and why. */
int hook_place_find(
	const struct policy_hook *hook, struct hook_place *ret_place, struct error *error);
void hook_place_done(struct hook_place *place);
const char *hook_mechanism_name(enum hook_mechanism mechanism);

/* --- for the parts --- */

/* The reader of a type, with the size and sign of integers. `raw` is left alone. */
int hook_argument_set(const struct policy_argument *argument, enum policy_argument_type type,
	struct hook_argument *ret_argument, struct error *error);
/* args, data and returnArg with `raw` by their index, for places whose raw[] are the call's own
 * arguments. */
int hook_place_call_arguments(
	const struct policy_hook *hook, struct hook_place *place, struct error *error);
int hook_place_tracepoint(
	const struct policy_hook *hook, struct hook_place *place, struct error *error);
