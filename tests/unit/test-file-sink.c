/* SPDX-License-Identifier: Apache-2.0 */
/* The file sink against real files: rotation, re-opening, a full disk, a line cut by a crash. Each
 * line is `SEQUENCE text`, so that what is in the files can be counted to the number. */
#include "daemon/export/file_sink.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/util.h"

#define STOP_NS (20 * NSEC_PER_SEC)

static char directory[64], path[128];

static void setup(void)
{
	snprintf(directory, sizeof(directory), "/tmp/tallyman-sink-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/log", directory);
}

static void teardown(void)
{
	char command[128];

	umount2(directory, MNT_DETACH);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	ck_assert_int_eq(system(command), 0);
}

static struct file_sink_options options(void)
{
	return (struct file_sink_options){.path = path, .mode = 0640, .queue_size = 64 << 10};
}

static struct file_sink *start(const struct file_sink_options *opts)
{
	struct file_sink *sink = NULL;
	struct error error = {0};

	ck_assert_msg(!file_sink_start(opts, &sink, &error), "%s", error.message);
	return sink;
}

static bool put(struct file_sink *sink, uint64_t sequence, size_t length)
{
	char line[70000];
	int head = snprintf(line, sizeof(line), "%" PRIu64 " ", sequence);

	memset(line + head, 'x', length - (size_t)head);
	line[length - 1] = '\n';
	return file_sink_put(sink, line, length, sequence);
}

static void wait_written(struct file_sink *sink, uint64_t lines)
{
	struct file_sink_counters counters;

	file_sink_flush(sink);
	do {
		sched_yield();
		file_sink_counters_get(sink, &counters);
	} while (counters.lines < lines);
}

static char *content(const char *name, size_t *ret_length)
{
	_cleanup_fclose_ FILE *file = fopen(name, "re");
	char *text = calloc(1, 8 << 20);

	ck_assert_msg(file != NULL, "%s: %s", name, strerror(errno));
	*ret_length = fread(text, 1, (8 << 20) - 1, file);
	return text;
}

/* Mark in `seen` the sequences that stand in a file, which must hold whole lines only. */
static size_t scan(const char *name, bool *seen, uint64_t max)
{
	size_t length, count = 0;
	_cleanup_free_ char *text = content(name, &length);

	ck_assert_msg(!length || text[length - 1] == '\n', "%s ends within a line", name);
	for (char *line = text, *end; line < text + length; line = end + 1) {
		char *rest;
		uint64_t sequence;

		end = strchr(line, '\n');
		sequence = strtoull(line, &rest, 10);
		ck_assert_msg(*rest == ' ' && sequence && sequence <= max, "%s: bad line", name);
		ck_assert_uint_eq((size_t)(end - rest - 1), strspn(rest + 1, "x"));
		ck_assert_msg(!seen[sequence], "%" PRIu64 " twice", sequence);
		seen[sequence] = true;
		count++;
	}
	return count;
}

static void assert_content(const char *name, const char *expected)
{
	size_t length;
	_cleanup_free_ char *text = content(name, &length);

	ck_assert_str_eq(text, expected);
}

static void write_file(const char *name, const char *text)
{
	_cleanup_fclose_ FILE *file = fopen(name, "we");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
}

START_TEST(test_lines_in_order)
{
	struct file_sink_options opts = options();
	struct file_sink *sink;
	bool seen[5001] = {0};
	struct stat status;

	umask(077);
	sink = start(&opts);
	for (uint64_t i = 1; i <= 5000; i++) {
		if (file_sink_free_bytes(sink) < 200)
			ck_assert(file_sink_wait(sink, 200, STOP_NS));
		ck_assert(put(sink, i, 20 + i % 180));
		if (i % 7 == 0)
			file_sink_flush(sink);
	}
	ck_assert_ptr_null(file_sink_stop(sink, STOP_NS));
	ck_assert_uint_eq(scan(path, seen, 5000), 5000);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0640);
}
END_TEST

START_TEST(test_rotation_by_size)
{
	struct file_sink_options opts = options();
	struct file_sink *sink;
	bool seen[102] = {0};
	char name[160];
	struct stat status;
	size_t count = 0;

	opts.max_size = 1000;
	opts.max_files = 3;
	sink = start(&opts);
	for (uint64_t i = 1; i <= 101; i++)
		ck_assert(put(sink, i, 100));
	file_sink_stop(sink, STOP_NS);
	/* 10 lines each: 91…100 in .1, 101 in the live one */
	for (int n = 0; n <= 3; n++) {
		snprintf(name, sizeof(name), n ? "%s.%d" : "%s", path, n);
		ck_assert_int_eq(stat(name, &status), 0);
		ck_assert_int_le(status.st_size, 1000);
		count += scan(name, seen, 101);
	}
	ck_assert_uint_eq(count, 1 + 3 * 10);
	for (uint64_t i = 101 - 30; i <= 101; i++)
		ck_assert(seen[i]);
	snprintf(name, sizeof(name), "%s.4", path);
	ck_assert_int_ne(stat(name, &status), 0);
}
END_TEST

/* As the JSON log is kept: the caller begins each file, and the writer only does what it says. */
START_TEST(test_files_begun_by_the_caller)
{
	struct file_sink_options opts = options();
	struct file_sink *sink;
	char name[160], line[32];
	uint64_t sequence = 0;

	opts.max_size = 40;
	opts.max_files = 3;
	opts.caller_begins_files = true;
	sink = start(&opts);
	for (int i = 0; i < 5; i++) {
		if (file_sink_new_file_due(sink, 10)) {
			snprintf(line, sizeof(line), "%" PRIu64 " first\n", ++sequence);
			ck_assert(file_sink_put_first(sink, line, strlen(line), sequence));
		}
		ck_assert(put(sink, ++sequence, 10));
	}
	wait_written(sink, sequence);
	assert_content(path, "5 first\n6 xxxxxxx\n7 xxxxxxx\n");
	snprintf(name, sizeof(name), "%s.1", path);
	assert_content(name, "1 first\n2 xxxxxxx\n3 xxxxxxx\n4 xxxxxxx\n");
	/* logrotate moves the file and asks for a new one */
	snprintf(name, sizeof(name), "%s.moved", path);
	ck_assert_int_eq(rename(path, name), 0);
	file_sink_reopen(sink);
	ck_assert(file_sink_new_file_due(sink, 1));
	ck_assert(file_sink_put_first(sink, "8 first\n", 8, 8));
	ck_assert(!file_sink_new_file_due(sink, 1));
	file_sink_stop(sink, STOP_NS);
	assert_content(path, "8 first\n");
	/* a file that has lines is gone on with */
	sink = start(&opts);
	ck_assert(!file_sink_new_file_due(sink, 1));
	ck_assert(put(sink, 9, 10));
	file_sink_stop(sink, STOP_NS);
	assert_content(path, "8 first\n9 xxxxxxx\n");
}
END_TEST

START_TEST(test_rotation_with_line_beyond_size)
{
	struct file_sink_options opts = options();
	struct file_sink *sink;
	bool seen[4] = {0};
	char name[160];

	opts.max_size = 1000;
	opts.max_files = 9;
	sink = start(&opts);
	ck_assert(put(sink, 1, 100) && put(sink, 2, 5000) && put(sink, 3, 100));
	file_sink_stop(sink, STOP_NS);
	ck_assert_uint_eq(scan(path, seen, 3), 1);
	snprintf(name, sizeof(name), "%s.1", path);
	ck_assert_uint_eq(scan(name, seen, 3), 1);
	snprintf(name, sizeof(name), "%s.2", path);
	ck_assert_uint_eq(scan(name, seen, 3), 1);
	ck_assert(seen[1] && seen[2] && seen[3]);
}
END_TEST

START_TEST(test_rotation_by_time)
{
	struct file_sink_options opts = options();
	struct file_sink_counters counters;
	struct file_sink *sink;
	char name[160];

	opts.rotate_seconds = 1;
	opts.max_files = 5;
	sink = start(&opts);
	ck_assert(put(sink, 1, 10));
	wait_written(sink, 1);
	do { /* without another line coming */
		usleep(10000);
		file_sink_counters_get(sink, &counters);
	} while (!counters.rotations);
	ck_assert(put(sink, 2, 10));
	file_sink_stop(sink, STOP_NS);
	snprintf(name, sizeof(name), "%s.1", path);
	assert_content(name, "1 xxxxxxx\n");
	assert_content(path, "2 xxxxxxx\n");
}
END_TEST

START_TEST(test_reopen_after_logrotate)
{
	struct file_sink_options opts = options();
	struct file_sink *sink;
	char moved[160];

	snprintf(moved, sizeof(moved), "%s.moved", path);
	sink = start(&opts);
	ck_assert(put(sink, 1, 10));
	wait_written(sink, 1);
	ck_assert_int_eq(rename(path, moved), 0);
	ck_assert(put(sink, 2, 10));
	wait_written(sink, 2);
	file_sink_reopen(sink);
	while (access(path, F_OK))
		usleep(1000);
	ck_assert(put(sink, 3, 10));
	file_sink_stop(sink, STOP_NS);
	assert_content(moved, "1 xxxxxxx\n2 xxxxxxx\n");
	assert_content(path, "3 xxxxxxx\n");
}
END_TEST

START_TEST(test_deleted_and_truncated_files)
{
	struct file_sink_options opts = options();
	struct file_sink *sink;

	sink = start(&opts);
	ck_assert(put(sink, 1, 10));
	wait_written(sink, 1);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert(put(sink, 2, 10));
	wait_written(sink, 2);
	assert_content(path, "2 xxxxxxx\n");
	ck_assert_int_eq(truncate(path, 0), 0); /* logrotate's copytruncate */
	ck_assert(put(sink, 3, 10));
	file_sink_stop(sink, STOP_NS);
	assert_content(path, "3 xxxxxxx\n");
}
END_TEST

START_TEST(test_append_to_file_cut_by_crash)
{
	struct file_sink_options opts = options();
	struct file_sink *sink;

	write_file(path, "1 x\n2 x\n3 xxxx");
	sink = start(&opts);
	ck_assert(put(sink, 4, 10));
	file_sink_stop(sink, STOP_NS);
	assert_content(path, "1 x\n2 x\n4 xxxxxxx\n");
	write_file(path, "{\"half"); /* nothing whole at all: a new file */
	sink = start(&opts);
	ck_assert(put(sink, 5, 10));
	file_sink_stop(sink, STOP_NS);
	assert_content(path, "5 xxxxxxx\n");
}
END_TEST

static void assert_refused(int code)
{
	struct file_sink_options opts = options();
	struct file_sink *sink = NULL;
	struct error error = {0};

	ck_assert_int_eq(file_sink_start(&opts, &sink, &error), code);
	ck_assert_ptr_null(sink);
	ck_assert_ptr_nonnull(strstr(error.message, path));
}

START_TEST(test_targets_refused)
{
	char other[160];

	snprintf(other, sizeof(other), "%s.other", path);
	write_file(other, "");
	ck_assert_int_eq(symlink(other, path), 0);
	assert_refused(-ELOOP);
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	assert_refused(-ENOTSUP);
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	assert_refused(-EISDIR);
	rmdir(path);
	if (geteuid() == 0) {
		ck_assert_int_eq(link(other, path), 0);
		assert_refused(-EPERM);
		unlink(path);
		write_file(path, "");
		ck_assert_int_eq(chown(path, 1234, (gid_t)-1), 0);
		assert_refused(-EPERM);
		ck_assert_int_eq(chown(directory, 1234, (gid_t)-1), 0);
		{
			struct file_sink_options opts = options();

			file_sink_stop(start(&opts), STOP_NS);
		}
	}
}
END_TEST

static void fill_disk(const char *name)
{
	_cleanup_close_ int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	char zeros[512] = {0};

	ck_assert_int_ge(fd, 0);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
}

static void wait_failing(struct file_sink *sink)
{
	struct file_sink_counters counters;

	do {
		usleep(1000);
		file_sink_counters_get(sink, &counters);
	} while (!counters.failing);
}

static void put_map(const char *name, const char *text)
{
	FILE *file = fopen(name, "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_gt(fprintf(file, "%s", text), 0);
	ck_assert_int_eq(fclose(file), 0);
}

/* Who is not root is root in a user namespace of his own. */
static void become_able_to_mount(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[32];

	if (uid == 0)
		return;
	ck_assert_int_eq(unshare(CLONE_NEWUSER | CLONE_NEWNS), 0);
	put_map("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1\n", uid);
	put_map("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1\n", gid);
	put_map("/proc/self/gid_map", map);
}

/* Exact to the number: every sequence is in the file, or in a loss that was reported. */
START_TEST(test_full_disk)
{
	struct file_sink_options opts = options();
	struct file_sink_loss loss = {0}, again;
	struct file_sink_counters counters;
	struct file_sink *sink;
	static bool seen[20001];
	char filler[160];
	uint64_t sequence = 0, rejected = 0, first_rejected = 0, last_rejected = 0;

	become_able_to_mount();
	ck_assert_int_eq(mount("tmpfs", directory, "tmpfs", 0, "size=256k,mode=0700"), 0);
	snprintf(filler, sizeof(filler), "%s/filler", directory);
	sink = start(&opts);
	/* Not a divisor of the page size: the last write before the end is cut within a line. */
	for (; sequence < 500; sequence++)
		if (!put(sink, sequence + 1, 123))
			ck_abort_msg("queue full too early");
	wait_written(sink, 400);
	fill_disk(filler);
	while (rejected < 5000) {
		sequence++;
		if (put(sink, sequence, 123))
			file_sink_flush(sink);
		else {
			rejected++;
			last_rejected = sequence;
			if (!first_rejected) {
				first_rejected = sequence;
				wait_failing(sink);
			}
		}
	}
	ck_assert(!file_sink_take_loss(sink, &loss)); /* nothing gets through yet */
	file_sink_counters_get(sink, &counters);
	ck_assert_str_eq(counters.reason, strerror(ENOSPC));
	ck_assert(!file_sink_wait(sink, 1 << 20, NSEC_PER_SEC * 3600)); /* at once */
	{
		size_t length;
		_cleanup_free_ char *text = content(path, &length);

		ck_assert_int_eq(text[length - 1], '\n');
	}
	ck_assert_int_eq(unlink(filler), 0);
	for (uint64_t next = first_rejected; next <= last_rejected; next = loss.last_sequence + 1) {
		while (!file_sink_take_loss(sink, &loss)) /* resumes by itself */
			usleep(10000);
		/* what was turned away before the first write failed is "queue full" */
		ck_assert_uint_eq(loss.first_sequence, next);
		ck_assert_uint_eq(loss.lines, loss.last_sequence - loss.first_sequence + 1);
	}
	ck_assert_uint_eq(loss.last_sequence, last_rejected);
	ck_assert_str_eq(loss.reason, strerror(ENOSPC));
	ck_assert(loss.since_ns && loss.since_ns <= loss.until_ns);
	ck_assert(put(sink, ++sequence, 123));
	ck_assert(!file_sink_take_loss(sink, &again));
	file_sink_counters_get(sink, &counters);
	ck_assert_uint_eq(counters.lost, rejected);
	ck_assert_uint_ge(counters.write_errors, 1);
	file_sink_stop(sink, STOP_NS);
	ck_assert_uint_eq(scan(path, seen, sequence), sequence - rejected);
	for (uint64_t i = 1; i <= sequence; i++)
		ck_assert_msg(seen[i] || (i >= first_rejected && i <= last_rejected),
			"%" PRIu64 " is neither written nor accounted for", i);
}
END_TEST

/* Blocks the writer thread in its write, as a dead disk would. The test is linked with
 * --wrap=writev. */
static struct gate {
	bool closed;
	int enter[2], leave[2];
} gate;

ssize_t __real_writev(int fd, const struct iovec *vector, int count);
ssize_t __wrap_writev(int fd, const struct iovec *vector, int count);

ssize_t __wrap_writev(int fd, const struct iovec *vector, int count)
{
	char c = 0;

	if (__atomic_exchange_n(&gate.closed, false, __ATOMIC_ACQ_REL)) {
		ck_assert_int_eq(write(gate.enter[1], &c, 1), 1);
		ck_assert_int_eq(read(gate.leave[0], &c, 1), 1);
	}
	return __real_writev(fd, vector, count);
}

START_TEST(test_blocked_writer)
{
	struct file_sink_options opts = options();
	struct file_sink_loss loss;
	struct file_sink *sink;
	static bool seen[5003];
	uint64_t rejected = 0;
	char c;

	ck_assert(!pipe(gate.enter) && !pipe(gate.leave));
	gate.closed = true;
	sink = start(&opts);
	ck_assert(put(sink, 1, 100));
	file_sink_flush(sink);
	ck_assert_int_eq(read(gate.enter[0], &c, 1), 1);
	for (uint64_t i = 2; i <= 5000; i++)
		rejected += !put(sink, i, 100);
	ck_assert_uint_eq(rejected, 5000 - (64 << 10) / 100);
	ck_assert(!put(sink, 5001, 10)); /* would fit, and leave a gap in the gap */
	rejected++;
	ck_assert(!file_sink_take_loss(sink, &loss)); /* no room for the line that would say so */
	ck_assert(!file_sink_wait(sink, 100, NSEC_PER_MSEC));
	ck_assert_int_eq(write(gate.leave[1], &c, 1), 1);
	ck_assert(file_sink_wait(sink, 60000, STOP_NS));
	ck_assert(file_sink_take_loss(sink, &loss));
	ck_assert_uint_eq(loss.lines, rejected);
	ck_assert_uint_eq(loss.first_sequence, 5002 - rejected);
	ck_assert_uint_eq(loss.last_sequence, 5001);
	ck_assert_str_eq(loss.reason, "queue full");
	ck_assert(put(sink, 5002, 100));
	ck_assert(!file_sink_take_loss(sink, &loss));
	file_sink_stop(sink, STOP_NS);
	ck_assert_uint_eq(scan(path, seen, 5002), 5002 - rejected);
}
END_TEST

START_TEST(test_stop_does_not_wait_for_ever)
{
	struct file_sink_options opts = options();
	struct file_sink *sink;
	char c;

	ck_assert(!pipe(gate.enter) && !pipe(gate.leave));
	gate.closed = true;
	sink = start(&opts);
	ck_assert(put(sink, 1, 100));
	file_sink_flush(sink);
	ck_assert_int_eq(read(gate.enter[0], &c, 1), 1);
	ck_assert_ptr_null(file_sink_stop(sink, NSEC_PER_MSEC));
	ck_assert_ptr_null(file_sink_stop(NULL, 0));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("file-sink");
	TCase *tests = tcase_create("files");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_lines_in_order);
	tcase_add_test(tests, test_rotation_by_size);
	tcase_add_test(tests, test_files_begun_by_the_caller);
	tcase_add_test(tests, test_rotation_with_line_beyond_size);
	tcase_add_test(tests, test_rotation_by_time);
	tcase_add_test(tests, test_reopen_after_logrotate);
	tcase_add_test(tests, test_deleted_and_truncated_files);
	tcase_add_test(tests, test_append_to_file_cut_by_crash);
	tcase_add_test(tests, test_targets_refused);
	tcase_add_test(tests, test_full_disk);
	tcase_add_test(tests, test_blocked_writer);
	tcase_add_test(tests, test_stop_does_not_wait_for_ever);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
