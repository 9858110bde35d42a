/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every limit both sides know. What happens at a limit stands beside it. */
#pragma once

/* argv up to here travels inside the exec record; the rest in DATA records. */
#define ARGUMENTS_INLINE_MAX 8192
#define ARGUMENTS_CHUNK_MAX  16384
/* Beyond this argv is cut, flagged truncArgs, and the true total is kept. */
#define ARGUMENTS_TOTAL_MAX  (256 * 1024)
#define ARGUMENTS_CHUNKS_MAX (ARGUMENTS_TOTAL_MAX / ARGUMENTS_CHUNK_MAX)
/* Environment: only when asked for; cut beyond, flagged. */
#define ENVIRONMENT_MAX 16384
/* PATH_MAX of the kernel: a longer path cannot be given to a system call. Longer ones (a deep
 * directory reached by relative steps) are cut at the front and flagged. */
#define PATH_LENGTH_MAX	    4096
#define PATH_COMPONENTS_MAX 1024
/* Turns of a loop of which the verifier follows each. */
#define PATH_COMPONENTS_BLOCK 16
#define FILENAME_LENGTH_MAX   4096
#define CGROUP_NAME_MAX	      128
#define CGROUP_PATH_MAX	      512
/* Levels of the cgroup tree looked at for a registered container, from the root down. */
#define CGROUP_DEPTH_MAX 32

/* Containers known to the kernel side; a full map answers the hook "not registered". */
#define CONTAINERS_MAX 8192
/* 5.10 has no task storage: tasks in containers kept in a hash of this size. */
#define CONTAINER_TASKS_MAX 65536

/* Where tracepoints can be preempted: how often a program is attached. Each exec instance has 66
 * KiB of buffers per CPU. */
#define INSTANCES_MAX 4
#define MARK_SLOTS    4096

#define RING_BYTES_DEFAULT (8u << 20)
#define RING_BYTES_MIN	   (64u << 10)
#define RING_WAKE_DIVISOR  8 /* wake the consumer whatever happens once the ring is 1/8 full */
#define QUIET_WAKE_NS                                                                              \
	4000000ULL /* a waking record after this long without one wakes the consumer */
#define THROTTLE_INTERVAL_NS	 100000000ULL
#define THROTTLE_RING_DIVISOR	 4  /* a container's share of the ring per interval */
#define THROTTLE_CROWDED_DIVISOR 4  /* what is left of a share while the ring is half full */
#define THROTTLE_FULL_DIVISOR	 16 /* … three quarters full */

/* ---- policies ---- */

#define SYSTEM_CALL_NUMBER_MAX 1023
/* args and data of a hook; one more for the return value */
#define HOOK_ARGUMENTS_MAX   10
#define HOOK_RETURN_ARGUMENT HOOK_ARGUMENTS_MAX
#define HOOK_ARGUMENTS_ALL   (HOOK_ARGUMENTS_MAX + 1)
/* What the hooked place itself has: registers, fields of a tracepoint. */
#define HOOK_RAW_MAX	 12
#define HOOK_RESOLVE_MAX 10 /* steps of `resolve` */
/* Beyond, the policy is refused. Blocks: the verifier looks at each loop once. */
#define HOOK_STEPS_BLOCK    64
#define HOOK_STEPS_MAX	    (HOOK_STEPS_BLOCK * 64)
#define HOOK_SELECTORS_MAX  1024
#define HOOK_TEXT_BYTES_MAX (256u << 10) /* of all values together */
/* CelExpr: results that wait for others, in one expression. A power of two. */
#define HOOK_NUMBERS_MAX 16
/* What is tried before the steps: of more values, what groups of them have in common. */
#define PREFILTER_CHOICES_MAX 8
#define PREFILTER_TEXT_WORDS  2
/* Bytes of arguments in one record: what has no room any more is cut, and says so. */
#define HIT_DATA_MAX 16384
/* One argument's: a path, a buffer without maxData. */
#define HIT_ARGUMENT_MAX 4096
/* With maxData: its first bytes are in the record, the others in pieces before it. Beyond, it is
 * cut. */
#define HIT_MAX_DATA   327360
#define HIT_PIECE_MAX  4000
#define HIT_PIECES_MAX (HIT_MAX_DATA / HIT_PIECE_MAX + 1)
/* Segments of an iovec: UIO_MAXIOV, more cannot be given to a call. */
#define HIT_SEGMENTS_MAX   1024
#define HIT_SEGMENTS_BLOCK 32
/* Hooks that interrupt each other on one CPU; one more is counted as lost. */
#define HIT_SLOTS	4
#define STACK_DEPTH_MAX 127
/* Files that a user's stack leads through: of more the frames are addresses. */
#define STACK_MODULES_MAX     16
#define STACK_MODULE_PATH_MAX 216 /* with its NUL; of a longer path the end */
/* The digest of a file, at most: 512 bits. How many are made at once; of more there is none. */
#define FILE_HASH_MAX	64
#define FILE_HASHES_MAX 1024
/* A symbol with its offset and module; longer ones are cut. */
#define SYMBOL_TEXT_MAX 192

/* Processes are told apart by bits, set at exec: one for each matchBinaries of all policies. */
#define BINARY_MATCHERS_MAX  256
#define BINARY_MATCHER_WORDS (BINARY_MATCHERS_MAX / 64)
/* Policies with a podSelector, containerSelector, hostSelector, namespace or matchWorkloads. */
#define SCOPES_MAX  512
#define SCOPE_WORDS (SCOPES_MAX / 64)
/* Calls between entry and return that a policy waits for; the oldest give way. */
#define HOOK_CALLS_MAX 4096
/* What rateLimit remembers. */
#define RATE_LIMITS_MAX 4096
/* matchBinaries: a longer path equals none of them, and is looked at so far from its beginning or
 * its end. */
#define BINARY_PATH_MAX	   256
#define BINARY_POSTFIX_MAX 128
#define BINARIES_MAX	   8192 /* paths of all policies together, of each kind */
/* TrackSock; the oldest give way. */
#define TRACKED_SOCKETS_MAX 8192
