/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/place/tracepoint_format.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/policy/place/tracefs.h"
#include "lib/cleanup.h"
#include "lib/util.h"

/* "unsigned long args[6]", "__data_loc char[] name", "const char * filename" */
static int parse_declaration(const char *text, size_t length, struct tracepoint_format_field *field)
{
	char declaration[128], *name, *bracket;

	if (length >= sizeof(declaration))
		return -EINVAL;
	memcpy(declaration, text, length);
	declaration[length] = '\0';
	name = strrchr(declaration, ' ');
	if (!name)
		return -EINVAL;
	*name++ = '\0';
	bracket = strchr(name, '[');
	if (bracket) {
		*bracket = '\0';
		field->elements = (uint32_t)strtoul(bracket + 1, NULL, 0);
		if (!field->elements) /* a constant's name */
			field->elements = 1;
	}
	/* "unsigned char[] data", "u8[ETH_ALEN] address" */
	bracket = strchr(declaration, '[');
	field->is_data_loc = !strncmp(declaration, "__data_loc ", 11);
	if (bracket) {
		if (!field->is_data_loc)
			field->elements = MAX((uint32_t)strtoul(bracket + 1, NULL, 0), 1U);
		*bracket = '\0';
	}
	field->is_pointer = strchr(declaration, '*') != NULL;
	if (snprintf(field->type, sizeof(field->type), "%s",
		    declaration + (field->is_data_loc ? 11 : 0)) >= (int)sizeof(field->type) ||
		snprintf(field->name, sizeof(field->name), "%s", name) >= (int)sizeof(field->name))
		return -EINVAL;
	return 0;
}

/* field:int __syscall_nr;	offset:8;	size:4;	signed:1; */
static int parse_field(const char *line, struct tracepoint_format_field *field)
{
	const char *semicolon = strchr(line, ';');
	unsigned int is_signed;
	int r;

	if (!semicolon)
		return -EINVAL;
	r = parse_declaration(line, (size_t)(semicolon - line), field);
	if (r < 0)
		return r;
	if (sscanf(semicolon, "; offset:%u; size:%u; signed:%u;", &field->offset, &field->size,
		    &is_signed) != 3)
		return -EINVAL;
	field->is_signed = is_signed;
	return 0;
}

int tracepoint_format_parse(const char *text, struct tracepoint_format *ret_format)
{
	struct tracepoint_format format = {};

	for (const char *line = text; line; line = strchr(line, '\n')) {
		int r;

		line += strspn(line, "\n \t");
		if (!*line)
			break;
		if (strncmp(line, "field:", 6))
			continue;
		if (format.count == TRACEPOINT_FIELDS_MAX)
			return -EINVAL;
		r = parse_field(line + 6, &format.fields[format.count++]);
		if (r < 0)
			return r;
	}
	*ret_format = format;
	return format.count ? 0 : -EINVAL;
}

static int open_format(const char *subsystem, const char *event)
{
	char path[256];

	if (snprintf(path, sizeof(path), "events/%s/%s/format", subsystem, event) >=
		(int)sizeof(path))
		return -ENOENT;
	return tracefs_open(path);
}

bool tracepoint_exists(const char *subsystem, const char *event)
{
	_cleanup_close_ int fd = open_format(subsystem, event);

	return fd >= 0;
}

int tracepoint_format_read(const char *subsystem, const char *event,
	struct tracepoint_format *ret_format, struct error *error)
{
	_cleanup_close_ int fd = open_format(subsystem, event);
	_cleanup_free_ char *text = NULL;
	size_t length = 0;
	int r;

	if (!tracefs_is_there())
		return error_set(error, -ENOENT,
			"tracefs, which describes tracepoints, is not mounted on "
			"/sys/kernel/tracing, or this user may not read it");
	if (fd == -ENOENT)
		return error_set(
			error, -ENOENT, "this kernel has no tracepoint %s/%s", subsystem, event);
	if (fd < 0)
		return error_set(error, fd, "cannot read the format of tracepoint %s/%s: %s",
			subsystem, event, strerror(-fd));
	text = malloc(TRACEPOINT_FORMAT_MAX + 1);
	if (!text)
		return error_set(error, -ENOMEM, "out of memory");
	while (length < TRACEPOINT_FORMAT_MAX) {
		ssize_t n = read(fd, text + length, TRACEPOINT_FORMAT_MAX - length);

		if (n < 0)
			return error_set(error, -errno, "tracepoint %s/%s: %s", subsystem, event,
				strerror(errno));
		if (!n)
			break;
		length += (size_t)n;
	}
	text[length] = '\0';
	r = tracepoint_format_parse(text, ret_format);
	return r < 0 ? error_set(error, r, "the format of tracepoint %s/%s is not understood",
			       subsystem, event)
		     : 0;
}
