/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config_value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_number.h"
#include "lib/util.h"

#define VALUE_SHOWN_MAX 80 /* bytes of a wrong value that are shown */

static void *field_of(const struct config *config, const struct config_key *key)
{
	return (char *)config + key->offset;
}

int config_value_wrong(
	const struct config_key *key, const char *value, const char *allowed, struct error *error)
{
	return error_set(error, -EINVAL, "%s.%s: \"%.*s%s\" is not valid, allowed: %s",
		key->section, key->name, VALUE_SHOWN_MAX, value,
		strlen(value) > VALUE_SHOWN_MAX ? "…" : "", allowed);
}

static int set_boolean(
	struct config *config, const struct config_key *key, const char *value, struct error *error)
{
	static const char *const yes[] = {"yes", "true", "on", "1"};
	static const char *const no[] = {"no", "false", "off", "0"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcasecmp(value, yes[i]) != 0 && strcasecmp(value, no[i]) != 0)
			continue;
		*(bool *)field_of(config, key) = strcasecmp(value, yes[i]) == 0;
		return 0;
	}
	return config_value_wrong(key, value, "yes, no, true, false, on, off", error);
}

static int set_word(
	struct config *config, const struct config_key *key, const char *value, struct error *error)
{
	_cleanup_buf_ struct buf allowed = {};

	for (const struct config_word *word = key->words; word->name; word++) {
		if (strcmp(value, word->name) == 0) {
			*(int *)field_of(config, key) = word->value;
			return 0;
		}
		buf_printf(&allowed, "%s%s", allowed.length ? ", " : "", word->name);
	}
	return config_value_wrong(key, value, buf_string(&allowed) ?: "?", error);
}

static int check_text(const struct config_key *key, const char *value, struct error *error)
{
	size_t length = strlen(value);

	if (length < key->minimum)
		return error_set(
			error, -EINVAL, "%s.%s: must not be empty", key->section, key->name);
	if (length > key->maximum)
		return error_set(error, -EINVAL, "%s.%s: %zu bytes are too long, allowed: %" PRIu64,
			key->section, key->name, length, key->maximum);
	if (key->type == CONFIG_JSON)
		return 0;
	if (value[0] == '"' || value[0] == '\'')
		return config_value_wrong(key, value, "the text without quotation marks", error);
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return error_set(error, -EINVAL, "%s.%s: has a control character",
				key->section, key->name);
	if (key->type == CONFIG_PATH && length && value[0] != '/')
		return config_value_wrong(key, value, "an absolute path", error);
	if (key->type == CONFIG_FILE && value[length - 1] == '/')
		return config_value_wrong(
			key, value, "an absolute path, or a name in log_dir", error);
	return 0;
}

static int set_text(
	struct config *config, const struct config_key *key, const char *value, struct error *error)
{
	char **field = field_of(config, key), *copy = NULL;
	int r;

	r = check_text(key, value, error);
	if (r < 0)
		return r;
	if (key->type != CONFIG_JSON || value[0]) {
		copy = strdup(value);
		if (!copy)
			return error_set(error, -ENOMEM, "no memory");
	}
	free(*field);
	*field = copy;
	return 0;
}

static void string_list_done(struct string_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct string_list){};
}

static int check_item(
	const struct config_key *key, const char *item, size_t length, struct error *error)
{
	if (!length)
		return error_set(
			error, -EINVAL, "%s.%s: has an empty item", key->section, key->name);
	if (key->type == CONFIG_PATH_LIST && item[0] != '/')
		return error_set(error, -EINVAL,
			"%s.%s: \"%.*s\" is not valid, allowed: absolute paths, separated by "
			"commas",
			key->section, key->name, (int)MIN(length, (size_t)VALUE_SHOWN_MAX), item);
	for (size_t i = 0; key->type == CONFIG_NAME_LIST && i < length; i++)
		if (!isgraph((unsigned char)item[i]) || strchr("=\"'{}[]", item[i]))
			return error_set(error, -EINVAL,
				"%s.%s: \"%.*s\" is not valid, allowed: names, separated by commas",
				key->section, key->name, (int)MIN(length, (size_t)VALUE_SHOWN_MAX),
				item);
	return 0;
}

static int list_append(
	struct string_list *list, const char *item, size_t length, struct error *error)
{
	char **grown = reallocarray(list->items, list->count + 1, sizeof(*grown));

	if (!grown)
		return error_set(error, -ENOMEM, "no memory");
	list->items = grown;
	grown[list->count] = strndup(item, length);
	if (!grown[list->count])
		return error_set(error, -ENOMEM, "no memory");
	list->count++;
	return 0;
}

static int parse_list(const struct config_key *key, const char *value, struct string_list *list,
	struct error *error)
{
	const char *rest = value + strspn(value, " \t\n");
	int r;

	while (*rest) {
		size_t length = strcspn(rest, ",");
		const char *next = rest[length] ? rest + length + 1 : rest + length;

		while (length && strchr(" \t\n", rest[length - 1]))
			length--;
		r = check_item(key, rest, length, error);
		if (r < 0)
			return r;
		if (list->count == key->maximum)
			return error_set(error, -EINVAL, "%s.%s: more than %" PRIu64 " items",
				key->section, key->name, key->maximum);
		r = list_append(list, rest, length, error);
		if (r < 0)
			return r;
		rest = next + strspn(next, " \t\n");
	}
	return 0;
}

static int set_list(
	struct config *config, const struct config_key *key, const char *value, struct error *error)
{
	struct string_list *field = field_of(config, key), list = {};
	int r;

	r = parse_list(key, value, &list, error);
	if (r < 0) {
		string_list_done(&list);
		return r;
	}
	string_list_done(field);
	*field = list;
	return 0;
}

int config_value_set(
	struct config *config, const struct config_key *key, const char *value, struct error *error)
{
	switch (key->type) {
	case CONFIG_TEXT:
	case CONFIG_PATH:
	case CONFIG_FILE:
	case CONFIG_JSON:
		return set_text(config, key, value, error);
	case CONFIG_BOOLEAN:
		return set_boolean(config, key, value, error);
	case CONFIG_NUMBER:
	case CONFIG_SIZE:
	case CONFIG_SECONDS:
	case CONFIG_MILLISECONDS:
	case CONFIG_MODE:
		return config_number_set(config, key, value, error);
	case CONFIG_WORD:
		return set_word(config, key, value, error);
	case CONFIG_PATH_LIST:
	case CONFIG_NAME_LIST:
		return set_list(config, key, value, error);
	}
	return error_set(error, -EINVAL, "%s.%s: unknown type", key->section, key->name);
}

static void append_json(struct buf *buf, const char *text)
{
	for (bool first = true; *text; text += *text == '\n') {
		size_t length;

		text += strspn(text, " \t");
		length = strcspn(text, "\n");
		if (length && !first)
			buf_append_literal(buf, "\n\t");
		buf_append(buf, text, length);
		first = first && !length;
		text += length;
	}
}

static void append_list(struct buf *buf, const struct string_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (i)
			buf_append_literal(buf, ", ");
		buf_append_string(buf, list->items[i]);
	}
}

void config_value_format(const struct config *config, const struct config_key *key, struct buf *buf)
{
	const void *field = field_of(config, key);
	const struct config_word *word;

	switch (key->type) {
	case CONFIG_TEXT:
	case CONFIG_PATH:
	case CONFIG_FILE:
		if (*(char *const *)field)
			buf_append_string(buf, *(char *const *)field);
		break;
	case CONFIG_JSON:
		if (*(char *const *)field)
			append_json(buf, *(char *const *)field);
		break;
	case CONFIG_BOOLEAN:
		buf_append_string(buf, *(const bool *)field ? "yes" : "no");
		break;
	case CONFIG_WORD:
		for (word = key->words; word->name && word->value != *(const int *)field; word++)
			;
		buf_append_string(buf, word->name ? word->name : "?");
		break;
	case CONFIG_PATH_LIST:
	case CONFIG_NAME_LIST:
		append_list(buf, field);
		break;
	default:
		config_number_format(config, key, buf);
	}
}

void config_value_free(struct config *config, const struct config_key *key)
{
	char **text = field_of(config, key);

	switch (key->type) {
	case CONFIG_TEXT:
	case CONFIG_PATH:
	case CONFIG_FILE:
	case CONFIG_JSON:
		free(*text);
		*text = NULL;
		break;
	case CONFIG_PATH_LIST:
	case CONFIG_NAME_LIST:
		string_list_done(field_of(config, key));
		break;
	default:
		break;
	}
}
