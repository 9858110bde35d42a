/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments that are texts or bytes: strings, names within objects, buffers, vectors of them. */
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include <bpf/btf.h>

#include "lib/util.h"
#include "tests/bpf/arguments-harness.h"
#include "tests/bpf/selectors-sample.h"

#define LONG_SAMPLES_MAX 2 /* more than these have no room in a record */
#define SEGMENTS_MAX	 6

static int long_samples;

static size_t change(char *text, size_t length, size_t longest)
{
	static const unsigned char flips[] = {0x20, 0x01, 0x80, 0x40};
	char junk[64];
	size_t more;

	switch (random_below(7)) {
	case 0:
		more = MIN(random_text(junk, sizeof(junk)), longest - length);
		memcpy(text + length, junk, more);
		return length + more;
	case 1:
		more = MIN(random_text(junk, sizeof(junk)), longest - length);
		memmove(text + more, text, length);
		memcpy(text, junk, more);
		return length + more;
	case 2:
		if (length)
			text[random_below((uint32_t)length)] ^= (char)flips[random_below(4)];
		return length;
	case 3:
		return length ? length - 1 : 0;
	case 4:
		for (size_t i = 0; i < length; i++)
			if (one_in(2) && ((text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'z'))
				text[i] ^= 0x20;
		return length;
	default:
		return length;
	}
}

size_t sample_text(const struct policy_value *value, char *text, size_t longest)
{
	size_t length;

	if (value && value->kind == POLICY_VALUE_TEXT && !one_in(5)) {
		length = MIN(value->text.length, longest);
		memcpy(text, value->text.data, length);
		length = change(text, length, longest);
		if (one_in(2))
			length = change(text, length, longest);
	} else {
		length = random_text(text, MIN(longest, (size_t)200));
	}
	if (longest > HIT_ARGUMENT_MAX && length < longest / 2 && one_in(20) &&
		long_samples < LONG_SAMPLES_MAX) { /* to where it is cut */
		size_t target = HIT_ARGUMENT_MAX - 10 + random_below(20);
		size_t before =
			one_in(2) ? target - length : random_below((uint32_t)(target - length));

		memmove(text + before, text, length);
		memset(text, 'a', before);
		memset(text + before + length, 'b', target - before - length);
		length = target;
	}
	if (length > 256 && ++long_samples > LONG_SAMPLES_MAX)
		length = 256;
	return length;
}

void see_text(struct observed_argument *observed, const char *text, size_t length, size_t longest)
{
	char *copy = malloc(length + 1);

	if (!copy)
		exit(1);
	memcpy(copy, text, length);
	observed->text_is_cut = length > longest;
	observed->text = (struct policy_text){.data = copy, .length = MIN(length, longest)};
}

size_t without_nul(char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!text[i])
			text[i] = 'n';
	text[length] = '\0';
	return length;
}

uint64_t sample_string(
	const struct policy_value *value, struct observed_argument *observed, size_t longest)
{
	static char text[TEXT_MAX + 1];
	size_t length = without_nul(text, sample_text(value, text, longest));

	see_text(observed, text, length, STRING_LENGTH_MAX);
	return place_bytes(text, length + 1, false);
}

uint64_t sample_filename(const struct policy_value *value, struct observed_argument *observed)
{
	uint64_t name = sample_string(value, observed, TEXT_MAX);
	size_t object = object_new(64);

	object_put(object, "filename", "name", &name, sizeof(name));
	return object_address(object);
}

uint64_t sample_net_device(const struct policy_value *value, struct observed_argument *observed)
{
	char text[TEXT_MAX + 1];
	size_t length = without_nul(text, sample_text(value, text, 15));
	size_t object = object_new(member_offset("net_device", "name") + 16);

	see_text(observed, text, length, STRING_LENGTH_MAX);
	object_put(object, "net_device", "name", text, length);
	return object_address(object);
}

uint64_t sample_buffer(
	const struct policy_value *value, struct observed_argument *observed, uint64_t *ret_size)
{
	static char text[TEXT_MAX + 1];
	size_t length = sample_text(value, text, TEXT_MAX);

	see_text(observed, text, length, HIT_ARGUMENT_MAX);
	*ret_size = length;
	return place_bytes(text, length, false);
}

static size_t make_segments(const struct policy_value *value, struct observed_argument *observed,
	struct iovec segments[SEGMENTS_MAX], size_t *ret_length)
{
	static char text[TEXT_MAX + 1];
	size_t length = sample_text(value, text, TEXT_MAX);
	size_t count = 1 + random_below(SEGMENTS_MAX), at = 0;

	for (size_t i = 0; i < count; i++) {
		size_t size =
			i + 1 == count ? length - at : random_below((uint32_t)(length - at + 1));

		segments[i].iov_base = (void *)(uintptr_t)place_bytes(text + at, size, true);
		segments[i].iov_len = size;
		at += size;
	}
	see_text(observed, text, length, HIT_ARGUMENT_MAX);
	*ret_length = length;
	return count;
}

uint64_t sample_iovec(
	const struct policy_value *value, struct observed_argument *observed, uint64_t *ret_size)
{
	struct iovec segments[SEGMENTS_MAX];
	size_t length, count = make_segments(value, observed, segments, &length);

	*ret_size = count;
	return place_bytes(segments, count * sizeof(*segments), true);
}

static uint8_t iter_type_iovec(void)
{
	static struct btf *types;
	int id;

	if (!types)
		types = btf__load_vmlinux_btf();
	id = btf__find_by_name_kind(types, "iter_type", BTF_KIND_ENUM);
	for (uint16_t i = 0; id > 0 && i < btf_vlen(btf__type_by_id(types, (uint32_t)id)); i++) {
		const struct btf_enum *item = btf_enum(btf__type_by_id(types, (uint32_t)id)) + i;

		if (!strcmp(btf__name_by_offset(types, item->name_off), "ITER_IOVEC"))
			return (uint8_t)item->val;
	}
	return 0;
}

uint64_t sample_iter(const struct policy_value *value, struct observed_argument *observed)
{
	struct iovec segments[SEGMENTS_MAX];
	size_t length, count = make_segments(value, observed, segments, &length);
	uint64_t address = place_bytes(segments, count * sizeof(*segments), false);
	size_t object = object_new(64);
	uint8_t type = iter_type_iovec();

	object_put(object, "iov_iter", has_member("iov_iter", "iter_type") ? "iter_type" : "type",
		&type, 1);
	object_put(object, "iov_iter", "kvec", &address, sizeof(address));
	object_put(object, "iov_iter", "count", &length, sizeof(length));
	object_put(object, "iov_iter", "nr_segs", &count, sizeof(count));
	return object_address(object);
}

void texts_reuse(void)
{
	long_samples = 0;
}
