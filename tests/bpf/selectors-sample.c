/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments for a hook: what a model is told of them, and the same in memory. Half of them are made
 * from the values that the hook compares with. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "lib/util.h"
#include "policy/argument_types.h"
#include "tests/bpf/arguments-harness.h"
#include "tests/bpf/selectors.h"

#define TEXT_MAX	  6000
#define USER_BYTES	  (1u << 20)
#define LONG_SAMPLES_MAX  2 /* more than these have no room in a record */
#define SEGMENTS_MAX	  6
#define STRING_LENGTH_MAX (HIT_ARGUMENT_MAX - 1)

/* ---- files ---- */

struct open_file open_files[FILES_OPEN_MAX];
size_t open_file_count;
static char files_directory[] = "/tmp/tallyman-selectors.XXXXXX";

/* The mount that a path is on ends where the device does. */
static void path_in_mount(struct open_file *file)
{
	char prefix[4096];
	struct stat here, above;

	snprintf(prefix, sizeof(prefix), "%s", file->path);
	if (lstat(prefix, &here))
		exit(1);
	for (char *slash = strrchr(prefix, '/'); slash; slash = strrchr(prefix, '/')) {
		*slash = '\0';
		if (lstat(*prefix ? prefix : "/", &above))
			exit(1);
		if (above.st_dev != here.st_dev) {
			snprintf(file->in_mount, sizeof(file->in_mount), "%s",
				file->path + strlen(prefix) + strcspn(slash + 1, "/") + 1);
			return;
		}
	}
	snprintf(file->in_mount, sizeof(file->in_mount), "%s", file->path);
}

static void open_one(const char *name)
{
	struct open_file *file = &open_files[open_file_count];
	struct stat status;

	if (open_file_count == FILES_OPEN_MAX)
		return;
	if (*name == '/')
		snprintf(file->path, sizeof(file->path), "%s", name);
	else
		snprintf(file->path, sizeof(file->path), "%s/%s", files_directory, name);
	file->fd = open(file->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (file->fd < 0 || fstat(file->fd, &status)) {
		printf("Bail out! %s: %s\n", file->path, strerror(errno));
		exit(1);
	}
	file->mode = status.st_mode;
	path_in_mount(file);
	open_file_count++;
}

static void make_file(const char *name, mode_t mode, dev_t device)
{
	if (mknodat(AT_FDCWD, name, mode, device))
		printf("# %s: %s\n", name, strerror(errno));
	else
		open_one(name);
}

void files_open(void)
{
	char deep[2000] = "d", *end = deep + 1;

	if (!mkdtemp(files_directory) || chdir(files_directory))
		exit(1);
	make_file("aAbB", S_IFREG | 0600, 0);
	make_file("a", S_IFREG | 0600, 0);
	make_file("z.so", S_IFREG | 0600, 0);
	make_file("Z@[`{", S_IFREG | 0600, 0);
	make_file("fifo", S_IFIFO | 0600, 0);
	make_file("socket", S_IFSOCK | 0600, 0);
	make_file("null", S_IFCHR | 0600, makedev(1, 3));
	make_file("loop", S_IFBLK | 0600, makedev(7, 0));
	if (symlink("nowhere", "link"))
		exit(1);
	open_one("link");
	while (strlen(deep) < 1600) {
		if (mkdir(deep, 0700))
			exit(1);
		open_one(deep);
		memset(end, 'a', 120);
		*end = '/';
		end[120] = '\0';
		end += 120;
	}
	open_one("/");
	open_one("/usr");
	open_one("/etc/passwd");
	open_one("/dev/null");
	if (chdir("/"))
		exit(1);
}

void files_remove(void)
{
	char command[128];

	for (size_t i = 0; i < open_file_count; i++)
		close(open_files[i].fd);
	snprintf(command, sizeof(command), "rm -rf %s", files_directory);
	if (system(command))
		printf("# %s stays\n", files_directory);
}

/* ---- memory ---- */

static char *objects;
static uint64_t objects_address;
static size_t objects_bytes, objects_used;
static char *user; /* nothing is mapped after its end */
static size_t user_used;
static int long_samples;

void objects_use(char *memory, uint64_t address, size_t bytes)
{
	objects = memory;
	objects_address = address;
	objects_bytes = bytes;
	user = mmap(NULL, USER_BYTES + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		-1, 0);
	if (user == MAP_FAILED || munmap(user + USER_BYTES, 4096))
		exit(1);
	memset(user, 0xa5, USER_BYTES);
}

static size_t object_new(size_t size)
{
	size_t at = objects_used;

	objects_used += (size + 15) & ~15ULL;
	if (objects_used > objects_bytes)
		abort();
	memset(objects + at, 0, size);
	return at;
}

static void object_put(
	size_t object, const char *type, const char *member, const void *value, size_t size)
{
	memcpy(objects + object + member_offset(type, member), value, size);
}

/* In memory of the user, often right before its end, or of the kernel. */
static uint64_t place_bytes(const void *bytes, size_t size, bool user_only)
{
	size_t at = user_used;

	if (!user_only && one_in(3)) {
		at = object_new(size + 1);
		memcpy(objects + at, bytes, size);
		return objects_address + at;
	}
	user_used += size;
	if (user_used > USER_BYTES / 2)
		abort();
	if (user_used == size && one_in(2)) /* the first only: others would be on it */
		at = USER_BYTES - size;
	memcpy(user + at, bytes, size);
	return (uintptr_t)user + at;
}

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

/* One of the values that the argument is compared with; NULL when there are none. */
static const struct policy_value *any_value(
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

/* ---- texts ---- */

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

/* Around a value, or long. */
static size_t sample_text(const struct policy_value *value, char *text, size_t longest)
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

static void see_text(
	struct observed_argument *observed, const char *text, size_t length, size_t longest)
{
	char *copy = malloc(length + 1);

	if (!copy)
		exit(1);
	memcpy(copy, text, length);
	observed->text_is_cut = length > longest;
	observed->text = (struct policy_text){.data = copy, .length = MIN(length, longest)};
}

/* Up to the first NUL. */
static size_t without_nul(char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!text[i])
			text[i] = 'n';
	text[length] = '\0';
	return length;
}

static uint64_t sample_string(
	const struct policy_value *value, struct observed_argument *observed, size_t longest)
{
	static char text[TEXT_MAX + 1];
	size_t length = without_nul(text, sample_text(value, text, longest));

	see_text(observed, text, length, STRING_LENGTH_MAX);
	return place_bytes(text, length + 1, false);
}

static uint64_t sample_filename(
	const struct policy_value *value, struct observed_argument *observed)
{
	uint64_t name = sample_string(value, observed, TEXT_MAX);
	size_t object = object_new(64);

	object_put(object, "filename", "name", &name, sizeof(name));
	return objects_address + object;
}

static uint64_t sample_net_device(
	const struct policy_value *value, struct observed_argument *observed)
{
	char text[TEXT_MAX + 1];
	size_t length = without_nul(text, sample_text(value, text, 15));
	size_t object = object_new(member_offset("net_device", "name") + 16);

	see_text(observed, text, length, STRING_LENGTH_MAX);
	object_put(object, "net_device", "name", text, length);
	return objects_address + object;
}

static uint64_t sample_buffer(
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

static uint64_t sample_iovec(
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

static uint64_t sample_iter(const struct policy_value *value, struct observed_argument *observed)
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
	return objects_address + object;
}

/* ---- files ---- */

static uint64_t in_object(const char *type, const char *member, uint64_t value, size_t size)
{
	size_t object = object_new(size);

	object_put(object, type, member, &value, sizeof(value));
	return objects_address + object;
}

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

/* ---- sockets ---- */

static void near_address(const struct policy_value *value, uint16_t *family, uint8_t address[16])
{
	uint64_t bits[2] = {random_bits(), random_bits()};
	uint32_t bit;

	memcpy(address, bits, 16);
	if (!value || value->kind != POLICY_VALUE_ADDRESS || one_in(4))
		return;
	*family = value->address.family;
	memcpy(address, value->address.bytes, 16);
	if (one_in(2))
		return;
	bit = value->address.prefix_length + random_below(4) - 2;
	if (bit < (*family == AF_INET ? 32 : 128))
		address[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
}

static uint16_t near_port(const struct policy_value *value)
{
	if (value && value->kind == POLICY_VALUE_RANGE && !one_in(4))
		return (uint16_t)((one_in(2) ? value->range.minimum : value->range.maximum) +
				  random_below(3) - 1);
	return (uint16_t)(one_in(2) ? 1022 + random_below(4) : random_below(65536));
}

static void sample_endpoints(const struct policy_hook *hook, const struct policy_argument *argument,
	struct observed_argument *observed)
{
	static const uint16_t families[] = {AF_INET, AF_INET, AF_INET6, AF_INET6, AF_UNIX, 16};
	static const uint16_t protocols[] = {6, 17, 1, 100, 262, 300, 301};

	observed->socket.family = families[random_below(6)];
	near_address(any_value(hook, argument), &observed->socket.family, observed->socket.source);
	near_address(
		any_value(hook, argument), &observed->socket.family, observed->socket.destination);
	observed->socket.source_port = near_port(any_value(hook, argument));
	observed->socket.destination_port = near_port(any_value(hook, argument));
	observed->socket.protocol = protocols[random_below(7)];
	observed->socket.state = (uint8_t)(1 + random_below(12));
}

static size_t make_sock(const struct observed_argument *observed)
{
	const __typeof__(observed->socket) *from = &observed->socket;
	uint16_t port = htons(from->destination_port);
	size_t sock = object_new(2048);

	object_put(sock, "sock_common", "skc_family", &from->family, 2);
	object_put(sock, "sock_common", "skc_state", &from->state, 1);
	object_put(sock, "sock_common", "skc_num", &from->source_port, 2);
	object_put(sock, "sock_common", "skc_dport", &port, 2);
	object_put(sock, "sock", "sk_protocol", &from->protocol, 2);
	if (from->family == AF_INET) {
		object_put(sock, "sock_common", "skc_rcv_saddr", from->source, 4);
		object_put(sock, "sock_common", "skc_daddr", from->destination, 4);
	} else {
		object_put(sock, "sock_common", "skc_v6_rcv_saddr", from->source, 16);
		object_put(sock, "sock_common", "skc_v6_daddr", from->destination, 16);
	}
	return sock;
}

static uint64_t sample_sockaddr(struct observed_argument *observed)
{
	struct sockaddr_in ipv4 = {.sin_family = observed->socket.family,
		.sin_port = htons(observed->socket.source_port)};
	struct sockaddr_in6 ipv6 = {.sin6_family = observed->socket.family,
		.sin6_port = htons(observed->socket.source_port)};

	observed->socket.protocol = 0;
	memcpy(&ipv4.sin_addr, observed->socket.source, 4);
	memcpy(&ipv6.sin6_addr, observed->socket.source, 16);
	if (observed->socket.family == AF_INET)
		return place_bytes(&ipv4, sizeof(ipv4), false);
	return place_bytes(&ipv6, sizeof(ipv6), false);
}

static uint64_t sample_socket(const struct policy_hook *hook,
	const struct policy_argument *argument, struct observed_argument *observed)
{
	uint64_t sock;

	sample_endpoints(hook, argument, observed);
	if (argument->type == POLICY_TYPE_SOCKADDR)
		return sample_sockaddr(observed);
	sock = objects_address + make_sock(observed);
	switch (argument->type) {
	case POLICY_TYPE_SOCKET:
		return in_object("socket", "sk", sock, 256);
	case POLICY_TYPE_SKB:
		return in_object("sk_buff", "sk", sock, 512);
	default:
		return sock;
	}
}

static uint64_t sample_unix_address(
	const struct policy_value *value, struct observed_argument *observed)
{
	struct sockaddr_un address = {.sun_family = one_in(8) ? AF_INET : AF_UNIX};
	char text[TEXT_MAX + 1];
	size_t length = without_nul(text, sample_text(value, text, 107));

	observed->socket.family = address.sun_family;
	memcpy(address.sun_path, text, length);
	if (!length) /* an abstract one without a name */
		memcpy(text, "@", ++length);
	else if (text[0] == '@' && one_in(2))
		address.sun_path[0] = '\0';
	if (address.sun_family != AF_UNIX)
		length = 0;
	see_text(observed, text, length, STRING_LENGTH_MAX);
	return place_bytes(&address, sizeof(address), false);
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

static uint64_t nowhere(void)
{
	return one_in(3) ? 0 : (uintptr_t)user + USER_BYTES + random_below(64);
}

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
	objects_used = user_used = 0;
	long_samples = 0;
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
