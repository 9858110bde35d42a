/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where things are in the kernel's memory, for test-selectors.c: memory that the test fills as if
 * it were the kernel's structures, and its own open files. */
#include "kernel.h"
#include "kernel_io.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define OBJECT_BYTES (64 << 10)
#define FILES_MAX    64

struct objects {
	char bytes[OBJECT_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct objects);
} objects SEC(".maps");

__u64 objects_address;
__u64 files[FILES_MAX], dentries[FILES_MAX]; /* by descriptor */

SEC("raw_tp/sys_enter")
int tell_addresses(void *context)
{
	struct task_struct___files *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **descriptors = BPF_CORE_READ(table, fd);
	__u32 zero = 0;

	objects_address = (__u64)bpf_map_lookup_elem(&objects, &zero);
	for (__u32 i = 0; i < FILES_MAX; i++)
		if (i < BPF_CORE_READ(table, max_fds)) {
			struct file *file = NULL;

			bpf_probe_read_kernel(&file, sizeof(file), descriptors + i);
			files[i] = (__u64)file;
			dentries[i] = (__u64)BPF_CORE_READ(file, f_path.dentry);
		}
	return 0;
}
