/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/filter/event_set.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "daemon/filter/json_objects.h"
#include "lib/util.h"

_Static_assert(EVENT_KIND_MAX <= 64, "struct event_set");

/* Kinds that Tetragon has and this version does not: taken from its configurations, match nothing.
 */
static const char *const other_kinds[] = {"TEST", "RATE_LIMIT_INFO"};

static void upper_name(enum event_kind kind, char *text, size_t size)
{
	const char *name = event_kind_name(kind);
	size_t i;

	for (i = 0; name[i] && i < size - 1; i++)
		text[i] = (char)toupper((unsigned char)name[i]);
	text[i] = '\0';
}

static int unknown_kind(const char *text, struct error *error)
{
	_cleanup_buf_ struct buf allowed = {};
	char name[32];

	for (enum event_kind kind = 0; kind < EVENT_KIND_MAX; kind++) {
		upper_name(kind, name, sizeof(name));
		buf_printf(&allowed, "%s%s", kind ? ", " : "", name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(other_kinds); i++)
		buf_printf(&allowed, ", %s", other_kinds[i]);
	return error_set(error, -EINVAL, "\"%.40s\" is no kind of event, allowed: %s", text,
		buf_string(&allowed) ?: "PROCESS_EXEC …");
}

static int add_kind(void *data, const char *text, size_t length, struct error *error)
{
	struct event_set *set = data;
	char name[32];

	for (enum event_kind kind = 0; kind < EVENT_KIND_MAX; kind++) {
		upper_name(kind, name, sizeof(name));
		if (strcmp(text, name) != 0)
			continue;
		set->mask |= 1ULL << kind;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(other_kinds); i++)
		if (strcmp(text, other_kinds[i]) == 0)
			return 0;
	return unknown_kind(text, error);
}

int event_set_parse(const struct json_value *array, struct event_set *ret_set, struct error *error)
{
	struct event_set set = {};
	int r;

	r = json_each_string(array, "event_set", add_kind, &set, error);
	if (r < 0)
		return r;
	*ret_set = set;
	return 0;
}
