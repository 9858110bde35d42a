/* SPDX-License-Identifier: Apache-2.0 */
/* Each kind of argument in Tetragon's form, and each kind of event of a match. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/decode/decode.h"
#include "daemon/export/json_argument.h"
#include "daemon/export/json_event.h"
#include "daemon/export/json_hit.h"
#include "lib/json.h"
#include "tests/unit/hit-sample.h"
#include "tests/unit/unit.h"

static const struct json_event_options options = {.node_name = "node"};
static struct hit_sample sample;
static struct buf buf;

static void set_up(void)
{
	hit_sample_init(&sample, EVENT_PROCESS_KPROBE);
}

static void tear_down(void)
{
	hit_sample_done(&sample);
	buf_done(&buf);
}

/* The argument that was added last, and on to a fresh sample. */
static void expect(const char *json)
{
	struct record_view view;
	struct event event = {0};
	const void *record;
	size_t size;

	record = hit_sample_record(&sample, &size);
	ck_assert_int_eq(record_decode(record, size, &view), 0);
	hit_sample_event(&sample, &event);
	buf_clear(&buf);
	json_argument_format(&options, &event.hit, sample.record.arguments_count - 1, &buf);
	ck_assert_str_eq(buf_string(&buf), json);
	hit_sample_done(&sample);
	hit_sample_init(&sample, EVENT_PROCESS_KPROBE);
}

static struct hit_argument *last(void)
{
	return &sample.record.arguments[sample.record.arguments_count - 1];
}

START_TEST(integers)
{
	static const struct {
		enum policy_argument_type type;
		int64_t value;
		const char *json;
	} values[] = {
		{POLICY_TYPE_INT, -1, "{\"int_arg\":-1}"},
		{POLICY_TYPE_INT, 0, "{\"int_arg\":0}"},
		{POLICY_TYPE_INT32, INT32_MIN, "{\"int_arg\":-2147483648}"},
		{POLICY_TYPE_SINT32, 1, "{\"int_arg\":1}"},
		{POLICY_TYPE_INT16, -32768, "{\"int_arg\":-32768}"},
		{POLICY_TYPE_SINT16, 5, "{\"int_arg\":5}"},
		{POLICY_TYPE_INT8, -128, "{\"int_arg\":-128}"},
		{POLICY_TYPE_SINT8, 127, "{\"int_arg\":127}"},
		{POLICY_TYPE_UINT32, UINT32_MAX, "{\"uint_arg\":4294967295}"},
		{POLICY_TYPE_UINT16, 65535, "{\"uint_arg\":65535}"},
		{POLICY_TYPE_UINT8, 255, "{\"uint_arg\":255}"},
		{POLICY_TYPE_SIZE_T, -1, "{\"size_arg\":\"18446744073709551615\"}"},
		{POLICY_TYPE_UINT64, 0, "{\"size_arg\":\"0\"}"},
		{POLICY_TYPE_ULONG, 7, "{\"size_arg\":\"7\"}"},
		{POLICY_TYPE_LONG, -7, "{\"long_arg\":\"-7\"}"},
		{POLICY_TYPE_INT64, INT64_MIN, "{\"long_arg\":\"-9223372036854775808\"}"},
		{POLICY_TYPE_SINT64, INT64_MAX, "{\"long_arg\":\"9223372036854775807\"}"},
		{POLICY_TYPE_CAPABILITY, 21,
			"{\"capability_arg\":{\"value\":21,\"name\":\"CAP_SYS_ADMIN\"}}"},
		{POLICY_TYPE_CAPABILITY, 1,
			"{\"capability_arg\":{\"value\":1,\"name\":\"DAC_OVERRIDE\"}}"},
		{POLICY_TYPE_CAPABILITY, -5, "{\"capability_arg\":{\"value\":-5}}"},
		{POLICY_TYPE_BPF_CMD, 5, "{\"bpf_cmd_arg\":\"BPF_PROG_LOAD\"}"},
		{POLICY_TYPE_BPF_CMD, 999, "{\"bpf_cmd_arg\":999}"},
#if defined(__x86_64__)
		{POLICY_TYPE_SYSCALL64, 257,
			"{\"syscall_id\":{\"id\":257,\"abi\":\"x64\",\"name\":\"openat\"}}"},
		{POLICY_TYPE_SYSCALL64, 9999, "{\"syscall_id\":{\"id\":9999,\"abi\":\"x64\"}}"},
		{POLICY_TYPE_SYSCALL64, 0x80000005,
			"{\"syscall_id\":{\"id\":5,\"abi\":\"i386\",\"name\":\"open\"}}"},
#endif
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		hit_sample_integer(&sample, values[i].type, values[i].value);
		expect(values[i].json);
	}
}
END_TEST

START_TEST(texts)
{
	static const enum argument_reader readers[] = {
		ARGUMENT_STRING, ARGUMENT_DATA_LOC, ARGUMENT_FILENAME, ARGUMENT_NET_DEVICE};

	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		hit_sample_text(&sample, POLICY_TYPE_STRING, readers[i], "eth0 \"\n");
		expect("{\"string_arg\":\"eth0 \\\"\\n\"}");
	}
	hit_sample_bytes(&sample, POLICY_TYPE_STRING, ARGUMENT_STRING, "", 0);
	expect("{\"string_arg\":\"\"}");
	/* nothing is lost, and nothing is said twice without need */
	hit_sample_text(&sample, POLICY_TYPE_STRING, ARGUMENT_STRING, "a\xff");
	expect("{\"string_arg\":\"a\xef\xbf\xbd\",\"string_b64\":\"Yf8=\"}");
	hit_sample_text(&sample, POLICY_TYPE_STRING, ARGUMENT_STRING, "abc");
	last()->status = ARGUMENT_CUT;
	last()->size = 5000;
	expect("{\"string_arg\":\"abc\",\"orig_size\":\"5000\"}");
	hit_sample_label(&sample,
		hit_sample_text(&sample, POLICY_TYPE_STRING, ARGUMENT_STRING, "x"), "a label");
	expect("{\"string_arg\":\"x\",\"label\":\"a label\"}");
}
END_TEST

START_TEST(buffers)
{
	static const enum argument_reader readers[] = {
		ARGUMENT_CHAR_BUF, ARGUMENT_CHAR_IOVEC, ARGUMENT_IOV_ITER, ARGUMENT_CONST_BUF};
	static const uint64_t longs[] = {1, UINT64_MAX};

	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		hit_sample_bytes(&sample, POLICY_TYPE_CHAR_BUF, readers[i], "a\0\xff", 3);
		expect("{\"bytes_arg\":\"YQD/\"}");
		hit_sample_bytes(&sample, POLICY_TYPE_CHAR_BUF, readers[i], "abc", 3);
		last()->status = ARGUMENT_CUT;
		last()->size = 100;
		expect("{\"truncated_bytes_arg\":{\"bytes_arg\":\"YWJj\",\"orig_size\":\"100\"}}");
	}
	hit_sample_bytes(&sample, POLICY_TYPE_CONST_BUF, ARGUMENT_CONST_BUF, longs, sizeof(longs));
	sample.hook->arguments[0].longs = true;
	expect("{\"size_arg\":\"1\"},{\"size_arg\":\"18446744073709551615\"}");
}
END_TEST

START_TEST(files)
{
	static const struct {
		enum argument_reader reader;
		const char *key;
	} readers[] = {
		{ARGUMENT_FILE, "file_arg"},
		{ARGUMENT_FD, "file_arg"},
		{ARGUMENT_KIOCB, "file_arg"},
		{ARGUMENT_PATH, "path_arg"},
		{ARGUMENT_DENTRY, "path_arg"},
		{ARGUMENT_LINUX_BINPRM, "linux_binprm_arg"},
	};
	static const struct {
		uint32_t mode;
		const char *permission;
	} modes[] = {
		{0100644, "-rw-r--r--"},
		{040755, "drwxr-xr-x"},
		{0104755, "-rwsr-xr-x"},
		{0106644, "-rwSr-Sr--"},
		{041777, "drwxrwxrwt"},
		{041000, "d--------T"},
		{0140777, "srwxrwxrwx"},
		{0120777, "lrwxrwxrwx"},
		{020666, "crw-rw-rw-"},
		{060660, "brw-rw----"},
		{010600, "prw-------"},
	};
	char json[256];

	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		hit_sample_text(&sample, POLICY_TYPE_FILE, readers[i].reader, "/etc/passwd");
		last()->integer = 0100644;
		snprintf(json, sizeof(json),
			"{\"%s\":{\"path\":\"/etc/passwd\",\"permission\":\"-rw-r--r--\"}}",
			readers[i].key);
		expect(json);
	}
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		hit_sample_text(&sample, POLICY_TYPE_FILE, ARGUMENT_FILE, "/x");
		last()->integer = modes[i].mode;
		snprintf(json, sizeof(json),
			"{\"file_arg\":{\"path\":\"/x\",\"permission\":\"%s\"}}",
			modes[i].permission);
		expect(json);
	}
	hit_sample_text(&sample, POLICY_TYPE_FILE, ARGUMENT_FILE, "b/\xfe");
	last()->flags = PATH_CUT | PATH_DELETED;
	expect("{\"file_arg\":{\"path\":\"b/\xef\xbf\xbd\",\"path_b64\":\"Yi/+\","
	       "\"flags\":\"unresolvedPathComponents\",\"deleted\":true}}");
}
END_TEST

START_TEST(sockets)
{
	struct hit_socket socket = {.family = AF_INET,
		.type = SOCK_STREAM,
		.protocol = 6,
		.state = 2,
		.source_port = 40000,
		.destination_port = 443,
		.source = {10, 0, 0, 1},
		.destination = {1, 1, 1, 1},
		.mark = 5,
		.priority = 6,
		.cookie = 1ULL << 60,
		.hash = 7,
		.length = 8,
		.sec_path_len = 9,
		.sec_path_olen = 10};

	hit_sample_bytes(&sample, POLICY_TYPE_SOCK, ARGUMENT_SOCK, &socket, sizeof(socket));
	expect("{\"sock_arg\":{\"family\":\"AF_INET\",\"type\":\"SOCK_STREAM\","
	       "\"protocol\":\"IPPROTO_TCP\",\"mark\":5,\"priority\":6,\"saddr\":\"10.0.0.1\","
	       "\"daddr\":\"1.1.1.1\",\"sport\":40000,\"dport\":443,"
	       "\"cookie\":\"1152921504606846976\",\"state\":\"TCP_SYN_SENT\"}}");
	hit_sample_bytes(&sample, POLICY_TYPE_SKB, ARGUMENT_SKB, &socket, sizeof(socket));
	expect("{\"skb_arg\":{\"hash\":7,\"len\":8,\"priority\":6,\"mark\":5,"
	       "\"saddr\":\"10.0.0.1\",\"daddr\":\"1.1.1.1\",\"sport\":40000,\"dport\":443,"
	       "\"proto\":6,\"sec_path_len\":9,\"sec_path_olen\":10,"
	       "\"protocol\":\"IPPROTO_TCP\",\"family\":\"AF_INET\"}}");
	socket = (struct hit_socket){
		.family = AF_INET6, .source_port = 53, .source = {0x20, 1, 0xd, 0xb8, [15] = 1}};
	hit_sample_bytes(&sample, POLICY_TYPE_SOCKADDR, ARGUMENT_SOCKADDR, &socket, sizeof(socket));
	expect("{\"sockaddr_arg\":{\"family\":\"AF_INET6\",\"addr\":\"2001:db8::1\",\"port\":53}}");
	/* IPv4 in IPv6, as Go writes it */
	socket = (struct hit_socket){
		.family = AF_INET6, .source = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1}};
	hit_sample_bytes(&sample, POLICY_TYPE_SOCKADDR, ARGUMENT_SOCKADDR, &socket, sizeof(socket));
	expect("{\"sockaddr_arg\":{\"family\":\"AF_INET6\",\"addr\":\"192.0.2.1\"}}");
	/* numbers without a name, and families without such addresses */
	socket = (struct hit_socket){.family = AF_UNIX, .type = 99, .protocol = 999, .state = 99};
	hit_sample_bytes(&sample, POLICY_TYPE_SOCKET, ARGUMENT_SOCKET, &socket, sizeof(socket));
	expect("{\"sock_arg\":{\"family\":\"AF_UNIX\",\"type\":\"99\",\"protocol\":\"999\","
	       "\"state\":\"99\"}}");
	hit_sample_text(&sample, POLICY_TYPE_SOCKADDR_UN, ARGUMENT_SOCKADDR_UN, "/run/docker.sock");
	last()->integer = AF_UNIX;
	expect("{\"sockaddrun_arg\":{\"family\":\"AF_UNIX\",\"path\":\"/run/docker.sock\"}}");
	hit_sample_bytes(&sample, POLICY_TYPE_SOCKADDR_UN, ARGUMENT_SOCKADDR_UN, "@a\0b", 4);
	last()->integer = AF_UNIX;
	expect("{\"sockaddrun_arg\":{\"family\":\"AF_UNIX\",\"path\":\"@a\\u0000b\"}}");
	hit_sample_bytes(&sample, POLICY_TYPE_SOCKADDR_UN, ARGUMENT_SOCKADDR_UN, "", 0);
	expect("{\"sockaddrun_arg\":{\"family\":\"AF_UNSPEC\"}}");
}
END_TEST

START_TEST(whose)
{
	struct credentials credentials = {.uid = 1,
		.gid = 2,
		.euid = 3,
		.egid = 4,
		.suid = 5,
		.sgid = 6,
		.fsuid = 7,
		.fsgid = 8,
		.securebits = 1,
		.cap_effective = 1,
		.user_namespace_level = 1,
		.user_namespace_owner = 1000,
		.user_namespace_group = 1001};
	struct hit_user_namespace namespace = {0, 0, 0, 4026531837};

	hit_sample_bytes(
		&sample, POLICY_TYPE_CRED, ARGUMENT_CRED, &credentials, sizeof(credentials));
	expect("{\"process_credentials_arg\":{\"uid\":1,\"gid\":2,\"euid\":3,\"egid\":4,"
	       "\"suid\":5,\"sgid\":6,\"fsuid\":7,\"fsgid\":8,\"securebits\":[\"SecBitNoRoot\"],"
	       "\"caps\":{\"effective\":[\"CAP_CHOWN\"]},"
	       "\"user_ns\":{\"level\":1,\"uid\":1000,\"gid\":1001}}}");
	hit_sample_bytes(&sample, POLICY_TYPE_USER_NAMESPACE, ARGUMENT_USER_NAMESPACE, &namespace,
		sizeof(namespace));
	expect("{\"user_ns_arg\":{\"level\":0,\"uid\":0,\"gid\":0,"
	       "\"ns\":{\"inum\":4026531837,\"is_host\":true}}}");
}
END_TEST

START_TEST(capability_sets)
{
	static const struct {
		enum policy_argument_type type;
		enum argument_reader reader;
		const char *json;
	} sets[] = {
		{POLICY_TYPE_KERNEL_CAP_T, ARGUMENT_KERNEL_CAP_T,
			"{\"kernel_cap_t_arg\":\"000001ffffffffff\"}"},
		{POLICY_TYPE_CAP_INHERITABLE, ARGUMENT_CAP_INHERITABLE,
			"{\"cap_inheritable_arg\":\"000001ffffffffff\"}"},
		{POLICY_TYPE_CAP_PERMITTED, ARGUMENT_CAP_PERMITTED,
			"{\"cap_permitted_arg\":\"000001ffffffffff\"}"},
		{POLICY_TYPE_CAP_EFFECTIVE, ARGUMENT_CAP_EFFECTIVE,
			"{\"cap_effective_arg\":\"000001ffffffffff\"}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		hit_sample_integer(&sample, sets[i].type, 0x1ffffffffff);
		last()->reader = (uint8_t)sets[i].reader;
		expect(sets[i].json);
	}
}
END_TEST

START_TEST(what_is_loaded)
{
	struct hit_bpf_prog program = {2, 2048, "amazing-program"};
	struct hit_bpf_map map = {1, 8, 16, 1024, "amazing-map"};
	struct hit_perf_event perf = {2, 0, 1, 2, "commit_creds"};
	struct hit_module module = {1 << 12 | 1 << 13, 0, 0, "evil"};

	hit_sample_bytes(
		&sample, POLICY_TYPE_BPF_ATTR, ARGUMENT_BPF_ATTR, &program, sizeof(program));
	expect("{\"bpf_attr_arg\":{\"ProgType\":\"BPF_PROG_TYPE_KPROBE\",\"InsnCnt\":2048,"
	       "\"ProgName\":\"amazing-program\"}}");
	program.type = 1234;
	memset(program.name, 'x', sizeof(program.name)); /* no NUL */
	hit_sample_bytes(
		&sample, POLICY_TYPE_BPF_PROG, ARGUMENT_BPF_PROG, &program, sizeof(program));
	expect("{\"bpf_prog_arg\":{\"ProgType\":\"1234\",\"InsnCnt\":2048,"
	       "\"ProgName\":\"xxxxxxxxxxxxxxxx\"}}");
	hit_sample_bytes(&sample, POLICY_TYPE_BPF_MAP, ARGUMENT_BPF_MAP, &map, sizeof(map));
	expect("{\"bpf_map_arg\":{\"MapType\":\"BPF_MAP_TYPE_HASH\",\"KeySize\":8,"
	       "\"ValueSize\":16,\"MaxEntries\":1024,\"MapName\":\"amazing-map\"}}");
	hit_sample_bytes(&sample, POLICY_TYPE_PERF_EVENT, ARGUMENT_PERF_EVENT, &perf, sizeof(perf));
	expect("{\"perf_event_arg\":{\"KprobeFunc\":\"commit_creds\","
	       "\"Type\":\"PERF_TYPE_TRACEPOINT\",\"Config\":\"1\",\"ProbeOffset\":\"2\"}}");
	hit_sample_bytes(&sample, POLICY_TYPE_MODULE, ARGUMENT_MODULE, &module, sizeof(module));
	expect("{\"module_arg\":{\"name\":\"evil\",\"signature_ok\":false,"
	       "\"tainted\":[\"TAINT_OUT_OF_TREE_MODULE\",\"TAINT_UNSIGNED_MODULE\"]}}");
	module = (struct hit_module){0, 1, 0, "good"};
	hit_sample_bytes(
		&sample, POLICY_TYPE_LOAD_INFO, ARGUMENT_LOAD_INFO, &module, sizeof(module));
	expect("{\"module_arg\":{\"name\":\"good\",\"signature_ok\":true}}");
}
END_TEST

START_TEST(what_could_not_be_read)
{
	struct hit_socket socket = {0};

	hit_sample_label(&sample,
		hit_sample_text(&sample, POLICY_TYPE_STRING, ARGUMENT_STRING, "secret"), "l");
	last()->status = ARGUMENT_UNREADABLE;
	last()->offset = UINT32_MAX;
	expect("{\"error_arg\":{\"Message\":\"its memory could not be read: there is none, or it "
	       "was not paged in\"},\"label\":\"l\"}");
	hit_sample_integer(&sample, POLICY_TYPE_INT, 7);
	last()->status = ARGUMENT_UNREAD;
	expect("{\"error_arg\":{\"Message\":\"it was not read\"}}");
	hit_sample_bytes(&sample, POLICY_TYPE_SOCK, ARGUMENT_SOCK, &socket, 0);
	last()->status = ARGUMENT_CUT;
	expect("{\"error_arg\":{\"Message\":\"there was no room for it beside the other "
	       "arguments\"}}");
	hit_sample_integer(&sample, POLICY_TYPE_INT, 7);
	last()->reader = ARGUMENT_NONE;
	expect("{\"error_arg\":{\"Message\":\"not of a type that is read\"}}");
}
END_TEST

/* ---- events ---- */

static const char *event_json(struct json_document **ret_document)
{
	struct exec_image *image = calloc(1, sizeof(*image));
	struct process process = {.pid = 7, .image = image};
	struct event event = {.process = &process};
	const char *rest;

	hit_sample_event(&sample, &event);
	buf_clear(&buf);
	json_event_format(&options, &event, &buf);
	json_event_finish(&buf, 1, "s");
	ck_assert(!buf.failed);
	ck_assert_int_eq(json_parse(buf.data, buf.length, NULL, ret_document, NULL), 0);
	free(image);
	rest = strstr(buf_string(&buf), "\"in_init_tree\":false},");
	ck_assert_ptr_nonnull(rest);
	ck_assert_ptr_nonnull(strstr(buf.data, "\"tid\":8,"));
	*strstr(buf.data, ",\"node_name\":") = '\0';
	return rest + strlen("\"in_init_tree\":false},");
}

/* What stands after the process. */
static void expect_event(enum event_kind kind, const char *json)
{
	_cleanup_json_ struct json_document *document = NULL;

	hit_sample_done(&sample);
	hit_sample_init(&sample, kind);
	hit_sample_fill(&sample);
	ck_assert_str_eq(event_json(&document), json);
}

#define ARGS                                                                                       \
	"\"args\":[{\"int_arg\":-1,\"label\":\"number\"},"                                         \
	"{\"string_arg\":\"a\xef\xbf\xbd\",\"string_b64\":\"Yf8=\"},"                              \
	"{\"sock_arg\":{\"family\":\"AF_INET\",\"type\":\"SOCK_STREAM\",\"protocol\":\"IPPROTO_"   \
	"TCP\",\"mark\":2,\"priority\":3,\"saddr\":\"10.0.0.1\",\"daddr\":\"1.1.1.1\","            \
	"\"sport\":40000,\"dport\":443,\"cookie\":\"4\",\"state\":\"TCP_ESTABLISHED\"}},"          \
	"{\"file_arg\":{\"path\":\"/etc/passwd\",\"flags\":\"unresolvedPathComponents\","          \
	"\"permission\":\"-rw-r--r--\",\"deleted\":true}}"
#define DATA	     "\"data\":[{\"bytes_arg\":\"AAE=\"}]"
#define SIGKILL_     "\"action\":\"KPROBE_ACTION_SIGKILL\""
#define POLICY	     "\"policy_name\":\"p\""
#define MESSAGE	     "\"message\":\"m\""
#define TAGS	     "\"tags\":[\"observability.filesystem\"]"
#define KERNEL_STACK "\"kernel_stack_trace\":[{\"offset\":\"16\",\"symbol\":\"do_sys_openat2\"}]"
#define USER_STACK   "\"user_stack_trace\":[{\"address\":\"4198400\"}]"
#define OURS                                                                                       \
	"\"policy_namespace\":\"default\",\"selector\":\"s\",\"enforced\":true,\"stack_cut\":"     \
	"true}"

#define AB_16 "abababababababababababababababab"

START_TEST(events)
{
	expect_event(EVENT_PROCESS_KPROBE,
		"\"function_name\":\"__x64_sys_openat\"," ARGS
		"],\"return\":{\"int_arg\":-13}," SIGKILL_ "," KERNEL_STACK "," POLICY
		",\"return_action\":\"KPROBE_ACTION_POST\"," MESSAGE "," TAGS "," USER_STACK
		"," DATA "," OURS);
	expect_event(EVENT_PROCESS_TRACEPOINT,
		"\"subsys\":\"syscalls\",\"event\":\"sys_enter_openat\"," ARGS "]," POLICY
		"," SIGKILL_ "," MESSAGE "," TAGS "," KERNEL_STACK "," USER_STACK "," OURS);
	/* the return value stands among the arguments */
	expect_event(EVENT_PROCESS_UPROBE, "\"path\":\"/bin/bash\",\"symbol\":\"readline\"," POLICY
					   "," MESSAGE "," ARGS ",{\"int_arg\":-13}]," TAGS
					   ",\"offset\":\"4096\",\"ref_ctr_offset\":\"8\"," SIGKILL_
					   "," DATA "," KERNEL_STACK "," USER_STACK "," OURS);
	expect_event(EVENT_PROCESS_USDT,
		"\"path\":\"/bin/x\",\"provider\":\"provider\",\"name\":\"probe\"," POLICY
		"," MESSAGE "," ARGS "]," TAGS "," SIGKILL_ "," KERNEL_STACK "," USER_STACK
		"," OURS);
	expect_event(EVENT_PROCESS_LSM,
		"\"function_name\":\"file_open\"," POLICY "," MESSAGE "," ARGS "]," SIGKILL_
		"," TAGS ",\"ima_hash\":\"sha256:" AB_16 AB_16 "\"," KERNEL_STACK "," USER_STACK
		"," OURS);
}
END_TEST

/* One digest of each length, and a number that the kernel may have some day. */
START_TEST(file_hashes)
{
	static const struct {
		uint8_t algorithm;
		const char *text;
	} hashes[] = {
		{1, "\"ima_hash\":\"md5:" AB_16 "\""},
		{2, "\"ima_hash\":\"sha1:" AB_16 "abababab\""},
		{6, "\"ima_hash\":\"sha512:" AB_16 AB_16 AB_16 AB_16 "\""},
		{22, "\"ima_hash\":\"sha3-512:" AB_16 AB_16 AB_16 AB_16 "\""},
		{23, NULL},
		{255, NULL},
	};
	struct event event = {};

	hit_sample_done(&sample);
	hit_sample_init(&sample, EVENT_PROCESS_LSM);
	sample.record.has_hash = 1;
	memset(sample.hash, 0xab, sizeof(sample.hash));
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		sample.record.hash_algorithm = hashes[i].algorithm;
		hit_sample_event(&sample, &event);
		buf_clear(&buf);
		json_hit_format(&options, &event, &buf);
		buf_append_char(&buf, '\0');
		if (hashes[i].text)
			ck_assert_ptr_nonnull(strstr(buf.data, hashes[i].text));
		else
			ck_assert_ptr_null(strstr(buf.data, "ima_hash"));
	}
	sample.record.has_hash = 0;
	hit_sample_event(&sample, &event);
	buf_clear(&buf);
	json_hit_format(&options, &event, &buf);
	buf_append_char(&buf, '\0');
	ck_assert_ptr_null(strstr(buf.data, "ima_hash"));
}
END_TEST

START_TEST(a_loaded_file)
{
	_cleanup_json_ struct json_document *document = NULL;

	hit_sample_done(&sample);
	hit_sample_init(&sample, EVENT_PROCESS_LOADER);
	hit_sample_text(&sample, POLICY_TYPE_FILE, ARGUMENT_FILE, "/lib/libc.so.6");
	hit_sample_bytes(&sample, POLICY_TYPE_CHAR_BUF, ARGUMENT_CHAR_BUF, "\1\2\3", 3);
	ck_assert_str_eq(event_json(&document),
		"\"path\":\"/lib/libc.so.6\",\"buildid\":\"AQID\"," POLICY "}");
}
END_TEST

/* A program may call its files what it likes. */
START_TEST(hostile_stack)
{
	struct stack_frame frames[] = {{.address = 1, .offset = 2, .module = "/lib/\xff\n"},
		{.symbol = "f\"", .offset = 0}};
	struct exec_image *image = calloc(1, sizeof(*image));
	struct process process = {.pid = 7, .image = image};
	struct event event = {.process = &process};

	hit_sample_event(&sample, &event);
	event.hit.user_stack = frames;
	event.hit.user_stack_depth = ARRAY_SIZE(frames);
	json_event_format(&options, &event, &buf);
	ck_assert_ptr_nonnull(strstr(buf_string(&buf),
		"\"user_stack_trace\":[{\"offset\":\"2\",\"module\":\"/lib/\xef\xbf\xbd\\n\","
		"\"module_b64\":\"L2xpYi//Cg==\"},{\"symbol\":\"f\\\"\"}]"));
	free(image);
}
END_TEST

/* An entry without its return yet, nop among the arguments, an action that was only counted. */
START_TEST(less_of_everything)
{
	_cleanup_json_ struct json_document *document = NULL;

	hit_sample_integer(&sample, POLICY_TYPE_NOP, 0);
	hit_sample_integer(&sample, POLICY_TYPE_INT, 1);
	sample.hook->arguments[0].present = false;
	sample.hook->has_return = true;
	ck_assert_str_eq(event_json(&document),
		"\"function_name\":\"__x64_sys_openat\",\"args\":[{\"int_arg\":1}],"
		"\"action\":\"KPROBE_ACTION_POST\"," POLICY "}");
}
END_TEST

START_TEST(a_changed_policy)
{
	struct event event = {.kind = EVENT_POLICY_CHANGE,
		.policy_change = {"p", "", "refused", "/etc/tallyman/policies.d/p.yaml", "1:1: x"}};

	json_event_format(&options, &event, &buf);
	*strstr(buf_string(&buf), ",\"node_name\"") = '\0';
	ck_assert_str_eq(buf.data,
		"{\"policy_change\":{\"name\":\"p\",\"change\":\"refused\","
		"\"source\":\"/etc/tallyman/policies.d/p.yaml\",\"error\":\"1:1: x\"}");
}
END_TEST

RUN_SUITE_IN(set_up, tear_down, "hit-json", file_hashes, integers, texts, buffers, files, sockets,
	whose, capability_sets, what_is_loaded, what_could_not_be_read, events, a_loaded_file,
	hostile_stack, less_of_everything, a_changed_policy)
