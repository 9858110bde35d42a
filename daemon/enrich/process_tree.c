/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/enrich/process_tree.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/enrich/container.h"
#include "daemon/enrich/exec_image.h"
#include "daemon/enrich/pool.h"
#include "daemon/enrich/registry.h"
#include "lib/util.h"

#define BUCKETS	       16384 /* a power of two */
#define JUST_ENDED_MAX 1024  /* a power of two */

struct process_tree {
	struct process *buckets[BUCKETS];
	struct pool pool;
	struct exec_image_maker maker;
	uint32_t living_limit, ended_limit;
	struct process *ended_first, *ended_last;
	uint64_t long_arguments; /* bytes kept of command lines above LONG_ARGUMENTS */
	struct process_tree_counters counters;
	struct {
		uint32_t pid;
		uint64_t start_boottime;
	} just_ended[JUST_ENDED_MAX];
	struct process *recently_ended[RECENTLY_ENDED_MAX]; /* counted */
	size_t recently_ended_next;
	bool keep_recently_ended;
};

static struct process **bucket(struct process_tree *tree, uint32_t pid)
{
	return &tree->buckets[(pid * 2654435761u) >> 18 & (BUCKETS - 1)];
}

struct process_tree *process_tree_new(
	const struct config *config, const struct redaction *redaction)
{
	struct process_tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return NULL;
	tree->living_limit = config->process_limit;
	tree->ended_limit = config->ended_limit;
	tree->maker.config = config;
	tree->maker.redaction = redaction;
	tree->maker.pool = &tree->pool;
	return tree;
}

static void image_unref(struct process_tree *tree, struct exec_image *image)
{
	if (!image)
		return;
	if (image->references == 1) {
		tree->counters.images--;
		if (image->arguments.length > LONG_ARGUMENTS)
			tree->long_arguments -= image->arguments.length;
	}
	exec_image_unref(&tree->maker, image);
}

static void process_unref(struct process_tree *tree, struct process *process)
{
	while (process && --process->references == 0) {
		struct process *parent = process->parent;

		image_unref(tree, process->image);
		container_unref(process->container);
		pool_put(&tree->pool, process, sizeof(*process));
		process = parent;
	}
}

struct process_tree *process_tree_free(struct process_tree *tree)
{
	if (!tree)
		return NULL;
	for (size_t i = 0; i < RECENTLY_ENDED_MAX; i++)
		process_unref(tree, tree->recently_ended[i]);
	/* Containers outlive the tree by their references; the pools hold all the rest. */
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct process *p = tree->buckets[i]; p; p = p->hash_next)
			if (p->image && p->image->allocated > POOL_CLASSES * POOL_GRANULE &&
				p->image->references-- == 1)
				pool_put(&tree->pool, p->image, p->image->allocated);
	pool_done(&tree->pool);
	exec_image_maker_done(&tree->maker);
	free(tree);
	return NULL;
}

struct process *process_tree_find(struct process_tree *tree, uint32_t pid, uint64_t start_boottime)
{
	for (struct process *p = *bucket(tree, pid); p; p = p->hash_next)
		if (p->pid == pid)
			return !start_boottime || p->start_boottime == start_boottime ? p : NULL;
	return NULL;
}

static void unlink_living(struct process_tree *tree, struct process *process)
{
	for (struct process **p = bucket(tree, process->pid); *p; p = &(*p)->hash_next) {
		if (*p == process) {
			*p = process->hash_next;
			process->hash_next = NULL;
			process->living = false;
			tree->counters.living--;
			if (process->container)
				process->container->live_processes--;
			return;
		}
	}
}

static void link_living(struct process_tree *tree, struct process *process)
{
	struct process **head = bucket(tree, process->pid);

	process->hash_next = *head;
	*head = process;
	process->living = true;
	tree->counters.living++;
	if (process->container)
		process->container->live_processes++;
}

/* A chain of ended ancestors is history that nobody asks for beyond a few: without a cut a program
 * that goes on by fork-and-exit, or by exec in one pid, would keep all its past in memory. */
static void cut_ancestors(struct process_tree *tree, struct process *process)
{
	for (int i = 0; i < PROCESS_ANCESTORS_MAX; i++) {
		process = process->parent;
		if (!process)
			return;
	}
	if (!process->living) {
		process_unref(tree, process->parent);
		process->parent = NULL;
	}
}

static struct process *process_new(struct process_tree *tree, const struct process_key *key,
	uint64_t time, struct process *parent, const struct process_key *parent_key)
{
	struct process *process;

	if (tree->counters.living >= tree->living_limit) {
		tree->counters.refused++;
		return NULL;
	}
	process = pool_get(&tree->pool, sizeof(*process));
	if (!process) {
		tree->counters.refused++;
		return NULL;
	}
	memset(process, 0, sizeof(*process));
	process->references = 1;
	process->pid = key->pid;
	process->start_boottime = key->start_boottime;
	process->self_exec_id = key->self_exec_id;
	process->ktime = key->start_boottime + key->self_exec_id;
	process->start_time = clock_to_realtime(time);
	if (parent) {
		parent->references++;
		process->parent = parent;
		process->parent_pid = parent->pid;
		process->parent_ktime = parent->ktime;
	} else if (parent_key && parent_key->pid) {
		process->parent_pid = parent_key->pid;
		process->parent_ktime = parent_key->start_boottime + parent_key->self_exec_id;
		process->miss = true;
	}
	return process;
}

void process_set_container(struct process *process, struct container *container)
{
	if (!container || process->container == container)
		return;
	container_ref(container);
	if (process->living) {
		container->live_processes++;
		if (process->container)
			process->container->live_processes--;
	}
	container_unref(process->container);
	process->container = container;
}

static bool in_init_tree(const struct process *process, uint32_t namespace_pid)
{
	const struct process *parent = process->parent;

	if (!process->container)
		return false;
	return namespace_pid == 1 || (uint32_t)process->container->init_pid == process->pid ||
	       (parent && parent->in_init_tree && parent->container == process->container);
}

void process_tree_add_kernel(struct process_tree *tree)
{
	const struct process_key key = {.self_exec_id = 1}; /* exec_id "node:1:0" */
	struct exec_record record = {.process = key, .exe_links = 1};
	struct record_view view = {.kind = RECORD_TASK, .exec = &record};
	struct process *process;

	view.exe = (struct span){"<kernel>", 8};
	process = process_new(tree, &key, 0, NULL, NULL);
	if (!process)
		return;
	process->image = exec_image_new(&tree->maker, &view, (struct span){NULL, 0});
	if (!process->image) {
		process_unref(tree, process);
		return;
	}
	tree->counters.images++;
	process->procfs = true;
	link_living(tree, process);
}

struct process *process_tree_fork(struct process_tree *tree, const struct fork_record *record)
{
	struct process *parent, *child, *old;

	/* The same fork again: see bpf/lib/instances.bpf.h. */
	if (process_tree_just_ended(tree, record->process.pid, record->process.start_boottime))
		return NULL;
	old = process_tree_find(tree, record->process.pid, 0);
	parent = process_tree_find(tree, record->parent.pid, record->parent.start_boottime);
	if (old && old->start_boottime >= record->process.start_boottime) {
		/* The iterator was faster. It did not exec since, or the exec record is yet to
		 * come. */
		if (old->start_boottime != record->process.start_boottime ||
			old->self_exec_id != record->process.self_exec_id)
			return NULL;
		old->cloned = true;
		/* It had ended by then, and a zombie has no file: it was what its parent is. */
		if (!old->image->exe.length && parent &&
			parent->self_exec_id == record->parent.self_exec_id) {
			image_unref(tree, old->image);
			old->image = exec_image_ref(parent->image);
		}
		return NULL;
	}
	child = process_new(
		tree, &record->process, record->process.start_boottime, parent, &record->parent);
	if (!child)
		return NULL;
	if (old) { /* its exit was lost, and its pid is in use again */
		unlink_living(tree, old);
		process_unref(tree, old);
	}
	if (parent) {
		child->image = exec_image_ref(parent->image);
		process_set_container(child, parent->container);
	} else {
		child->image = exec_image_empty(&tree->maker);
		if (!child->image) {
			process_unref(tree, child);
			return NULL;
		}
		tree->counters.images++;
	}
	child->cloned = true;
	child->namespace_pid = record->namespace_pid;
	child->cgroup_id = record->attribution.cgroup_id;
	child->in_init_tree = in_init_tree(child, record->namespace_pid);
	cut_ancestors(tree, child);
	link_living(tree, child);
	return child;
}

/* An exec or a process from the iterator. `old`: what is known under this pid. */
static struct process *add_image(struct process_tree *tree, const struct record_view *view,
	struct span arguments, struct process *old, bool procfs)
{
	const struct exec_record *record = view->exec;
	struct process *process, *parent;
	bool same = old && old->start_boottime == record->process.start_boottime;
	bool replaces = same && old->self_exec_id == record->process.self_exec_id;

	if (same)
		parent = old->cloned || procfs || replaces ? old->parent : old;
	else
		parent = process_tree_find(tree, record->parent.pid, record->parent.start_boottime);
	process = process_new(tree, &record->process,
		procfs ? record->process.start_boottime : record->header.time, parent,
		&record->parent);
	if (!process)
		return NULL;
	process->image = exec_image_new(&tree->maker, view, arguments);
	if (!process->image) {
		tree->counters.refused++;
		process_unref(tree, process);
		return NULL;
	}
	tree->counters.images++;
	if (process->image->arguments.length > LONG_ARGUMENTS)
		tree->long_arguments += process->image->arguments.length;
	process->procfs = procfs;
	process->after_clone = !procfs && (!same || old->cloned || replaces);
	process->namespace_pid = record->namespace_pid;
	process->cgroup_id = record->attribution.cgroup_id;
	if (same)
		process_set_container(process, old->container);
	else if (parent)
		process_set_container(process, parent->container);
	process->in_init_tree = in_init_tree(process, record->namespace_pid);
	if (old) {
		unlink_living(tree, old);
		process_unref(tree, old);
	}
	cut_ancestors(tree, process);
	link_living(tree, process);
	return process;
}

struct process *process_tree_exec(
	struct process_tree *tree, const struct record_view *view, struct span arguments)
{
	const struct process_key *key = &view->exec->process;
	struct process *old = process_tree_find(tree, key->pid, 0);

	if (old && (old->start_boottime > key->start_boottime ||
			   (old->start_boottime == key->start_boottime && old->procfs &&
				   old->self_exec_id >= key->self_exec_id)))
		return NULL;
	/* The same exec again: see bpf/lib/instances.bpf.h. */
	if (old && !old->cloned && old->start_boottime == key->start_boottime &&
		old->self_exec_id == key->self_exec_id)
		return NULL;
	return add_image(tree, view, arguments, old, false);
}

struct process *process_tree_task(
	struct process_tree *tree, const struct record_view *view, struct span arguments)
{
	const struct process_key *key = &view->exec->process;
	struct process *old = process_tree_find(tree, key->pid, 0);

	if (old && (old->start_boottime > key->start_boottime ||
			   (old->start_boottime == key->start_boottime &&
				   old->self_exec_id >= key->self_exec_id)))
		return NULL;
	return add_image(tree, view, arguments, old, true);
}

struct process *process_tree_stranger(struct process_tree *tree, const struct process_key *key,
	const struct attribution *attribution)
{
	struct process *process = process_new(tree, key, key->start_boottime, NULL, NULL);

	if (!process)
		return NULL;
	process->image = exec_image_empty(&tree->maker);
	if (!process->image) {
		process_unref(tree, process);
		return NULL;
	}
	tree->counters.images++;
	process->cgroup_id = attribution->cgroup_id;
	return process;
}

struct process *process_tree_unknown(struct process_tree *tree, const struct exit_record *record)
{
	struct process *process;

	tree->counters.unknown_exits++;
	process = process_tree_stranger(tree, &record->process, &record->attribution);
	if (process)
		link_living(tree, process);
	return process;
}

void process_tree_keep_recently_ended(struct process_tree *tree)
{
	tree->keep_recently_ended = true;
}

struct process *process_tree_ref(struct process *process)
{
	process->references++;
	return process;
}

void process_tree_unref(struct process_tree *tree, struct process *process)
{
	process_unref(tree, process);
}

static void remember_ended(struct process_tree *tree, struct process *process)
{
	struct process **slot = &tree->recently_ended[tree->recently_ended_next];

	tree->recently_ended_next = (tree->recently_ended_next + 1) % RECENTLY_ENDED_MAX;
	process_unref(tree, *slot);
	*slot = process_tree_ref(process);
}

struct process *process_tree_find_ended(
	const struct process_tree *tree, uint32_t pid, uint64_t start_boottime)
{
	for (size_t i = 0; i < RECENTLY_ENDED_MAX; i++) {
		struct process *process = tree->recently_ended[i];

		if (process && process->pid == pid && process->start_boottime == start_boottime)
			return process;
	}
	return NULL;
}

struct process *process_tree_find_ended_before(
	const struct process_tree *tree, uint32_t pid, uint64_t boottime_ns)
{
	struct process *found = NULL;

	for (size_t i = 0; i < RECENTLY_ENDED_MAX; i++) {
		struct process *process = tree->recently_ended[i];

		if (process && process->pid == pid && process->start_boottime <= boottime_ns &&
			(!found || process->start_boottime > found->start_boottime))
			found = process;
	}
	return found;
}

void process_tree_exit(
	struct process_tree *tree, struct process *process, uint32_t exit_code, uint64_t end_time)
{
	size_t slot = process->pid & (JUST_ENDED_MAX - 1);

	process->exit_code = exit_code;
	process->end_time = end_time;
	tree->just_ended[slot].pid = process->pid;
	tree->just_ended[slot].start_boottime = process->start_boottime;
	unlink_living(tree, process);
}

bool process_tree_just_ended(const struct process_tree *tree, uint32_t pid, uint64_t start_boottime)
{
	size_t slot = pid & (JUST_ENDED_MAX - 1);

	return tree->just_ended[slot].pid == pid &&
	       tree->just_ended[slot].start_boottime == start_boottime;
}

void process_tree_release(struct process_tree *tree, struct process *process)
{
	if (tree->keep_recently_ended)
		remember_ended(tree, process);
	if (!process->container || !tree->ended_limit) {
		process_unref(tree, process);
		return;
	}
	if (tree->ended_last)
		tree->ended_last->ended_next = process;
	else
		tree->ended_first = process;
	tree->ended_last = process;
	if (++tree->counters.ended <= tree->ended_limit)
		return;
	process = tree->ended_first;
	tree->ended_first = process->ended_next;
	tree->counters.ended--;
	process_unref(tree, process);
}

void process_tree_settle(struct process_tree *tree, struct process *process)
{
	struct exec_image *image = process->image, *shorter;

	if (image->arguments.length <= LONG_ARGUMENTS ||
		tree->long_arguments <= LONG_ARGUMENTS_BUDGET)
		return;
	shorter = exec_image_shorten(&tree->maker, image, LONG_ARGUMENTS);
	if (!shorter)
		return;
	tree->counters.arguments_cut++;
	tree->counters.images++;
	process->image = shorter;
	image_unref(tree, image);
}

void process_tree_visit(struct process_tree *tree, bool ended,
	void (*visit)(void *data, struct process *process), void *data)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct process *p = tree->buckets[i]; p; p = p->hash_next)
			visit(data, p);
	for (struct process *p = ended ? tree->ended_first : NULL; p; p = p->ended_next)
		visit(data, p);
}

int process_tree_visit_some(struct process_tree *tree, bool ended, uint64_t *cursor,
	bool (*visit)(void *data, struct process *process), void *data)
{
	uint64_t place = 0;
	bool more = true;

	while (*cursor < BUCKETS && more) {
		for (struct process *p = tree->buckets[*cursor]; p; p = p->hash_next)
			more &= visit(data, p);
		++*cursor;
	}
	if (*cursor < BUCKETS || !more)
		return 1;
	/* The list of ended ones moves on at its front between two pieces: those that move past the
	 * cursor are not seen. */
	for (struct process *p = ended ? tree->ended_first : NULL; p; p = p->ended_next) {
		if (place++ < *cursor - BUCKETS)
			continue;
		++*cursor;
		if (!visit(data, p))
			return p->ended_next != NULL;
	}
	return 0;
}

uint64_t process_tree_refused(const struct process_tree *tree)
{
	return tree->counters.refused;
}

void process_tree_counters_get(const struct process_tree *tree, struct process_tree_counters *ret)
{
	*ret = tree->counters;
	ret->bytes = tree->pool.bytes + sizeof(*tree);
}
