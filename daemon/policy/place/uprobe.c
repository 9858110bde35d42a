/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/place/uprobe.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/cleanup.h"
#include "lib/util.h"

#define FLAG_RETURN 1

/* BPF_LINK_CREATE with its uprobe_multi, as of 6.6. */
struct link_create {
	uint32_t program_fd, target_fd, attach_type, flags;
	uint64_t path, offsets, reference_counter_offsets, cookies;
	uint32_t count, multi_flags, pid, padding;
};

static int link_create(const struct link_create *link)
{
	union bpf_attr attributes = {};

	_Static_assert(sizeof(*link) <= sizeof(attributes), "a link of many fits");
	memcpy(&attributes, link, sizeof(*link));
	int fd = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes));

	return fd < 0 ? -errno : fd;
}

/* A kernel that knows the type looks at the path, and a directory is no program. */
static bool has_multi(void)
{
	static const struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options,
		.expected_attach_type = (enum bpf_attach_type)ATTACH_TYPE_UPROBE_MULTI);
	uint64_t offset = 0;
	struct link_create link = {
		.attach_type = ATTACH_TYPE_UPROBE_MULTI,
		.path = (uintptr_t) "/",
		.offsets = (uintptr_t)&offset,
		.count = 1,
	};
	_cleanup_close_ int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "tallyman_probe", "GPL",
		program, ARRAY_SIZE(program), &options);

	if (fd < 0)
		return false;
	link.program_fd = (uint32_t)fd;
	return link_create(&link) == -EBADF;
}

void uprobe_abilities_probe(struct uprobe_abilities *ret_abilities)
{
	ret_abilities->multi = has_multi();
	ret_abilities->cookies =
		ret_abilities->multi || libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE,
						BPF_FUNC_get_attach_cookie, NULL) == 1;
}

void uprobe_path(int file, char ret_path[UPROBE_PATH_MAX])
{
	snprintf(ret_path, UPROBE_PATH_MAX, "/proc/self/fd/%d", file);
}

int uprobe_multi_attach(
	int program_fd, int file, const struct hook_target *targets, size_t count, bool at_return)
{
	_cleanup_free_ uint64_t *offsets = calloc(3 * count + 1, sizeof(*offsets));
	char path[UPROBE_PATH_MAX];
	struct link_create link = {
		.program_fd = (uint32_t)program_fd,
		.attach_type = ATTACH_TYPE_UPROBE_MULTI,
		.path = (uintptr_t)path,
		.count = (uint32_t)count,
		.multi_flags = at_return ? FLAG_RETURN : 0,
	};

	if (!offsets)
		return -ENOMEM;
	uprobe_path(file, path);
	for (size_t i = 0; i < count; i++) {
		offsets[i] = targets[i].offset;
		offsets[count + i] = targets[i].reference_counter_offset;
		offsets[2 * count + i] = i;
	}
	link.offsets = (uintptr_t)offsets;
	link.reference_counter_offsets = (uintptr_t)(offsets + count);
	link.cookies = (uintptr_t)(offsets + 2 * count);
	return link_create(&link);
}
