/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is loaded into the kernel: BPF programs and maps, perf events, modules. */
#pragma once

#include "kernel_loading.h"
#include "policy/argument_data.bpf.h"

/* Names that cannot be read are empty: the rest is worth having. */

/* What bpf(BPF_PROG_LOAD) is given, by a user or already copied by the kernel. */
static __always_inline int loading_bpf_attr(
	struct hit_slot *slot, struct hit_bpf_prog *to, __u64 address)
{
	struct hit_bpf_prog zero = {};

	*to = zero;
	if (read_memory(slot, to, offsetof(struct hit_bpf_prog, name), address))
		return ARGUMENT_UNREADABLE;
	read_memory(
		slot, to->name, sizeof(to->name), address + offsetof(union bpf_attr, prog_name));
	return ARGUMENT_READ;
}

static __always_inline int loading_bpf_prog(struct hit_bpf_prog *to, const struct bpf_prog *program)
{
	if (bpf_core_read(&to->type, sizeof(to->type), &program->type))
		return ARGUMENT_UNREADABLE;
	to->instruction_count = BPF_CORE_READ(program, len);
	__builtin_memset(to->name, 0, sizeof(to->name));
	BPF_CORE_READ_INTO(&to->name, program, aux, name);
	return ARGUMENT_READ;
}

static __always_inline int loading_bpf_map(struct hit_bpf_map *to, const struct bpf_map *map)
{
	if (bpf_core_read(&to->type, sizeof(to->type), &map->map_type))
		return ARGUMENT_UNREADABLE;
	to->key_size = BPF_CORE_READ(map, key_size);
	to->value_size = BPF_CORE_READ(map, value_size);
	to->max_entries = BPF_CORE_READ(map, max_entries);
	bpf_core_read(to->name, sizeof(to->name), &map->name);
	return ARGUMENT_READ;
}

static __always_inline int loading_perf_event(
	struct hit_slot *slot, struct hit_perf_event *to, __u64 event)
{
	__u64 attr = event + bpf_core_field_offset(struct perf_event, attr), function = 0;

	__builtin_memset(to, 0, sizeof(*to));
	if (bpf_probe_read_kernel(&to->type, sizeof(to->type), (void *)attr))
		return ARGUMENT_UNREADABLE;
	bpf_probe_read_kernel(&to->config, sizeof(to->config),
		(void *)attr + offsetof(struct perf_event_attr, config));
	bpf_probe_read_kernel(&to->probe_offset, sizeof(to->probe_offset),
		(void *)attr + offsetof(struct perf_event_attr, probe_offset));
	bpf_probe_read_kernel(&function, sizeof(function),
		(void *)attr + offsetof(struct perf_event_attr, kprobe_func));
	/* of other types of events it is anything: the string is the user's */
	if (function && !is_kernel_address(function))
		read_string(slot, to->kprobe_function, sizeof(to->kprobe_function), function);
	return ARGUMENT_READ;
}

static __always_inline int loading_module(struct hit_module *to, const struct module *module)
{
	__builtin_memset(to, 0, sizeof(*to));
	if (bpf_probe_read_kernel_str(to->name, sizeof(to->name), &module->name) < 0)
		return ARGUMENT_UNREADABLE;
	to->taints = BPF_CORE_READ(module, taints);
	if (bpf_core_field_exists(module->sig_ok))
		to->signature_ok = BPF_CORE_READ(module, sig_ok);
	return ARGUMENT_READ;
}

static __always_inline int loading_load_info(struct hit_module *to, const struct load_info *info)
{
	const char *name;

	if (!bpf_core_type_exists(struct load_info))
		return ARGUMENT_UNREADABLE;
	__builtin_memset(to, 0, sizeof(*to));
	if (bpf_core_read(&name, sizeof(name), &info->name))
		return ARGUMENT_UNREADABLE;
	bpf_probe_read_kernel_str(to->name, sizeof(to->name), name);
	to->taints = BPF_CORE_READ(info, mod, taints);
	if (bpf_core_field_exists(info->sig_ok))
		to->signature_ok = BPF_CORE_READ(info, sig_ok);
	return ARGUMENT_READ;
}

__noinline int argument_loading(__u32 slot_index, __u32 index, __u64 value)
{
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument = slot ? hit_argument(slot, index) : NULL;
	__u32 reader;
	void *to;

	if (!hook_reads_any(ARGUMENT_BPF_ATTR, ARGUMENT_MODULE) || !argument)
		return ARGUMENT_UNREADABLE;
	reader = argument->reader;
#define LOADING(reader_, type, read)                                                               \
	if (is_reader(reader, reader_, reader_)) {                                                 \
		to = data_structure(slot, argument, sizeof(struct type));                          \
		return to ? read : ARGUMENT_UNREADABLE;                                            \
	}
	LOADING(ARGUMENT_BPF_ATTR, hit_bpf_prog, loading_bpf_attr(slot, to, value))
	LOADING(ARGUMENT_BPF_PROG, hit_bpf_prog, loading_bpf_prog(to, (void *)value))
	LOADING(ARGUMENT_BPF_MAP, hit_bpf_map, loading_bpf_map(to, (void *)value))
	LOADING(ARGUMENT_PERF_EVENT, hit_perf_event, loading_perf_event(slot, to, value))
	LOADING(ARGUMENT_LOAD_INFO, hit_module, loading_load_info(to, (void *)value))
	LOADING(ARGUMENT_MODULE, hit_module, loading_module(to, (void *)value))
#undef LOADING
	return ARGUMENT_UNREADABLE;
}
