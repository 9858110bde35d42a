/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The wire format: what the kernel side puts into the ring buffer. The only header both sides
 * share. Every record starts with struct record_header; text follows the fixed part in the order
 * its length fields stand, without NULs between. Both sides assert the sizes.
 */
#pragma once

#include <linux/types.h>

#include "limits.h"

#define RECORD_VERSION 1

enum record_kind {
	RECORD_NONE,
	RECORD_EXEC,
	RECORD_DATA, /* a further piece of an exec's argv, before its EXEC record */
	RECORD_FORK,
	RECORD_EXIT,
	RECORD_CGROUP_MKDIR,
	RECORD_CGROUP_RMDIR,
	RECORD_CGROUP_ATTACH,
	RECORD_TASK,	 /* from the task iterator: a process that was there already */
	RECORD_HIT,	 /* a policy matched: policy.h */
	RECORD_HIT_DATA, /* a further piece of an argument with maxData, before its HIT record */
	RECORD_KIND_MAX,
};

enum loss_reason {
	LOSS_RING_FULL,	  /* bpf_ringbuf_output() had no room */
	LOSS_THROTTLED,	  /* the container's share of the ring was used up */
	LOSS_READ_FAILED, /* a helper failed, and without its data there is no record */
	LOSS_PREEMPTED,	  /* every instance of the program was interrupted on that CPU */
	LOSS_REASON_MAX,
};

struct record_header {
	__u32 size; /* of the whole record, text included */
	__u16 kind; /* enum record_kind */
	__u16 version;
	__u64 time; /* CLOCK_BOOTTIME, ns */
	/* Per CPU: a lost record uses up its number. Since 7.0 one CPU's numbers can be out of
	 * order, or the same twice: the task was preempted between taking it and sending. */
	__u64 sequence;
	__u32 cpu;
	__u32 flags; /* RECORD_FLAG_… */
};

/* A process, the same whether seen live or by the iterator. */
struct process_key {
	__u64 start_boottime; /* ns, of the group leader */
	__u32 pid;	      /* tgid in the initial pid namespace */
	__u32 self_exec_id;   /* grows by one at each exec */
};

/* Where a process belongs. container_id is a cgroup id of the containers map, 0 for the host. */
struct attribution {
	__u64 container_id;
	__u64 generation;
	__u64 cgroup_id; /* the process's own cgroup (v2) */
};

struct credentials {
	__u32 uid, gid, euid, egid, suid, sgid, fsuid, fsgid;
	__u32 auid, session;
	__u64 cap_permitted, cap_effective, cap_inheritable, cap_bounding, cap_ambient;
	__u32 securebits;
	__u32 user_namespace_level;
	__u32 user_namespace_owner, user_namespace_group; /* uid, gid of the namespace's creator */
};

struct namespaces {
	__u32 uts, ipc, mnt, pid, pid_for_children, net, time, time_for_children, cgroup, user;
};

/* record_header.flags */
#define RECORD_FLAG_ARGUMENTS_CUT     (1u << 0) /* more argv than ARGUMENTS_TOTAL_MAX */
#define RECORD_FLAG_ARGUMENTS_ERROR   (1u << 1) /* argv could not be read, or only in part */
#define RECORD_FLAG_FILENAME_ERROR    (1u << 2)
#define RECORD_FLAG_CWD_ERROR	      (1u << 3) /* the walk ran out of components */
#define RECORD_FLAG_CWD_ROOT	      (1u << 4)
#define RECORD_FLAG_CWD_DELETED	      (1u << 5)
#define RECORD_FLAG_EXE_ERROR	      (1u << 6)
#define RECORD_FLAG_EXE_DELETED	      (1u << 7) /* link count 0 */
#define RECORD_FLAG_EXE_MEMFD	      (1u << 8) /* on a kernel mount, without a path */
#define RECORD_FLAG_SETUID_FILE	      (1u << 9) /* euid changed by the file's mode */
#define RECORD_FLAG_SETGID_FILE	      (1u << 10)
#define RECORD_FLAG_FILE_CAPABILITIES (1u << 11)
#define RECORD_FLAG_ENVIRONMENT_CUT   (1u << 12)
#define RECORD_FLAG_ENVIRONMENT_ERROR (1u << 13)
#define RECORD_FLAG_INIT_TREE	      (1u << 14) /* descends from a container's first process */
#define RECORD_FLAG_KERNEL_THREAD     (1u << 15)
#define RECORD_FLAG_SCRIPT	      (1u << 16) /* run through an interpreter */
#define RECORD_FLAG_SIGNAL_GROUP_EXIT (1u << 17)
#define RECORD_FLAG_FILENAME_FD	      (1u << 18) /* /dev/fd/N: execveat of a descriptor */

/* Of a path that the kernel side put together. */
enum path_result {
	PATH_CUT = 1 << 0,	    /* too long or too deep: the front is missing */
	PATH_ROOT = 1 << 1,	    /* it is "/" */
	PATH_DELETED = 1 << 2,	    /* unhashed */
	PATH_KERNEL_MOUNT = 1 << 3, /* memfd and the like: only a name */
};

/* RECORD_EXEC and RECORD_TASK. Text: filename, interp, exe, cwd, arguments, environment. */
struct exec_record {
	struct record_header header;
	struct process_key process;
	struct process_key parent; /* real_parent's group */
	struct attribution attribution;
	struct credentials credentials;
	struct namespaces namespaces;
	__u64 exe_inode;
	__u32 exe_links, exe_mode; /* i_nlink, i_mode */
	__u32 exe_uid, exe_gid;
	__u32 exe_device;      /* new_encode_dev form */
	__u32 tid;	       /* the thread that called execve; RECORD_TASK: the leader */
	__u32 namespace_pid;   /* pid in the innermost pid namespace */
	__u32 filename_length; /* as given to execve (bprm->filename), script path for #! */
	__u32 interp_length;   /* bprm->interp, 0 when the same as filename */
	__u32 exe_length;      /* path of mm->exe_file, from the process's root */
	__u32 cwd_length;
	__u32 arguments_length; /* bytes in this record */
	__u32 arguments_data;	/* bytes sent before in RECORD_DATA, which go first */
	__u32 arguments_total;	/* arg_end - arg_start: what there truly was */
	__u32 environment_length;
	__u32 argc;
	__u32 comm_length; /* always 16 bytes in comm, this many used */
	char comm[16];
};

struct data_record {
	struct record_header header;
	struct process_key process; /* self_exec_id already that of the new image */
	__u32 offset;		    /* of this piece in argv */
	__u32 length;
	/* bytes */
};

struct fork_record {
	struct record_header header;
	struct process_key process;	/* the child */
	struct process_key parent;	/* the child's real_parent's group */
	struct attribution attribution; /* the child's */
	__u32 namespace_pid;
	__u32 clone_flags; /* 0: not known in a tracepoint; kept for the layout */
};

struct exit_record {
	struct record_header header;
	struct process_key process;
	struct attribution attribution;
	__u32 exit_code; /* as wait() reports it: low 7 bits signal, 0x80 core, next 8 the status */
	__u32 tid;	 /* of the last thread */
	__u64 utime, stime; /* ns, whole group as far as known */
};

/* Text: path below the cgroup v2 root, cut at the front to CGROUP_PATH_MAX. */
struct cgroup_record {
	struct record_header header;
	__u64 cgroup_id, parent_id;
	struct process_key process;	/* ATTACH: who was moved */
	struct attribution attribution; /* ATTACH: after the move; cgroup_id is the new one */
	__u64 left_container_id; /* ATTACH: the registered container it was in before by its cgroup
				  */
	__u32 level;
	__u32 path_length;
};

#define RECORD_SIZE_ASSERT(type, size) _Static_assert(sizeof(struct type) == (size), #type " size")
RECORD_SIZE_ASSERT(record_header, 32);
RECORD_SIZE_ASSERT(process_key, 16);
RECORD_SIZE_ASSERT(attribution, 24);
RECORD_SIZE_ASSERT(credentials, 96);
RECORD_SIZE_ASSERT(namespaces, 40);
RECORD_SIZE_ASSERT(exec_record, 320);
RECORD_SIZE_ASSERT(data_record, 56);
RECORD_SIZE_ASSERT(fork_record, 96);
RECORD_SIZE_ASSERT(exit_record, 96);
RECORD_SIZE_ASSERT(cgroup_record, 104);

/* ---- maps ---- */

/* containers: key = cgroup id, or a number with bit 63 set for a container without a cgroup of its
 * own. User space writes it once, with zeros from interval_start on; the kernel side keeps there
 * what the container used of the ring. */
struct container_entry {
	__u64 generation; /* of the registration; cgroup ids come back */
	__u32 init_pid;
	__u32 flags;
	__u64 interval_start;		  /* CLOCK_BOOTTIME, ns */
	__u64 interval_bytes;		  /* used in this interval */
	__u64 throttled[RECORD_KIND_MAX]; /* records not made because its share was used up */
};

/* tasks (task storage; 5.10: a hash by tid): which container a task belongs to, kept when it leaves
 * the cgroup. */
struct task_container {
	__u64 container_id;
	__u64 generation;
};

/* cpus: per CPU */
struct cpu_state {
	__u64 sequence; /* of the last record made here, lost ones included */
	__u64 lost[RECORD_KIND_MAX][LOSS_REASON_MAX];
	__u64 failed_reads; /* helpers that failed where the record was still worth sending */
};
RECORD_SIZE_ASSERT(task_container, 16);
RECORD_SIZE_ASSERT(container_entry, 32 + 8 * RECORD_KIND_MAX);
