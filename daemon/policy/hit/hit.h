/* SPDX-License-Identifier: Apache-2.0 */
/* A policy's match, as events are made from it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/include/policy.h"
#include "policy/model.h"

/* What the audit trail calls it: by what the hook is about. */
enum hit_audit {
	HIT_AUDIT_RESP_ANOMALY, /* anything else */
	HIT_AUDIT_ANOM_EXEC,	/* programs */
	HIT_AUDIT_ANOM_ACCESS_FS
};

struct hook_argument_description {
	enum policy_argument_type type; /* `auto` has become what it is */
	const char *label;		/* NULL: none */
	bool present;			/* nop is not */
	bool data;			/* of the hook's `data` */
	/* Which of the system call's arguments the integer is, from 1; 0: none of them. */
	uint8_t call_argument;
	bool of_task; /* of whoever made the call, not what the call is about */
	bool longs;   /* const_buf: an array of longs, as args[6] of raw_syscalls/sys_enter */
};

/* One of the places of a hook in a program. */
struct hook_place_description {
	const char *symbol; /* NULL: it was given by its offset */
	uint64_t offset, reference_counter_offset;
};

struct hook_selector_description {
	const char *label; /* NULL: none */
	/* The first of matchActions that is not Post, else Post or NoPost; of matchReturnActions.
	 */
	enum policy_action_kind action, return_action;
	int signal;	   /* of Sigkill and Signal; 0: none */
	bool needs_return; /* matchReturnArgs: the return decides whether it is a match */
};

/* What a match is said with: what the policy says of the hook. Made when the policy is loaded and
 * never changed; counted, since matches of a policy may still be on their way when it is deleted.
 * All strings and arrays are its own, each from malloc(). */
struct hook_description {
	uint32_t references;
	uint32_t id;	/* of hit_record.hook: never used again */
	int event_kind; /* enum event_kind: EVENT_PROCESS_KPROBE … */
	enum hit_audit audit;
	const char *policy, *namespace; /* namespace: "" unless TracingPolicyNamespaced */
	const char *message;		/* NULL: none */
	const char **tags;
	size_t tag_count;
	/* process_kprobe: "__x64_sys_openat"; process_lsm: "file_open". NULL where a hook has many:
	 * then by function_name(). */
	const char *function;
	const char *subsystem, *event;	       /* process_tracepoint */
	const char *path, *provider, *symbol;  /* process_uprobe, process_usdt (symbol: its name) */
	struct hook_place_description *places; /* process_uprobe: hit_record.function counts them */
	size_t place_count;
	struct hook_argument_description arguments[HOOK_ARGUMENTS_ALL];
	uint32_t arguments_count; /* return value not counted */
	struct hook_selector_description *selectors;
	size_t selector_count;
	bool has_return; /* `return: true` */
};
/* A reference more or less; whoever gives back the last one frees it. NULL is taken. Main thread
 * only. */
const struct hook_description *hook_description_ref(const struct hook_description *hook);
const struct hook_description *hook_description_unref(const struct hook_description *hook);

struct stack_frame {
	uint64_t address;
	uint64_t offset;    /* from the symbol; from the module's beginning without one */
	const char *symbol; /* NULL: not known */
	const char *module; /* NULL: the kernel itself */
};

/* An argument whose bytes did not all come in its record. */
struct hit_joined {
	const struct hit_argument *replaced;
	struct hit_argument argument; /* offset has no meaning */
	char *bytes;
};

/* Borrowed for the time of the event. `record` and `return_record` may be one. */
struct policy_hit {
	const struct hook_description *hook;
	const struct hit_record *record;	/* arguments; with their data after it */
	const char *data;			/* bytes of arguments */
	const struct hit_record *return_record; /* NULL: none, or not come yet */
	const char *return_data;
	const struct hit_joined *joined;
	size_t joined_count;
	const char *function; /* hook->function, or which of many */
	const char *hash;     /* of the file: FILE_HASH_MAX bytes, or NULL */
	uint32_t hash_algorithm;
	const struct stack_frame *kernel_stack, *user_stack;
	size_t kernel_stack_depth, user_stack_depth;
	enum policy_action_kind action, return_action;
	bool acted;	/* the signal was sent, the error given */
	bool monitored; /* the policy is in monitor mode: it would have been */
};

/* Where in a program it was; NULL: not said. */
const struct hook_place_description *policy_hit_place(const struct policy_hit *hit);
/* The function of the program, or the name of its probe; NULL. */
const char *policy_hit_symbol(const struct policy_hit *hit);
/* Argument `index` (HOOK_RETURN_ARGUMENT: the return value) and its bytes: of the return record
 * where the policy wants it read then. NULL: the records do not have it. */
const struct hit_argument *policy_hit_argument(
	const struct policy_hit *hit, uint32_t index, const char **ret_bytes);
/* Whether there is something to be said of its value: not what was cut inside of a structure. NULL
 * is taken. */
bool policy_hit_argument_usable(const struct hit_argument *argument);
/* Whether its bytes are a text or a path. */
bool policy_hit_argument_is_text(const struct hit_argument *argument);
