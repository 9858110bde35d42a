/* SPDX-License-Identifier: Apache-2.0 */
/* The process tree. One struct process is one image of one process: an exec makes a new one whose
 * identity is (pid, start_boottime + self_exec_id), as Tetragon's exec_id has it. What an exec sets
 * and a fork inherits unchanged is in struct exec_image, shared by reference. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/include/event.h"

struct container;

/* Text of an exec, all in one allocation after the struct, none NUL-terminated. */
struct text {
	uint32_t offset, length;
};

struct exec_image {
	uint32_t references;
	uint32_t allocated; /* bytes with text */
	struct credentials credentials;
	struct namespaces namespaces;
	uint64_t exe_inode;
	uint32_t exe_links, exe_mode, exe_uid, exe_gid, exe_device;
	uint32_t flags; /* RECORD_FLAG_… of the exec */
	uint32_t argc, arguments_total;
	struct text binary; /* absolute: filename joined with cwd, links not resolved */
	struct text exe;    /* resolved path of the running file */
	struct text cwd;
	struct text arguments; /* argv, each with a NUL after it, argv[0] first; redacted already */
	struct text environment; /* NAME=value, each with a NUL after it; filtered and redacted */
	uint8_t comm_length;
	char comm[16];
	char data[];
};

static inline const char *exec_image_text(const struct exec_image *image, struct text text)
{
	return image->data + text.offset;
}

struct process {
	struct process *hash_next;   /* living processes by pid */
	struct process *parent;	     /* counted; NULL when not known or cut */
	struct exec_image *image;    /* counted */
	struct container *container; /* counted; sticky */
	uint64_t start_boottime;
	uint64_t ktime;	     /* start_boottime + self_exec_id: the middle of exec_id */
	uint64_t start_time; /* CLOCK_REALTIME ns of this image's start, fixed when made */
	uint64_t parent_ktime;
	uint64_t end_time;  /* CLOCK_REALTIME ns, 0 while living */
	uint64_t cgroup_id; /* own cgroup, last known */
	uint32_t references;
	uint32_t pid, parent_pid; /* parent_pid/parent_ktime name parent_exec_id even when parent is
				     cut */
	uint32_t self_exec_id;
	uint32_t namespace_pid;
	uint32_t exit_code;
	bool living;
	bool cloned;	  /* made by a fork, has not made an exec yet */
	bool after_clone; /* this image's exec was the first after the fork: flag "clone" */
	bool miss;	  /* parent unknown: flag "miss" */
	bool procfs;	  /* from the iterator: flag "procFS" */
	bool entered;	  /* came into its container from outside and has not made an exec since:
			     `phase: setup` */
	bool in_init_tree;
	bool ended_listed;
	struct process *ended_next; /* FIFO of ended ones */
};

#define EXEC_ID_MAX 512 /* base64 of node:ktime:pid and a NUL */
/* exec_id of (ktime, pid) on this node: base64("node:ktime:pid"). Returns its length. */
size_t exec_id_format(
	const char *node_name, uint64_t ktime, uint32_t pid, char ret_id[EXEC_ID_MAX]);
