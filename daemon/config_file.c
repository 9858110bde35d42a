/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libinih finds sections and keys. It is forgiving where a configuration must not be: a line beyond
 * its buffer (200 bytes as built by Debian) is cut, so are section and key names of 50 bytes and
 * more; text after `[section]` and a section without keys are passed over; an indented line is a
 * part of the value above, whatever was meant; and what it takes for a comment in an indented line
 * differs between its versions. So the function that hands it the lines refuses what it would pass
 * over, and values are taken from the line itself: libinih sees an "x" in their place.
 */
#include "daemon/config_file.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_filters.h"
#include "daemon/config_keys.h"
#include "daemon/config_value.h"
#include "lib/buf.h"
#include "lib/fd.h"
#include "lib/util.h"

#define BLANKS	  " \t\r\n"
#define NAMES_MAX 320

struct parser {
	struct config *config;
	const char *path;
	const char *rest, *end; /* of the file */
	const char *line;
	size_t line_length;
	unsigned int line_number;
	bool continues; /* the line is indented: it belongs to the value above */

	const struct config_key *key; /* of the value that may still go on; NULL: none */
	unsigned int key_line, last_line;
	size_t key_column; /* of the value, from 0 */
	struct buf value;
	bool seen[CONFIG_KEYS_MAX];

	int code;
	unsigned int code_line;
	struct error *error;
};

__attribute__((format(printf, 2, 3))) static void fail(
	struct parser *parser, const char *format, ...)
{
	char message[ERROR_MESSAGE_MAX];
	va_list arguments;

	if (parser->code < 0)
		return;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	parser->code_line = parser->line_number;
	parser->code = error_set(
		parser->error, -EINVAL, "%s:%u: %s", parser->path, parser->line_number, message);
}

/* In a text with as many lines and columns before it as the value has in the file, each place is
 * the place in the file. */
static int check_filters(struct parser *parser, const char *value, struct error *error)
{
	_cleanup_buf_ struct buf padded = {.limit = 3 * CONFIG_FILE_MAX};

	for (unsigned int i = 1; i < parser->key_line; i++)
		buf_append_char(&padded, '\n');
	for (size_t i = 0; i < parser->key_column; i++)
		buf_append_char(&padded, ' ');
	buf_append_string(&padded, value);
	if (!buf_string(&padded))
		return error_set(error, -ENOMEM, "no memory");
	return config_filters_check(parser->key, padded.data, error);
}

/* The value is whole: take it. */
static void finish_value(struct parser *parser)
{
	struct error inner = {};
	const char *text;
	int r;

	if (!parser->key || parser->code < 0)
		return;
	text = buf_string(&parser->value);
	if (text)
		r = config_value_set(parser->config, parser->key, text, &inner);
	else
		r = error_set(&inner, -ENOMEM, "no memory");
	if (r == 0 && parser->key->type == CONFIG_JSON) {
		r = check_filters(parser, text, &inner);
		if (r < 0) {
			parser->code_line = parser->key_line;
			parser->code =
				error_set(parser->error, r, "%s:%s", parser->path, inner.message);
		}
	}
	parser->key = NULL;
	if (r == 0 || parser->code < 0)
		return;
	parser->code_line = parser->key_line;
	parser->code = error_set(
		parser->error, r, "%s:%u: %s", parser->path, parser->key_line, inner.message);
}

static void check_section_line(struct parser *parser)
{
	const char *name = parser->line + 1, *close, *after;
	size_t room = parser->line_length - 1;
	char names[NAMES_MAX], section[64];

	finish_value(parser);
	close = memchr(name, ']', room);
	if (!close) {
		fail(parser, "a section is written [name]");
		return;
	}
	if ((size_t)(close - name) >= sizeof(section)) {
		fail(parser, "the name of the section is too long");
		return;
	}
	memcpy(section, name, (size_t)(close - name));
	section[close - name] = '\0';
	if (!config_section_known(section)) {
		fail(parser, "[%s]: unknown section, allowed: %s", section,
			config_section_names(names, sizeof(names)));
		return;
	}
	after = close + 1;
	while (after < name + room && strchr(BLANKS, *after))
		after++;
	if (after < name + room && *after != ';' && *after != '#')
		fail(parser, "text after [%s]: a key goes on a line of its own", section);
}

static size_t indent_of(const struct parser *parser)
{
	size_t length = 0;

	while (length < parser->line_length && strchr(BLANKS, parser->line[length]))
		length++;
	return length;
}

/* What libinih would not complain about. */
static void check_line(struct parser *parser)
{
	size_t indent = indent_of(parser);
	char first;

	parser->continues = false;
	if (memchr(parser->line, '\0', parser->line_length)) {
		fail(parser, "has a NUL byte");
		return;
	}
	first = indent < parser->line_length ? parser->line[indent] : '\n';
	if (first == '\n' || first == ';' || first == '#')
		return;
	if (!indent && first == '[') {
		check_section_line(parser);
		return;
	}
	if (!indent) {
		finish_value(parser);
		return;
	}
	parser->continues = true;
	if (!parser->key)
		fail(parser, "an indented line goes on with the value above, and there is none");
	else if (parser->key->type != CONFIG_JSON && parser->key->type != CONFIG_PATH_LIST &&
		 parser->key->type != CONFIG_NAME_LIST)
		fail(parser,
			"%s.%s: an indented line goes on with the value above, and this one "
			"cannot; "
			"keys begin in the first column",
			parser->key->section, parser->key->name);
}

/* What libinih is given for the line: section, key or comment as they are, "x" for a value. */
static bool stand_in(const struct parser *parser, char *line, size_t size)
{
	size_t length = 0;

	if (parser->continues)
		return snprintf(line, size, " x\n") > 0;
	if (!parser->line_length || strchr("#;" BLANKS, parser->line[0]))
		return snprintf(line, size, "\n") > 0;
	if (parser->line[0] == '[')
		return snprintf(line, size, "%.*s\n", (int)MIN(parser->line_length, size / 2),
			       parser->line) > 0;
	while (length < parser->line_length && !strchr("=:", parser->line[length]))
		length++;
	if (length > size / 2)
		return false;
	/* with the = or :, if there is one */
	length = MIN(length + 1, parser->line_length);
	return snprintf(line, size, "%.*s x\n", (int)length, parser->line) > 0;
}

/* libinih's fgets(): one line with its newline into `line`, NULL at the end. */
static char *read_line(char *line, int size, void *stream)
{
	struct parser *parser = stream;
	const char *newline;

	if (parser->code < 0 || parser->rest == parser->end)
		return NULL;
	newline = memchr(parser->rest, '\n', (size_t)(parser->end - parser->rest));
	parser->line = parser->rest;
	parser->rest = newline ? newline + 1 : parser->end;
	parser->line_length = (size_t)(parser->rest - parser->line);
	parser->line_number++;
	if (parser->line_number == 1 && parser->line_length >= 3 &&
		memcmp(parser->line, "\xef\xbb\xbf", 3) == 0) {
		/* The byte order mark: libinih would count it as an indent. */
		parser->line += 3;
		parser->line_length -= 3;
	}
	if (parser->line_length > CONFIG_LINE_MAX) {
		fail(parser, "is longer than %d bytes", CONFIG_LINE_MAX);
		return NULL;
	}
	check_line(parser);
	if (parser->code < 0)
		return NULL;
	if (stand_in(parser, line, (size_t)size))
		return line;
	fail(parser, "the name before = is too long");
	return NULL;
}

/* The value in the line, from `start` on: without blanks around it and without a comment, which
 * begins with a ; behind a blank, but not in a string of JSON. */
static void append_value(struct parser *parser, size_t start)
{
	bool json = parser->key->type == CONFIG_JSON, in_string = false;
	const char *line = parser->line;
	size_t end = start;

	while (end < parser->line_length) {
		char c = line[end];

		if (json && c == '"')
			in_string = !in_string;
		else if (in_string && c == '\\')
			end++;
		else if (!in_string && c == ';' && end && strchr(BLANKS, line[end - 1]))
			break;
		end++;
	}
	end = MIN(end, parser->line_length);
	while (end > start && strchr(BLANKS, line[end - 1]))
		end--;
	buf_append(&parser->value, line + start, end - start);
}

/* Newlines and indent are kept, so that a place in the value can be told as a place in the file. */
static void continue_value(struct parser *parser)
{
	for (; parser->last_line < parser->line_number; parser->last_line++)
		buf_append_char(&parser->value, '\n');
	buf_append(&parser->value, parser->line, indent_of(parser));
	append_value(parser, indent_of(parser));
}

/* Where the value begins in the line. */
static size_t value_column(const struct parser *parser)
{
	size_t column = 0;

	while (column < parser->line_length && !strchr("=:", parser->line[column]))
		column++;
	do
		column++;
	while (column < parser->line_length && strchr(BLANKS, parser->line[column]));
	return MIN(column, parser->line_length);
}

static void start_value(struct parser *parser, const char *section, const char *name)
{
	const struct config_key *key = config_key_find(section, name);
	char names[NAMES_MAX];

	if (!*section) {
		fail(parser, "%s: stands before the first section, allowed: [%s] and so on", name,
			config_keys[0].section);
		return;
	}
	if (!key) {
		fail(parser, "%s.%s: unknown key, allowed: %s", section, name,
			config_key_names(section, names, sizeof(names)));
		return;
	}
	if (parser->seen[key - config_keys]) {
		fail(parser, "%s.%s: is set twice in this file", section, key->name);
		return;
	}
	parser->seen[key - config_keys] = true;
	parser->key = key;
	parser->key_line = parser->last_line = parser->line_number;
	parser->key_column = value_column(parser);
	buf_clear(&parser->value);
	append_value(parser, parser->key_column);
}

static int take_pair(void *user, const char *section, const char *name, const char *value)
{
	struct parser *parser = user;

	if (parser->code < 0)
		return 0;
	if (parser->continues)
		continue_value(parser);
	else
		start_value(parser, section, name);
	return parser->code == 0;
}

int config_file_parse(struct config *config, const char *path, const char *text, size_t length,
	struct error *error)
{
	struct parser parser = {
		.config = config,
		.path = path,
		.rest = text,
		.end = text + length,
		.value.limit = CONFIG_FILE_MAX,
		.error = error,
	};
	int line;

	line = ini_parse_stream(read_line, &parser, take_pair, &parser);
	finish_value(&parser);
	if (line > 0 && (parser.code == 0 || (unsigned int)line < parser.code_line))
		parser.code =
			error_set(error, -EINVAL, "%s:%d: a line is `key = value`", path, line);
	else if (line < 0 && parser.code == 0)
		parser.code = error_set(error, -ENOMEM, "%s: no memory", path);
	buf_done(&parser.value);
	return parser.code;
}

int config_file_read(struct config *config, const char *path, struct error *error)
{
	_cleanup_buf_ struct buf text = {.limit = CONFIG_FILE_MAX + 1};
	int r;

	r = read_file_limited(path, CONFIG_FILE_MAX, &text);
	if (r == -EFBIG)
		return error_set(error, r, "%s: is larger than %u bytes", path, CONFIG_FILE_MAX);
	if (r < 0)
		return error_set(error, r, "%s: %s", path, strerror(-r));
	return config_file_parse(config, path, text.data ?: "", text.length, error);
}
