/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket: what it answers, and what hostile clients cannot do to it. */
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/api/varlink.h"
#include "tests/unit/control-server.h"
#include "tests/unit/unit.h"

#define CALL(method) "{\"method\":\"" method "\"}"
#define GET_VERSION  CALL("io.tallyman.GetVersion")

/* Another client is answered, whatever the others do. */
static void assert_serving(void)
{
	struct test_client client = client_open();

	ck_assert_ptr_null(client_error(&client, GET_VERSION));
	client_close(&client);
}

static struct control_counters counters(void)
{
	struct control_counters result;

	control_counters_get(server.control, &result);
	return result;
}

START_TEST(test_methods)
{
	struct test_client client = client_open();
	const struct json_value *parameters;
	const char *description;

	ck_assert_ptr_null(client_error(&client, CALL("org.varlink.service.GetInfo")));
	parameters = json_get(json_root(client.document), "parameters");
	ck_assert_uint_eq(json_count(json_get(parameters, "interfaces")), 2);
	ck_assert_ptr_nonnull(json_text(json_get(parameters, "version")));
	ck_assert_ptr_null(
		client_error(&client, "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
				      "\"parameters\":{\"interface\":\"io.tallyman\"}}"));
	description =
		json_text(json_path(json_root(client.document), "parameters", "description", NULL));
	ck_assert_ptr_nonnull(strstr(description, "\ninterface io.tallyman\n"));
	ck_assert_ptr_nonnull(strstr(description, "\"subscriber\"")); /* quotes survive */
	ck_assert_ptr_null(client_error(&client, GET_VERSION));
	parameters = json_get(json_root(client.document), "parameters");
	ck_assert_str_eq(json_text(json_get(parameters, "stream")), "S");
	ck_assert_ptr_null(client_error(&client, CALL("io.tallyman.GetStatus")));
	ck_assert_str_eq(json_text(json_path(
				 json_root(client.document), "parameters", "status", "name", NULL)),
		"status");
	ck_assert_ptr_null(client_error(&client, CALL("io.tallyman.ListContainers")));
	ck_assert_uint_eq(
		json_count(json_path(json_root(client.document), "parameters", "containers", NULL)),
		1);
	ck_assert_ptr_null(client_error(&client,
		"{\"method\":\"io.tallyman.ListContainers\",\"parameters\":{\"all\":true}}"));
	ck_assert_uint_eq(
		json_count(json_path(json_root(client.document), "parameters", "containers", NULL)),
		2);
	client_close(&client);
}
END_TEST

START_TEST(test_errors)
{
	static const struct {
		const char *call, *error;
	} cases[] = {
		{CALL("io.tallyman.Delete"), "org.varlink.service.MethodNotFound"},
		{CALL(""), "org.varlink.service.MethodNotFound"},
		{CALL("GetVersion"), "org.varlink.service.MethodNotFound"},
		{CALL("org.varlink.service.GetInterfaceDescription"),
			"org.varlink.service.InvalidParameter"},
		{"{\"method\":\"org.varlink.service.GetInterfaceDescription\","
		 "\"parameters\":{\"interface\":\"x.y\"}}",
			"org.varlink.service.InterfaceNotFound"},
		{"{\"method\":\"io.tallyman.GetVersion\",\"parameters\":{\"x\":1}}",
			"org.varlink.service.InvalidParameter"},
		{"{\"method\":\"io.tallyman.ListContainers\",\"parameters\":{\"all\":1}}",
			"org.varlink.service.InvalidParameter"},
		{"{\"method\":\"io.tallyman.ListProcesses\",\"parameters\":{\"container\":{}}}",
			"org.varlink.service.InvalidParameter"},
		{"{\"method\":\"io.tallyman.ListProcesses\",\"parameters\":{\"container\":\"no\"}}",
			"io.tallyman.NoSuchContainer"},
		{CALL("io.tallyman.SubscribeEvents"), "org.varlink.service.ExpectedMore"},
		{"{\"method\":\"io.tallyman.SubscribeEvents\",\"more\":true,"
		 "\"parameters\":{\"kinds\":[\"process_exec\",\"x\"]}}",
			"org.varlink.service.InvalidParameter"},
		{"{\"method\":\"io.tallyman.SubscribeEvents\",\"more\":true,"
		 "\"parameters\":{\"kinds\":\"process_exec\"}}",
			"org.varlink.service.InvalidParameter"},
		{"{\"method\":\"io.tallyman.SubscribeEvents\",\"more\":true,"
		 "\"parameters\":{\"deny_list\":\"{\\\"binary_regex\\\":[\\\"(\\\"]}\"}}",
			"org.varlink.service.InvalidParameter"},
	};
	struct test_client client = client_open();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *error = client_error(&client, cases[i].call);

		ck_assert_msg(error && !strcmp(error, cases[i].error), "%s: %s", cases[i].call,
			error ? error : "no error");
	}
	ck_assert_uint_eq(counters().subscribers, 0);
	/* null is "not given"; oneway gets no answer */
	ck_assert_ptr_null(client_error(&client,
		"{\"method\":\"io.tallyman.ListContainers\",\"parameters\":{\"all\":null}}"));
	client_call(&client, "{\"method\":\"io.tallyman.GetStatus\",\"oneway\":true}");
	ck_assert_ptr_null(client_error(&client, GET_VERSION));
	ck_assert_ptr_nonnull(json_path(json_root(client.document), "parameters", "version", NULL));
	client_close(&client);
}
END_TEST

START_TEST(test_garbage_is_closed)
{
	static const char *const garbage[] = {"", "x", "null", "[]", "{}", "\xff\xfe",
		"{\"method\":1}", "{\"method\":\"a\",\"method\":\"b\"}",
		"{\"method\":\"a\",\"parameters\":[]}", "{\"method\":\"a\",\"more\":\"yes\"}",
		"{\"method\":\"io.tallyman.GetVersion\"}}",
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["};

	for (size_t i = 0; i < ARRAY_SIZE(garbage); i++) {
		struct test_client client = client_open();

		client_call(&client, garbage[i]);
		ck_assert_msg(client_is_closed(&client), "%s", garbage[i]);
		client_close(&client);
	}
	ck_assert_uint_eq(counters().clients, 0);
	assert_serving();
}
END_TEST

START_TEST(test_endless_request)
{
	struct test_client client = client_open();
	static char zeros[65536];
	size_t sent = 0;

	memset(zeros, 'a', sizeof(zeros));
	while (!client.closed && sent < (100u << 20)) {
		sent += client_write(&client, zeros, sizeof(zeros));
		pump();
	}
	ck_assert(client.closed);
	ck_assert_uint_lt(sent, VARLINK_REQUEST_MAX_ROOT + (4u << 20)); /* and what sockets hold */
	client_close(&client);
	assert_serving();
}
END_TEST

START_TEST(test_halves_of_requests)
{
	struct test_client client = client_open();
	const char call[] = GET_VERSION;

	for (size_t i = 0; i < sizeof(call); i++) {
		ck_assert_uint_eq(client_write(&client, call + i, 1), 1);
		pump();
	}
	ck_assert_ptr_null(json_get(client_reply(&client), "error"));
	client_write(&client, call, 10);
	ck_assert_int_eq(shutdown(client.fd, SHUT_WR), 0);
	ck_assert(client_is_closed(&client));
	client_close(&client);
	/* the whole call, then the end: answered all the same */
	client = client_open();
	client_call(&client, GET_VERSION);
	ck_assert_int_eq(shutdown(client.fd, SHUT_WR), 0);
	ck_assert_ptr_null(json_get(client_reply(&client), "error"));
	ck_assert(client_is_closed(&client));
	client_close(&client);
	ck_assert_uint_eq(counters().clients, 0);
}
END_TEST

START_TEST(test_many_calls_at_once)
{
	struct test_client client = client_open();
	_cleanup_buf_ struct buf calls = {0};

	for (int i = 0; i < 1000; i++)
		if (i % 2)
			buf_append(&calls, GET_VERSION, sizeof(GET_VERSION));
		else
			buf_append(&calls, CALL("io.tallyman.No"), sizeof(CALL("io.tallyman.No")));
	for (size_t sent = 0; sent < calls.length; pump())
		sent += client_write(&client, calls.data + sent, calls.length - sent);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(!json_get(client_reply(&client), "error"), i % 2);
	client_close(&client);
}
END_TEST

START_TEST(test_thousands_of_connections)
{
	const struct rlimit limit = {.rlim_cur = 4096, .rlim_max = 4096};
	static int fds[3000];
	int count = 0;

	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < 3000; i++) {
		int fd = client_connect();

		if (fd == -EAGAIN) { /* the backlog is full */
			pump();
			fd = client_connect();
		}
		if (fd == -EMFILE)
			break;
		ck_assert_int_ge(fd, 0);
		fds[count++] = fd;
		if (i % 100 == 0)
			pump();
	}
	pump();
	ck_assert_int_gt(count, 1000);
	ck_assert_uint_le(counters().clients, 64);
	assert_serving(); /* the one idle longest makes room */
	for (int i = 0; i < count; i++)
		close(fds[i]);
	pump();
	ck_assert_uint_eq(counters().clients, 0);
}
END_TEST

START_TEST(test_client_that_never_reads)
{
	struct test_client client = client_open();
	_cleanup_buf_ struct buf calls = {0};
	size_t sent, total = 0, length;
	uint64_t replies = 0, asked;
	const char *text;

	for (int i = 0; i < 2000; i++)
		buf_append(&calls,
			"{\"method\":\"org.varlink.service.GetInterfaceDescription\","
			"\"parameters\":{\"interface\":\"io.tallyman\"}}",
			sizeof("{\"method\":\"org.varlink.service.GetInterfaceDescription\","
			       "\"parameters\":{\"interface\":\"io.tallyman\"}}"));
	do { /* until neither side moves */
		sent = client_write(&client, calls.data + total, calls.length - total);
		total += sent;
		asked = counters().requests;
		pump();
	} while (sent || counters().requests != asked);
	ck_assert_uint_lt(counters().requests, 2000); /* it does not answer into the void */
	assert_serving();
	while (client_read(&client, &text, &length) || total < calls.length) {
		total += client_write(&client, calls.data + total, calls.length - total);
		replies++;
	}
	ck_assert_uint_ge(replies, 2000);
	ck_assert(!client.closed);
	client_close(&client);
}
END_TEST

START_TEST(test_long_list)
{
	struct test_client client = client_open();
	uint64_t count = 0, replies = 0;
	bool continues = true;

	server.processes = 20000;
	client_call(&client, "{\"method\":\"io.tallyman.ListProcesses\",\"more\":true}");
	while (continues) {
		const struct json_value *reply = client_reply(&client);
		const struct json_value *list = json_path(reply, "parameters", "processes", NULL);

		for (size_t i = 0; i < json_count(list); i++) {
			uint64_t pid;

			ck_assert_int_eq(json_u64(json_get(json_at(list, i), "pid"), &pid), 0);
			ck_assert_uint_eq(pid, count++);
		}
		continues = json_is_true(json_get(reply, "continues"));
		replies++;
		ck_assert_uint_le(client.in.capacity, 4u << 20);
	}
	ck_assert_uint_eq(count, 20000);
	ck_assert_uint_ge(replies, 30); /* about 64 KiB each */
	ck_assert_str_eq(
		client_error(&client, CALL("io.tallyman.ListProcesses")), "io.tallyman.TooMany");
	server.processes = 100;
	ck_assert_ptr_null(client_error(&client, CALL("io.tallyman.ListProcesses")));
	ck_assert_uint_eq(
		json_count(json_path(json_root(client.document), "parameters", "processes", NULL)),
		100);
	server.processes = 0;
	ck_assert_ptr_null(
		client_error(&client, "{\"method\":\"io.tallyman.ListProcesses\",\"more\":true}"));
	client_close(&client);
}
END_TEST

START_TEST(test_list_that_nobody_reads)
{
	struct test_client client = client_open();

	server.processes = 1000000;
	client_call(&client, "{\"method\":\"io.tallyman.ListProcesses\",\"more\":true}");
	pump();
	ck_assert_uint_lt(server.walks, 64); /* it waits for the reader */
	assert_serving();
	client_close(&client);
	ck_assert_uint_eq(counters().clients, 0);
}
END_TEST

/* As a daemon that was killed does. */
static void leave_socket_behind(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_uint_lt(strlen(path), sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path));
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

START_TEST(test_socket_file)
{
	struct control *second = NULL;
	struct error error = {0};
	char path[128];
	struct stat status;

	snprintf(path, sizeof(path), "%s/control.sock", server.directory);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	ck_assert_int_eq(
		control_start(server.loop, &server.config, &server.handlers, "T", &second, &error),
		-EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(error.message, path));
	ck_assert_ptr_null(second);
	assert_serving(); /* the failed one took nothing away */

	server.control = control_stop(server.control);
	ck_assert_int_ne(stat(path, &status), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(control_start(server.loop, &server.config, &server.handlers, "T",
				 &server.control, &error),
		-ENOTSOCK);
	rmdir(path);
	leave_socket_behind(path);
	if (geteuid() == 0 && getgrnam("daemon"))
		server.config.group = (char *)"daemon";
	ck_assert_int_eq(control_start(server.loop, &server.config, &server.handlers, "T",
				 &server.control, &error),
		0);
	ck_assert_int_eq(stat(path, &status), 0);
	if (server.config.group) {
		ck_assert_uint_eq(status.st_mode & 07777, 0660);
		ck_assert_uint_eq(status.st_gid, getgrnam("daemon")->gr_gid);
	}
	assert_serving();
}
END_TEST

RUN_SUITE_IN(server_start, server_stop, "control", test_methods, test_errors,
	test_garbage_is_closed, test_endless_request, test_halves_of_requests,
	test_many_calls_at_once, test_thousands_of_connections, test_client_that_never_reads,
	test_long_list, test_list_that_nobody_reads, test_socket_file)
