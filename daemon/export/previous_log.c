/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export/previous_log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "lib/cleanup.h"
#include "lib/fd.h"
#include "lib/json.h"
#include "lib/util.h"

/* A line with the longest command line there is, in both forms: more than this is not looked at. */
#define TAIL_MAX (4u << 20)

static uint64_t parse_time(const char *text)
{
	struct tm tm = {};
	const char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	uint64_t fraction = 0, scale = NSEC_PER_SEC;

	if (!rest)
		return 0;
	if (*rest == '.')
		for (rest++; *rest >= '0' && *rest <= '9' && scale > 1; rest++) {
			scale /= 10;
			fraction += (uint64_t)(*rest - '0') * scale;
		}
	return (uint64_t)timegm(&tm) * NSEC_PER_SEC + fraction;
}

static bool parse_line(const char *line, size_t length, struct previous_log *ret)
{
	_cleanup_json_ struct json_document *document = NULL;
	const struct json_value *root;
	const char *stream;
	uint64_t sequence;

	if (json_parse(line, length, NULL, &document, NULL) < 0)
		return false;
	root = json_root(document);
	stream = json_text(json_get(root, "stream"));
	if (!stream || json_u64(json_get(root, "sequence"), &sequence) < 0)
		return false;
	ret->found = true;
	ret->clean = json_get(root, "daemon_stop") != NULL;
	ret->last_sequence = sequence;
	ret->last_time = parse_time(json_text(json_get(root, "time")));
	snprintf(ret->stream, sizeof(ret->stream), "%s", stream);
	return true;
}

/* The last line that can be understood; the first piece of a tail may be half a line. */
static bool parse_tail(const char *tail, size_t length, struct previous_log *ret)
{
	while (length) {
		const char *newline;

		if (tail[length - 1] == '\n')
			length--;
		newline = memrchr(tail, '\n', length);
		if (!newline)
			return length && parse_line(tail, length, ret);
		if (parse_line(newline + 1, length - (size_t)(newline + 1 - tail), ret))
			return true;
		length = (size_t)(newline + 1 - tail);
	}
	return false;
}

void previous_log_read(const char *path, struct previous_log *ret)
{
	_cleanup_close_ int fd = open_regular(AT_FDCWD, path, (uid_t)-1);
	_cleanup_buf_ struct buf tail = {};
	struct stat status;

	memset(ret, 0, sizeof(*ret));
	if (fd < 0 || fstat(fd, &status) < 0)
		return;
	/* Most lines are short: the end first, and more only if that has no whole line. */
	for (off_t size = 65536; size <= TAIL_MAX; size *= 8) {
		off_t start = status.st_size > size ? status.st_size - size : 0;

		buf_clear(&tail);
		if (lseek(fd, start, SEEK_SET) < 0 || read_fd_limited(fd, TAIL_MAX, &tail) < 0)
			return;
		if (parse_tail(tail.data, tail.length, ret) || !start)
			return;
	}
}
