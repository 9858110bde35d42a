/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/hook_source.h"

static const struct hook_description *find_hook(void *data, uint32_t id)
{
	struct engine_hook_source *source = data;

	return policy_engine_hook(source->engine, id);
}

static const char *find_function(void *data, const struct hook_description *hook, uint64_t function)
{
	struct engine_hook_source *source = data;

	return policy_engine_function(source->engine, hook, function);
}

static void symbolize(void *data, const struct hit_record *record, struct stack_frame *kernel,
	size_t kernel_depth, struct stack_frame *user, size_t user_depth)
{
	struct engine_hook_source *source = data;

	if (source->symbols)
		kernel_symbols_resolve(source->symbols, kernel, kernel_depth);
	if (source->user_symbols)
		user_symbols_resolve(source->user_symbols, record, user, user_depth);
}

void engine_hook_source_get(struct engine_hook_source *source, struct hook_source *ret)
{
	*ret = (struct hook_source){.data = source,
		.hook = find_hook,
		.function = find_function,
		.symbolize = symbolize};
}
