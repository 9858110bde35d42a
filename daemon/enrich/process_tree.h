/* SPDX-License-Identifier: Apache-2.0 */
/* Who runs, and whose child it is: kept from fork, exec and exit records and from the iterator. All
 * memory is bounded: living processes by a limit, ended ones by a list, chains of ended ancestors
 * by length, long command lines by a budget. Main thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/config.h"
#include "daemon/decode/decode.h"
#include "daemon/enrich/process.h"
#include "daemon/filter/filter.h"
#include "lib/buf.h"

#define PROCESS_ANCESTORS_MAX 16 /* longer chains of ended ancestors are cut there */
#define RECENTLY_ENDED_MAX    256
#define LONG_ARGUMENTS	      1024 /* bytes; command lines above this share LONG_ARGUMENTS_BUDGET */
#define LONG_ARGUMENTS_BUDGET (4u << 20)

struct process_tree_counters {
	uint64_t living, ended, images;
	uint64_t refused;	/* the limit of living processes was reached */
	uint64_t arguments_cut; /* kept shortened because the budget was used up */
	uint64_t unknown_exits; /* of a process never seen */
	uint64_t bytes;
};

struct process_tree;

struct process_tree *process_tree_new(
	const struct config *config, const struct redaction *redaction);
struct process_tree *process_tree_free(struct process_tree *tree);

/* pid 0, the parent of pid 1 and of kernel threads: binary "<kernel>", as Tetragon has it. */
void process_tree_add_kernel(struct process_tree *tree);

/* The living process with this pid; with `start_boottime` not 0 only if it is that very one. */
struct process *process_tree_find(struct process_tree *tree, uint32_t pid, uint64_t start_boottime);

/* A fork: the child shares its parent's image. NULL: already known, or no room. */
struct process *process_tree_fork(struct process_tree *tree, const struct fork_record *record);
/* An exec: a new image, and the pid is its from now on; the old one is ended as an image but may
 * live on as a parent. `arguments`: the whole argv. NULL: no room, or history (an older image than
 * the one known). */
struct process *process_tree_exec(
	struct process_tree *tree, const struct record_view *view, struct span arguments);
/* A process from the iterator: NULL when the tree has it already in this state or a later one. */
struct process *process_tree_task(
	struct process_tree *tree, const struct record_view *view, struct span arguments);
/* A process of which only its end is known. The caller passes it to process_tree_exit() next. */
struct process *process_tree_unknown(struct process_tree *tree, const struct exit_record *record);
/* Its end: it leaves the living. The pointer stays valid until process_tree_release(). */
void process_tree_exit(
	struct process_tree *tree, struct process *process, uint32_t exit_code, uint64_t end_time);
/* Whether this process was among the last to end: a second exit record of it says nothing new. */
bool process_tree_just_ended(
	const struct process_tree *tree, uint32_t pid, uint64_t start_boottime);
/* After the exit event is out: keep it for `tree --all` if it was a container's, else let it go. */
void process_tree_release(struct process_tree *tree, struct process *process);

/* The last that ended with this key, for records that come after its exit: a process closes its
 * files only then. NULL when it is not among the last RECENTLY_ENDED_MAX. */
struct process *process_tree_find_ended(
	const struct process_tree *tree, uint32_t pid, uint64_t start_boottime);
/* The last with this pid that had begun by then. */
struct process *process_tree_find_ended_before(
	const struct process_tree *tree, uint32_t pid, uint64_t boottime_ns);
/* From now on, and until the tree's end. */
void process_tree_keep_recently_ended(struct process_tree *tree);
/* A process of which nothing else is known, for one event: not among the living, since nothing
 * would ever take it from there. The caller unreferences it. NULL: no memory, or no room. */
struct process *process_tree_stranger(struct process_tree *tree, const struct process_key *key,
	const struct attribution *attribution);
/* A reference more or less. */
struct process *process_tree_ref(struct process *process);
void process_tree_unref(struct process_tree *tree, struct process *process);

/* Tie a process to a container (NULL: leave as it is). */
void process_set_container(struct process *process, struct container *container);

/* Call `visit` for each living process (and ended ones kept, if `ended`). The tree must not change.
 */
void process_tree_visit(struct process_tree *tree, bool ended,
	void (*visit)(void *data, struct process *process), void *data);
/* The same in pieces: *cursor is 0 at first; returns 1 while there is more, 0 at the end. Processes
 * may come and go between the calls. `visit` returns false to stop soon. */
int process_tree_visit_some(struct process_tree *tree, bool ended, uint64_t *cursor,
	bool (*visit)(void *data, struct process *process), void *data);
/* After the exec event is out: a long command line is shortened to LONG_ARGUMENTS bytes, flagged
 * truncArgs, when the budget for those is used up. */
void process_tree_settle(struct process_tree *tree, struct process *process);
/* counters.refused alone: cheap. */
uint64_t process_tree_refused(const struct process_tree *tree);
void process_tree_counters_get(const struct process_tree *tree, struct process_tree_counters *ret);
