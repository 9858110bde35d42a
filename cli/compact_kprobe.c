/* SPDX-License-Identifier: Apache-2.0 */
/* Function and tracepoint hooks: what a well-known function's arguments say. */
#include <inttypes.h>
#include <string.h>

#include "cli/compact_line.h"
#include "lib/util.h"

enum arguments {
	ARGUMENTS_NONE,
	ARGUMENTS_FILE,	     /* the path of the first */
	ARGUMENTS_FILE_SIZE, /* and how many bytes, of the third or second */
	ARGUMENTS_TWO_PATHS,
	ARGUMENTS_NUMBER,
	ARGUMENTS_SOCKET,
	ARGUMENTS_SOCKET_BYTES,
	ARGUMENTS_NAMESPACE,
	ARGUMENTS_BPF_PROGRAM,
	ARGUMENTS_BPF_MAP,
	ARGUMENTS_PERF_EVENT,
};

static const struct function {
	const char *name, *emoji, *label;
	enum arguments arguments;
} functions[] = {
	{"sys_write", "📝", "write", ARGUMENTS_FILE_SIZE},
	{"sys_read", "📚", "read", ARGUMENTS_FILE_SIZE},
	{"fd_install", "📬", "open", ARGUMENTS_FILE},
	{"sys_open", "📬️", "open", ARGUMENTS_FILE},
	{"sys_openat", "📬️", "openat", ARGUMENTS_FILE},
	{"sys_close", "📪", "close", ARGUMENTS_FILE},
	{"sys_mount", "💾", "mount", ARGUMENTS_TWO_PATHS},
	{"sys_pivot_root", "💾", "pivot_root", ARGUMENTS_TWO_PATHS},
	{"sys_setuid", "🔑", "setuid", ARGUMENTS_NUMBER},
	{"sys_clock_settime", "⏰", "clock_settime", ARGUMENTS_NONE},
	{"sys_setns", "🔧", "setns", ARGUMENTS_NAMESPACE},
	{"proc_exec_connector", "🔧", "proc_exec_connector", ARGUMENTS_NONE},
	{"tcp_connect", "🔌", "connect", ARGUMENTS_SOCKET},
	{"tcp_close", "🧹", "close", ARGUMENTS_SOCKET},
	{"tcp_sendmsg", "📤", "sendmsg", ARGUMENTS_SOCKET_BYTES},
	{"bpf_check", "🐝", "bpf_load", ARGUMENTS_BPF_PROGRAM},
	{"security_perf_event_alloc", "🐝", "perf_event_alloc", ARGUMENTS_PERF_EVENT},
	{"security_bpf_map_alloc", "🗺", "bpf_map_create", ARGUMENTS_BPF_MAP},
	{"security_bpf_map_create", "🗺", "bpf_map_create", ARGUMENTS_BPF_MAP},
	{"security_path_truncate", "📝", "truncate", ARGUMENTS_FILE},
	{"security_file_truncate", "📝", "truncate", ARGUMENTS_FILE},
};

/* The only member of an argument is named by its type; `label` may stand beside it. */
static const struct json_value *argument(const struct compact_line *line, size_t index)
{
	const struct json_value *object = json_at(json_get(line->body, "args"), index);

	for (size_t i = 0; i < json_count(object); i++) {
		const char *key;
		const struct json_value *value = json_member(object, i, &key, NULL);

		if (strcmp(key, "label"))
			return value;
	}
	return NULL;
}

static const struct json_value *argument_path(const struct compact_line *line, size_t index)
{
	const struct json_value *value = argument(line, index);

	return json_type(value) == JSON_OBJECT ? json_get(value, "path") : value;
}

static void append_number(struct compact_line *line, const char *before,
	const struct json_value *value, const char *after)
{
	int64_t number;

	if (!json_i64(value, &number))
		compact_printf(line, COLOUR_CYAN, "%s%" PRId64 "%s", before, number, after);
}

static void append_size(struct compact_line *line)
{
	const struct json_value *size = argument(line, 2);

	append_number(line, "", size ? size : argument(line, 1), " bytes");
}

static void append_address(struct compact_line *line, const struct json_value *socket,
	const char *address, const char *port)
{
	_cleanup_buf_ struct buf text = {0};
	const char *host = json_text(json_get(socket, address));
	uint64_t number = 0;

	json_u64(json_get(socket, port), &number);
	buf_printf(&text, "%s:%" PRIu64, host ? host : "", number);
	if (buf_string(&text))
		compact_text(line, COLOUR_CYAN, text.data);
}

static void append_socket(struct compact_line *line)
{
	const struct json_value *socket = argument(line, 0);
	const char *protocol = json_text(json_get(socket, "protocol"));

	if (protocol && strcmp(protocol, "IPPROTO_TCP"))
		compact_word(line, NULL, json_get(socket, "protocol"));
	else
		compact_text(line, NULL, "tcp");
	append_address(line, socket, "saddr", "sport");
	compact_text(line, NULL, "->");
	append_address(line, socket, "daddr", "dport");
}

static void append_namespace(struct compact_line *line)
{
	static const struct {
		int64_t flag;
		const char *name;
	} namespaces[] = {{0, "any"}, {0x80, "time"}, {0x20000, "mnt"}, {0x2000000, "cgroup"},
		{0x4000000, "uts"}, {0x8000000, "ipc"}, {0x10000000, "user"}, {0x20000000, "pid"},
		{0x40000000, "net"}};
	int64_t flag;

	if (json_i64(argument(line, 1), &flag))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		if (namespaces[i].flag == flag)
			compact_text(line, COLOUR_CYAN, namespaces[i].name);
}

static void append_program(struct compact_line *line)
{
	const struct json_value *program = argument(line, 0);

	compact_word(line, COLOUR_CYAN, json_get(program, "ProgType"));
	compact_word(line, COLOUR_CYAN, json_get(program, "ProgName"));
	append_number(line, "instruction count ", json_get(program, "InsnCnt"), "");
}

static void append_map(struct compact_line *line)
{
	const struct json_value *map = argument(line, 0);

	compact_word(line, COLOUR_CYAN, json_get(map, "MapType"));
	compact_word(line, COLOUR_CYAN, json_get(map, "MapName"));
	append_number(line, "key size ", json_get(map, "KeySize"), "");
	append_number(line, "value size ", json_get(map, "ValueSize"), "");
	append_number(line, "max entries ", json_get(map, "MaxEntries"), "");
}

static void append_arguments(struct compact_line *line, enum arguments arguments)
{
	switch (arguments) {
	case ARGUMENTS_NONE:
		break;
	case ARGUMENTS_FILE:
	case ARGUMENTS_FILE_SIZE:
		/* openat's first argument is a directory, its path the second */
		compact_word(line, COLOUR_CYAN,
			json_text(argument_path(line, 0)) ? argument_path(line, 0)
							  : argument_path(line, 1));
		if (arguments == ARGUMENTS_FILE_SIZE)
			append_size(line);
		break;
	case ARGUMENTS_TWO_PATHS:
		compact_word(line, COLOUR_CYAN, argument_path(line, 0));
		compact_word(line, COLOUR_CYAN, argument_path(line, 1));
		break;
	case ARGUMENTS_NUMBER:
		append_number(line, "", argument(line, 0), "");
		break;
	case ARGUMENTS_SOCKET:
		append_socket(line);
		break;
	case ARGUMENTS_SOCKET_BYTES:
		append_socket(line);
		append_number(line, "bytes ", argument(line, 1), "");
		break;
	case ARGUMENTS_NAMESPACE:
		append_namespace(line);
		break;
	case ARGUMENTS_BPF_PROGRAM:
		append_program(line);
		break;
	case ARGUMENTS_BPF_MAP:
		append_map(line);
		break;
	case ARGUMENTS_PERF_EVENT:
		compact_word(line, COLOUR_CYAN, json_get(argument(line, 0), "Type"));
		compact_word(line, COLOUR_CYAN, json_get(argument(line, 0), "KprobeFunc"));
		break;
	}
}

/* What was asked of the file stands in the second argument: MAY_WRITE is 2, MAY_READ 4. */
static bool format_file_permission(struct compact_line *line)
{
	int64_t mask = 0;
	bool known;

	json_i64(argument(line, 1), &mask);
	known = mask == 2 || mask == 4;
	if (!compact_process(line,
		    mask == 2 ? "📝"
		    : known   ? "📚"
			      : "❓",
		    mask == 2 ? "write"
		    : known   ? "read"
			      : "security_file_permission"))
		return false;
	compact_word(line, COLOUR_CYAN, argument_path(line, 0));
	return true;
}

/* The second argument is the protection that was asked for: PROT_READ, PROT_WRITE, PROT_EXEC. */
static bool format_mmap(struct compact_line *line)
{
	static const char letters[] = "rwx";
	char name[16] = "mmap-";
	size_t length = strlen(name);
	int64_t protection = 0;

	if (json_i64(argument(line, 1), &protection) < 0)
		return compact_process(line, "❓", "security_mmap_file");
	for (int bit = 0; bit < 3; bit++)
		if (protection >> bit & 1)
			name[length++] = letters[bit];
	if (!compact_process(line, "📝", name))
		return false;
	compact_word(line, COLOUR_CYAN, argument_path(line, 0));
	return true;
}

bool compact_kprobe(struct compact_line *line)
{
	static const char *const prefixes[] = {"__x64_", "__arm64_", "__ia32_"};
	const char *name = json_text(json_get(line->body, "function_name"));

	if (!name)
		name = "";
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			name += strlen(prefixes[i]);
	if (!strcmp(name, "security_file_permission"))
		return format_file_permission(line);
	if (!strcmp(name, "security_mmap_file"))
		return format_mmap(line);
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		if (strcmp(functions[i].name, name))
			continue;
		if (!compact_process(line, functions[i].emoji, functions[i].label))
			return false;
		append_arguments(line, functions[i].arguments);
		return true;
	}
	if (!compact_process(line, "❓", "syscall"))
		return false;
	compact_word(line, COLOUR_CYAN, json_get(line->body, "function_name"));
	return true;
}

/* A syscall_id, or the number alone. */
static void append_system_call(struct compact_line *line, const struct json_value *value)
{
	if (json_text(json_get(value, "name")))
		compact_word(line, COLOUR_CYAN, json_get(value, "name"));
	else if (json_type(value) == JSON_OBJECT)
		append_number(line, "", json_get(value, "id"), "");
	else if (json_type(value) == JSON_STRING)
		compact_word(line, COLOUR_CYAN, value);
	else
		append_number(line, "", value, "");
}

bool compact_tracepoint(struct compact_line *line)
{
	const char *subsystem = json_text(json_get(line->body, "subsys"));
	const char *event = json_text(json_get(line->body, "event"));

	if (subsystem && event && !strcmp(subsystem, "raw_syscalls") &&
		!strcmp(event, "sys_enter")) {
		if (!compact_process(line, "☎ ", "syscall"))
			return false;
		append_system_call(line, argument(line, 0));
		return true;
	}
	if (!compact_process(line, "⁉️", "tracepoint"))
		return false;
	compact_word(line, COLOUR_CYAN, json_get(line->body, "subsys"));
	compact_word(line, COLOUR_CYAN, json_get(line->body, "event"));
	return true;
}
