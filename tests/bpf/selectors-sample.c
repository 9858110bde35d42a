/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments for a hook: what a model is told of them, and the same in memory. Half of them are made
 * from the values that the hook compares with. */
#include "tests/bpf/selectors-sample.h"

#include <stdlib.h>
#include <string.h>

#include "policy/argument_types.h"
#include "tests/bpf/arguments-harness.h"

/* ---- what the hook asks for ---- */

static const struct policy_value *of_matches(const struct policy_match_args *items, size_t count,
	const struct policy_argument *argument, size_t *ret_seen, size_t wanted)
{
	for (size_t i = 0; i < count; i++) {
		if (items[i].argument != argument)
			continue;
		if (wanted < *ret_seen + items[i].values.count)
			return &items[i].values.items[wanted - *ret_seen];
		*ret_seen += items[i].values.count;
	}
	return NULL;
}

static const struct policy_value *find_value(const struct policy_hook *hook,
	const struct policy_argument *argument, size_t *ret_seen, size_t wanted)
{
	for (size_t i = 0; i < hook->selectors.count; i++) {
		const struct policy_selector *selector = &hook->selectors.items[i];
		const struct policy_value *value = of_matches(selector->match_args.items,
			selector->match_args.count, argument, ret_seen, wanted);

		if (!value)
			value = of_matches(selector->match_data.items, selector->match_data.count,
				argument, ret_seen, wanted);
		if (value)
			return value;
	}
	return NULL;
}

const struct policy_value *any_value(
	const struct policy_hook *hook, const struct policy_argument *argument)
{
	size_t count = 0, ignored = 0;

	find_value(hook, argument, &count, SIZE_MAX);
	return count ? find_value(hook, argument, &ignored, random_below((uint32_t)count)) : NULL;
}

/* ---- numbers ---- */

static void sample_integer(const struct policy_value *value, enum policy_argument_type type,
	struct observed_argument *observed, uint64_t *ret_raw)
{
	unsigned int shift = 64 - policy_type_bits(type);
	uint64_t integer = random_integer(type);

	if (value && value->kind == POLICY_VALUE_RANGE && !one_in(3))
		integer = (one_in(2) ? value->range.minimum : value->range.maximum) +
			  random_below(3) - 1;
	integer <<= shift;
	observed->integer = policy_type_is_signed(type) ? (uint64_t)((int64_t)integer >> shift)
							: integer >> shift;
	*ret_raw = observed->integer;
	if (shift && one_in(2)) /* above it there is anything */
		*ret_raw = (observed->integer & (UINT64_MAX >> shift)) | random_bits()
										 << (64 - shift);
}

/* ---- files ---- */

static uint64_t sample_file(const struct policy_value *value, enum policy_argument_type type,
	struct observed_argument *observed)
{
	const struct open_file *file = &open_files[random_below((uint32_t)open_file_count)];

	for (size_t i = 0; value && value->kind == POLICY_VALUE_TEXT && i < open_file_count; i++)
		if (one_in(2) && value->text.length == strlen(open_files[i].path) &&
			!memcmp(value->text.data, open_files[i].path, value->text.length))
			file = &open_files[i];
	observed->mode = file->mode;
	see_text(observed, file->path, strlen(file->path), PATH_LENGTH_MAX);
	switch (type) {
	case POLICY_TYPE_FD:
		return (uint64_t)file->fd | (one_in(2) ? random_bits() << 32 : 0);
	case POLICY_TYPE_FILE:
		return file->address;
	case POLICY_TYPE_PATH:
		return file->address + member_offset("file", "f_path");
	case POLICY_TYPE_DENTRY:
		free((char *)observed->text.data);
		see_text(observed, file->in_mount, strlen(file->in_mount), PATH_LENGTH_MAX);
		return file->dentry;
	case POLICY_TYPE_KIOCB:
		return in_object("kiocb", "ki_filp", file->address, 256);
	default:
		return in_object("linux_binprm", "file", file->address, 1024);
	}
}

/* ---- capabilities ---- */

static uint64_t sample_capabilities(const struct policy_value *value,
	enum policy_argument_type type, struct observed_argument *observed)
{
	uint64_t bits = one_in(3) ? 0 : random_bits() & random_bits() & 0x1ffffffffff;

	if (value && value->kind == POLICY_VALUE_BITS && one_in(2))
		bits = value->bits;
	observed->capabilities = bits;
	if (type == POLICY_TYPE_CRED)
		return in_object("cred", "cap_effective", bits, 512);
	return place_bytes(&bits, sizeof(bits), false);
}

/* ---- all ---- */

static void sample_argument(const struct policy_hook *hook, const struct policy_argument *argument,
	struct observed_argument *observed, uint64_t *raw, uint64_t *raw_size)
{
	enum policy_argument_type type = (enum policy_argument_type)argument->type;
	const struct policy_value *value = any_value(hook, argument);
	enum policy_type_class class = policy_type_class(type);

	memset(observed, 0, sizeof(*observed));
	observed->type = type;
	observed->readable = true;
	if (class == POLICY_CLASS_INTEGER) {
		sample_integer(value, type, observed, raw);
		return;
	}
	/* An iov_iter is never far from its call; and the first descriptor of all is open. */
	if (one_in(16) && type != POLICY_TYPE_IOV_ITER) {
		observed->readable = false;
		*raw = type == POLICY_TYPE_FD ? 1000000 : nowhere();
		*raw_size = 1;
		return;
	}
	switch (type) {
	case POLICY_TYPE_STRING:
		*raw = sample_string(value, observed, TEXT_MAX);
		return;
	case POLICY_TYPE_FILENAME:
		*raw = sample_filename(value, observed);
		return;
	case POLICY_TYPE_NET_DEVICE:
		*raw = sample_net_device(value, observed);
		return;
	case POLICY_TYPE_CHAR_BUF:
		*raw = sample_buffer(value, observed, raw_size);
		return;
	case POLICY_TYPE_CHAR_IOVEC:
		*raw = sample_iovec(value, observed, raw_size);
		return;
	case POLICY_TYPE_IOV_ITER:
		*raw = sample_iter(value, observed);
		return;
	case POLICY_TYPE_SOCKADDR_UN:
		*raw = sample_unix_address(value, observed);
		return;
	default:
		break;
	}
	if (class == POLICY_CLASS_PATH)
		*raw = sample_file(value, type, observed);
	else if (class == POLICY_CLASS_CAPABILITIES || class == POLICY_CLASS_CREDENTIALS)
		*raw = sample_capabilities(value, type, observed);
	else
		*raw = sample_socket(hook, argument, observed);
}

static void forget(struct observed_argument *observed)
{
	free((char *)observed->text.data);
	memset(observed, 0, sizeof(*observed));
}

void random_sample(const struct policy_hook *hook, struct sample *sample)
{
	memory_reuse();
	texts_reuse();
	for (size_t i = 0; i < SELECTED_ARGUMENTS_MAX; i++) {
		forget(&sample->args[i]);
		forget(&sample->data[i]);
	}
	memset(sample->raw, 0, sizeof(sample->raw));
	for (size_t i = 0; i < hook->args.count; i++) {
		const struct policy_argument *argument = &hook->args.items[i];

		sample_argument(hook, argument, &sample->args[i], &sample->raw[argument->index],
			&sample->raw[SIZE_RAW(argument->index)]);
	}
	for (size_t i = 0; i < hook->data.count; i++) {
		const struct policy_argument *argument = &hook->data.items[i];

		sample_argument(hook, argument, &sample->data[i], &sample->raw[argument->index],
			&sample->raw[SIZE_RAW(argument->index)]);
	}
}
