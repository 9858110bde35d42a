/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/sensor/probe.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf/base.skel.h"
#include "bpf/include/event.h"
#include "lib/cleanup.h"

/* Whether a task can be preempted inside a tracepoint: since 7.0 SRCU guards what is called there,
 * and the guard has a type of its own. */
static bool tracepoints_preemptible(void)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	bool found = kernel && btf__find_by_name_kind(
				       kernel, "class_srcu_fast_notrace_t", BTF_KIND_TYPEDEF) > 0;

	btf__free(kernel);
	return found;
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

static bool have_kernel_function(const char *name)
{
	struct btf *types = btf__load_vmlinux_btf();
	bool have = types && btf__find_by_name_kind(types, name, BTF_KIND_FUNC) > 0;

	btf__free(types);
	return have;
}

void kernel_probe(struct kernel_abilities *ret)
{
	ret->loop = libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_FUNC_loop, NULL) == 1;
	ret->task_storage = task_storage_works();
	ret->mapping_iterator = have_kernel_function("bpf_iter_task_vma_new");
	ret->rdonly_cast = have_kernel_function("bpf_rdonly_cast");
	ret->instances = ret->loop && tracepoints_preemptible() ? INSTANCES_MAX : 1;
}
