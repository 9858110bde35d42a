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
	MECHANISM_SYSCALL_FENTRY,     /* of the call's function in the kernel */
	MECHANISM_SYSCALL_TRACEPOINT, /* tracepoint syscalls/sys_enter_NAME, and sys_exit_NAME */
	MECHANISM_SYSCALL_ALL,	      /* where all system calls pass: sys_enter, and sys_exit */
	MECHANISM_TRACEPOINT,
	MECHANISM_RAW_TRACEPOINT,
	MECHANISM_FENTRY,
	MECHANISM_KPROBE,
	MECHANISM_LSM,
	MECHANISM_LSM_SLEEPABLE, /* its program waits for a file to be read: imaHash */
	MECHANISM_FMOD_RET,	 /* a function whose error can be given instead of calling it */
	MECHANISM_UPROBE,	 /* by a perf event for each place */
	MECHANISM_UPROBE_MULTI,	 /* all places of a file at once */
	MECHANISM_UPROBE_MULTI_SLEEPABLE, /* its program waits for memory to be paged in */
	MECHANISMS
};

#define CALL_ENTRY_PREFIX "sys_enter_" /* of tracepoints in `syscalls` */

/* The kernel's KSYM_NAME_LEN; what C++, Rust and Go make of names is as long. */
#define HOOK_TARGET_MAX	 512
#define HOOK_TARGETS_MAX 1024 /* of a list: */

/* What this kernel lets this process do, found by trying. */
struct hook_abilities {
	bool trampolines;	/* programs on functions that the kernel jumps to directly */
	bool tracepoint_events; /* perf events of tracepoints */
};

struct kernel_types;

struct hook_target {
	char name[HOOK_TARGET_MAX]; /* "openat", "sched_process_exec", "tcp_connect" */
	int64_t number;		    /* of a system call */
	uint32_t parameter_count;   /* of the function, where it is known: in words */
	/* in a program's file */
	uint64_t offset, reference_counter_offset;
	struct register_argument registers[HOOK_RAW_MAX];
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
	uint32_t parameter_count; /* of the target, where it has a program of its own: in words */
	uint64_t readers;
	uint32_t raws_to_page_in; /* a bit for each that is the address of a user's memory */
	uint32_t arrays_of_longs; /* a bit for each argument */
	bool is_call_entry;	  /* tracepoint syscalls/sys_enter_NAME, by that name */
	bool reads_user_memory;	  /* which may not be there yet when the call begins */
	bool copies_at_return;	  /* an argument is read when the call returns */
	uint32_t register_count;  /* that a kprobe reads by name; from raw[HOOK_REGISTERS] on */
	/* programs' files */
	bool has_file;
	int file;
	bool has_cookies; /* the kernel tells the program which target it is at */
	bool is_32_bit;	  /* system calls, all of 32-bit programs */
	bool is_single;	  /* each target has a program of its own all the same */
	/* imaHash: which of the function's arguments the file is, or the program that has it */
	uint32_t hash_parameter;
	bool hash_is_of_program;
};

/* Free with hook_place_done(), after a failure too. -ENOENT: this kernel has no such place;
 * -EOPNOTSUPP: it has, and cannot put a program there; `error` says which and why. */
int hook_place_find(const struct policy_hook *hook, struct kernel_types *types,
	const struct hook_abilities *abilities, struct hook_place *ret_place, struct error *error);
void hook_place_done(struct hook_place *place);
/* Of functions, whether the kernel lets programs be put on all of them, as far as it says. For who
 * wants to know before, or why it was refused: it reads a list of all the kernel's functions. 0 or
 * -ENOENT. */
int hook_place_check_traceable(const struct hook_place *place, struct error *error);
const char *hook_mechanism_name(enum hook_mechanism mechanism);
/* Which mechanism to try when this one was refused; MECHANISMS: there is none. */
enum hook_mechanism hook_mechanism_instead(const struct policy_hook *hook,
	enum hook_mechanism mechanism, const struct hook_abilities *abilities);
bool hook_mechanism_is_system_call(enum hook_mechanism mechanism);
bool hook_mechanism_is_uprobe_multi(enum hook_mechanism mechanism);
/* Whether the program can give an error instead of the call. */
bool hook_mechanism_can_override(enum hook_mechanism mechanism);
bool hook_mechanism_is_by_trampoline(enum hook_mechanism mechanism);
/* Whether each target has a program of its own: the program is made for the function. */
bool hook_mechanism_is_single(enum hook_mechanism mechanism);

/* --- for the parts --- */

/* Of args, then data, as their places in hook_place.arguments; NULL: there are no more. */
const struct policy_argument *hook_argument_at(const struct policy_hook *hook, size_t index);
/* Decide argument `index` of the place: its reader, and where `resolve` leads. `declared` is the
 * kernel's type of the value, 0 when it is not known. */
int hook_place_argument(struct hook_place *place, uint32_t index,
	const struct policy_argument *argument, struct kernel_types *types, uint32_t declared,
	struct error *error);
int hook_place_add_target(
	struct hook_place *place, const char *name, int64_t number, struct error *error);
/* How many of raw[] are looked at. */
uint32_t hook_place_raws_used(const struct hook_place *place);

int hook_place_tracepoint(const struct policy_hook *hook, struct kernel_types *types,
	struct hook_place *place, struct error *error);
int hook_place_system_calls(const struct policy_hook *hook, struct kernel_types *types,
	const struct hook_abilities *abilities, struct hook_place *place, struct error *error);
int hook_place_program(const struct policy_hook *hook, struct kernel_types *types,
	struct hook_place *place, struct error *error);
/* imaHash, of an LSM hook whose prototype is known: have it sleep, and find its file. */
bool hook_wants_file_hash(const struct policy_hook *hook);
int hook_place_file_hash(const struct policy_hook *hook, struct kernel_types *types,
	struct hook_place *place, struct error *error);
int hook_place_functions(const struct policy_hook *hook, struct kernel_types *types,
	struct hook_place *place, struct error *error);
