/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/hit/hit.h"

#include <stdlib.h>

/* Everybody sees it as unchanging; only its count and its end are not. */
static struct hook_description *changeable(const struct hook_description *hook)
{
	return (struct hook_description *)(uintptr_t)hook;
}

static void text_free(const char *text)
{
	free((void *)(uintptr_t)text);
}

static void description_free(struct hook_description *hook)
{
	for (size_t i = 0; hook->tags && i < hook->tag_count; i++)
		text_free(hook->tags[i]);
	for (size_t i = 0; i < HOOK_ARGUMENTS_ALL; i++)
		text_free(hook->arguments[i].label);
	for (size_t i = 0; hook->selectors && i < hook->selector_count; i++)
		text_free(hook->selectors[i].label);
	for (size_t i = 0; hook->places && i < hook->place_count; i++)
		text_free(hook->places[i].symbol);
	free(hook->places);
	text_free(hook->policy);
	text_free(hook->namespace);
	text_free(hook->message);
	text_free(hook->function);
	text_free(hook->subsystem);
	text_free(hook->event);
	text_free(hook->path);
	text_free(hook->provider);
	text_free(hook->symbol);
	free(hook->tags);
	free(hook->selectors);
	free(hook);
}

const struct hook_description *hook_description_ref(const struct hook_description *hook)
{
	if (hook)
		changeable(hook)->references++;
	return hook;
}

const struct hook_description *hook_description_unref(const struct hook_description *hook)
{
	if (hook && --changeable(hook)->references == 0)
		description_free(changeable(hook));
	return NULL;
}

static bool is_structure(const struct hit_argument *argument)
{
	switch ((enum argument_reader)argument->reader) {
	case ARGUMENT_SOCK:
	case ARGUMENT_SOCKET:
	case ARGUMENT_SKB:
	case ARGUMENT_SOCKADDR:
	case ARGUMENT_CRED:
	case ARGUMENT_USER_NAMESPACE:
	case ARGUMENT_BPF_ATTR:
	case ARGUMENT_BPF_PROG:
	case ARGUMENT_BPF_MAP:
	case ARGUMENT_PERF_EVENT:
	case ARGUMENT_LOAD_INFO:
	case ARGUMENT_MODULE:
		return true;
	default:
		return false;
	}
}

bool policy_hit_argument_usable(const struct hit_argument *argument)
{
	return argument && (argument->status == ARGUMENT_READ ||
				   (argument->status == ARGUMENT_CUT && !is_structure(argument)));
}

/* Only what was read has a place in the data that was checked. */
static const char *bytes_of(const struct hit_argument *argument, const char *data)
{
	return policy_hit_argument_usable(argument) ? data + argument->offset : "";
}

static const struct hit_argument *argument_of(const struct policy_hit *hit,
	const struct hit_argument *argument, const char *data, const char **ret_bytes)
{
	for (size_t i = 0; i < hit->joined_count; i++) {
		const struct hit_joined *joined = &hit->joined[i];

		if (joined->replaced != argument)
			continue;
		*ret_bytes = joined->bytes;
		return &joined->argument;
	}
	*ret_bytes = bytes_of(argument, data);
	return argument;
}

const struct hit_argument *policy_hit_argument(
	const struct policy_hit *hit, uint32_t index, const char **ret_bytes)
{
	const struct hit_record *record = hit->return_record;

	if (record && (index == HOOK_RETURN_ARGUMENT ||
			      (index < record->arguments_count &&
				      record->arguments[index].status != ARGUMENT_UNREAD)))
		return argument_of(hit, &record->arguments[index], hit->return_data, ret_bytes);
	record = hit->record;
	if (index >= record->arguments_count)
		return NULL;
	return argument_of(hit, &record->arguments[index], hit->data, ret_bytes);
}

const struct hook_place_description *policy_hit_place(const struct policy_hit *hit)
{
	const struct hook_description *hook = hit->hook;

	return hit->record->function < hook->place_count ? &hook->places[hit->record->function]
							 : NULL;
}

const char *policy_hit_symbol(const struct policy_hit *hit)
{
	const struct hook_place_description *place = policy_hit_place(hit);

	return place ? place->symbol : hit->hook->symbol;
}

bool policy_hit_argument_is_text(const struct hit_argument *argument)
{
	switch ((enum argument_reader)argument->reader) {
	case ARGUMENT_STRING:
	case ARGUMENT_DATA_LOC:
	case ARGUMENT_FILENAME:
	case ARGUMENT_FD:
	case ARGUMENT_FILE:
	case ARGUMENT_PATH:
	case ARGUMENT_DENTRY:
	case ARGUMENT_KIOCB:
	case ARGUMENT_LINUX_BINPRM:
		return policy_hit_argument_usable(argument);
	default:
		return false;
	}
}
