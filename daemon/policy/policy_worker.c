/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/policy_worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/log.h"
#include "daemon/policy/directory.h"
#include "daemon/policy/kept_policies.h"
#include "daemon/policy/policies.h"
#include "daemon/policy/policy_files.h"
#include "lib/cleanup.h"
#include "lib/fd.h"
#include "lib/json_writer.h"
#include "lib/thread.h"
#include "lib/util.h"

#define THREAD_STACK_BYTES ((size_t)1 << 20)
#define STATUS_FILES_BYTES ((size_t)64 << 10) /* of refused files; `policy list` has all */
#define LIST_BYTES_MAX	   ((size_t)32 << 20)

struct policy_worker {
	/* the thread's own */
	struct kept_policies kept;
	struct policies policies;
	struct policy_directory directory;
	struct policy_files files;
	const struct config *config;

	/* under the lock */
	pthread_mutex_t lock;
	struct policy_request *requests, **requests_end;
	size_t request_count;
	struct policy_notice *notices, **notices_end;
	size_t notice_count;
	uint64_t notices_lost;
	struct buf status; /* without the closing brace */
	bool stop;

	int request_fd, notice_fd;
	pthread_t thread;
	bool thread_runs;
};

/* ---- to the main thread ---- */

static void push_notice(struct policy_worker *worker, struct policy_notice *notice)
{
	notice->time = clock_realtime_ns();
	pthread_mutex_lock(&worker->lock);
	if (notice->kind == POLICY_NOTICE_CHANGE && worker->notice_count >= POLICY_NOTICES_MAX) {
		worker->notices_lost++;
	} else {
		*worker->notices_end = notice;
		worker->notices_end = &notice->next;
		worker->notice_count++;
		notice = NULL;
		eventfd_write(worker->notice_fd, 1);
	}
	pthread_mutex_unlock(&worker->lock);
	policy_notice_free(notice);
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static void on_changed(void *data, const struct policy_change *change)
{
	struct policy_notice *notice = calloc(1, sizeof(*notice));

	if (!notice) {
		log_error("no memory to say that policy %s was %s",
			change->name ? change->name : "?", change->change);
		return;
	}
	notice->kind = POLICY_NOTICE_CHANGE;
	notice->name = copy(change->name);
	notice->namespace = copy(change->namespace);
	notice->source = copy(change->source);
	notice->change = change->change;
	notice->error = copy(change->error);
	push_notice(data, notice);
}

struct policy_notice *policy_worker_take(struct policy_worker *worker)
{
	struct policy_notice *notice;
	eventfd_t value;

	pthread_mutex_lock(&worker->lock);
	notice = worker->notices;
	if (notice) {
		worker->notices = notice->next;
		worker->notice_count--;
		notice->next = NULL;
	}
	if (!worker->notices) {
		worker->notices_end = &worker->notices;
		(void)eventfd_read(worker->notice_fd, &value);
	}
	pthread_mutex_unlock(&worker->lock);
	return notice;
}

int policy_worker_fd(const struct policy_worker *worker)
{
	return worker->notice_fd;
}

/* Made anew after each change, so that the main thread has it without asking. */
static void publish_status(struct policy_worker *worker)
{
	const struct policies *policies = &worker->policies;
	_cleanup_buf_ struct buf refused = {.limit = STATUS_FILES_BYTES};
	size_t in_force = 0, disabled = 0, failed = 0;
	struct buf json = {0}, before;

	for (const struct policy_entry *entry = policies->entries; entry; entry = entry->next) {
		in_force += entry->loaded != NULL;
		disabled += !entry->enabled;
		failed += entry->error != NULL;
	}
	policy_files_errors_json(&worker->files, &refused);
	json_open_object(&json);
	json_key_string(&json, "directory", worker->directory.path);
	if (worker->directory.error.code)
		json_key_string(&json, "error", worker->directory.error.message);
	json_key_u64(&json, "in_force", in_force);
	json_key_u64(&json, "disabled", disabled);
	json_key_u64(&json, "with_error", failed);
	json_key_u64(&json, "changes_refused", policies->refused);
	if (refused.length && !refused.failed) {
		json_key(&json, "refused_files");
		json_open_array(&json);
		json_raw(&json, refused.data, refused.length);
		json_close_array(&json);
	}
	pthread_mutex_lock(&worker->lock);
	before = worker->status;
	worker->status = json;
	pthread_mutex_unlock(&worker->lock);
	buf_done(&before);
}

void policy_worker_status(struct policy_worker *worker, struct buf *json)
{
	struct scope_table_counters scopes;

	scope_table_counters_get(worker->policies.kernel.scopes, &scopes);
	pthread_mutex_lock(&worker->lock);
	if (worker->status.failed || !worker->status.length)
		json_open_object(json);
	else
		json_raw(json, worker->status.data, worker->status.length);
	json_key_u64(json, "events_lost", worker->notices_lost);
	json_key_bool(json, "loading", !worker->status.length);
	pthread_mutex_unlock(&worker->lock);
	json_key_unsigned(json, "scopes", scopes.scopes);
	json_key_u64(json, "scope_errors", scopes.errors);
	json_close_object(json);
}

/* ---- requests ---- */

static int add(struct policy_worker *worker, const struct policy_request *request,
	const char *source, struct buf *ret_json, struct error *error)
{
	const struct policy_add options = {
		.file = request->file,
		.source = source,
		.text = request->text,
		.length = request->length,
		.replace = request->replace,
		.mode_is_set = request->mode_is_set,
		.mode = request->mode,
	};

	return policies_add(&worker->policies, &options, ret_json, error);
}

static void list(struct policy_worker *worker, struct buf *ret_json)
{
	ret_json->limit = LIST_BYTES_MAX;
	for (const struct policy_entry *entry = worker->policies.entries; entry;
		entry = entry->next) {
		policy_entry_json(entry, ret_json);
		buf_append_char(ret_json, '\n');
	}
	policy_files_json(&worker->files, '\n', ret_json);
}

static int handle(struct policy_worker *worker, const struct policy_request *request,
	struct buf *ret_json, struct error *error)
{
	struct policies *policies = &worker->policies;
	struct policy_entry *entry;
	char source[64];
	int r;

	snprintf(source, sizeof(source), "uid %u over the control socket", (unsigned)request->uid);
	if (request->verb == POLICY_VERB_ADD)
		return add(worker, request, source, ret_json, error);
	if (request->verb == POLICY_VERB_LIST) {
		list(worker, ret_json);
		return ret_json->failed ? error_set(error, -ENOMEM, "the list is too long") : 0;
	}
	r = policies_find(policies, request->namespace, request->name, &entry, error);
	if (r < 0)
		return r;
	switch (request->verb) {
	case POLICY_VERB_DELETE:
		return policies_delete(policies, entry, source, error);
	case POLICY_VERB_ENABLE:
		return policies_set_enabled(policies, entry, true, source, error);
	case POLICY_VERB_DISABLE:
		return policies_set_enabled(policies, entry, false, source, error);
	case POLICY_VERB_SET_MODE:
		return policies_set_mode(policies, entry, request->mode, source, error);
	default:
		return error_set(error, -EINVAL, "no such verb");
	}
}

static void answer(struct policy_worker *worker, const struct policy_request *request)
{
	struct policy_notice *notice = calloc(1, sizeof(*notice));
	_cleanup_buf_ struct buf json = {0};
	struct error error = {0};
	int r = handle(worker, request, &json, &error);

	if (request->verb == POLICY_VERB_DELETE && !r)
		policy_files_retry(&worker->files);
	if (request->verb != POLICY_VERB_LIST)
		publish_status(worker);
	if (!notice) {
		log_error("no memory to answer a client about policies");
		return;
	}
	notice->kind = POLICY_NOTICE_REPLY;
	notice->client = request->client;
	notice->code = r;
	notice->error = r < 0 ? copy(error.message) : NULL;
	if (!json.failed) {
		notice->json = json;
		json = (struct buf){0};
	}
	push_notice(worker, notice);
}

int policy_worker_submit(struct policy_worker *worker, struct policy_request *request)
{
	bool full;

	request->next = NULL;
	pthread_mutex_lock(&worker->lock);
	full = worker->request_count >= POLICY_REQUESTS_MAX;
	if (!full) {
		*worker->requests_end = request;
		worker->requests_end = &request->next;
		worker->request_count++;
		eventfd_write(worker->request_fd, 1);
	}
	pthread_mutex_unlock(&worker->lock);
	if (!full)
		return 0;
	policy_request_free(request);
	return -EBUSY;
}

static struct policy_request *take_request(struct policy_worker *worker, bool *ret_stop)
{
	struct policy_request *request;

	pthread_mutex_lock(&worker->lock);
	request = worker->requests;
	if (request) {
		worker->requests = request->next;
		worker->request_count--;
	}
	if (!worker->requests)
		worker->requests_end = &worker->requests;
	*ret_stop = worker->stop;
	pthread_mutex_unlock(&worker->lock);
	return request;
}

/* One of them, so that clients that always ask for something do not keep the directory waiting.
 * False when it is to stop. */
static bool answer_request(struct policy_worker *worker)
{
	struct policy_request *request;
	eventfd_t value;
	bool stop;

	(void)eventfd_read(worker->request_fd, &value);
	while ((request = take_request(worker, &stop))) {
		if (!stop)
			answer(worker, request);
		policy_request_free(request);
		if (!stop) {
			(void)eventfd_write(worker->request_fd, 1); /* there may be more */
			break;
		}
	}
	return !stop;
}

/* ---- the thread ---- */

static void update_files(struct policy_worker *worker)
{
	policy_files_update(&worker->files);
	publish_status(worker);
}

static void load_at_start(struct policy_worker *worker)
{
	struct policy_notice *notice = calloc(1, sizeof(*notice));

	/* Files first: the administrator's word counts where a client has taken the same name. */
	worker->directory.first_ns = 0;
	update_files(worker);
	policies_restore(&worker->policies);
	publish_status(worker);
	if (!notice) {
		log_error("no memory to say that policies are loaded");
		return;
	}
	notice->kind = POLICY_NOTICE_LOADED;
	push_notice(worker, notice);
}

static void *policy_thread(void *data)
{
	struct policy_worker *worker = data;
	struct policy_directory *directory = &worker->directory;
	int error = directory->error.code;
	bool runs = true;

	load_at_start(worker);
	while (runs) {
		struct pollfd fds[] = {
			{.fd = worker->request_fd, .events = POLLIN},
			{.fd = directory->inotify_fd, .events = POLLIN},
		};

		(void)poll(fds, ARRAY_SIZE(fds),
			policy_directory_timeout_ms(directory, clock_boottime_ns()));
		if (fds[1].revents)
			policy_directory_handle(directory, clock_boottime_ns());
		if (policy_directory_due(directory, clock_boottime_ns()))
			update_files(worker);
		else if (directory->error.code != error) /* it must not be read, or may again */
			publish_status(worker);
		error = directory->error.code;
		runs = answer_request(worker);
	}
	policies_done(&worker->policies);
	return NULL;
}

static int start_thread(struct policy_worker *worker, struct error *error)
{
	int r = thread_start(
		&worker->thread, "policies", THREAD_STACK_BYTES, policy_thread, worker);

	if (r < 0)
		return error_set(error, r, "cannot start the policy thread: %s", strerror(-r));
	worker->thread_runs = true;
	return 0;
}

static int open_state(struct policy_worker *worker, const struct config *config)
{
	_cleanup_free_ char *path = NULL;
	struct error error = {0};

	if (make_directory(config->state_dir, 0700) < 0)
		log_debug("%s: cannot be made", config->state_dir);
	if (asprintf(&path, "%s/policies", config->state_dir) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	if (kept_policies_open(path, &worker->kept, &error) < 0)
		log_warning("policies added by `tallyman policy add` cannot be kept, and are "
			    "refused: %s",
			error.message);
	return worker->kept.path ? 0 : -ENOMEM;
}

static struct policy_worker *worker_new(void)
{
	struct policy_worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	pthread_mutex_init(&worker->lock, NULL);
	worker->requests_end = &worker->requests;
	worker->notices_end = &worker->notices;
	worker->kept.directory_fd = -1;
	worker->request_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	worker->notice_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return worker;
}

static void policy_worker_free_p(struct policy_worker **worker)
{
	policy_worker_free(*worker);
}

int policy_worker_start(const struct config *config, const struct policy_kernel *kernel,
	struct policy_worker **ret_worker, struct error *error)
{
	_cleanup_(policy_worker_free_p) struct policy_worker *worker = worker_new();
	const struct policies_observer observer = {.data = worker, .changed = on_changed};
	int r;

	if (!worker || worker->request_fd < 0 || worker->notice_fd < 0)
		return error_set(error, -ENOMEM, "cannot make the queues of policies");
	worker->config = config;
	if (open_state(worker, config) < 0 || policy_directory_init(&worker->directory,
						      config->policy_dir, clock_boottime_ns()) < 0)
		return error_set(error, -ENOMEM, "no memory");
	policies_init(&worker->policies, kernel, &worker->kept, &observer);
	worker->files = (struct policy_files){.directory = &worker->directory,
		.policies = &worker->policies,
		.stop = &worker->stop};
	r = start_thread(worker, error);
	if (r < 0)
		return r;
	*ret_worker = TAKE_PTR(worker);
	return 0;
}

void policy_worker_stop(struct policy_worker *worker)
{
	if (!worker || !worker->thread_runs)
		return;
	pthread_mutex_lock(&worker->lock);
	__atomic_store_n(&worker->stop, true, __ATOMIC_RELAXED);
	eventfd_write(worker->request_fd, 1);
	pthread_mutex_unlock(&worker->lock);
	pthread_join(worker->thread, NULL);
	worker->thread_runs = false;
}

struct policy_worker *policy_worker_free(struct policy_worker *worker)
{
	struct policy_request *request;
	struct policy_notice *notice;
	bool stop;

	if (!worker)
		return NULL;
	policy_worker_stop(worker);
	while ((request = take_request(worker, &stop)))
		policy_request_free(request);
	while ((notice = policy_worker_take(worker)))
		policy_notice_free(notice);
	policy_files_done(&worker->files);
	policy_directory_done(&worker->directory);
	kept_policies_close(&worker->kept);
	buf_done(&worker->status);
	if (worker->request_fd >= 0)
		close(worker->request_fd);
	if (worker->notice_fd >= 0)
		close(worker->notice_fd);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
	return NULL;
}
