/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of the ring -> a checked view. Nothing is copied: the view points into the record and is
 * valid as long as that is. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bpf/include/event.h"
#include "bpf/include/policy.h"

struct span {
	const char *data;
	uint32_t length;
};

struct record_view {
	enum record_kind kind;
	union {
		const struct record_header *header;
		const struct exec_record *exec; /* RECORD_EXEC, RECORD_TASK */
		const struct data_record *data;
		const struct fork_record *fork;
		const struct exit_record *exit;
		const struct cgroup_record *cgroup;
		const struct hit_record *hit;
		const struct hit_data_record *hit_data;
	};
	struct span filename, interp, exe, cwd, arguments, environment; /* exec */
	struct span bytes; /* data: a piece of argv; cgroup: the path; hit: arguments' data */
	struct span kernel_stack, user_stack; /* hit: 8 bytes a frame, not aligned */
	struct span modules;		      /* hit: struct stack_module, not aligned */
	struct span hash;		      /* hit: FILE_HASH_MAX bytes, or none */
};

/* -EBADMSG when the record is shorter than it says, of another version, of an unknown kind, or its
 * text does not fill it (up to alignment); of a hit also when an argument that was read lies
 * outside of its data or is too short for what it is, or when there is more of anything than its
 * limit. */
int record_decode(const void *data, size_t size, struct record_view *ret_view);
