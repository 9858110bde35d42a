/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/metadata_worker.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "daemon/registration/metadata_answers.h"
#include "daemon/registration/metadata_lane.h"
#include "lib/clock.h"
#include "lib/thread.h"
#include "lib/util.h"

#define READ_TIME_MS 200 /* of one try, counted from when the thread begins it */
#define STUCK_MS     1000
#define STOP_TIME_MS 500

enum {
	LANE_ROOT,
	LANE_USERS,
	LANE_COUNT
};

struct metadata_worker {
	pthread_mutex_t lock; /* over everything but the constants */
	unsigned references;  /* the owner's and each thread's: a stuck thread outlives the owner */
	bool stopping;
	struct metadata_lane lanes[LANE_COUNT];
	struct metadata_answers answers;
	struct metadata_worker_counters counters;
	/* constants */
	int event_fd, timer_fd, epoll_fd; /* the owner's, closed by stop */
	char **event_files;
	size_t event_file_count;
};

static void free_all(struct metadata_worker *worker)
{
	for (size_t i = 0; i < LANE_COUNT; i++) {
		metadata_lane_free_tasks(&worker->lanes[i]);
		pthread_cond_destroy(&worker->lanes[i].wake);
	}
	metadata_answers_drop(&worker->answers, 0, 0);
	for (size_t i = 0; i < worker->event_file_count; i++)
		free(worker->event_files[i]);
	free(worker->event_files);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}

/* Called with the lock held, which it releases. */
static void drop_reference(struct metadata_worker *worker)
{
	bool last = --worker->references == 0;

	pthread_mutex_unlock(&worker->lock);
	if (last)
		free_all(worker);
}

/* ---- the threads ---- */

static void run_task(
	struct metadata_worker *worker, struct metadata_lane *lane, struct metadata_task *task)
{
	_cleanup_metadata_ struct container_metadata metadata = {0};
	enum metadata_completeness completeness = METADATA_INCOMPLETE;
	struct error error = {0};
	bool before_answer;
	uint64_t due;

	lane->read_deadline_ns = clock_ns(CLOCK_MONOTONIC) + READ_TIME_MS * NSEC_PER_MSEC;
	pthread_mutex_unlock(&worker->lock);
	/* A failure leaves nothing found, the reason in `error`. */
	(void)metadata_task_read(task, (const char *const *)worker->event_files,
		worker->event_file_count, lane->read_deadline_ns, &metadata, &completeness, &error);
	pthread_mutex_lock(&worker->lock);
	metadata_lane_done(lane);
	if (task->cancelled || worker->stopping) {
		metadata_task_free(task);
		return;
	}
	due = metadata_task_next_try(task, completeness, clock_ns(CLOCK_MONOTONIC), &before_answer);
	metadata_answers_try_ended(&worker->answers, task, &metadata, completeness, &error,
		before_answer, due == METADATA_NEVER);
	if (due == METADATA_NEVER) {
		metadata_task_free(task);
		return;
	}
	task->due_ns = due;
	metadata_lane_append(lane, task);
}

struct thread_start {
	struct metadata_worker *worker;
	struct metadata_lane *lane;
};

static void *lane_main(void *data)
{
	struct thread_start start = *(struct thread_start *)data;
	struct metadata_worker *worker = start.worker;
	struct metadata_lane *lane = start.lane;

	free(data);
	pthread_mutex_lock(&worker->lock);
	while (!worker->stopping) {
		uint64_t due;
		struct metadata_task *task =
			metadata_lane_next(lane, clock_ns(CLOCK_MONOTONIC), &due);

		if (task)
			run_task(worker, lane, task);
		else
			(void)condition_wait_until(&lane->wake, &worker->lock, due);
	}
	drop_reference(worker);
	return NULL;
}

static int start_thread(
	struct metadata_worker *worker, struct metadata_lane *lane, const char *name)
{
	struct thread_start *start = malloc(sizeof(*start));
	int r;

	if (!start)
		return -ENOMEM;
	*start = (struct thread_start){.worker = worker, .lane = lane};
	worker->references++; /* no other thread knows it yet, or holds the lock while it counts */
	r = thread_start(&lane->thread, name, 0, lane_main, start);
	if (r < 0) {
		worker->references--;
		free(start);
		return r;
	}
	lane->started = true;
	return 0;
}

static int start_threads(struct metadata_worker *worker)
{
	static const char *const names[LANE_COUNT] = {
		[LANE_ROOT] = "metadata-root",
		[LANE_USERS] = "metadata-users",
	};
	int r = 0;

	pthread_mutex_lock(&worker->lock);
	for (size_t i = 0; r == 0 && i < LANE_COUNT; i++)
		r = start_thread(worker, &worker->lanes[i], names[i]);
	pthread_mutex_unlock(&worker->lock);
	return r;
}

/* ---- start and stop ---- */

static int copy_event_files(
	struct metadata_worker *worker, const char *const *event_files, size_t count)
{
	worker->event_files = calloc(count ? count : 1, sizeof(*worker->event_files));
	if (!worker->event_files)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		worker->event_files[i] = strdup(event_files[i]);
		if (!worker->event_files[i])
			return -ENOMEM;
		worker->event_file_count++;
	}
	return 0;
}

static int watch(int epoll_fd, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_fds(struct metadata_worker *worker)
{
	int r;

	worker->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	worker->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	worker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (worker->event_fd < 0 || worker->timer_fd < 0 || worker->epoll_fd < 0)
		return -errno;
	metadata_answers_init(&worker->answers, worker->event_fd, &worker->counters);
	r = watch(worker->epoll_fd, worker->event_fd);
	return r < 0 ? r : watch(worker->epoll_fd, worker->timer_fd);
}

static struct metadata_worker *worker_new(void)
{
	struct metadata_worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	worker->references = 1;
	worker->event_fd = worker->timer_fd = worker->epoll_fd = -1;
	metadata_answers_init(&worker->answers, -1, &worker->counters);
	pthread_mutex_init(&worker->lock, NULL);
	for (size_t i = 0; i < LANE_COUNT; i++)
		pthread_cond_init(&worker->lanes[i].wake, NULL);
	return worker;
}

int metadata_worker_start(const char *const *event_files, size_t event_file_count,
	struct metadata_worker **ret_worker, struct error *error)
{
	struct metadata_worker *worker = worker_new();
	int r;

	if (!worker)
		return error_set(error, -ENOMEM, "metadata: no memory");
	r = copy_event_files(worker, event_files, event_file_count);
	if (r == 0)
		r = open_fds(worker);
	if (r == 0)
		r = start_threads(worker);
	if (r < 0) {
		metadata_worker_stop(worker);
		return error_set(error, r, "metadata threads: %s", strerror(-r));
	}
	*ret_worker = worker;
	return 0;
}

/* A thread that does not end by then is left to itself: it sits in a file system that does not
 * answer, and cannot be ended. */
static void join_threads(struct metadata_worker *worker)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + STOP_TIME_MS * NSEC_PER_MSEC;

	for (size_t i = 0; i < LANE_COUNT; i++)
		if (worker->lanes[i].started)
			(void)thread_join_until(worker->lanes[i].thread, until);
}

struct metadata_worker *metadata_worker_stop(struct metadata_worker *worker)
{
	if (!worker)
		return NULL;
	pthread_mutex_lock(&worker->lock);
	worker->stopping = true;
	worker->answers.event_fd = -1;
	for (size_t i = 0; i < LANE_COUNT; i++)
		pthread_cond_signal(&worker->lanes[i].wake);
	pthread_mutex_unlock(&worker->lock);
	join_threads(worker);
	close_p(&worker->event_fd);
	close_p(&worker->timer_fd);
	close_p(&worker->epoll_fd);
	pthread_mutex_lock(&worker->lock);
	drop_reference(worker);
	return NULL;
}

/* ---- the owner's side ---- */

static void answer_late(struct metadata_worker *worker)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	for (size_t i = 0; i < LANE_COUNT; i++) {
		struct metadata_lane *lane = &worker->lanes[i];

		metadata_answers_deadline(&worker->answers, lane->running, now);
		for (struct metadata_task *task = lane->tasks; task; task = task->next)
			metadata_answers_deadline(&worker->answers, task, now);
	}
}

static void consider_deadline(const struct metadata_task *task, uint64_t *earliest)
{
	if (task && !task->answered && !task->cancelled)
		*earliest = MIN(*earliest, task->deadline_ns);
}

/* To the earliest deadline of a first result that is still to come; without one, off. */
static void set_timer(struct metadata_worker *worker)
{
	struct itimerspec timer = {0};
	uint64_t earliest = METADATA_NEVER;

	for (size_t i = 0; i < LANE_COUNT; i++) {
		struct metadata_lane *lane = &worker->lanes[i];

		consider_deadline(lane->running, &earliest);
		for (struct metadata_task *task = lane->tasks; task; task = task->next)
			consider_deadline(task, &earliest);
	}
	if (earliest != METADATA_NEVER)
		timer.it_value = clock_timespec(earliest);
	timerfd_settime(worker->timer_fd, TFD_TIMER_ABSTIME, &timer, NULL);
}

int metadata_worker_submit(struct metadata_worker *worker, const struct metadata_job *job)
{
	struct metadata_lane *lane = &worker->lanes[job->owner == 0 ? LANE_ROOT : LANE_USERS];
	_cleanup_(metadata_task_free_p) struct metadata_task *task = NULL;
	int r = metadata_task_new(job, &task);

	if (r < 0)
		return r;
	task->due_ns = clock_ns(CLOCK_MONOTONIC);
	task->deadline_ns = task->due_ns + job->deadline_ms * NSEC_PER_MSEC;
	pthread_mutex_lock(&worker->lock);
	if (!metadata_lane_has_room(lane, task)) {
		worker->counters.refused++;
		r = -ENOBUFS;
	} else {
		worker->counters.submitted++;
		metadata_lane_append(lane, TAKE_PTR(task));
		set_timer(worker);
		pthread_cond_signal(&lane->wake);
	}
	pthread_mutex_unlock(&worker->lock);
	return r;
}

int metadata_worker_fd(const struct metadata_worker *worker)
{
	return worker->epoll_fd;
}

static void drain(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		return; /* EAGAIN: nothing to drain */
}

struct metadata_result *metadata_worker_take(struct metadata_worker *worker)
{
	struct metadata_result *result;

	pthread_mutex_lock(&worker->lock);
	result = metadata_answers_take(&worker->answers);
	if (!result) {
		answer_late(worker);
		result = metadata_answers_take(&worker->answers);
	}
	if (!result) {
		drain(worker->event_fd);
		drain(worker->timer_fd);
		set_timer(worker);
	}
	pthread_mutex_unlock(&worker->lock);
	return result;
}

void metadata_worker_cancel(
	struct metadata_worker *worker, uint64_t container_id, uint64_t generation)
{
	pthread_mutex_lock(&worker->lock);
	for (size_t i = 0; i < LANE_COUNT; i++)
		metadata_lane_cancel(&worker->lanes[i], container_id, generation);
	metadata_answers_drop(&worker->answers, container_id, generation);
	pthread_mutex_unlock(&worker->lock);
}

void metadata_worker_counters_get(
	struct metadata_worker *worker, struct metadata_worker_counters *ret)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	pthread_mutex_lock(&worker->lock);
	*ret = worker->counters;
	ret->stuck = 0;
	for (size_t i = 0; i < LANE_COUNT; i++)
		ret->stuck += worker->lanes[i].running &&
			      worker->lanes[i].read_deadline_ns + STUCK_MS * NSEC_PER_MSEC < now;
	pthread_mutex_unlock(&worker->lock);
}
