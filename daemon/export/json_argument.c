/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export/json_argument.h"

#include <string.h>
#include <sys/stat.h>

#include "daemon/audit/system_call.h"
#include "daemon/export/json_credentials.h"
#include "daemon/export/json_network.h"
#include "daemon/export/kernel_names.h"
#include "lib/json_writer.h"
#include "lib/util.h"

struct argument {
	const struct json_event_options *options;
	const struct hook_argument_description *description;
	const struct hit_argument *hit;
	const char *bytes; /* hit->length of them */
	struct buf *buf;
};

/* Structures stand in the data as they come, not aligned. */
#define READ_STRUCTURE(argument, to) memcpy((to), (argument)->bytes, sizeof(*(to)))

static void put_error(const struct argument *argument, const char *message)
{
	json_key(argument->buf, "error_arg");
	json_open_object(argument->buf);
	json_key_string(argument->buf, "Message", message);
	json_close_object(argument->buf);
}

/* Plain numbers that are 0 are left out, as protobuf has it. */
static void put_unsigned(struct buf *buf, const char *key, uint32_t value)
{
	if (!value)
		return;
	json_key_n(buf, key, strlen(key));
	json_unsigned(buf, value);
}

static void put_u64(struct buf *buf, const char *key, uint64_t value)
{
	if (!value)
		return;
	json_key_n(buf, key, strlen(key));
	json_u64_string(buf, value);
}

static void put_name(struct buf *buf, const char *key, const char *name, uint32_t number)
{
	json_key_n(buf, key, strlen(key));
	json_name_or_number(buf, name, number);
}

/* What there is up to a NUL; in base64 too where bytes had to be replaced. */
static void put_text(
	struct buf *buf, const char *key, const char *key_b64, const char *text, size_t length)
{
	length = strnlen(text, length);
	json_key_n(buf, key, strlen(key));
	if (!json_string_n(buf, text, length))
		return;
	json_key_n(buf, key_b64, strlen(key_b64));
	json_base64(buf, text, length);
}

/* Beside a value that is only the beginning of what there was. */
static void put_original_size(const struct argument *argument)
{
	if (argument->hit->status == ARGUMENT_CUT && argument->hit->size > argument->hit->length)
		put_u64(argument->buf, "orig_size", argument->hit->size);
	else if (argument->hit->status == ARGUMENT_CUT)
		json_key_bool(argument->buf, "cut", true);
}

static void put_string(const struct argument *argument)
{
	put_text(argument->buf, "string_arg", "string_b64", argument->bytes, argument->hit->length);
	put_original_size(argument);
}

static void put_bytes(const struct argument *argument)
{
	struct buf *buf = argument->buf;
	bool cut = argument->hit->status == ARGUMENT_CUT;

	if (cut) {
		json_key(buf, "truncated_bytes_arg");
		json_open_object(buf);
	}
	json_key(buf, "bytes_arg");
	json_base64(buf, argument->bytes, argument->hit->length);
	if (!cut)
		return;
	put_u64(buf, "orig_size", MAX(argument->hit->size, argument->hit->length));
	json_close_object(buf);
}

/* ---- files ---- */

/* As `ls -l` writes it. */
static void put_permission(struct buf *buf, uint32_t mode)
{
	static const char types[16] = "?pc?d?b?-?l?s???";
	char text[11];

	text[0] = types[mode >> 12 & 15];
	for (int i = 0; i < 9; i++)
		text[1 + i] = mode & (0400u >> i) ? "rwx"[i % 3] : '-';
	if (mode & S_ISUID)
		text[3] = text[3] == 'x' ? 's' : 'S';
	if (mode & S_ISGID)
		text[6] = text[6] == 'x' ? 's' : 'S';
	if (mode & S_ISVTX)
		text[9] = text[9] == 'x' ? 't' : 'T';
	text[10] = '\0';
	json_key_string(buf, "permission", text);
}

static void put_path(const struct argument *argument, const char *key)
{
	struct buf *buf = argument->buf;
	uint32_t flags = argument->hit->flags;

	json_key_n(buf, key, strlen(key));
	json_open_object(buf);
	put_text(buf, "path", "path_b64", argument->bytes, argument->hit->length);
	if (flags & PATH_CUT || argument->hit->status == ARGUMENT_CUT)
		json_key_string(buf, "flags", "unresolvedPathComponents");
	if (argument->hit->integer & S_IFMT)
		put_permission(buf, (uint32_t)argument->hit->integer);
	if (flags & PATH_DELETED)
		json_key_bool(buf, "deleted", true);
	json_close_object(buf);
}

/* ---- BPF, perf, modules ---- */

static void put_program(const struct argument *argument, const char *key)
{
	struct buf *buf = argument->buf;
	struct hit_bpf_prog program;

	READ_STRUCTURE(argument, &program);
	json_key_n(buf, key, strlen(key));
	json_open_object(buf);
	put_name(buf, "ProgType", bpf_program_type_name(program.type), program.type);
	put_unsigned(buf, "InsnCnt", program.instruction_count);
	put_text(buf, "ProgName", "ProgName_b64", program.name, sizeof(program.name));
	json_close_object(buf);
}

static void put_map(const struct argument *argument)
{
	struct buf *buf = argument->buf;
	struct hit_bpf_map map;

	READ_STRUCTURE(argument, &map);
	json_key(buf, "bpf_map_arg");
	json_open_object(buf);
	put_name(buf, "MapType", bpf_map_type_name(map.type), map.type);
	put_unsigned(buf, "KeySize", map.key_size);
	put_unsigned(buf, "ValueSize", map.value_size);
	put_unsigned(buf, "MaxEntries", map.max_entries);
	put_text(buf, "MapName", "MapName_b64", map.name, sizeof(map.name));
	json_close_object(buf);
}

static void put_perf_event(const struct argument *argument)
{
	struct buf *buf = argument->buf;
	struct hit_perf_event event;

	READ_STRUCTURE(argument, &event);
	json_key(buf, "perf_event_arg");
	json_open_object(buf);
	if (event.kprobe_function[0])
		put_text(buf, "KprobeFunc", "KprobeFunc_b64", event.kprobe_function,
			sizeof(event.kprobe_function));
	put_name(buf, "Type", perf_event_type_name(event.type), event.type);
	put_u64(buf, "Config", event.config);
	put_u64(buf, "ProbeOffset", event.probe_offset);
	json_close_object(buf);
}

static void put_module(const struct argument *argument)
{
	struct buf *buf = argument->buf;
	struct hit_module module;

	READ_STRUCTURE(argument, &module);
	json_key(buf, "module_arg");
	json_open_object(buf);
	put_text(buf, "name", "name_b64", module.name, sizeof(module.name));
	json_key_bool(buf, "signature_ok", module.signature_ok);
	if (module.taints) {
		json_key(buf, "tainted");
		json_open_array(buf);
		for (unsigned int bit = 0; bit < 64; bit++)
			if (module.taints >> bit & 1 && module_taint_name(bit))
				json_string(buf, module_taint_name(bit));
		json_close_array(buf);
	}
	json_close_object(buf);
}

/* ---- credentials ---- */

static void put_credentials(const struct argument *argument)
{
	struct namespaces unknown = {0};
	struct credentials credentials;

	READ_STRUCTURE(argument, &credentials);
	json_key(argument->buf, "process_credentials_arg");
	json_credentials_format(
		&credentials, &unknown, argument->options->host_namespaces, argument->buf);
}

static void put_user_namespace(const struct argument *argument)
{
	struct buf *buf = argument->buf;
	struct hit_user_namespace namespace;

	READ_STRUCTURE(argument, &namespace);
	json_key(buf, "user_ns_arg");
	json_open_object(buf);
	json_key_number(buf, "level", (int32_t) namespace.level);
	json_key_unsigned(buf, "uid", namespace.uid);
	json_key_unsigned(buf, "gid", namespace.gid);
	json_key(buf, "ns");
	json_open_object(buf);
	json_key_unsigned(buf, "inum", namespace.inode);
	if (!namespace.level)
		json_key_bool(buf, "is_host", true);
	json_close_object(buf);
	json_close_object(buf);
}

static void put_capability_set(const struct argument *argument, const char *key)
{
	static const char digits[] = "0123456789abcdef";
	char text[17];

	for (int i = 0; i < 16; i++)
		text[i] = digits[argument->hit->integer >> (60 - 4 * i) & 15];
	text[16] = '\0';
	json_key_n(argument->buf, key, strlen(key));
	json_string(argument->buf, text);
}

/* ---- integers ---- */

static void put_capability(struct buf *buf, int32_t value)
{
	const char *name = value >= 0 ? capability_name((unsigned int)value) : NULL;

	json_key(buf, "capability_arg");
	json_open_object(buf);
	json_key_number(buf, "value", value);
	if (name)
		json_key_string(buf, "name", name);
	json_close_object(buf);
}

static void put_syscall(struct buf *buf, uint64_t value)
{
	bool is_32_bit = value & SYSTEM_CALL_32_BIT;
	uint32_t number = (uint32_t)value & ~SYSTEM_CALL_32_BIT;
	const char *name = audit_system_call_name((int)number, is_32_bit);

	json_key(buf, "syscall_id");
	json_open_object(buf);
	put_unsigned(buf, "id", number);
#if defined(__aarch64__)
	json_key_string(buf, "abi", is_32_bit ? "arm32" : "arm64");
#else
	json_key_string(buf, "abi", is_32_bit ? "i386" : "x64");
#endif
	if (name) /* ours */
		json_key_string(buf, "name", name);
	json_close_object(buf);
}

static void put_bpf_command(struct buf *buf, uint32_t command)
{
	const char *name = bpf_command_name(command);

	json_key(buf, "bpf_cmd_arg");
	if (name)
		json_string(buf, name);
	else
		json_unsigned(buf, command); /* how protojson has what an enum does not know */
}

static void put_integer(const struct argument *argument)
{
	uint64_t value = argument->hit->integer;
	struct buf *buf = argument->buf;

	switch (argument->description->type) {
	case POLICY_TYPE_INT:
	case POLICY_TYPE_INT32:
	case POLICY_TYPE_SINT32:
	case POLICY_TYPE_INT16:
	case POLICY_TYPE_SINT16:
	case POLICY_TYPE_INT8:
	case POLICY_TYPE_SINT8:
		json_key_number(buf, "int_arg", (int32_t)value);
		break;
	case POLICY_TYPE_UINT32:
	case POLICY_TYPE_UINT16:
	case POLICY_TYPE_UINT8:
		json_key_unsigned(buf, "uint_arg", (uint32_t)value);
		break;
	case POLICY_TYPE_SIZE_T:
	case POLICY_TYPE_UINT64:
	case POLICY_TYPE_ULONG:
		json_key_u64(buf, "size_arg", value);
		break;
	case POLICY_TYPE_CAPABILITY:
		put_capability(buf, (int32_t)value);
		break;
	case POLICY_TYPE_SYSCALL64:
		put_syscall(buf, value);
		break;
	case POLICY_TYPE_BPF_CMD:
		put_bpf_command(buf, (uint32_t)value);
		break;
	default:
		json_key(buf, "long_arg");
		json_i64_string(buf, (int64_t)value);
		break;
	}
}

/* ---- */

/* By how it was read: that is what the bytes are, and the check of the record went by it. */
static void put_read(const struct argument *argument)
{
	struct hit_socket socket;

	switch ((enum argument_reader)argument->hit->reader) {
	case ARGUMENT_INTEGER:
		put_integer(argument);
		break;
	case ARGUMENT_STRING:
	case ARGUMENT_DATA_LOC:
	case ARGUMENT_FILENAME:
	case ARGUMENT_NET_DEVICE:
		put_string(argument);
		break;
	case ARGUMENT_CHAR_BUF:
	case ARGUMENT_CHAR_IOVEC:
	case ARGUMENT_IOV_ITER:
	case ARGUMENT_CONST_BUF:
		put_bytes(argument);
		break;
	case ARGUMENT_FD:
	case ARGUMENT_FILE:
	case ARGUMENT_KIOCB:
		put_path(argument, "file_arg");
		break;
	case ARGUMENT_PATH:
	case ARGUMENT_DENTRY:
		put_path(argument, "path_arg");
		break;
	case ARGUMENT_LINUX_BINPRM:
		put_path(argument, "linux_binprm_arg");
		break;
	case ARGUMENT_SOCK:
	case ARGUMENT_SOCKET:
		READ_STRUCTURE(argument, &socket);
		json_key(argument->buf, "sock_arg");
		json_socket_format(&socket, argument->buf);
		break;
	case ARGUMENT_SKB:
		READ_STRUCTURE(argument, &socket);
		json_key(argument->buf, "skb_arg");
		json_packet_format(&socket, argument->buf);
		break;
	case ARGUMENT_SOCKADDR:
		READ_STRUCTURE(argument, &socket);
		json_key(argument->buf, "sockaddr_arg");
		json_address_format(&socket, argument->buf);
		break;
	case ARGUMENT_SOCKADDR_UN:
		json_key(argument->buf, "sockaddrun_arg");
		json_unix_address_format((uint32_t)argument->hit->integer, argument->bytes,
			argument->hit->length, argument->buf);
		break;
	case ARGUMENT_CRED:
		put_credentials(argument);
		break;
	case ARGUMENT_USER_NAMESPACE:
		put_user_namespace(argument);
		break;
	case ARGUMENT_KERNEL_CAP_T:
		put_capability_set(argument, "kernel_cap_t_arg");
		break;
	case ARGUMENT_CAP_INHERITABLE:
		put_capability_set(argument, "cap_inheritable_arg");
		break;
	case ARGUMENT_CAP_PERMITTED:
		put_capability_set(argument, "cap_permitted_arg");
		break;
	case ARGUMENT_CAP_EFFECTIVE:
		put_capability_set(argument, "cap_effective_arg");
		break;
	case ARGUMENT_BPF_ATTR:
		put_program(argument, "bpf_attr_arg");
		break;
	case ARGUMENT_BPF_PROG:
		put_program(argument, "bpf_prog_arg");
		break;
	case ARGUMENT_BPF_MAP:
		put_map(argument);
		break;
	case ARGUMENT_PERF_EVENT:
		put_perf_event(argument);
		break;
	case ARGUMENT_LOAD_INFO:
	case ARGUMENT_MODULE:
		put_module(argument);
		break;
	case ARGUMENT_NONE:
	case ARGUMENT_READERS:
		put_error(argument, "not of a type that is read");
		break;
	}
}

static void put_label(const struct argument *argument)
{
	if (argument->description->label)
		json_key_string(argument->buf, "label", argument->description->label);
}

static void put_longs(const struct argument *argument)
{
	for (uint32_t at = 0; at + sizeof(uint64_t) <= argument->hit->length;
		at += sizeof(uint64_t)) {
		uint64_t value;

		memcpy(&value, argument->bytes + at, sizeof(value));
		json_open_object(argument->buf);
		json_key_u64(argument->buf, "size_arg", value);
		put_label(argument);
		json_close_object(argument->buf);
	}
}

void json_argument_format(const struct json_event_options *options, const struct policy_hit *hit,
	uint32_t index, struct buf *buf)
{
	struct argument argument = {
		.options = options, .description = &hit->hook->arguments[index], .buf = buf};

	argument.hit = policy_hit_argument(hit, index, &argument.bytes);
	if (argument.description->longs && policy_hit_argument_usable(argument.hit) &&
		argument.hit->reader == ARGUMENT_CONST_BUF) {
		put_longs(&argument);
		return;
	}
	json_open_object(buf);
	if (policy_hit_argument_usable(argument.hit))
		put_read(&argument);
	else if (argument.hit && argument.hit->status == ARGUMENT_CUT)
		put_error(&argument, "there was no room for it beside the other arguments");
	else if (argument.hit && argument.hit->status == ARGUMENT_UNREADABLE)
		put_error(&argument, "its memory could not be read: there is none, or it was not "
				     "paged in");
	else
		put_error(&argument, "it was not read");
	put_label(&argument);
	json_close_object(buf);
}
