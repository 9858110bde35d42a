/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/filter/regex_list.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/filter/json_objects.h"

void regex_list_done(struct regex_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		regex_free(list->items[i]);
	free(list->items);
	*list = (struct regex_list){};
}

static int add_regex(void *data, const char *text, size_t length, struct error *error)
{
	struct regex_list *list = data;
	struct regex **grown = reallocarray(list->items, list->count + 1, sizeof(*grown));
	int r;

	if (!grown)
		return error_set(error, -ENOMEM, "no memory");
	list->items = grown;
	r = regex_compile(text, length, &grown[list->count], error);
	if (r == 0)
		list->count++;
	return r;
}

int regex_list_parse(const struct json_value *array, const char *field, struct regex_list *ret_list,
	struct error *error)
{
	struct regex_list list = {};
	int r;

	r = json_each_string(array, field, add_regex, &list, error);
	if (r < 0) {
		regex_list_done(&list);
		return r;
	}
	*ret_list = list;
	return 0;
}

enum regex_result regex_list_search(const struct regex_list *list, struct regex_machine *machine,
	const char *text, size_t length)
{
	enum regex_result result = REGEX_NO;

	for (size_t i = 0; i < list->count; i++) {
		enum regex_result one = regex_search(list->items[i], machine, text, length, 0);

		if (one == REGEX_YES)
			return REGEX_YES;
		if (one == REGEX_RUN_AWAY)
			result = REGEX_RUN_AWAY;
	}
	return result;
}
