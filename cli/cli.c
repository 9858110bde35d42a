/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/text.h"

static void print_message(const char *prefix, const char *format, va_list arguments)
{
	struct buf text = {0}, safe = {0};
	char line[1024];

	vsnprintf(line, sizeof(line), format, arguments);
	/* What the user typed and what the daemon answers can hold anything. */
	for (char *c = line; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	text_json(&safe, line, strlen(line));
	buf_printf(&text, "%s%.*s\n", prefix, (int)safe.length, safe.data ? safe.data : "");
	if (!text.failed)
		fwrite(text.data, 1, text.length, stderr);
	buf_done(&text);
	buf_done(&safe);
}

int cli_usage_error(const struct cli *cli, const char *format, ...)
{
	const char *blank = *cli->verb ? " " : "";
	char prefix[64];
	va_list arguments;

	snprintf(prefix, sizeof(prefix), "tallyman%s%s: ", blank, cli->verb);
	va_start(arguments, format);
	print_message(prefix, format, arguments);
	va_end(arguments);
	fprintf(stderr, "Try `tallyman%s%s --help`.\n", blank, cli->verb);
	return CLI_USAGE;
}

int cli_failed(const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	va_start(arguments, format);
	print_message("tallyman: ", format, arguments);
	va_end(arguments);
	return CLI_FAILED;
}
