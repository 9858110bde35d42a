/* SPDX-License-Identifier: Apache-2.0 */
#include "actor.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct line {
	char *data;
	size_t length, capacity;
};

void die(const char *what)
{
	dprintf(STDERR_FILENO, "%s: %s\n", what, strerror(errno));
	_exit(125);
}

static void put(struct line *line, const char *data, size_t length)
{
	if (line->capacity - line->length < length) {
		line->capacity = (line->capacity + length) * 2;
		line->data = realloc(line->data, line->capacity);
		if (!line->data)
			die("realloc");
	}
	memcpy(line->data + line->length, data, length);
	line->length += length;
}

static void put_text(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

static void put_number(struct line *line, const char *key, long value)
{
	char text[64];

	snprintf(text, sizeof(text), ",\"%s\":%ld", key, value);
	put_text(line, text);
}

static void put_base64(struct line *line, const char *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *bytes = (const unsigned char *)text;
	size_t left = strlen(text);

	put_text(line, "\"");
	for (; left; bytes += 3) {
		size_t now = left < 3 ? left : 3;
		uint32_t group = (uint32_t)bytes[0] << 16 |
				 (now > 1 ? (uint32_t)bytes[1] << 8 : 0) | (now > 2 ? bytes[2] : 0);
		char quad[4] = {digits[group >> 18], digits[group >> 12 & 63],
			now > 1 ? digits[group >> 6 & 63] : '=',
			now > 2 ? digits[group & 63] : '='};

		put(line, quad, 4);
		left -= now;
	}
	put_text(line, "\"");
}

void report(const char *actor, const struct report *report)
{
	struct line line = {0};

	put_text(&line, "{\"actor\":\"");
	put_text(&line, actor);
	put_text(&line, "\"");
	if (report->pid)
		put_number(&line, "pid", report->pid);
	if (report->argv) {
		put_text(&line, ",\"argv\":[");
		for (char *const *argument = report->argv; *argument; argument++) {
			if (argument != report->argv)
				put_text(&line, ",");
			put_base64(&line, *argument);
		}
		put_text(&line, "]");
	}
	if (report->binary) {
		put_text(&line, ",\"binary\":");
		put_base64(&line, report->binary);
	}
	if (report->cwd) {
		put_text(&line, ",\"cwd\":");
		put_base64(&line, report->cwd);
	}
	if (report->status)
		put_number(&line, "status", *report->status);
	put_text(&line, "}\n");
	for (size_t done = 0; done < line.length;) {
		ssize_t n = write(STDOUT_FILENO, line.data + done, line.length - done);

		if (n < 0)
			die("write");
		done += (size_t)n;
	}
	free(line.data);
}

pid_t run(void (*act)(void *data), void *data, int *ret_status)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		act(data);
		die("the act returned");
	}
	if (waitpid(pid, ret_status, 0) != pid)
		die("waitpid");
	return pid;
}

struct exec {
	const char *binary;
	char *const *argv;
};

static void act_exec(void *data)
{
	struct exec *exec = data;

	execve(exec->binary, exec->argv, environ);
	die(exec->binary);
}

void run_exec(const char *actor, const char *binary, char *const argv[], const char *cwd)
{
	struct exec exec = {binary, argv};
	int status;
	pid_t pid = run(act_exec, &exec, &status);

	report(actor, &(struct report){pid, argv, binary, cwd, &status});
}

char *current_directory(void)
{
	char *cwd = getcwd(NULL, 0);

	if (!cwd)
		die("getcwd");
	return cwd;
}

int parse_int(const char *text)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < 0 || value > INT_MAX) {
		errno = EINVAL;
		die(text);
	}
	return (int)value;
}

void need_arguments(int argc, char *argv[], int count, const char *usage)
{
	if (argc - 1 == count)
		return;
	dprintf(STDERR_FILENO, "Usage: %s %s\n", argv[0], usage);
	exit(2);
}
