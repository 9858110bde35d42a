/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/podman_events.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "oci/lines_backward.h"
#include "tests/unit/store.h"
#include "tests/unit/unit.h"

#define ID    "36dbab22e956fa758ce165f43fd66fd7b7fd9e94aed616783a5cbe4310242482"
#define OTHER "d5729aecd056fd1620869e50264e9cf8b2962b95254a6191115824b61df3597d"
#define POD   "b6fedcf6bea4b84f6410de78ba241ad40e53ff91e95e43470840886f7d5ef8a8"

static struct store store;
static struct container_metadata metadata;
static struct error failure;

static int read_events(const char *id)
{
	container_metadata_done(&metadata);
	return podman_events_read(
		store.root, "events.log", getuid(), id, deadline_in(60000), &metadata, &failure);
}

static void begin(void)
{
	store_begin(&store);
	memset(&metadata, 0, sizeof(metadata));
}

static void end(void)
{
	container_metadata_done(&metadata);
	store_end(&store);
}

START_TEST(test_podman_4)
{
	begin();
	store_copy(&store, "events.log", "podman-4-events.jsonl");
	ck_assert_int_eq(read_events(ID), 0);
	ck_assert_str_eq(metadata.name, "ocix2");
	ck_assert_str_eq(metadata.image_name, "localhost/ocitest:1");
	ck_assert_uint_eq(metadata.label_count, 3);
	ck_assert_str_eq(label_value(metadata.labels, 3, "app"), "web");
	ck_assert_str_eq(label_value(metadata.labels, 3, "com.x/y"), "z");
	ck_assert_str_eq(label_value(metadata.labels, 3, "img.label"), "v1");
	ck_assert_ptr_null(metadata.pod_id);
	ck_assert_int_eq(metadata.source, LABELS_SOURCE_EVENT);

	ck_assert_int_eq(read_events(OTHER), 0);
	ck_assert_str_eq(metadata.name, "ocix3");
	ck_assert_str_eq(metadata.pod_id, POD);
	ck_assert_str_eq(metadata.pod_name, "mypod");
	end();
}
END_TEST

/* The pod's own event comes after its infra container's first. */
START_TEST(test_podman_5_infra)
{
	begin();
	store_copy(&store, "events.log", "podman-5-events.jsonl");
	ck_assert_int_eq(
		read_events("bf437b64d2e40252362d3c29540c676da74e7084dfbb142c6cd8778b10d364d2"), 0);
	ck_assert_str_eq(metadata.name, "3901bda02af2-infra");
	ck_assert_str_eq(metadata.pod_name, "ip");
	ck_assert_int_eq(
		read_events("71dcef6f69b29ff8663637a23569ad2fdec53efe8bdf9e5d86b1996bd29e8255"), 0);
	ck_assert_str_eq(metadata.name, "mem");
	ck_assert_str_eq(metadata.pod_name, "ip");
	end();
}
END_TEST

START_TEST(test_not_there)
{
	begin();
	ck_assert_int_eq(read_events(ID), -ENOENT);
	store_write_text(&store, "events.log", "");
	ck_assert_int_eq(read_events(ID), -ENOENT);
	store_copy(&store, "events.log", "podman-5-events.jsonl");
	ck_assert_int_eq(read_events(ID), -ENOENT);
	ck_assert_int_eq(metadata.source, LABELS_SOURCE_NONE);
	unlink(store_path(&store, "events.log"));
	ck_assert_int_eq(mkfifo(store_path(&store, "events.log"), 0600), 0);
	ck_assert_int_eq(read_events(ID), -ENOTSUP);
	unlink(store_path(&store, "events.log"));
	ck_assert_int_eq(symlink("/dev/zero", store_path(&store, "events.log")), 0);
	ck_assert_int_eq(read_events(ID), -ELOOP);
	end();
}
END_TEST

/* Lines that hold the id, but are not this container's event. */
static const char *const others[] = {
	/* in another container's label, as text that looks like an event */
	"{\"ID\":\"" OTHER "\",\"Name\":\"evil\",\"Status\":\"create\",\"Type\":\"container\","
	"\"Attributes\":{\"x\":\"\\\"}\\n{\\\"ID\\\":\\\"" ID "\\\",\\\"Name\\\":\\\"forged\\\","
	"\\\"Status\\\":\\\"create\\\",\\\"Type\\\":\\\"container\\\"}\"}}",
	"{\"ID\":\"" OTHER "\",\"Name\":\"" ID "\",\"Status\":\"create\",\"Type\":\"container\"}",
	/* an image or a pod of this id */
	"{\"ID\":\"" ID "\",\"Name\":\"forged\",\"Status\":\"create\",\"Type\":\"image\"}",
	"{\"ID\":\"" ID "\",\"Name\":\"forged\",\"Status\":\"create\",\"Type\":\"pod\"}",
	/* no labels in these */
	"{\"ID\":\"" ID "\",\"Name\":\"forged\",\"Status\":\"exec\",\"Type\":\"container\","
	"\"Attributes\":{\"execID\":\"1\"}}",
	"{\"ID\":\"" ID "\",\"Name\":\"forged\",\"Status\":7,\"Type\":\"container\"}",
	/* not an event at all */
	"{\"ID\":[\"" ID "\"],\"Status\":\"create\",\"Type\":\"container\"}",
	"[{\"ID\":\"" ID "\",\"Status\":\"create\",\"Type\":\"container\"}]",
	"\"" ID "\"",
	"{\"ID\":\"" ID "\",\"Name\":\"forged\",\"Status\":\"create\",\"Type\":\"container\"",
	"{\"ID\":\"" ID "\",\"Name\":\"a\",\"Name\":\"forged\",\"Status\":\"create\","
	"\"Type\":\"container\"}",
	"{\"ID\":\"" ID "\",\"Status\":\"create\",\"Type\":\"container\"} {}",
	ID,
	"",
};

START_TEST(test_forged)
{
	_cleanup_buf_ struct buf text = {0};

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		buf_printf(&text, "%s\n", others[i]);
	store_write(&store, "events.log", text.data, text.length);
	ck_assert_int_eq(read_events(ID), -ENOENT);
	ck_assert_ptr_null(metadata.name);
	end();
}
END_TEST

#define EVENT(name)                                                                                \
	"{\"ID\":\"" ID "\",\"Name\":\"" name                                                      \
	"\",\"Status\":\"create\",\"Type\":\"container\",\"Attributes\":{}}"

/* The last line is still being written. */
START_TEST(test_last_line_not_whole)
{
	begin();
	store_write_text(&store, "events.log", EVENT("whole") "\n" EVENT("half"));
	ck_assert_int_eq(read_events(ID), 0);
	ck_assert_str_eq(metadata.name, "whole");
	store_write_text(&store, "events.log", EVENT("half"));
	ck_assert_int_eq(read_events(ID), -ENOENT);
	store_write_text(&store, "events.log", "\n\n\n" EVENT("whole") "\n\n\n");
	ck_assert_int_eq(read_events(ID), 0);
	end();
}
END_TEST

START_TEST(test_wrong_types)
{
	begin();
	store_write_text(&store, "events.log",
		"{\"ID\":\"" ID "\",\"Name\":[],\"Image\":1,\"PodID\":{},\"Status\":\"create\","
		"\"Type\":\"container\",\"Attributes\":{\"a\":1,\"b\":\"c\",\"d\":\"\\u0000\"}}\n");
	ck_assert_int_eq(read_events(ID), 0);
	ck_assert_ptr_null(metadata.name);
	ck_assert_ptr_null(metadata.image_name);
	ck_assert_ptr_null(metadata.pod_id);
	ck_assert_uint_eq(metadata.label_count, 1);
	ck_assert_str_eq(metadata.labels[0].key, "b");
	ck_assert(metadata.truncated);
	end();
}
END_TEST

/* A sparse file of 100 MB with the event at its beginning, out of reach; then at its end, behind a
 * line that is too long. */
START_TEST(test_big_file)
{
	static char line[PODMAN_EVENT_LINE_MAX * 3];
	off_t size = 100 << 20;
	int fd;

	begin();
	store_write_text(&store, "events.log", EVENT("first") "\n");
	ck_assert_int_eq(truncate(store_path(&store, "events.log"), size), 0);
	ck_assert_int_eq(read_events(ID), -ENOENT);

	memset(line, 'x', sizeof(line));
	fd = open(store_path(&store, "events.log"), O_WRONLY | O_APPEND | O_CLOEXEC);
	ck_assert_int_eq(write_all(fd, "\n" EVENT("last") "\n", strlen(EVENT("last")) + 2), 0);
	ck_assert_int_eq(write_all(fd, line, sizeof(line)), 0);
	ck_assert_int_eq(write_all(fd, "\nend\n", 5), 0);
	close(fd);
	ck_assert_int_eq(read_events(ID), 0);
	ck_assert_str_eq(metadata.name, "last");
	end();
}
END_TEST

START_TEST(test_deadline)
{
	begin();
	store_copy(&store, "events.log", "podman-4-events.jsonl");
	ck_assert_int_eq(
		podman_events_read(store.root, "events.log", getuid(), ID, 0, &metadata, &failure),
		-ETIMEDOUT);
	end();
}
END_TEST

/* Every split of a small file into lines, with windows of every small size. */
START_TEST(test_lines_backward)
{
	static const char text[] = "a\n\nbcd\nefghijklmnop\nq\n\nrs\ntuv";
	static const char *const lines[] = {"rs", "", "q", "efghijklmnop", "bcd", "", "a"};
	int fd;

	begin();
	store_write_text(&store, "lines", text);
	fd = open(store_path(&store, "lines"), O_RDONLY | O_CLOEXEC);
	for (size_t limit = 1; limit < 40; limit++) {
		_cleanup_lines_backward_ struct lines_backward reader = {0};
		const char *line;
		size_t length;

		ck_assert_int_eq(
			lines_backward_begin(&reader, fd, limit, 1000, deadline_in(60000)), 0);
		for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
			if (strlen(lines[i]) > limit)
				continue;
			ck_assert_int_eq(lines_backward_next(&reader, &line, &length), 1);
			ck_assert_msg(
				length == strlen(lines[i]) && memcmp(line, lines[i], length) == 0,
				"limit %zu: line %zu is '%.*s'", limit, i, (int)length, line);
		}
		ck_assert_int_eq(lines_backward_next(&reader, &line, &length), 0);
		ck_assert_int_eq(lines_backward_next(&reader, &line, &length), 0);
	}
	close(fd);
	end();
}
END_TEST

/* Only the end of the file is searched, and the line that the search begins in is not whole. */
START_TEST(test_lines_backward_search_limit)
{
	_cleanup_lines_backward_ struct lines_backward reader = {0};
	const char *line;
	size_t length;
	int fd;

	begin();
	store_write_text(&store, "lines", "one\ntwo\nthree\n");
	fd = open(store_path(&store, "lines"), O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(lines_backward_begin(&reader, fd, 100, 8, deadline_in(60000)), 0);
	ck_assert_int_eq(lines_backward_next(&reader, &line, &length), 1);
	ck_assert_uint_eq(length, 5);
	ck_assert_int_eq(lines_backward_next(&reader, &line, &length), 0);
	close(fd);
	end();
}
END_TEST

RUN_SUITE("podman_events", test_podman_4, test_podman_5_infra, test_not_there, test_forged,
	test_last_line_not_whole, test_wrong_types, test_big_file, test_deadline,
	test_lines_backward, test_lines_backward_search_limit)
