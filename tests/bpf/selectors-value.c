/* SPDX-License-Identifier: Apache-2.0 */
/* Chance, and values of policies: few, so that arguments meet them. */
#include "lib/util.h"
#include "policy/argument_types.h"
#include "tests/bpf/selectors.h"

static uint64_t state;

void random_seed(uint64_t seed)
{
	state = seed;
}

uint64_t random_bits(void) /* splitmix64 */
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint32_t random_below(uint32_t limit)
{
	return (uint32_t)(random_bits() >> 32) % limit;
}

bool one_in(uint32_t times)
{
	return random_below(times) == 0;
}

size_t random_text(char *text, size_t longest)
{
	static const char letters[] = "aAbzZ@[`{/.1";
	size_t length = random_below(one_in(4) ? 60 : 9);

	if (one_in(12))
		length = one_in(3) ? longest : random_below((uint32_t)longest + 1);
	if (length > longest)
		length = longest;
	for (size_t i = 0; i < length; i++)
		text[i] = letters[random_below(one_in(2) ? 2 : sizeof(letters) - 1)];
	return length;
}

uint64_t random_integer(enum policy_argument_type type)
{
	unsigned int bits = policy_type_bits(type);
	bool is_signed = policy_type_is_signed(type);
	uint64_t maximum = UINT64_MAX >> (64 - bits + is_signed);
	uint64_t minimum = is_signed ? ~maximum : 0, value;

	switch (random_below(6)) {
	case 0:
		return maximum - random_below(2);
	case 1:
		return minimum + random_below(2);
	case 2:
		value = random_bits() >> random_below(64);
		return value & maximum;
	case 3:
		return is_signed ? (uint64_t)-1 - random_below(4) : random_below(20);
	default:
		return random_below(12);
	}
}

const char *any_of(const char *const *words, size_t count)
{
	return words[random_below((uint32_t)count)];
}

static void put_quoted(struct buf *yaml, const char *text, size_t length)
{
	buf_append_char(yaml, '"');
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < ' ' || c == '"' || c == '\\' || c == 0x7f)
			buf_printf(yaml, "\\x%02x", c);
		else
			buf_append_char(yaml, (char)c);
	}
	buf_append_char(yaml, '"');
}

static void put_number(struct buf *yaml, enum policy_argument_type type, uint64_t value)
{
	if (policy_type_is_signed(type))
		buf_printf(yaml, "%lld", (long long)value);
	else
		buf_printf(yaml, "%llu", (unsigned long long)value);
}

static void put_range(struct buf *yaml, enum policy_argument_type type)
{
	uint64_t low = random_integer(type), high = random_integer(type);

	if (policy_type_is_signed(type) ? (int64_t)low > (int64_t)high : low > high) {
		uint64_t greater = low;

		low = high;
		high = greater;
	}
	buf_append_char(yaml, '"');
	put_number(yaml, type, low);
	buf_append_char(yaml, ':');
	put_number(yaml, type, high);
	buf_append_char(yaml, '"');
}

static void put_integer_value(
	struct buf *yaml, enum policy_operator operation, enum policy_argument_type type)
{
	uint64_t value = random_integer(type);
	bool in_map = operation == POLICY_IN_MAP || operation == POLICY_NOT_IN_MAP;

	if (operation == POLICY_IN_RANGE || operation == POLICY_NOT_IN_RANGE ||
		(in_map && one_in(3))) {
		put_range(yaml, type);
		return;
	}
	if (in_map && one_in(6)) {
		buf_append_string(yaml, ANY_OF("\"list:numbers\"", "\"list:calls\""));
		return;
	}
	if (type == POLICY_TYPE_CAPABILITY && operation != POLICY_MASK && one_in(2)) {
		buf_append_string(yaml, ANY_OF("CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_BPF"));
		return;
	}
	if (operation == POLICY_MASK && !value)
		value = 1;
	buf_append_char(yaml, '"');
	put_number(yaml, type, value);
	buf_append_char(yaml, '"');
}

/* A path that there is, and parts of it. */
static size_t random_path(char *text, size_t longest)
{
	const char *path = open_files[random_below((uint32_t)open_file_count)].path;
	size_t length = strlen(path), begin = 0;

	if (one_in(2))
		length = 1 + random_below((uint32_t)length);
	if (one_in(2))
		begin = random_below((uint32_t)length);
	if (length - begin > longest)
		begin = length - longest;
	memcpy(text, path + begin, length - begin);
	return length - begin;
}

static void put_text_value(
	struct buf *yaml, enum policy_operator operation, enum policy_type_class class)
{
	static char text[POLICY_PATH_LENGTH_MAX + 1];
	bool whole = operation == POLICY_EQUAL || operation == POLICY_NOT_EQUAL;
	bool part = operation == POLICY_SUB_STRING || operation == POLICY_SUB_STRING_IGN_CASE;
	size_t longest = whole	? POLICY_PATH_LENGTH_MAX
			 : part ? POLICY_SUBSTRING_LENGTH_MAX
				: POLICY_PREFIX_LENGTH_MAX;
	size_t length;

	if (class == POLICY_CLASS_PATH && whole && one_in(2)) {
		const char *path = open_files[random_below((uint32_t)open_file_count)].path;

		put_quoted(yaml, path, strlen(path));
		return;
	}
	if (class == POLICY_CLASS_PATH && !one_in(4))
		length = random_path(text, longest);
	else if (class == POLICY_CLASS_SOCKET_PATH)
		length = random_text(text, MIN(longest, (size_t)107));
	else
		length = random_text(text, longest);
	if (!length && !whole)
		text[length++] = 'a';
	if (class == POLICY_CLASS_BUFFER && length && one_in(4))
		text[random_below((uint32_t)length)] = (char)random_below(3);
	put_quoted(yaml, text, length);
}

static void put_address(struct buf *yaml)
{
	if (one_in(2)) {
		buf_printf(yaml, "\"%u.%u.%u.%u", one_in(2) ? 10 : random_below(256),
			random_below(3), random_below(256), random_below(256));
		if (one_in(2))
			buf_printf(yaml, "/%u", random_below(33));
	} else {
		buf_printf(yaml, "\"%s:%x:%x::%x", ANY_OF("2001", "fe80"), random_below(2),
			random_below(65536), random_below(65536));
		if (one_in(2))
			buf_printf(yaml, "/%u", random_below(129));
	}
	buf_append_char(yaml, '"');
}

static void put_port(struct buf *yaml)
{
	uint32_t ports[2] = {one_in(3) ? random_below(65536) : 1020 + random_below(8)};

	ports[1] = ports[0] + random_below(65536 - ports[0]);
	if (one_in(3))
		buf_printf(yaml, "\"%u:%u\"", ports[0], ports[1]);
	else
		buf_printf(yaml, "\"%u\"", ports[0]);
}

static void put_capabilities(struct buf *yaml)
{
	if (one_in(2))
		buf_printf(yaml, "\"%u\"", 1 + random_below(15));
	else
		buf_printf(yaml, "\"%s,%s\"", ANY_OF("CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_BPF"),
			ANY_OF("CAP_CHOWN", "CAP_KILL"));
}

void random_value(struct buf *yaml, enum policy_operator operation, enum policy_argument_type type)
{
	enum policy_type_class class = policy_type_class(type);

	switch (operation) {
	case POLICY_S_PORT:
	case POLICY_NOT_S_PORT:
	case POLICY_D_PORT:
	case POLICY_NOT_D_PORT:
		put_port(yaml);
		return;
	case POLICY_S_ADDR:
	case POLICY_NOT_S_ADDR:
	case POLICY_D_ADDR:
	case POLICY_NOT_D_ADDR:
		put_address(yaml);
		return;
	case POLICY_PROTOCOL:
		buf_append_string(yaml, ANY_OF("tcp", "IPPROTO_UDP", "\"1\"", "\"100:300\""));
		return;
	case POLICY_FAMILY:
		buf_append_string(yaml, ANY_OF("AF_INET", "inet6", "AF_UNIX", "\"16\""));
		return;
	case POLICY_STATE:
		buf_append_string(yaml, ANY_OF("TCP_ESTABLISHED", "listen", "\"2:5\""));
		return;
	case POLICY_FILE_TYPE:
	case POLICY_NOT_FILE_TYPE:
		buf_append_string(yaml, ANY_OF("sock", "lnk", "reg", "blk", "dir", "chr", "fifo"));
		return;
	default:
		break;
	}
	if (class == POLICY_CLASS_INTEGER)
		put_integer_value(yaml, operation, type);
	else if (class == POLICY_CLASS_CAPABILITIES)
		put_capabilities(yaml);
	else
		put_text_value(yaml, operation, class);
}

size_t random_value_count(enum policy_operator operation)
{
	switch (operation) {
	case POLICY_GREATER_THAN:
	case POLICY_LESS_THAN:
		return 1;
	case POLICY_S_PORT_PRIV:
	case POLICY_NOT_S_PORT_PRIV:
	case POLICY_D_PORT_PRIV:
	case POLICY_NOT_D_PORT_PRIV:
	case POLICY_CAPABILITIES_GAINED:
		return 0;
	default:
		return 1 + random_below(one_in(8) ? 24 : 3);
	}
}
