/* SPDX-License-Identifier: Apache-2.0 */
/* Tracepoints: an argument's index is the number of a field in the format, the four common ones
 * included; of a raw tracepoint, the place among its arguments. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/policy/place/function_check.h"
#include "daemon/policy/place/kernel_btf.h"
#include "daemon/policy/place/kernel_functions.h"
#include "daemon/policy/place/kernel_types.h"
#include "daemon/policy/place/place.h"
#include "daemon/policy/place/tracepoint_format.h"
#include "lib/cleanup.h"
#include "lib/util.h"

static enum policy_argument_type integer_type(const struct tracepoint_format_field *field)
{
	switch (field->size) {
	case 1:
		return field->is_signed ? POLICY_TYPE_INT8 : POLICY_TYPE_UINT8;
	case 2:
		return field->is_signed ? POLICY_TYPE_INT16 : POLICY_TYPE_UINT16;
	case 4:
		return field->is_signed ? POLICY_TYPE_INT32 : POLICY_TYPE_UINT32;
	case 8:
		return field->is_signed ? POLICY_TYPE_INT64 : POLICY_TYPE_UINT64;
	default:
		return POLICY_TYPE_NOP;
	}
}

static bool is_text(const char *type)
{
	return !strcmp(type, "char") || !strcmp(type, "const char") ||
	       !strcmp(type, "unsigned char");
}

static enum policy_argument_type automatic_type(const struct tracepoint_format_field *field)
{
	if (field->is_data_loc)
		return POLICY_TYPE_DATA_LOC;
	if (field->elements)
		return is_text(field->type) ? POLICY_TYPE_STRING : POLICY_TYPE_CONST_BUF;
	if (field->is_pointer)
		return !strncmp(field->type, "const char *", 12) ||
				       !strncmp(field->type, "char *", 6)
			       ? POLICY_TYPE_STRING
			       : POLICY_TYPE_UINT64;
	return integer_type(field);
}

/* A raw[] of its own for the field. */
static int add_field(struct hook_place *place, const struct tracepoint_format_field *field,
	uint8_t *ret_raw, struct error *error)
{
	struct tracepoint_field *raw = &place->fields[place->raw_count];
	bool is_number = !field->elements && (field->size == 1 || field->size == 2 ||
						     field->size == 4 || field->size == 8);

	if (place->raw_count == HOOK_RAW_RETURN)
		return error_set(error, -E2BIG, "more than %d fields are used", HOOK_RAW_RETURN);
	if (field->offset > UINT16_MAX)
		return error_set(error, -EINVAL, "field %s is too far away", field->name);
	raw->offset = (uint16_t)field->offset;
	raw->size = is_number ? (uint8_t)field->size : 0;
	raw->is_signed = field->is_signed;
	*ret_raw = (uint8_t)place->raw_count++;
	return 0;
}

/* An address takes eight bytes; a number that is none would be read as one. */
static int check_field(const struct tracepoint_format_field *field,
	const struct hook_argument *argument, struct error *error)
{
	switch (argument->reader) {
	case ARGUMENT_NONE:
	case ARGUMENT_INTEGER:
	case ARGUMENT_FD:
	case ARGUMENT_CONST_BUF:
		return 0;
	case ARGUMENT_DATA_LOC:
		if (field->is_data_loc)
			return 0;
		return error_set(error, -EINVAL, "field %s is no __data_loc, but %s", field->name,
			field->type);
	default:
		if (field->elements || field->size >= sizeof(uint64_t))
			return 0;
		return error_set(
			error, -EINVAL, "field %s is %s, no pointer", field->name, field->type);
	}
}

static const struct tracepoint_format_field *field_of(const struct policy_hook *hook,
	const struct tracepoint_format *format, int64_t index, struct error *error)
{
	if (index >= 0 && (size_t)index < format->count)
		return &format->fields[index];
	error_set(error, -EINVAL, "index %lld: tracepoint %s/%s has fields 0 to %zu",
		(long long)index, hook->subsystem.data, hook->event.data, format->count - 1);
	return NULL;
}

/* -ENOENT: there is none. That of a module is in the module's types; the function that runs a
 * tracepoint's programs says whose it is. */
static int find_raw_tracepoint(const struct policy_hook *hook, struct kernel_types *types,
	struct function *ret_function, struct error *error)
{
	struct function function = {.types = types};
	char caller[HOOK_TARGET_MAX + 16], module[MODULE_NAME_MAX];
	const char *name = hook->event.data;
	struct error no_types = {};

	function.known =
		kernel_types_get(types) &&
		kernel_btf_raw_tracepoint(kernel_types_get(types), name, &function.prototype) == 0;
	snprintf(caller, sizeof(caller), "__traceiter_%s", name);
	if (!function.known && function_find(caller, module, sizeof(module)) < 0)
		return error_set(error, -ENOENT, "this kernel has no raw tracepoint %s", name);
	if (!function.known && module[0] &&
		kernel_types_of_module(types, module, &function.types, &no_types) == 0)
		function.known = kernel_btf_raw_tracepoint(kernel_types_get(function.types), name,
					 &function.prototype) == 0;
	*ret_function = function;
	return 0;
}

/* Where the size of a buffer is, or the record that a data_loc counts from. */
static int add_size_field(const struct policy_hook *hook, struct hook_place *place, size_t index,
	const struct tracepoint_format *format, struct error *error)
{
	static const struct tracepoint_format_field record = {.name = "the record", .elements = 1};
	const struct policy_argument *argument = &hook->args.items[index];
	const struct tracepoint_format_field *field = &record;

	if (place->arguments[index].reader != ARGUMENT_DATA_LOC) {
		if (argument->size_arg_index <= 0)
			return 0;
		field = field_of(hook, format, argument->size_arg_index - 1, error);
		if (!field)
			return -EINVAL;
	}
	return add_field(place, field, &place->arguments[index].size_raw, error);
}

static int put_argument(const struct policy_hook *hook, struct hook_place *place, size_t index,
	const struct tracepoint_format *format, struct kernel_types *types, struct error *error)
{
	struct policy_argument argument = hook->args.items[index];
	struct hook_argument *result = &place->arguments[index];
	const struct tracepoint_format_field *field;
	int r;

	if (argument.value_source == POLICY_SOURCE_CURRENT_TASK)
		return hook_place_argument(place, (uint32_t)index, &argument, types, 0, error);
	field = field_of(hook, format, argument.index, error);
	if (!field)
		return -EINVAL;
	if (argument.type == POLICY_TYPE_AUTO)
		argument.type = automatic_type(field);
	if (argument.type == POLICY_TYPE_STRING && field->is_data_loc)
		argument.type = POLICY_TYPE_DATA_LOC;
	if (argument.type == POLICY_TYPE_STRING && argument.size_arg_index > 0 &&
		hook->args.items[index].type == POLICY_TYPE_AUTO)
		argument.type = POLICY_TYPE_CHAR_BUF; /* bytes, whose size is known */
	r = add_field(place, field, &result->raw, error);
	if (r >= 0)
		r = hook_place_argument(place, (uint32_t)index, &argument, types, 0, error);
	if (r >= 0)
		r = check_field(field, result, error);
	if (r < 0)
		return r;
	if (field->elements && result->reader == ARGUMENT_INTEGER &&
		!(result->flags & ARGUMENT_RESOLVED) && result->size <= field->size) {
		place->fields[result->raw].size = result->size; /* the first of the array */
		place->fields[result->raw].is_signed = result->is_signed;
	}
	if (result->reader == ARGUMENT_INTEGER && !(result->flags & ARGUMENT_RESOLVED) &&
		!place->fields[result->raw].size)
		return error_set(error, -EINVAL, "field %s is no number", field->name);
	if (result->reader == ARGUMENT_CONST_BUF) {
		result->size = (uint8_t)MIN(field->size, 255U);
		place->arrays_of_longs |=
			(uint32_t)(field->elements * sizeof(uint64_t) == field->size) << index;
	}
	return add_size_field(hook, place, index, format, error);
}

/* A raw tracepoint's arguments are those of the function that calls it. */
static int put_raw_arguments(const struct policy_hook *hook, struct hook_place *place,
	struct kernel_types *types, struct error *error)
{
	struct function function = {};
	int r = find_raw_tracepoint(hook, types, &function, error);

	if (r >= 0 && function.known)
		r = function_check_arguments(
			hook, hook->event.data, function.prototype.parameter_count, error);
	for (size_t i = 0; i < hook->args.count && r >= 0; i++) {
		const struct policy_argument *argument = &hook->args.items[i];

		if (argument->index >= HOOK_RAW_RETURN)
			return error_set(error, -EINVAL, "index %lld: allowed: 0 to %d",
				(long long)argument->index, HOOK_RAW_RETURN - 1);
		place->arguments[i].raw = (uint8_t)argument->index;
		r = hook_place_argument(place, (uint32_t)i, argument, function.types,
			function.prototype.parameters[argument->index], error);
	}
	if (r < 0)
		return r;
	place->raw_count = hook_place_raws_used(place);
	return 0;
}

int hook_place_tracepoint(const struct policy_hook *hook, struct kernel_types *types,
	struct hook_place *place, struct error *error)
{
	_cleanup_free_ struct tracepoint_format *format = NULL;
	int r;

	if (snprintf(place->subsystem, HOOK_TARGET_MAX, "%s", hook->subsystem.data) >=
		HOOK_TARGET_MAX)
		return error_set(error, -ENAMETOOLONG, "no tracepoint has such a long name");
	r = hook_place_add_target(place, hook->event.data, 0, error);
	if (r < 0)
		return r;
	if (hook->raw) {
		place->mechanism = MECHANISM_RAW_TRACEPOINT;
		return put_raw_arguments(hook, place, types, error);
	}
	place->mechanism = MECHANISM_TRACEPOINT;
	format = malloc(sizeof(*format));
	if (!format)
		return error_set(error, -ENOMEM, "out of memory");
	r = tracepoint_format_read(hook->subsystem.data, hook->event.data, format, error);
	for (size_t i = 0; i < hook->args.count && r >= 0; i++)
		r = put_argument(hook, place, i, format, types, error);
	/* What a data_loc counts from is gone when the call is looked at again. */
	place->is_call_entry =
		!strcmp(hook->subsystem.data, "syscalls") &&
		!strncmp(hook->event.data, CALL_ENTRY_PREFIX, strlen(CALL_ENTRY_PREFIX)) &&
		!(place->readers & 1ULL << ARGUMENT_DATA_LOC);
	return r;
}
