/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/filter/arguments.h"
#include "daemon/filter/filter.h"
#include "daemon/filter/json_objects.h"
#include "daemon/filter/redaction_spans.h"
#include "daemon/filter/regex.h"
#include "daemon/filter/regex_list.h"
#include "lib/json.h"
#include "lib/util.h"

struct redaction_filter {
	struct regex_list binary; /* empty: all */
	struct regex_list redact;
};

struct redaction_scratch {
	struct regex_machine *machine;
	struct redaction_spans spans;
	struct buf joined, output;
};

struct redaction {
	struct redaction_filter *filters;
	size_t count;
	struct redaction_scratch *scratch;
};

static int parse_filter(
	const struct json_value *object, struct redaction_filter *filter, struct error *error)
{
	const struct json_value *redact = json_get(object, "redact");
	int r;

	for (size_t i = 0; i < json_count(object); i++) {
		const char *name;
		const struct json_value *value = json_member(object, i, &name, NULL);

		if (strcmp(name, "match") == 0)
			return json_value_error(error, value, name,
				"is obsolete and not supported, use binary_regex");
		if (strcmp(name, "binary_regex") != 0 && strcmp(name, "redact") != 0)
			return json_value_error(
				error, value, name, "unknown field, allowed: binary_regex, redact");
		r = regex_list_parse(
			value, name, value == redact ? &filter->redact : &filter->binary, error);
		if (r < 0)
			return r;
	}
	if (!redact)
		return json_value_error(error, object, "redact", "is missing");
	for (size_t i = 0; i < filter->redact.count; i++)
		if (!regex_group_count(filter->redact.items[i]))
			return json_value_error(error, json_at(redact, i), "redact",
				"hides nothing: it needs a group, ( ), around what is to be "
				"hidden");
	return 0;
}

static int parse_objects(const char *text, struct redaction *redaction, struct error *error)
{
	struct json_objects objects;
	int r;

	json_objects_init(&objects, text);
	for (;;) {
		_cleanup_json_ struct json_document *document = NULL;
		struct redaction_filter *grown;

		r = json_objects_next(&objects, &document, error);
		if (r <= 0)
			break;
		grown = reallocarray(redaction->filters, redaction->count + 1, sizeof(*grown));
		if (!grown) {
			r = error_set(error, -ENOMEM, "no memory");
			break;
		}
		redaction->filters = grown;
		grown[redaction->count] = (struct redaction_filter){};
		r = parse_filter(json_root(document), &grown[redaction->count++], error);
		if (r < 0)
			break;
	}
	json_objects_done(&objects);
	return r;
}

struct redaction *redaction_free(struct redaction *redaction)
{
	if (!redaction)
		return NULL;
	for (size_t i = 0; i < redaction->count; i++) {
		regex_list_done(&redaction->filters[i].binary);
		regex_list_done(&redaction->filters[i].redact);
	}
	free(redaction->filters);
	if (redaction->scratch) {
		regex_machine_free(redaction->scratch->machine);
		buf_done(&redaction->scratch->joined);
		buf_done(&redaction->scratch->output);
	}
	free(redaction->scratch);
	free(redaction);
	return NULL;
}

int redaction_parse(const char *text, struct redaction **ret_redaction, struct error *error)
{
	struct redaction *redaction = calloc(1, sizeof(*redaction));
	int r = -ENOMEM;

	if (redaction)
		redaction->scratch = calloc(1, sizeof(*redaction->scratch));
	if (redaction && redaction->scratch)
		r = regex_machine_new(&redaction->scratch->machine);
	if (r < 0)
		error_set(error, r, "no memory");
	else
		r = parse_objects(text, redaction, error);
	if (r < 0) {
		redaction_free(redaction);
		return r;
	}
	*ret_redaction = redaction;
	return 0;
}

uint64_t redaction_run_aways(const struct redaction *redaction)
{
	return redaction ? regex_machine_run_aways(redaction->scratch->machine) : 0;
}

/* Put `output` in place of what is from `offset` on; when that cannot be had, nothing. */
static int replace(struct buf *text, size_t offset, const struct buf *output)
{
	text->length = offset;
	if (!output->failed)
		buf_append(text, output->data, output->length);
	if (!output->failed && !text->failed)
		return 0;
	text->length = offset;
	return -ENOMEM;
}

/* argv[0] is no part of what expressions see. */
static int hide_all_arguments(struct redaction_scratch *scratch, struct buf *argv, size_t offset)
{
	size_t position = 0, length;
	const char *argument;

	buf_clear(&scratch->output);
	for (bool first = true; arguments_next(
		     argv->data + offset, argv->length - offset, &position, &argument, &length);
		first = false) {
		if (first)
			buf_append(&scratch->output, argument, length);
		else
			buf_append_literal(&scratch->output, REDACTION_TEXT);
		buf_append_char(&scratch->output, '\0');
	}
	return replace(argv, offset, &scratch->output);
}

/* Where each argument stands in the joined text follows from how it is joined: see
 * arguments_join(). */
static int hide_in_arguments(struct redaction_scratch *scratch, struct buf *argv, size_t offset)
{
	size_t position = 0, length, at = 0;
	const char *argument;

	buf_clear(&scratch->output);
	for (size_t i = 0; arguments_next(
		     argv->data + offset, argv->length - offset, &position, &argument, &length);
		i++) {
		bool quoted = length && memchr(argument, ' ', length);

		if (i == 0) {
			buf_append(&scratch->output, argument, length);
		} else {
			at += (i > 1) + quoted;
			redaction_spans_hide(
				&scratch->spans, argument, length, at, &scratch->output);
			at += length + quoted;
		}
		buf_append_char(&scratch->output, '\0');
	}
	return replace(argv, offset, &scratch->output);
}

static bool is_for(const struct redaction_filter *filter, const struct redaction *redaction,
	const char *binary, size_t length)
{
	return !filter->binary.count ||
	       regex_list_search(&filter->binary, redaction->scratch->machine, binary, length) !=
		       REGEX_NO;
}

static int redact_arguments_once(struct redaction_scratch *scratch, const struct regex *regex,
	struct buf *argv, size_t offset)
{
	enum regex_result result;

	buf_clear(&scratch->joined);
	arguments_join(argv->data + offset, argv->length - offset, &scratch->joined);
	if (scratch->joined.failed)
		return hide_all_arguments(scratch, argv, offset);
	result = redaction_spans_find(&scratch->spans, regex, scratch->machine,
		scratch->joined.data, scratch->joined.length);
	if (result == REGEX_NO)
		return 0;
	if (result == REGEX_YES)
		return hide_in_arguments(scratch, argv, offset);
	return hide_all_arguments(scratch, argv, offset);
}

int redaction_arguments(const struct redaction *redaction, const char *binary, size_t binary_length,
	struct buf *argv, size_t offset)
{
	int r;

	if (!redaction || argv->length <= offset)
		return 0;
	for (size_t i = 0; i < redaction->count; i++) {
		const struct redaction_filter *filter = &redaction->filters[i];

		if (!is_for(filter, redaction, binary, binary_length))
			continue;
		for (size_t j = 0; j < filter->redact.count; j++) {
			r = redact_arguments_once(
				redaction->scratch, filter->redact.items[j], argv, offset);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int redact_variable_once(struct redaction_scratch *scratch, const struct regex *regex,
	struct buf *variable, size_t offset)
{
	const char *text = variable->data + offset, *equals;
	size_t length = strnlen(text, variable->length - offset), name = 0;
	enum regex_result result;

	result = redaction_spans_find(&scratch->spans, regex, scratch->machine, text, length);
	if (result == REGEX_NO)
		return 0;
	buf_clear(&scratch->output);
	if (result == REGEX_YES) {
		redaction_spans_hide(&scratch->spans, text, length, 0, &scratch->output);
	} else {
		equals = memchr(text, '=', length);
		if (equals)
			name = (size_t)(equals - text) + 1;
		buf_append(&scratch->output, text, name);
		buf_append_literal(&scratch->output, REDACTION_TEXT);
	}
	/* the NUL, if there is one */
	buf_append(&scratch->output, text + length, variable->length - offset - length);
	return replace(variable, offset, &scratch->output);
}

int redaction_variable(const struct redaction *redaction, const char *binary, size_t binary_length,
	struct buf *variable, size_t offset)
{
	int r;

	if (!redaction || variable->length <= offset)
		return 0;
	for (size_t i = 0; i < redaction->count; i++) {
		const struct redaction_filter *filter = &redaction->filters[i];

		if (!is_for(filter, redaction, binary, binary_length))
			continue;
		for (size_t j = 0; j < filter->redact.count; j++) {
			r = redact_variable_once(
				redaction->scratch, filter->redact.items[j], variable, offset);
			if (r < 0)
				return r;
		}
	}
	return 0;
}
