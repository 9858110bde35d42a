/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/proc_text.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "lib/util.h"

struct line {
	const char *text;
	size_t length;
};

/* Take the next line off the text; false at its end. */
static bool next_line(const char **text, size_t *length, struct line *ret)
{
	const char *newline;
	size_t used;

	if (!*length)
		return false;
	newline = memchr(*text, '\n', *length);
	ret->text = *text;
	ret->length = newline ? (size_t)(newline - *text) : *length;
	used = ret->length + (newline ? 1 : 0);
	*text += used;
	*length -= used;
	return true;
}

static bool starts_with(const struct line *line, const char *prefix, size_t prefix_length)
{
	return line->length >= prefix_length && !memcmp(line->text, prefix, prefix_length);
}

static bool ends_with(const struct line *line, const char *suffix, size_t suffix_length)
{
	return line->length >= suffix_length &&
	       !memcmp(line->text + line->length - suffix_length, suffix, suffix_length);
}

#define STARTS_WITH(line, literal) starts_with((line), "" literal, sizeof(literal) - 1)
#define ENDS_WITH(line, literal)   ends_with((line), "" literal, sizeof(literal) - 1)

int proc_text_cgroup(const char *text, size_t length, char *path, size_t size)
{
	struct line line;

	while (next_line(&text, &length, &line)) {
		if (!STARTS_WITH(&line, "0::/"))
			continue;
		line.text += strlen("0::");
		line.length -= strlen("0::");
		/* appended by the kernel when the directory is gone; a cgroup may be named so as
		 * well, and is then not found, which is what a gone one gets too */
		if (ENDS_WITH(&line, " (deleted)"))
			line.length -= strlen(" (deleted)");
		if (line.length >= size)
			return -ENAMETOOLONG;
		memcpy(path, line.text, line.length);
		path[line.length] = '\0';
		return 0;
	}
	return -ENODATA;
}

/* Take blanks and a decimal number off the line. */
static bool take_number(struct line *line, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i = 0, start;

	while (i < line->length && (line->text[i] == ' ' || line->text[i] == '\t'))
		i++;
	for (start = i; i < line->length && line->text[i] >= '0' && line->text[i] <= '9'; i++)
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(line->text[i] - '0'), &value))
			return false;
	if (i == start)
		return false;
	line->text += i;
	line->length -= i;
	*ret = value;
	return true;
}

static bool take_u32(struct line *line, uint32_t *ret)
{
	uint64_t value;

	if (!take_number(line, &value) || value > UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

static bool take_pid(struct line *line, pid_t *ret)
{
	uint64_t value;

	if (!take_number(line, &value) || value > INT_MAX)
		return false;
	*ret = (pid_t)value;
	return true;
}

enum {
	HAVE_NAME = 1 << 0,
	HAVE_TGID = 1 << 1,
	HAVE_PPID = 1 << 2,
	HAVE_UID = 1 << 3,
	HAVE_GID = 1 << 4,
	HAVE_ALL = (1 << 5) - 1,
};

/* Which field the line is, taken into `status`; 0 for another one, -EBADMSG for a broken one. */
static int status_line(struct line *line, struct proc_status *status)
{
	size_t length;

	if (STARTS_WITH(line, "Name:\t")) {
		length = MIN(line->length - strlen("Name:\t"), sizeof(status->name) - 1);
		memcpy(status->name, line->text + strlen("Name:\t"), length);
		status->name[length] = '\0';
		return HAVE_NAME;
	}
	if (STARTS_WITH(line, "Tgid:\t")) {
		*line = (struct line){line->text + 6, line->length - 6};
		return take_pid(line, &status->tgid) ? HAVE_TGID : -EBADMSG;
	}
	if (STARTS_WITH(line, "PPid:\t")) {
		*line = (struct line){line->text + 6, line->length - 6};
		return take_pid(line, &status->ppid) ? HAVE_PPID : -EBADMSG;
	}
	if (STARTS_WITH(line, "Uid:\t")) {
		*line = (struct line){line->text + 5, line->length - 5};
		return take_u32(line, &status->uid) && take_u32(line, &status->euid) &&
				       take_u32(line, &status->suid) &&
				       take_u32(line, &status->fsuid)
			       ? HAVE_UID
			       : -EBADMSG;
	}
	if (STARTS_WITH(line, "Gid:\t")) {
		*line = (struct line){line->text + 5, line->length - 5};
		return take_u32(line, &status->gid) ? HAVE_GID : -EBADMSG;
	}
	return 0;
}

int proc_text_status(const char *text, size_t length, struct proc_status *ret)
{
	struct proc_status status = {0};
	struct line line;
	int have = 0, r;

	/* The name comes first, and the kernel escapes newlines in it. */
	while (have != HAVE_ALL && next_line(&text, &length, &line)) {
		r = status_line(&line, &status);
		if (r < 0)
			return r;
		have |= r;
	}
	if (have != HAVE_ALL)
		return -EBADMSG;
	*ret = status;
	return 0;
}

int proc_text_start_ticks(const char *text, size_t length, uint64_t *ret_ticks)
{
	/* The second field is the name in parentheses, with anything in it: blanks and ")" too. No
	 * field after it has a ")". */
	const char *end_of_name = memrchr(text, ')', length);
	struct line rest;
	int field;

	if (!end_of_name)
		return -EBADMSG;
	rest = (struct line){end_of_name + 1, length - (size_t)(end_of_name + 1 - text)};
	for (field = 3; field < 22; field++) {
		const char *blank;
		size_t used;

		if (!rest.length || rest.text[0] != ' ')
			return -EBADMSG;
		blank = memchr(rest.text + 1, ' ', rest.length - 1);
		if (!blank)
			return -EBADMSG;
		used = (size_t)(blank - rest.text);
		rest = (struct line){blank, rest.length - used};
	}
	return take_number(&rest, ret_ticks) ? 0 : -EBADMSG;
}

int proc_text_u32(const char *text, size_t length, uint32_t *ret)
{
	struct line line = {text, length};
	uint32_t value;

	if (!take_u32(&line, &value))
		return -EBADMSG;
	if (line.length > 1 || (line.length == 1 && line.text[0] != '\n'))
		return -EBADMSG;
	*ret = value;
	return 0;
}

int proc_text_pidfd(const char *text, size_t length, pid_t *ret_pid)
{
	struct line line;
	pid_t pid;

	while (next_line(&text, &length, &line)) {
		if (!STARTS_WITH(&line, "Pid:\t"))
			continue;
		line.text += strlen("Pid:\t");
		line.length -= strlen("Pid:\t");
		if (line.length == 2 && !memcmp(line.text, "-1", 2))
			return -ESRCH;
		if (!take_pid(&line, &pid))
			return -EBADMSG;
		if (!pid)
			return -ESRCH;
		*ret_pid = pid;
		return 0;
	}
	return -EBADMSG;
}
