/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "tests/bpf/arguments-harness.h"

static uint64_t own_capabilities(bool permitted)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	syscall(SYS_capget, &header, data);
	return permitted ? data[0].permitted | (uint64_t)data[1].permitted << 32
			 : data[0].effective | (uint64_t)data[1].effective << 32;
}

void test_credentials(void)
{
	struct reading *reading = new_reading(ARGUMENT_CRED);
	const struct hit_user_namespace *user_ns;
	const struct credentials *seen;
	struct stat file;

	reading->count = 4;
	for (size_t i = 0; i < 4; i++)
		resolve_pointer(reading, i, "task_struct", "cred");
	resolve_pointer(reading, 1, "cred", "user_ns");
	reading->arguments[1].reader = ARGUMENT_USER_NAMESPACE;
	resolve_member(reading, 2, "cred", "cap_effective");
	reading->arguments[2].reader = ARGUMENT_CAP_EFFECTIVE;
	resolve_member(reading, 3, "cred", "cap_permitted");
	reading->arguments[3].reader = ARGUMENT_KERNEL_CAP_T;
	if (setresgid(1, 2, 3))
		exit(1);
	read_given(reading);
	if (setresgid(0, 0, 0))
		exit(1);
	seen = (const void *)argument_bytes(reading, 0);
	ok(is_status(reading, 0, ARGUMENT_READ) && seen->uid == getuid() && seen->gid == 1 &&
			seen->egid == 2 && seen->sgid == 3 && seen->fsgid == 2 &&
			seen->cap_effective == own_capabilities(false) &&
			seen->cap_permitted == own_capabilities(true) &&
			seen->user_namespace_owner == 0,
		"credentials");
	user_ns = (const void *)argument_bytes(reading, 1);
	ok(is_status(reading, 1, ARGUMENT_READ) && !stat("/proc/self/ns/user", &file) &&
			user_ns->inode == file.st_ino,
		"a user namespace");
	ok(reading->slot.record.arguments[2].integer == own_capabilities(false),
		"effective capabilities");
	ok(reading->slot.record.arguments[3].integer == own_capabilities(true), "a kernel_cap_t");
	free(reading);
}

static int load_program(void)
{
	const struct bpf_insn instructions[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_prog_load(
		BPF_PROG_TYPE_SOCKET_FILTER, "tally_program", "GPL", instructions, 2, NULL);
}

static bool is_program(const struct hit_bpf_prog *seen, uint32_t type, uint32_t instructions)
{
	return seen->type == type && seen->instruction_count == instructions &&
	       !strcmp(seen->name, "tally_program");
}

static void test_bpf(void)
{
	struct reading *reading = new_reading(ARGUMENT_BPF_PROG);
	int program = load_program();
	int map = bpf_map_create(BPF_MAP_TYPE_HASH, "tally_map", 4, 24, 99, NULL);
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insn_cnt = 17,
		.prog_name = "tally_program",
	};
	const struct hit_bpf_map *seen;

	reading->count = 4;
	resolve_private_data(reading, 0, program);
	resolve_private_data(reading, 1, map);
	reading->arguments[1].reader = ARGUMENT_BPF_MAP;
	reading->arguments[2].reader = ARGUMENT_BPF_ATTR;
	reading->arguments[3] = (struct hook_argument){.reader = ARGUMENT_BPF_ATTR, .raw = 1};
	reading->raw[0] = (uintptr_t)&attr;
	memcpy(reading->memory, &attr, sizeof(attr));
	reading->memory_raws = 1 << 1;
	read_given(reading);
	ok(is_program((const void *)argument_bytes(reading, 0), BPF_PROG_TYPE_SOCKET_FILTER, 2),
		"a BPF program");
	seen = (const void *)argument_bytes(reading, 1);
	ok(seen->type == BPF_MAP_TYPE_HASH && seen->key_size == 4 && seen->value_size == 24 &&
			seen->max_entries == 99 && !strcmp(seen->name, "tally_map"),
		"a BPF map");
	ok(is_program((const void *)argument_bytes(reading, 2), BPF_PROG_TYPE_XDP, 17),
		"what a user gives to bpf()");
	ok(is_program((const void *)argument_bytes(reading, 3), BPF_PROG_TYPE_XDP, 17),
		"… copied by the kernel");
	close(program);
	close(map);
	free(reading);
}

static void test_perf_event(void)
{
	struct reading *reading = new_reading(ARGUMENT_PERF_EVENT);
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_PAGE_FAULTS,
	};
	int fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	const struct hit_perf_event *seen;

	reading->count = 2;
	resolve_private_data(reading, 0, fd);
	/* as one that is being made of a kprobe */
	attr.kprobe_func = (uintptr_t) "do_mount";
	attr.probe_offset = 3;
	memcpy(reading->memory + member_offset("perf_event", "attr"), &attr, sizeof(attr));
	reading->memory_raws = 1;
	read_given(reading);
	seen = (const void *)argument_bytes(reading, 0);
	ok(fd >= 0 && is_status(reading, 0, ARGUMENT_READ) && seen->type == PERF_TYPE_SOFTWARE &&
			seen->config == PERF_COUNT_SW_PAGE_FAULTS && !seen->kprobe_function[0],
		"a perf event");
	seen = (const void *)argument_bytes(reading, 1);
	ok(!strcmp(seen->kprobe_function, "do_mount") && seen->probe_offset == 3,
		"the function of a kprobe's");
	close(fd);
	free(reading);
}

static void test_modules(void)
{
	struct reading *reading = new_reading(ARGUMENT_MODULE);
	const struct hit_module *seen;

	reading->count = 2;
	memcpy(reading->memory + member_offset("module", "name"), "tally_module", 13);
	*(uint64_t *)(reading->memory + member_offset("module", "taints")) = 1 << 12;
	if (has_member("module", "sig_ok"))
		reading->memory[member_offset("module", "sig_ok")] = 1;
	reading->memory_raws = 3;
	reading->arguments[1].reader = ARGUMENT_LOAD_INFO;
	reading->arguments[1].raw = 1;
	reading->raw[1] = 2048;
	if (have_type("load_info")) {
		uint32_t name = 2048 + member_offset("load_info", "name");
		uint32_t module = 2048 + member_offset("load_info", "mod");

		*(uint64_t *)(reading->memory + name) = member_offset("module", "name");
		reading->memory_words[0] = name / 8;
		reading->memory_words[1] = module / 8;
		reading->memory_words_count = 2;
	}
	read_given(reading);
	seen = (const void *)argument_bytes(reading, 0);
	ok(!strcmp(seen->name, "tally_module") && seen->taints == 1 << 12 &&
			seen->signature_ok == has_member("module", "sig_ok"),
		"a module");
	seen = (const void *)argument_bytes(reading, 1);
	if (have_type("load_info"))
		ok(!strcmp(seen->name, "tally_module") && seen->taints == 1 << 12 &&
				!seen->signature_ok,
			"a module that is being loaded");
	else
		ok(is_status(reading, 1, ARGUMENT_UNREADABLE), "this kernel has no load_info");
	free(reading);
}

void test_loading(void)
{
	test_bpf();
	test_perf_event();
	test_modules();
}
