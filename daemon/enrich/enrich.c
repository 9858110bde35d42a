/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/enrich/enrich.h"

#include <errno.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/enrich/unregistered.h"
#include "daemon/log.h"

int enrich_init(struct enrichment *enrichment, const struct config *config,
	const struct redaction *redaction)
{
	int r;

	memset(enrichment, 0, sizeof(*enrichment));
	enrichment->config = config;
	enrichment->cgroups.docker = config->unregistered_docker;
	enrichment->tree = process_tree_new(config, redaction);
	enrichment->registry = registry_new();
	if (!enrichment->tree || !enrichment->registry)
		return -ENOMEM;
	r = cgroup_tree_scan(&enrichment->cgroups, clock_boottime_ns());
	if (r < 0)
		log_warning("no cgroup v2 hierarchy (%s): containers are followed by descent from "
			    "their "
			    "first process only",
			strerror(-r));
	return 0;
}

void enrich_done(struct enrichment *enrichment)
{
	enrich_hit_done(enrichment);
	enrichment->tree = process_tree_free(enrichment->tree);
	enrichment->registry = registry_free(enrichment->registry);
	cgroup_tree_done(&enrichment->cgroups);
	arguments_done(&enrichment->arguments);
}

struct event *enrich_event(
	struct enrichment *enrichment, enum event_kind kind, uint64_t realtime_ns)
{
	struct event *event;

	if (enrichment->event_count == ENRICH_EVENTS_MAX)
		enrichment->event_count--; /* cannot be: no record makes more */
	event = &enrichment->events[enrichment->event_count++];
	memset(event, 0, sizeof(*event));
	event->kind = kind;
	event->time = realtime_ns;
	return event;
}

struct event *enrich_process_event(struct enrichment *enrichment, enum event_kind kind,
	uint64_t realtime_ns, struct process *process)
{
	struct event *event = enrich_event(enrichment, kind, realtime_ns);

	event->process = process;
	event->parent = process->parent;
	event->container = process->container;
	event->tid = process->pid;
	/* The runtime's own work inside the container: its stub, and whatever ran before init's
	 * first exec (hooks inside the container's namespaces). */
	event->setup = process->container && (process->entered || !process->container->started);
	return event;
}

void enrich_attribute(struct enrichment *enrichment, struct process *process,
	const struct attribution *attribution)
{
	struct container *container;

	process->cgroup_id = attribution->cgroup_id;
	if (process->container || !attribution->container_id)
		return;
	container = registry_find(
		enrichment->registry, attribution->container_id, attribution->generation);
	process_set_container(process, container);
}

static void handle_fork(struct enrichment *enrichment, const struct record_view *view)
{
	struct process *child = process_tree_fork(enrichment->tree, view->fork);
	const struct container *of_parent;

	if (!child)
		return;
	of_parent = child->container;
	enrich_attribute(enrichment, child, &view->fork->attribution);
	/* Born into a container whose processes its parent is not one of, or of a stub. */
	if (child->container)
		child->entered =
			child->container != of_parent || (child->parent && child->parent->entered);
}

static void handle_exec(struct enrichment *enrichment, const struct record_view *view)
{
	uint64_t time = clock_to_realtime(view->header->time);
	uint64_t refused = process_tree_refused(enrichment->tree);
	struct process *process;
	bool argument_error;
	struct span arguments;

	arguments = arguments_whole(&enrichment->arguments, view, &argument_error);
	process = process_tree_exec(enrichment->tree, view, arguments);
	if (view->exec->arguments_data)
		arguments_release(&enrichment->arguments, &view->exec->process);
	if (!process) {
		if (process_tree_refused(enrichment->tree) != refused)
			enrichment->lost[RECORD_EXEC]++;
		else
			enrichment->history++;
		return;
	}
	if (argument_error)
		process->image->flags |= RECORD_FLAG_ARGUMENTS_ERROR;
	enrich_attribute(enrichment, process, &view->exec->attribution);
	if (process->container && !process->container->started &&
		(uint32_t)process->container->init_pid == process->pid)
		process->container->started = true;
	if (!process->container)
		unregistered_on_exec(enrichment, process, time);
	enrich_process_event(enrichment, EVENT_PROCESS_EXEC, time, process);
	enrichment->executed = process;
}

static void handle_exit(struct enrichment *enrichment, const struct record_view *view)
{
	const struct exit_record *record = view->exit;
	uint64_t time = clock_to_realtime(view->header->time);
	struct container *container;
	struct process *process;

	process = process_tree_find(
		enrichment->tree, record->process.pid, record->process.start_boottime);
	/* Began before we looked, or by a parent that nobody saw, and ended before the iterator
	 * came to it: of the unobserved time. */
	if (view->header->time <= enrichment->observed_since &&
		(process ? !process->image->binary.length
			 : record->process.start_boottime < enrichment->observed_since)) {
		if (process) {
			process_tree_exit(enrichment->tree, process, record->exit_code, time);
			enrichment->exited = process;
		}
		return;
	}
	/* Two threads that end at once can both find themselves the last. */
	if (!process && process_tree_just_ended(enrichment->tree, record->process.pid,
				record->process.start_boottime))
		return;
	if (!process)
		process = process_tree_unknown(enrichment->tree, record);
	if (!process) {
		enrichment->lost[RECORD_EXIT]++;
		return;
	}
	enrich_attribute(enrichment, process, &record->attribution);
	process_tree_exit(enrichment->tree, process, record->exit_code, time);
	enrich_process_event(enrichment, EVENT_PROCESS_EXIT, time, process)->exit.code =
		record->exit_code;
	enrichment->exited = process;
	container = process->container;
	if (!container || container->ended_ns)
		return;
	if ((uint32_t)container->init_pid == process->pid) {
		container->init_exit_code = record->exit_code;
		container->init_exited = true;
	}
	if (container->init_exited && !container->live_processes)
		enrich_container_stop(enrichment, container, "exited", process);
}

static void handle_cgroup_mkdir(struct enrichment *enrichment, const struct record_view *view)
{
	cgroup_tree_add(&enrichment->cgroups, view->cgroup->cgroup_id, view->bytes.data,
		view->bytes.length, view->header->time);
}

static void handle_cgroup_rmdir(struct enrichment *enrichment, const struct record_view *view)
{
	struct container *container =
		registry_find(enrichment->registry, view->cgroup->cgroup_id, 0);

	if (container && !container->ended_ns)
		enrich_container_stop(enrichment, container, "removed", NULL);
	cgroup_tree_remove(&enrichment->cgroups, view->cgroup->cgroup_id);
}

static void handle_cgroup_attach(struct enrichment *enrichment, const struct record_view *view)
{
	const struct cgroup_record *record = view->cgroup;
	uint64_t time = clock_to_realtime(view->header->time);
	const struct cgroup_node *node;
	struct process *process;
	struct event *event;

	process = process_tree_find(
		enrichment->tree, record->process.pid, record->process.start_boottime);
	if (!process)
		return;
	if (!record->left_container_id) {
		bool outside = !process->container;

		enrich_attribute(enrichment, process, &record->attribution);
		if (outside && process->container)
			process->entered = true;
		return;
	}
	process->cgroup_id = record->cgroup_id;
	/* A runtime places its own stub as it likes before the container begins. */
	if (!process->container || process->entered)
		return;
	node = cgroup_tree_find(&enrichment->cgroups, record->cgroup_id);
	event = enrich_process_event(enrichment, EVENT_CGROUP_ESCAPE, time, process);
	event->escape.cgroup_id = record->cgroup_id;
	event->escape.cgroup_path = node ? node->path : NULL;
}

void enrich_record(struct enrichment *enrichment, const struct record_view *view)
{
	switch (view->kind) {
	case RECORD_FORK:
		handle_fork(enrichment, view);
		break;
	case RECORD_EXEC:
		handle_exec(enrichment, view);
		break;
	case RECORD_DATA:
		arguments_piece(&enrichment->arguments, view);
		break;
	case RECORD_EXIT:
		handle_exit(enrichment, view);
		break;
	case RECORD_HIT_DATA:
		hit_pieces_add(&enrichment->hits.pieces, view);
		break;
	case RECORD_HIT:
		enrich_hit(enrichment, view);
		break;
	case RECORD_CGROUP_MKDIR:
		handle_cgroup_mkdir(enrichment, view);
		break;
	case RECORD_CGROUP_RMDIR:
		handle_cgroup_rmdir(enrichment, view);
		break;
	case RECORD_CGROUP_ATTACH:
		handle_cgroup_attach(enrichment, view);
		break;
	default:
		enrichment->decode_errors++;
		break;
	}
}

struct process *enrich_task(
	struct enrichment *enrichment, const struct record_view *view, struct span arguments)
{
	struct process *process = process_tree_task(enrichment->tree, view, arguments);

	if (process)
		enrich_attribute(enrichment, process, &view->exec->attribution);
	return process;
}

void enrich_announce(struct enrichment *enrichment, struct process *process)
{
	enrich_process_event(enrichment, EVENT_PROCESS_EXEC, process->start_time, process);
	enrichment->executed = process;
}

void enrich_missing(struct enrichment *enrichment, struct process *process)
{
	uint64_t time = clock_realtime_ns();

	process->procfs = true;
	process_tree_exit(enrichment->tree, process, 0, time);
	enrich_process_event(enrichment, EVENT_PROCESS_EXIT, time, process);
	enrichment->exited = process;
}

void enrich_finish(struct enrichment *enrichment)
{
	enrichment->event_count = 0;
	if (enrichment->executed)
		process_tree_settle(enrichment->tree, enrichment->executed);
	if (enrichment->exited)
		process_tree_release(enrichment->tree, enrichment->exited);
	if (enrichment->replaced)
		container_unref(enrichment->replaced);
	enrich_hit_finish(enrichment);
	enrichment->executed = enrichment->exited = NULL;
	enrichment->replaced = NULL;
}
