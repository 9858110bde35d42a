/* SPDX-License-Identifier: Apache-2.0 */
/* exec-arguments count N: N arguments after the name, each another.
 * exec-arguments bytes N: argv of exactly N bytes, each argument's NUL included, in arguments of at
 * most 100,000 bytes (the kernel refuses more than 128 KiB in one). */
#include "actor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENT_MAX 100000

static char *filled(size_t length, unsigned number)
{
	char *text = malloc(length + 1);

	if (!text)
		die("malloc");
	for (size_t i = 0; i < length; i++)
		text[i] = (char)('a' + (i + number) % 26);
	text[length] = 0;
	return text;
}

static char **arguments_of_count(int count)
{
	char **argv = calloc((size_t)count + 2, sizeof(char *));

	if (!argv)
		die("calloc");
	argv[0] = "nothing";
	for (int i = 1; i <= count; i++) {
		char text[32];

		snprintf(text, sizeof(text), "argument-%d", i);
		argv[i] = strdup(text);
	}
	return argv;
}

static char **arguments_of_bytes(int bytes)
{
	size_t left = (size_t)bytes;
	char **argv = calloc(left / ARGUMENT_MAX + 3, sizeof(char *));
	unsigned count = 0;

	if (!argv || !left)
		die("calloc");
	while (left) {
		size_t now = left < ARGUMENT_MAX ? left : ARGUMENT_MAX;

		argv[count] = filled(now - 1, count);
		count++;
		left -= now;
	}
	return argv;
}

int main(int argc, char *argv[])
{
	int number;
	bool count;

	need_arguments(argc, argv, 2, "count|bytes N");
	number = parse_int(argv[2]);
	count = !strcmp(argv[1], "count");
	run_exec(count ? "exec-count" : "exec-bytes", NOTHING,
		count ? arguments_of_count(number) : arguments_of_bytes(number),
		current_directory());
	return 0;
}
