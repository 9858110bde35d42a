/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config_filters.h"

#include <errno.h>
#include <string.h>

#include "daemon/filter/filter.h"
#include "daemon/filter/filter_list.h"

static int check_allow(const char *text, struct error *error)
{
	_cleanup_(filter_list_free_p) struct filter_list *list = NULL;

	return filter_list_parse(text, &list, error);
}

/* What always passes cannot be denied; to take such a list would be a promise that is not kept. */
static int check_deny(const char *text, struct error *error)
{
	_cleanup_(filter_list_free_p) struct filter_list *list = NULL;
	int r;

	r = filter_list_parse(text, &list, error);
	if (r < 0)
		return r;
	for (size_t i = 0; i < list->count; i++) {
		const struct filter *filter = &list->filters[i];

		if (!(filter->fields & 1u << FILTER_EVENT_SET))
			continue;
		for (enum event_kind kind = 0; kind < EVENT_KIND_MAX; kind++)
			if (event_set_has(filter->event_set, kind) &&
				filter_kind_always_passes(kind))
				return error_set(error, -EINVAL,
					"%u:%u: event_set: %s cannot be held back",
					filter->event_set_line, filter->event_set_column,
					event_kind_name(kind));
	}
	return 0;
}

static int check_fields(const char *text, struct error *error)
{
	struct field_filters *filters = NULL;
	int r;

	r = field_filters_parse(text, &filters, error);
	field_filters_free(filters);
	return r;
}

static int check_redaction(const char *text, struct error *error)
{
	struct redaction *redaction = NULL;
	int r;

	r = redaction_parse(text, &redaction, error);
	redaction_free(redaction);
	return r;
}

int config_filters_check(const struct config_key *key, const char *text, struct error *error)
{
	if (strcmp(key->name, "export_allowlist") == 0)
		return check_allow(text, error);
	if (strcmp(key->name, "export_denylist") == 0)
		return check_deny(text, error);
	if (strcmp(key->name, "field_filters") == 0)
		return check_fields(text, error);
	return check_redaction(text, error);
}
