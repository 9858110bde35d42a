/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/metadata_worker.h"

#include <errno.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/store.h"
#include "tests/unit/unit.h"

#define ID "dc16f662fab2a04b96fa844adc8054f135e6041d1dd8907775caab4502c86c97"

static struct store store;
static struct metadata_worker *worker;
static char bundle[512];

static void begin(void)
{
	struct error error = {0};

	store_begin(&store);
	store_directory(&store, "overlay-containers");
	snprintf(bundle, sizeof(bundle), "%s/overlay-containers/" ID "/userdata", store.root);
	ck_assert_int_eq(metadata_worker_start(NULL, 0, &worker, &error), 0);
}

static void end(void)
{
	worker = metadata_worker_stop(worker);
	store_end(&store);
}

static int submit(uint64_t container_id, unsigned deadline_ms)
{
	const struct metadata_job job = {
		.container_id = container_id,
		.generation = 7,
		.id = ID,
		.bundle = bundle,
		.state = "{\"annotations\":{\"io.container.manager\":\"libpod\"}}",
		.state_length = strlen("{\"annotations\":{\"io.container.manager\":\"libpod\"}}"),
		.conmon = "conmon\0-c\0" ID "\0-n\0web",
		.conmon_length = sizeof("conmon\0-c\0" ID "\0-n\0web"),
		.owner = getuid(),
		.engine = CGROUP_ENGINE_PODMAN,
		.deadline_ms = deadline_ms,
	};

	return metadata_worker_submit(worker, &job);
}

/* The next result; waits for it as the registration thread does. */
static struct metadata_result *wait_result(void)
{
	for (;;) {
		struct metadata_result *result = metadata_worker_take(worker);
		struct pollfd poll_fd = {.fd = metadata_worker_fd(worker), .events = POLLIN};

		if (result)
			return result;
		ck_assert_int_eq(poll(&poll_fd, 1, 60000), 1);
	}
}

static struct metadata_worker_counters counters(void)
{
	struct metadata_worker_counters current;

	metadata_worker_counters_get(worker, &current);
	return current;
}

START_TEST(test_found)
{
	struct metadata_result *result;

	begin();
	store_database_from(&store, "db.sql", "podman-5-db.sql.dump");
	ck_assert_int_eq(submit(42, 60000), 0);
	result = wait_result();
	ck_assert_uint_eq(result->container_id, 42);
	ck_assert_uint_eq(result->generation, 7);
	ck_assert_int_eq(result->outcome, METADATA_FOUND);
	ck_assert(result->last && !result->update);
	ck_assert_str_eq(result->metadata.name, "sqc");
	ck_assert_uint_eq(result->metadata.label_count, 2);
	ck_assert_int_eq(result->error.code, 0);
	metadata_result_free(result);
	ck_assert_ptr_null(metadata_worker_take(worker));
	ck_assert_uint_eq(counters().found, 1);
	ck_assert_uint_eq(counters().submitted, 1);
	end();
}
END_TEST

/* The labels come after the first result: an update follows. */
START_TEST(test_update)
{
	struct metadata_result *result;

	begin();
	ck_assert_int_eq(submit(42, 300), 0);
	result = wait_result();
	ck_assert_int_eq(result->outcome, METADATA_PARTIAL);
	ck_assert_str_eq(result->metadata.name, "web");
	ck_assert_int_eq(result->metadata.source, LABELS_SOURCE_CONMON);
	ck_assert(!result->update && !result->last);
	ck_assert_int_ne(result->error.code, 0);
	metadata_result_free(result);

	store_database_from(&store, "new.sql", "podman-5-db.sql.dump");
	{
		char from[1024];

		snprintf(from, sizeof(from), "%s", store_path(&store, "new.sql"));
		ck_assert_int_eq(rename(from, store_path(&store, "db.sql")), 0);
	}
	result = wait_result();
	ck_assert(result->update && result->last);
	ck_assert_int_eq(result->outcome, METADATA_FOUND);
	ck_assert_str_eq(result->metadata.name, "sqc");
	ck_assert_uint_eq(result->metadata.label_count, 2);
	metadata_result_free(result);
	ck_assert_uint_eq(counters().updates, 1);
	end();
}
END_TEST

/* A lock that goes away before the deadline: the first result has everything. */
START_TEST(test_pending)
{
	struct metadata_result *result;
	sqlite3 *handle;

	begin();
	store_database_from(&store, "db.sql", "podman-5-db.sql.dump");
	ck_assert_int_eq(sqlite3_open(store_path(&store, "db.sql"), &handle), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(handle, "BEGIN EXCLUSIVE;", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(submit(42, 60000), 0);
	usleep(20000); /* mostly long enough for a first try; nothing depends on it */
	sqlite3_close(handle);
	result = wait_result();
	ck_assert_int_eq(result->outcome, METADATA_FOUND);
	ck_assert_str_eq(result->metadata.name, "sqc");
	metadata_result_free(result);
	end();
}
END_TEST

/* A deadline of nothing: each job is answered, as timed out or with what there was, exactly once,
 * and those that were too late get an update. */
START_TEST(test_deadlines)
{
	bool answered[20] = {false}, complete[20] = {false};
	size_t missing = ARRAY_SIZE(complete);

	begin();
	store_database_from(&store, "db.sql", "podman-5-db.sql.dump");
	for (size_t i = 0; i < ARRAY_SIZE(answered); i++)
		ck_assert_int_eq(submit(i + 1, 0), 0);
	while (missing) {
		struct metadata_result *result = wait_result();
		size_t i = result->container_id - 1;

		ck_assert_uint_lt(i, ARRAY_SIZE(answered));
		ck_assert_msg(result->update == answered[i], "job %zu", i);
		answered[i] = true;
		if (result->outcome == METADATA_FOUND) {
			ck_assert(!complete[i]);
			ck_assert_str_eq(result->metadata.name, "sqc");
			complete[i] = true;
			missing--;
		} else {
			ck_assert_int_eq(result->outcome, METADATA_TIMED_OUT);
			ck_assert_int_eq(result->error.code, -ETIMEDOUT);
		}
		metadata_result_free(result);
	}
	ck_assert_uint_eq(counters().found + counters().timed_out, ARRAY_SIZE(answered));
	ck_assert_uint_eq(counters().updates, counters().timed_out);
	end();
}
END_TEST

START_TEST(test_cancel)
{
	struct metadata_result *result;

	begin();
	ck_assert_int_eq(submit(1, 300), 0);
	result = wait_result(); /* partial: there is no database */
	metadata_result_free(result);
	metadata_worker_cancel(worker, 1, 7);
	metadata_worker_cancel(worker, 2, 7); /* unknown */
	store_database_from(&store, "db.sql", "podman-5-db.sql.dump");
	ck_assert_int_eq(submit(3, 60000), 0);
	result = wait_result();
	ck_assert_uint_eq(result->container_id, 3);
	metadata_result_free(result);
	ck_assert_uint_eq(counters().updates, 0);
	end();
}
END_TEST

START_TEST(test_bad_jobs)
{
	struct metadata_job job = {.id = "../x"};

	begin();
	ck_assert_int_eq(metadata_worker_submit(worker, &job), -EINVAL);
	job.id = NULL;
	ck_assert_int_eq(metadata_worker_submit(worker, &job), -EINVAL);
	job.id = ID;
	job.conmon = "";
	job.conmon_length = METADATA_CONMON_MAX + 1;
	ck_assert_int_eq(metadata_worker_submit(worker, &job), -E2BIG);
	ck_assert_uint_eq(counters().submitted, 0);
	end();
}
END_TEST

/* A state that is no JSON, arguments without a NUL at their end, nothing at all. */
START_TEST(test_odd_jobs)
{
	const struct metadata_job jobs[] = {
		{.container_id = 1, .id = ID, .state = "{", .state_length = 1, .owner = getuid()},
		{.container_id = 1,
			.id = ID,
			.conmon = "conmon\0-c",
			.conmon_length = 9,
			.owner = getuid()},
		{.container_id = 1, .id = ID, .owner = getuid(), .bundle = "/nowhere"},
		{.container_id = 1, .id = ID, .owner = 4000000000u, .bundle = ""},
	};

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		struct metadata_job job = jobs[i];
		struct metadata_result *result;

		job.deadline_ms = 60000;
		ck_assert_int_eq(metadata_worker_submit(worker, &job), 0);
		result = wait_result();
		ck_assert_str_eq(result->metadata.runtime, "runc");
		ck_assert_str_eq(result->metadata.name, ID);
		metadata_result_free(result);
	}
	end();
}
END_TEST

START_TEST(test_queue_full)
{
	int r = 0;
	unsigned accepted = 0;

	begin();
	/* without a database each of them stays, to be tried again */
	for (unsigned i = 0; i <= METADATA_QUEUE_MAX && r == 0; i++) {
		r = submit(i + 1, 0);
		accepted += r == 0;
	}
	ck_assert_int_eq(r, -ENOBUFS);
	ck_assert_uint_eq(accepted, METADATA_QUEUE_MAX);
	ck_assert_uint_eq(counters().refused, 1);
	end();
}
END_TEST

/* Few but big ones: states of 60 KiB, conmon's arguments of 60 KiB. */
START_TEST(test_queue_bytes)
{
	static char state[60 << 10], conmon[60 << 10];
	struct metadata_job job = {.id = ID,
		.state = state,
		.state_length = sizeof(state),
		.conmon = conmon,
		.conmon_length = sizeof(conmon),
		.owner = getuid(),
		.engine = CGROUP_ENGINE_PODMAN};
	unsigned accepted = 0;

	begin();
	memset(conmon, 'x', sizeof(conmon));
	while (metadata_worker_submit(worker, &job) == 0)
		accepted++;
	ck_assert_uint_eq(accepted, METADATA_QUEUE_BYTES / (sizeof(state) + sizeof(conmon) + 1000));
	ck_assert_uint_eq(counters().refused, 1);
	end();
}
END_TEST

START_TEST(test_stop_with_work)
{
	begin();
	for (unsigned i = 0; i < 100; i++)
		submit(i + 1, 1000);
	end();
	ck_assert_ptr_null(metadata_worker_stop(NULL));
}
END_TEST

RUN_SUITE("metadata_worker", test_found, test_update, test_pending, test_deadlines, test_cancel,
	test_bad_jobs, test_odd_jobs, test_queue_full, test_queue_bytes, test_stop_with_work)
