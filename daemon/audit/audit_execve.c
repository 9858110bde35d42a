/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/audit/audit_execve.h"

#include "lib/audit_text.h"
#include "lib/util.h"

/* Text of one record; the kernel's own number. */
#define EXECVE_LENGTH_MAX 7500
/* ` a2147483647_len=4294967295 a2147483647[4294967295]=""` */
#define ARGUMENT_NAME_MAX   64
#define ARGUMENT_LENGTH_MAX (EXECVE_LENGTH_MAX - ARGUMENT_NAME_MAX)

/* Where the EXECVE record being written began, to know when to begin another. */
struct execve {
	struct audit_lines *lines;
	size_t start;
	unsigned argument;
};

/* Whether an argument of so many encoded bytes still fits, the empty one and its name too. */
static bool execve_fits(const struct execve *execve, size_t encoded)
{
	return execve->lines->buf->length - execve->start + ARGUMENT_NAME_MAX + encoded <=
	       EXECVE_LENGTH_MAX;
}

static void execve_start(struct execve *execve)
{
	audit_line_start(execve->lines, "EXECVE");
	execve->start = execve->lines->buf->length;
}

static void execve_next(struct execve *execve)
{
	audit_line_end(execve->lines);
	execve_start(execve);
}

static void argument_value(struct buf *buf, const char *value, size_t length, bool safe)
{
	if (!safe) {
		audit_hex(buf, value, length);
		return;
	}
	buf_append_char(buf, '"');
	buf_append(buf, value, length);
	buf_append_char(buf, '"');
}

/* An argument longer than a record: ` aN_len=LENGTH aN[0]=…`, in further records ` aN[1]=…`, as the
 * kernel does. */
static void long_argument(struct execve *execve, const char *value, size_t length, bool safe)
{
	struct buf *buf = execve->lines->buf;
	unsigned piece = 0;
	size_t done = 0;

	while (done < length && !buf->failed) {
		size_t room, more;

		if (!execve_fits(execve, 2))
			execve_next(execve);
		room = ARGUMENT_LENGTH_MAX - (buf->length - execve->start);
		more = MIN(length - done, safe ? room : room / 2);
		if (!done) {
			audit_number(buf, " a", execve->argument);
			audit_number(buf, "_len=", length);
		}
		audit_number(buf, " a", execve->argument);
		audit_number(buf, "[", piece++);
		buf_append_literal(buf, "]=");
		argument_value(buf, value + done, more, safe);
		done += more;
	}
}

static void argument(struct execve *execve, const char *value, size_t length)
{
	bool safe = audit_text_is_safe(value, length);
	size_t encoded = safe ? length : 2 * length;

	if (encoded > ARGUMENT_LENGTH_MAX) {
		long_argument(execve, value, length, safe);
	} else {
		if (!execve_fits(execve, encoded))
			execve_next(execve);
		audit_number(execve->lines->buf, " a", execve->argument);
		buf_append_char(execve->lines->buf, '=');
		argument_value(execve->lines->buf, value, length, safe);
	}
	execve->argument++;
}

void audit_execve_lines(struct audit_lines *lines, const struct exec_image *image)
{
	const char *next = exec_image_text(image, image->arguments);
	const char *end = next + image->arguments.length;
	struct execve execve = {.lines = lines};

	execve_start(&execve);
	audit_number(lines->buf, "argc=", image->argc);
	while (next < end && !lines->buf->failed) {
		const char *nul = memchr(next, '\0', (size_t)(end - next));
		size_t length = (size_t)((nul ? nul : end) - next);

		argument(&execve, next, length);
		next += length + 1;
	}
	audit_line_end(lines);
}
