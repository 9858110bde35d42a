/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/sensor/probe.h"

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf/base.skel.h"
#include "bpf/include/event.h"
#include "lib/cleanup.h"
#include "lib/util.h"

/* On every kernel, and never inlined: a function to try on. */
#define TRIED_FUNCTION "security_file_open"

/* Whether a task can be preempted inside a tracepoint: since 7.0 SRCU guards what is called there,
 * and the guard has a type of its own. */
static bool tracepoints_preemptible(const struct btf *types)
{
	return types &&
	       btf__find_by_name_kind(types, "class_srcu_fast_notrace_t", BTF_KIND_TYPEDEF) > 0;
}

static bool storage_can_be_had(const struct bpf_map *tasks)
{
	_cleanup_close_ int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	struct task_container nothing = {};

	return self >= 0 && !bpf_map_update_elem(bpf_map__fd(tasks), &self, &nothing, BPF_ANY);
}

/* The map alone says little: since 7.0 its memory comes from an allocator that has none on
 * processors without a compare-and-exchange of 16 bytes. So ask for some. */
static bool task_storage_works(void)
{
	struct base_bpf *object = base_bpf__open();
	struct bpf_program *program;
	struct bpf_map *map;
	bool works;

	if (!object)
		return false;
	bpf_object__for_each_program(program, object->obj)
		bpf_program__set_autoload(program, false);
	bpf_object__for_each_map(map, object->obj)
		bpf_map__set_autocreate(map, map == object->maps.tasks);
	works = !bpf_object__load(object->obj) && storage_can_be_had(object->maps.tasks);
	base_bpf__destroy(object);
	return works;
}

static bool have_function(const struct btf *types, const char *name)
{
	return types && btf__find_by_name_kind(types, name, BTF_KIND_FUNC) > 0;
}

/* Not ENOTSUP: what the kernel says of functions whose arguments a trampoline cannot carry. */
#define KERNEL_ENOTSUPP 524

/* A program that does nothing. */
static const struct bpf_insn instructions[] = {
	{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	{.code = BPF_JMP | BPF_EXIT},
};

/* Kernels without trampolines refuse it before they look at it. */
bool probe_trampolines(const struct btf *types)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_FENTRY);
	int id = types ? btf__find_by_name_kind(types, TRIED_FUNCTION, BTF_KIND_FUNC) : -1;
	_cleanup_close_ int fd = -1;

	if (id < 0)
		return false;
	options.attach_btf_id = (uint32_t)id;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "try", "GPL", instructions, 2, &options);
	return fd >= 0;
}

int probe_function(const struct btf *types, const char *name, unsigned int attach_type)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options,
		.expected_attach_type = (enum bpf_attach_type)attach_type);
	int id = types ? btf__find_by_name_kind(types, name, BTF_KIND_FUNC) : -ENOENT;
	_cleanup_close_ int fd = -1, link = -1;

	if (id < 0)
		return -ENOENT;
	options.attach_btf_id = (uint32_t)id;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "try", "GPL", instructions, 2, &options);
	if (fd < 0 || attach_type != BPF_TRACE_FENTRY)
		return MIN(fd, 0);
	/* Whether its arguments can be carried is looked at only then. */
	link = bpf_raw_tracepoint_open(NULL, fd);
	return link == -KERNEL_ENOTSUPP ? -EINVAL : MIN(link, 0);
}

int probe_sleepable_hook(const struct btf *types, const char *name)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_LSM_MAC,
		.prog_flags = BPF_F_SLEEPABLE);
	char function[128];
	_cleanup_close_ int fd = -1;
	int id;

	snprintf(function, sizeof(function), "bpf_lsm_%s", name);
	id = types ? btf__find_by_name_kind(types, function, BTF_KIND_FUNC) : -ENOENT;
	if (id < 0)
		return -ENOENT;
	options.attach_btf_id = (uint32_t)id;
	fd = bpf_prog_load(BPF_PROG_TYPE_LSM, "try", "GPL", instructions, 2, &options);
	return fd < 0 ? fd : 0;
}

bool probe_task_work(const struct btf *types)
{
	int id = btf__find_by_name_kind(types, "bpf_task_work_schedule_resume_impl", BTF_KIND_FUNC);
	const struct btf_type *type = id > 0 ? btf__type_by_id(types, (uint32_t)id) : NULL;

	if (type)
		type = btf__type_by_id(types, type->type);
	if (!type || !btf_is_func_proto(type) || btf_vlen(type) != 5)
		return false;
	type = btf__type_by_id(types, btf_params(type)[4].type);
	return type && btf_is_ptr(type) && !type->type;
}

void kernel_probe(struct kernel_abilities *ret)
{
	struct btf *types = btf__load_vmlinux_btf();

	ret->task_storage = task_storage_works();
	ret->mapping_iterator = have_function(types, "bpf_iter_task_vma_new");
	ret->rdonly_cast = have_function(types, "bpf_rdonly_cast");
	ret->task_work = types && probe_task_work(types);
	ret->trampolines = probe_trampolines(types);
	ret->instances = tracepoints_preemptible(types) ? INSTANCES_MAX : 1;
	btf__free(types);
}
