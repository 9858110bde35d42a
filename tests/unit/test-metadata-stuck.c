/* SPDX-License-Identifier: Apache-2.0 */
/* A metadata thread that hangs in a file system which does not answer. The reading is replaced (the
 * linker's --wrap) by one that waits here until it is let go. */
#include "daemon/registration/metadata_task.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "tests/unit/unit.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool let_go;
static unsigned reading, done;

int __wrap_metadata_task_read(const struct metadata_task *task, const char *const *event_files,
	size_t event_file_count, uint64_t deadline_ns, struct container_metadata *ret_metadata,
	enum metadata_completeness *ret_completeness, struct error *error);

int __wrap_metadata_task_read(const struct metadata_task *task, const char *const *event_files,
	size_t event_file_count, uint64_t deadline_ns, struct container_metadata *ret_metadata,
	enum metadata_completeness *ret_completeness, struct error *error)
{
	if (strcmp(task->id, "stuck") == 0) {
		pthread_mutex_lock(&lock);
		reading++;
		pthread_cond_broadcast(&changed);
		while (!let_go)
			pthread_cond_wait(&changed, &lock);
		done++;
		pthread_cond_broadcast(&changed);
		pthread_mutex_unlock(&lock);
	}
	*ret_metadata = (struct container_metadata){.source = LABELS_SOURCE_DATABASE};
	ret_metadata->name = strdup(task->id);
	*ret_completeness = METADATA_COMPLETE;
	return 0;
}

static void wait_until(const unsigned *counter, unsigned wanted)
{
	pthread_mutex_lock(&lock);
	while (*counter < wanted)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static void release(void)
{
	pthread_mutex_lock(&lock);
	let_go = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void submit(struct metadata_worker *worker, uint64_t container_id, const char *id,
	uid_t owner, unsigned deadline_ms)
{
	const struct metadata_job job = {
		.container_id = container_id, .id = id, .owner = owner, .deadline_ms = deadline_ms};

	ck_assert_int_eq(metadata_worker_submit(worker, &job), 0);
}

static struct metadata_result *wait_result(struct metadata_worker *worker)
{
	for (;;) {
		struct metadata_result *result = metadata_worker_take(worker);
		struct pollfd poll_fd = {.fd = metadata_worker_fd(worker), .events = POLLIN};

		if (result)
			return result;
		ck_assert_int_eq(poll(&poll_fd, 1, 60000), 1);
	}
}

static void expect(struct metadata_worker *worker, uint64_t container_id,
	enum metadata_outcome outcome, bool update)
{
	struct metadata_result *result = wait_result(worker);

	ck_assert_uint_eq(result->container_id, container_id);
	ck_assert_int_eq(result->outcome, outcome);
	ck_assert_int_eq(result->update, update);
	metadata_result_free(result);
}

/* User 1000's store hangs: root's containers and everything else go on; what waits behind it times
 * out, and is read once it moves again. */
START_TEST(test_stuck_user)
{
	struct metadata_worker_counters counters;
	struct metadata_worker *worker;

	ck_assert_int_eq(metadata_worker_start(NULL, 0, &worker, NULL), 0);
	submit(worker, 1, "stuck", 1000, 20);
	wait_until(&reading, 1);
	submit(worker, 2, "behind", 1001, 30);
	submit(worker, 3, "root", 0, 60000);
	expect(worker, 3, METADATA_FOUND, false);
	expect(worker, 1, METADATA_TIMED_OUT, false);
	expect(worker, 2, METADATA_TIMED_OUT, false);
	submit(worker, 4, "root", 0, 60000);
	expect(worker, 4, METADATA_FOUND, false);
	metadata_worker_counters_get(worker, &counters);
	ck_assert_uint_eq(counters.timed_out, 2);
	release();
	expect(worker, 1, METADATA_FOUND, true);
	expect(worker, 2, METADATA_FOUND, true);
	metadata_worker_stop(worker);
}
END_TEST

START_TEST(test_stuck_is_counted)
{
	struct metadata_worker_counters counters;
	struct metadata_worker *worker;

	ck_assert_int_eq(metadata_worker_start(NULL, 0, &worker, NULL), 0);
	metadata_worker_counters_get(worker, &counters);
	ck_assert_uint_eq(counters.stuck, 0);
	submit(worker, 1, "stuck", 0, 20);
	do {
		poll(NULL, 0, 50);
		metadata_worker_counters_get(worker, &counters);
	} while (counters.stuck == 0);
	release();
	do {
		poll(NULL, 0, 1);
		metadata_worker_counters_get(worker, &counters);
	} while (counters.stuck != 0);
	metadata_worker_stop(worker);
}
END_TEST

/* A container that ends meanwhile: nobody wants its metadata any more. */
START_TEST(test_cancel_while_reading)
{
	struct metadata_worker *worker;

	ck_assert_int_eq(metadata_worker_start(NULL, 0, &worker, NULL), 0);
	submit(worker, 1, "stuck", 0, 60000);
	wait_until(&reading, 1);
	metadata_worker_cancel(worker, 1, 0);
	release();
	submit(worker, 2, "next", 0, 60000);
	expect(worker, 2, METADATA_FOUND, false);
	metadata_worker_stop(worker);
}
END_TEST

/* Stop does not wait; the thread cleans up when it comes back (which the leak checker sees). */
START_TEST(test_stop_while_stuck)
{
	struct metadata_worker *worker;

	ck_assert_int_eq(metadata_worker_start(NULL, 0, &worker, NULL), 0);
	submit(worker, 1, "stuck", 0, 60000);
	wait_until(&reading, 1);
	submit(worker, 2, "behind", 0, 60000);
	metadata_worker_stop(worker);
	release();
	wait_until(&done, 1);
	poll(NULL, 0, 100);
}
END_TEST

RUN_SUITE("metadata_stuck", test_stuck_user, test_stuck_is_counted, test_cancel_while_reading,
	test_stop_while_stuck)
