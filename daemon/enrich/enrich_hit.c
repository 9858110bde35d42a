/* SPDX-License-Identifier: Apache-2.0 */
/* A record of a match -> an event: what its hook is, whose it is, and the return of the call, which
 * is a record of its own. */
#include "daemon/enrich/enrich_hit.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/enrich/enrich.h"
#include "lib/util.h"

void enrich_set_hooks(struct enrichment *enrichment, const struct hook_source *source)
{
	enrichment->hits.source = *source;
	/* files are closed, and sockets, after the exit record */
	process_tree_keep_recently_ended(enrichment->tree);
}

static struct span stack_of(const struct hit_record *record, bool user)
{
	const char *stacks = (const char *)(record + 1) + record->data_length;
	uint32_t kernel = record->kernel_stack_depth * (uint32_t)sizeof(uint64_t);

	if (user)
		return (struct span){
			stacks + kernel, record->user_stack_depth * (uint32_t)sizeof(uint64_t)};
	return (struct span){stacks, kernel};
}

static size_t frames_of(struct span stack, struct stack_frame *frames)
{
	size_t count = stack.length / sizeof(uint64_t);
	uint64_t last;

	/* the place that nobody called main from */
	for (; count; count--) {
		memcpy(&last, stack.data + (count - 1) * sizeof(last), sizeof(last));
		if (last)
			break;
	}
	for (size_t i = 0; i < count; i++) {
		memset(&frames[i], 0, sizeof(frames[i]));
		memcpy(&frames[i].address, stack.data + i * sizeof(uint64_t), sizeof(uint64_t));
	}
	return count;
}

static void add_stacks(struct hits *hits, const struct hit_record *record, struct policy_hit *hit)
{
	struct stack_frame *kernel, *user;

	if ((!record->kernel_stack_depth && !record->user_stack_depth) ||
		hits->frames_used == HIT_EVENTS_MAX)
		return;
	kernel = hits->frames[hits->frames_used].kernel;
	user = hits->frames[hits->frames_used++].user;
	hit->kernel_stack_depth = frames_of(stack_of(record, false), kernel);
	hit->user_stack_depth = frames_of(stack_of(record, true), user);
	hit->kernel_stack = kernel;
	hit->user_stack = user;
	if (hits->source.symbolize)
		hits->source.symbolize(hits->source.data, record, kernel, hit->kernel_stack_depth,
			user, hit->user_stack_depth);
}

/* Behind everything else. */
static void add_hash(const struct hit_record *record, struct policy_hit *hit)
{
	struct span user = stack_of(record, true);

	if (!record->has_hash)
		return;
	hit->hash = user.data + user.length + record->module_count * sizeof(struct stack_module);
	hit->hash_algorithm = record->hash_algorithm;
}

static bool enforces(enum policy_action_kind action)
{
	return action == POLICY_ACTION_SIGKILL || action == POLICY_ACTION_SIGNAL ||
	       action == POLICY_ACTION_OVERRIDE || action == POLICY_ACTION_NOTIFY_ENFORCER;
}

static void add_actions(struct policy_hit *hit)
{
	const struct hook_description *hook = hit->hook;
	uint32_t flags = hit->record->hit_flags;

	/* a hook without selectors posts */
	hit->action = hit->return_action = POLICY_ACTION_POST;
	if (hit->record->selector < hook->selector_count)
		hit->action = hook->selectors[hit->record->selector].action;
	if (hit->return_record) {
		flags |= hit->return_record->hit_flags;
		if (hit->return_record->selector < hook->selector_count)
			hit->return_action =
				hook->selectors[hit->return_record->selector].return_action;
	}
	hit->acted = flags & (HIT_SIGNALLED | HIT_OVERRIDDEN);
	hit->monitored = !hit->acted && enforces(hit->action);
}

/* Arguments whose further bytes came before. */
static void add_joined(struct hits *hits, const struct hit_record *record, struct policy_hit *hit)
{
	const char *data = (const char *)(record + 1);

	for (uint32_t i = 0; i < record->arguments_count; i++) {
		const struct hit_argument *argument = &record->arguments[i];
		struct hit_joined *joined = &hits->joined[hits->joined_count];

		if (argument->status != ARGUMENT_CUT || !(argument->flags & HIT_ARGUMENT_PIECES) ||
			hits->joined_count == ARRAY_SIZE(hits->joined) ||
			!hit_pieces_join(&hits->pieces, record->call, i, argument,
				data + argument->offset, joined))
			continue;
		if (!hit->joined_count++)
			hit->joined = joined;
		hits->joined_count++;
	}
}

/* `record` has its data and stacks after it. */
static void hit_event(struct enrichment *enrichment, const struct hook_description *hook,
	struct process *process, const struct hit_record *record,
	const struct hit_record *return_record, bool setup)
{
	struct hits *hits = &enrichment->hits;
	struct event *event = enrich_process_event(enrichment, (enum event_kind)hook->event_kind,
		clock_to_realtime(record->header.time), process);
	struct policy_hit *hit = &event->hit;

	event->tid = record->tid;
	event->setup = setup;
	hit->hook = hook;
	hit->record = record;
	hit->data = (const char *)(record + 1);
	if (!return_record && record->hit_flags & (HIT_AT_RETURN | HIT_RETURN))
		return_record = record;
	if (return_record) {
		hit->return_record = return_record;
		hit->return_data = (const char *)(return_record + 1);
	}
	add_joined(hits, record, hit);
	if (return_record && return_record != record)
		add_joined(hits, return_record, hit);
	hit->function = hook->function;
	if (!hit->function && hits->source.function)
		hit->function = hits->source.function(hits->source.data, hook, record->function);
	add_actions(hit);
	add_stacks(hits, record, hit);
	add_hash(record, hit);
	hits->counters.hits++;
}

static void release(struct enrichment *enrichment, struct pending_hit *pending)
{
	process_tree_unref(enrichment->tree, pending->process);
	hook_description_unref(pending->hook);
	pending_hit_free(&enrichment->hits.pending, pending);
}

/* An entry that was kept; it stays until enrich_finish(). */
static void pending_event(struct enrichment *enrichment, struct pending_hit *pending,
	const struct hit_record *return_record)
{
	struct hits *hits = &enrichment->hits;

	hits->taken[hits->taken_count++] = pending;
	hit_event(enrichment, pending->hook, pending->process, pending_hit_record(pending),
		return_record, pending->setup);
}

/* An entry whose return will not come: an event, unless the return was to decide. */
static void give_up(struct enrichment *enrichment, struct pending_hit *pending, uint64_t *counter)
{
	++*counter;
	if (pending_hit_record(pending)->hit_flags & HIT_NEEDS_RETURN) {
		enrichment->hits.counters.unconfirmed++;
		release(enrichment, pending);
	} else {
		pending_event(enrichment, pending, NULL);
	}
}

static struct process *find_process(struct enrichment *enrichment, const struct hit_record *record)
{
	const struct process_key *key = &record->process;
	struct process *process;

	/* the idle task: interrupts, packets */
	process = process_tree_find(enrichment->tree, key->pid, key->pid ? key->start_boottime : 0);
	if (process) {
		enrich_attribute(enrichment, process, &record->attribution);
		return process;
	}
	process = process_tree_find_ended(enrichment->tree, key->pid, key->start_boottime);
	if (process)
		return process;
	process = process_tree_stranger(enrichment->tree, key, &record->attribution);
	if (!process)
		return NULL;
	enrichment->hits.counters.strangers++;
	enrichment->hits.stranger = process;
	enrich_attribute(enrichment, process, &record->attribution);
	return process;
}

static bool is_setup(const struct process *process)
{
	return process->container && (process->entered || !process->container->started);
}

/* False: no memory, and the event goes without its return. */
static bool keep(struct enrichment *enrichment, const struct record_view *view,
	const struct hook_description *hook, struct process *process)
{
	struct pending_hit *pending =
		pending_hits_add(&enrichment->hits.pending, view->hit, view->header->time);

	if (!pending)
		return false;
	pending->hook = hook_description_ref(hook);
	pending->process = process_tree_ref(process);
	pending->setup = is_setup(process);
	return true;
}

/* Its entry was given up before the return decided, for want of room: what the return says is all
 * there is. */
static bool decides(const struct hook_description *hook, const struct hit_record *record)
{
	return hook && record->selector < hook->selector_count &&
	       hook->selectors[record->selector].needs_return;
}

static void handle_return(struct enrichment *enrichment, const struct record_view *view)
{
	struct hits *hits = &enrichment->hits;
	struct pending_hit *pending = pending_hits_take(&hits->pending, view->hit->call);
	const struct hook_description *hook;
	struct process *process;

	if (pending) {
		hits->counters.merged++;
		pending_event(enrichment, pending, view->hit);
		return;
	}
	hits->counters.lone_returns++;
	hook = hits->source.hook ? hits->source.hook(hits->source.data, view->hit->hook) : NULL;
	if (!decides(hook, view->hit))
		return;
	process = find_process(enrichment, view->hit);
	if (process)
		hit_event(enrichment, hook, process, view->hit, NULL, is_setup(process));
	else
		enrichment->lost[RECORD_HIT]++;
}

void enrich_hit(struct enrichment *enrichment, const struct record_view *view)
{
	struct hits *hits = &enrichment->hits;
	const struct hit_record *record = view->hit;
	const struct hook_description *hook;
	struct pending_hit *before;
	struct process *process;

	if (record->hit_flags & HIT_RETURN) {
		handle_return(enrichment, view);
		return;
	}
	hook = hits->source.hook ? hits->source.hook(hits->source.data, record->hook) : NULL;
	if (!hook) {
		hits->counters.unknown_hooks++;
		return;
	}
	process = find_process(enrichment, record);
	if (!process) {
		enrichment->lost[RECORD_HIT]++;
		return;
	}
	if (record->hit_flags & HIT_AWAITS_RETURN) {
		/* a call that was left without returning, and its number came round */
		before = pending_hits_take(&hits->pending, record->call);
		if (before)
			give_up(enrichment, before, &hits->counters.unmerged);
		if (keep(enrichment, view, hook, process))
			return;
	}
	hit_event(enrichment, hook, process, record, NULL, is_setup(process));
}

/* One that need not be waited for any longer; `ret_counter` is which of the counters says why. */
static struct pending_hit *take_overdue(
	struct hits *hits, const struct record_view *next, uint64_t before, uint64_t **ret_counter)
{
	struct pending_hit *pending = NULL;

	*ret_counter = &hits->counters.unmerged;
	if (next && next->kind == RECORD_EXIT)
		pending = pending_hits_take_of(&hits->pending, next->exit->process.pid,
			next->exit->process.start_boottime);
	if (pending)
		return pending;
	pending = pending_hits_take_overdue(&hits->pending, before);
	if (pending && pending->kept_since >= before)
		*ret_counter = &hits->counters.evicted;
	return pending;
}

void enrich_overdue_hit(
	struct enrichment *enrichment, const struct record_view *next, uint64_t now_boottime_ns)
{
	struct hits *hits = &enrichment->hits;
	struct pending_hit *pending;
	uint64_t before = 0, *counter;

	if (!hits->pending.count)
		return;
	if (now_boottime_ns == HIT_NO_MORE_WAITING)
		before = UINT64_MAX;
	else if (now_boottime_ns > HIT_RETURN_WAIT_NS)
		before = now_boottime_ns - HIT_RETURN_WAIT_NS;
	while (!enrichment->event_count && (pending = take_overdue(hits, next, before, &counter)))
		give_up(enrichment, pending, counter);
}

void enrich_hit_finish(struct enrichment *enrichment)
{
	struct hits *hits = &enrichment->hits;

	for (size_t i = 0; i < hits->taken_count; i++)
		release(enrichment, hits->taken[i]);
	for (size_t i = 0; i < hits->joined_count; i++)
		free(hits->joined[i].bytes);
	hits->taken_count = hits->frames_used = hits->joined_count = 0;
	if (hits->stranger)
		process_tree_unref(enrichment->tree, hits->stranger);
	hits->stranger = NULL;
}

void enrich_hit_done(struct enrichment *enrichment)
{
	struct pending_hit *pending;

	enrich_hit_finish(enrichment);
	while ((pending = pending_hits_take_overdue(&enrichment->hits.pending, UINT64_MAX)))
		release(enrichment, pending);
	pending_hits_done(&enrichment->hits.pending);
	hit_pieces_done(&enrichment->hits.pieces);
}
