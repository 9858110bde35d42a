/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/hook_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fd.h"
#include "oci/hook_message.h"

enum section {
	SECTION_NONE,
	SECTION_HOOK,
	SECTION_REQUIRE
};

struct parser {
	struct hook_config *config;
	const char *file;
	unsigned line;
	enum section section;
};

static char *strip(char *text)
{
	size_t length;

	text += strspn(text, " \t\r");
	length = strlen(text);
	while (length && strchr(" \t\r", text[length - 1]))
		text[--length] = '\0';
	return text;
}

static int parse_boolean(const char *text, bool *ret)
{
	static const char *const words[2][4] = {
		{"no", "false", "off", "0"}, {"yes", "true", "on", "1"}};

	for (size_t i = 0; i < 8; i++) {
		if (strcmp(text, words[i / 4][i % 4]))
			continue;
		*ret = i / 4;
		return 0;
	}
	return -EINVAL;
}

static int parse_number(const char *text, uint64_t max, uint64_t *ret)
{
	unsigned long long number;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || *end || number > max)
		return -EINVAL;
	*ret = number;
	return 0;
}

static int bad_line(const struct parser *parser, struct error *error, const char *what)
{
	return error_set(error, -EINVAL, "%s:%u: %s", parser->file, parser->line, what);
}

static int add_rule(struct parser *parser, const struct hook_rule *rule, struct error *error)
{
	struct hook_config *config = parser->config;
	struct hook_rule *rules;

	if (config->rule_count == HOOK_RULES_MAX)
		return bad_line(parser, error, "more than 256 rules");
	rules = reallocarray(config->rules, config->rule_count + 1, sizeof(*rules));
	if (!rules)
		return error_set(error, -ENOMEM, "no memory");
	config->rules = rules;
	rules[config->rule_count++] = *rule;
	return 0;
}

static int parse_hook_key(
	struct parser *parser, const char *key, const char *value, struct error *error)
{
	uint64_t number;

	if (strcmp(key, "budget_ms"))
		return bad_line(parser, error, "unknown key in [hook]: only budget_ms is known");
	if (parse_number(value, HOOK_BUDGET_MS_MAX, &number) < 0 || !number)
		return bad_line(parser, error, "budget_ms: a number from 1 to 4500 is wanted");
	parser->config->budget_ms = (uint32_t)number;
	return 0;
}

static int parse_annotation(
	struct parser *parser, struct hook_rule *rule, const char *value, struct error *error)
{
	const char *equals = strchr(value, '=');
	_cleanup_free_ char *key = NULL, *wanted = NULL;
	int r;

	if (equals == value)
		return bad_line(parser, error, "annotation: KEY or KEY=VALUE is wanted");
	key = equals ? strndup(value, (size_t)(equals - value)) : strdup(value);
	wanted = equals ? strdup(equals + 1) : NULL;
	if (!key || (equals && !wanted))
		return error_set(error, -ENOMEM, "no memory");
	rule->text = key;
	rule->value = wanted;
	r = add_rule(parser, rule, error);
	if (r < 0)
		return r;
	TAKE_PTR(key);
	TAKE_PTR(wanted);
	return 0;
}

static int parse_image(
	struct parser *parser, struct hook_rule *rule, const char *value, struct error *error)
{
	_cleanup_free_ char *prefix = strdup(value);
	int r;

	if (!prefix)
		return error_set(error, -ENOMEM, "no memory");
	rule->text = prefix;
	r = add_rule(parser, rule, error);
	if (r < 0)
		return r;
	TAKE_PTR(prefix);
	return 0;
}

static int parse_rule(
	struct parser *parser, const char *key, const char *value, struct error *error)
{
	struct hook_rule rule = {.line = parser->line};
	uint64_t number;
	bool on;

	if (!strcmp(key, "all")) {
		if (parse_boolean(value, &on) < 0)
			return bad_line(parser, error, "all: yes or no is wanted");
		if (!on)
			return 0;
		rule.kind = HOOK_RULE_ALL;
		return add_rule(parser, &rule, error);
	}
	if (!*value)
		return bad_line(parser, error, "the value is missing");
	if (!strcmp(key, "uid")) {
		if (parse_number(value, UINT32_MAX - 1, &number) < 0)
			return bad_line(parser, error, "uid: a numeric user id is wanted");
		rule.kind = HOOK_RULE_UID;
		rule.uid = (uid_t)number;
		return add_rule(parser, &rule, error);
	}
	if (!strcmp(key, "image")) {
		rule.kind = HOOK_RULE_IMAGE;
		return parse_image(parser, &rule, value, error);
	}
	if (!strcmp(key, "annotation")) {
		rule.kind = HOOK_RULE_ANNOTATION;
		return parse_annotation(parser, &rule, value, error);
	}
	return bad_line(parser, error,
		"unknown key in [require]: all, uid, image and annotation are known");
}

static int parse_section(struct parser *parser, const char *line, struct error *error)
{
	if (!strcmp(line, "[hook]"))
		parser->section = SECTION_HOOK;
	else if (!strcmp(line, "[require]"))
		parser->section = SECTION_REQUIRE;
	else {
		parser->section = SECTION_NONE;
		return bad_line(parser, error, "unknown section: [hook] and [require] are known");
	}
	return 0;
}

/* As in tallyman.conf: a blank and a semicolon begin a comment behind a value. */
static void cut_comment(char *line)
{
	for (char *c = strchr(line, ';'); c; c = strchr(c + 1, ';')) {
		if (c == line || (c[-1] != ' ' && c[-1] != '\t'))
			continue;
		*c = '\0';
		return;
	}
}

static int parse_line(struct parser *parser, char *line, struct error *error)
{
	char *equals, *key, *value;

	cut_comment(line);
	line = strip(line);
	if (!*line || *line == '#' || *line == ';')
		return 0;
	if (*line == '[')
		return parse_section(parser, line, error);
	equals = strchr(line, '=');
	if (!equals)
		return bad_line(parser, error, "neither a section nor `key = value`");
	*equals = '\0';
	key = strip(line);
	value = strip(equals + 1);
	if (parser->section == SECTION_HOOK)
		return parse_hook_key(parser, key, value, error);
	if (parser->section == SECTION_REQUIRE)
		return parse_rule(parser, key, value, error);
	return bad_line(parser, error, "stands in no known section");
}

int hook_config_parse(
	const char *text, const char *file, struct hook_config **ret_config, struct error *error)
{
	_cleanup_hook_config_ struct hook_config *config = calloc(1, sizeof(*config));
	struct parser parser = {.config = config, .file = file};
	_cleanup_free_ char *copy = strdup(text);
	char *next = copy;
	int first_failure = 0;

	if (!config || !copy)
		return error_set(error, -ENOMEM, "no memory");
	while (next) {
		char *line = next;
		int r;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		parser.line++;
		r = parse_line(&parser, line, first_failure ? NULL : error);
		if (r == -ENOMEM)
			return r;
		if (r < 0 && !first_failure)
			first_failure = r;
	}
	*ret_config = TAKE_PTR(config);
	return first_failure;
}

int hook_config_read(const char *path, struct hook_config **ret_config, struct error *error)
{
	_cleanup_buf_ struct buf buf = {};
	const char *text = "";
	int r, failure = 0;

	r = read_file_limited(path, HOOK_CONFIG_BYTES_MAX, &buf);
	if (r < 0 && r != -ENOENT)
		failure = error_set(error, r, "%s: %s", path, strerror(-r));
	if (r >= 0)
		text = buf_string(&buf);
	if (!text)
		return error_set(error, -ENOMEM, "no memory");
	r = hook_config_parse(text, path, ret_config, failure ? NULL : error);
	return r == -ENOMEM || !failure ? r : failure;
}

struct hook_config *hook_config_free(struct hook_config *config)
{
	if (!config)
		return NULL;
	for (size_t i = 0; i < config->rule_count; i++) {
		free(config->rules[i].text);
		free(config->rules[i].value);
	}
	free(config->rules);
	free(config);
	return NULL;
}
