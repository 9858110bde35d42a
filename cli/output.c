/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "lib/fd.h"

bool colour_mode_parse(const char *text, enum colour_mode *ret_mode)
{
	if (!strcmp(text, "auto"))
		*ret_mode = COLOUR_AUTO;
	else if (!strcmp(text, "always"))
		*ret_mode = COLOUR_ALWAYS;
	else if (!strcmp(text, "never"))
		*ret_mode = COLOUR_NEVER;
	else
		return false;
	return true;
}

bool colour_wanted(enum colour_mode mode)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (mode != COLOUR_AUTO)
		return mode == COLOUR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb");
}

void colour_begin(struct buf *buf, bool colour, const char *code)
{
	if (colour)
		buf_printf(buf, "\033[%sm", code);
}

void colour_end(struct buf *buf, bool colour)
{
	if (colour)
		buf_append_literal(buf, "\033[0m");
}

void output_flush(struct buf *buf)
{
	int rc;

	if (buf->failed) {
		fprintf(stderr, "tallyman: out of memory\n");
		exit(CLI_FAILED);
	}
	rc = buf->length ? write_all(STDOUT_FILENO, buf->data, buf->length) : 0;
	if (rc == -EPIPE)
		exit(CLI_OK);
	if (rc) {
		fprintf(stderr, "tallyman: standard output: %s\n", strerror(-rc));
		exit(CLI_FAILED);
	}
	buf_clear(buf);
}

bool output_closed(void)
{
	struct pollfd fd = {.fd = STDOUT_FILENO};

	return poll(&fd, 1, 0) == 1 && fd.revents & (POLLERR | POLLNVAL);
}
