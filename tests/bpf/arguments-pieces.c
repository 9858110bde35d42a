/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include <bpf/btf.h>

#include "tests/bpf/arguments-harness.h"

static const char text[] = "The tallyman writes down every crate.";

static void test_iovec(void)
{
	struct reading *reading = new_reading(ARGUMENT_CHAR_IOVEC);
	const struct hit_argument *arguments = reading->slot.record.arguments;
	static char large[3000], expected[HIT_ARGUMENT_MAX];
	struct iovec *many = calloc(2 * HIT_SEGMENTS_MAX, sizeof(*many));
	struct iovec pieces[] = {{(char *)text, 4}, {NULL, 0}, {(char *)text + 4, 9}};
	struct iovec larger[] = {{large, sizeof(large)}, {large, sizeof(large)}, {large, 1}};

	if (!many)
		exit(1);
	memset(large, 'L', sizeof(large));
	memset(expected, 'L', sizeof(expected));
	reading->count = 4;
	for (size_t i = 0; i < 4; i++) {
		reading->arguments[i].raw = 2 * i;
		reading->arguments[i].size_raw = 2 * i + 1;
	}
	for (size_t i = 0; i < 2 * HIT_SEGMENTS_MAX; i++)
		many[i] = (struct iovec){(char *)&text[i % 37], 1};
	reading->raw[0] = (uintptr_t)pieces;
	reading->raw[1] = 3;
	reading->raw[2] = (uintptr_t)larger;
	reading->raw[3] = 3;
	reading->raw[4] = (uintptr_t)many;
	reading->raw[5] = HIT_SEGMENTS_MAX;
	reading->raw[6] = (uintptr_t)pieces;
	reading->raw[7] = 4; /* and whatever is behind them */
	read_given(reading);
	ok(is_bytes(reading, 0, text, 13), "three segments");
	ok(arguments[1].status == ARGUMENT_CUT && arguments[1].size == 6001 &&
			arguments[1].length == HIT_ARGUMENT_MAX &&
			!memcmp(argument_bytes(reading, 1), expected, HIT_ARGUMENT_MAX),
		"segments with more bytes than can be");
	for (size_t i = 0; i < HIT_SEGMENTS_MAX; i++)
		expected[i] = text[i % 37];
	ok(is_bytes(reading, 2, expected, HIT_SEGMENTS_MAX), "%d segments", HIT_SEGMENTS_MAX);
	free(many);
	free(reading);
}

static int iter_type(const char *name)
{
	struct btf *types = btf__load_vmlinux_btf();
	int id = types ? btf__find_by_name_kind(types, "iter_type", BTF_KIND_ENUM) : -1;
	const struct btf_type *type = id > 0 ? btf__type_by_id(types, id) : NULL;
	int value = -1;

	for (uint32_t i = 0; type && i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(types, btf_enum(type)[i].name_off), name))
			value = btf_enum(type)[i].val;
	btf__free(types);
	return value;
}

static void put(struct reading *reading, const char *member, const void *value, size_t size)
{
	memcpy(reading->memory + member_offset("iov_iter", member), value, size);
}

/* An iov_iter over memory of the user, or of the kernel (at 1024). */
static void read_iter(struct reading *reading, const char *type_name, size_t count)
{
	bool many = strcmp(type_name, "ITER_UBUF") != 0, kernel = !strcmp(type_name, "ITER_KVEC");
	static struct iovec pieces[2];
	struct iovec inner[2] = {{(void *)2048, 20}, {(void *)(2048 + 20), sizeof(text) - 20}};
	uint64_t address = many ? (uintptr_t)pieces : (uintptr_t)text, segments = 2, skip = 4;
	uint32_t type = iter_type(type_name);

	pieces[0] = (struct iovec){(char *)text, 20};
	pieces[1] = (struct iovec){(char *)text + 20, sizeof(text) - 20};
	memset(reading->memory, 0, sizeof(reading->memory));
	if (has_member("iov_iter", "iter_type")) {
		put(reading, "iter_type", &type, 1);
	} else {
		type |= 1; /* WRITE */
		put(reading, "type", &type, 4);
	}
	if (kernel) {
		address = 1024;
		memcpy(reading->memory + 1024, inner, sizeof(inner));
		memcpy(reading->memory + 2048, text, sizeof(text));
		reading->memory_words[0] = member_offset("iov_iter", "kvec") / 8;
		reading->memory_words[1] = 1024 / 8;
		reading->memory_words[2] = (1024 + sizeof(*inner)) / 8;
		reading->memory_words_count = 3;
	}
	put(reading, many ? "kvec" : "ubuf", &address, 8);
	put(reading, "iov_offset", &skip, 8);
	if (many)
		put(reading, "nr_segs", &segments, 8);
	put(reading, "count", &count, 8);
	reading->memory_raws = 1;
	read_given(reading);
}

static void test_iter(void)
{
	static const char *types[] = {"ITER_IOVEC", "ITER_KVEC", "ITER_UBUF"};
	struct reading *reading = new_reading(ARGUMENT_IOV_ITER);

	for (size_t i = 0; i < 3; i++) {
		if (iter_type(types[i]) < 0) /* this kernel has none */
			continue;
		memset(reading->memory_words, 0, sizeof(reading->memory_words));
		reading->memory_words_count = 0;
		read_iter(reading, types[i], sizeof(text) - 1 - 4);
		ok(is_bytes(reading, 0, text + 4, sizeof(text) - 1 - 4), "an %s", types[i]);
		read_iter(reading, types[i], 6);
		ok(is_bytes(reading, 0, text + 4, 6), "… of which less is meant");
	}
	read_iter(reading, "ITER_DISCARD", 6);
	ok(is_status(reading, 0, ARGUMENT_CUT) && reading->slot.record.arguments[0].size == 6,
		"what has no address has a size only");
	free(reading);
}

static void test_const_buf(void)
{
	struct reading *reading = new_reading(ARGUMENT_CONST_BUF);

	for (size_t i = 0; i < 6; i++)
		((uint64_t *)reading->memory)[i] = i * 1000;
	reading->memory_raws = 1;
	reading->arguments[0].size = 48;
	read_given(reading);
	ok(is_bytes(reading, 0, reading->memory, 48), "an array of a tracepoint's");
	free(reading);
}

static bool is_whole(const struct reading *reading, const char *bytes, uint32_t size)
{
	const struct hit_argument *argument = &reading->slot.record.arguments[0];

	if (argument->size == size && argument->flags & HIT_ARGUMENT_PIECES &&
		argument->length == reading->pieces_begin &&
		!memcmp(argument_bytes(reading, 0), bytes, argument->length) &&
		!memcmp(reading->pieces + argument->length, bytes + argument->length,
			reading->pieces_end - argument->length))
		return true;
	diag("length %u, size %u, pieces from %u to %u", argument->length, argument->size,
		reading->pieces_begin, reading->pieces_end);
	return false;
}

static void test_max_data(void)
{
	static char large[HIT_MAX_DATA + 1000];
	struct reading *reading = new_reading(ARGUMENT_CHAR_BUF);
	struct iovec segments[] = {{large, 3000}, {large + 3000, 10000}, {large + 13000, 7000}};

	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (char)(i * 7 + i / 256);
	reading->arguments[0].flags = ARGUMENT_MAX_DATA;
	reading->arguments[0].size_raw = 1;
	reading->raw[0] = (uintptr_t)large;
	reading->raw[1] = 4096;
	read_given(reading);
	ok(is_bytes(reading, 0, large, 4096) && !reading->pieces_end,
		"maxData without more than is in the record");
	reading->raw[1] = 100001;
	read_given(reading);
	ok(is_whole(reading, large, 100001) && reading->pieces_end == 100001,
		"maxData: the rest goes before it");
	reading->raw[1] = HIT_MAX_DATA;
	read_given(reading);
	ok(is_whole(reading, large, HIT_MAX_DATA) && reading->pieces_end == HIT_MAX_DATA,
		"maxData: as much as can be");
	reading->raw[1] = sizeof(large);
	read_given(reading);
	ok(is_whole(reading, large, sizeof(large)) && reading->pieces_end == HIT_MAX_DATA,
		"maxData: no more than can be");
	reading->arguments[0].reader = ARGUMENT_CHAR_IOVEC;
	reading->raw[0] = (uintptr_t)segments;
	reading->raw[1] = 3;
	read_given(reading);
	ok(is_whole(reading, large, 20000) && reading->pieces_end == 20000,
		"maxData: of three segments");
	free(reading);
}

void test_pieces(void)
{
	test_max_data();
	test_iovec();
	test_iter();
	test_const_buf();
}
