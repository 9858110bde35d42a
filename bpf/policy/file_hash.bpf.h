/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * imaHash: the digest of the file that an LSM hook is about, as the kernel's integrity measurement
 * has it, or makes it by reading the file. That sleeps, for as long as the disk takes, so no slot
 * is held meanwhile: what is kept is kept with the task.
 */
#pragma once

#include "policy/slot.bpf.h"

/* Which of the hook's arguments, and whether it is a program that begins, which has a file. */
const volatile __u32 hash_parameter;
const volatile bool hash_is_of_program;

struct file_hash {
	__s64 algorithm; /* negative: there is none */
	__u8 digest[FILE_HASH_MAX];
};

/* By thread. Only a program that can sleep adds to it, which kernels before 6.1 allow with no map
 * of this kind. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FILE_HASHES_MAX);
	__type(key, __u64);
	__type(value, struct file_hash);
} file_hashes SEC(".maps");

#define FUSE_SUPER_MAGIC 0x65735546

/* A file of FUSE is what its server says at that moment, which may be the container, and may let
 * the kernel wait for it as long as it likes: such a hash would prove nothing. */
static __always_inline bool file_can_be_hashed(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	return (BPF_CORE_READ(inode, i_mode) & S_IFMT) == S_IFREG &&
	       BPF_CORE_READ(inode, i_sb, s_magic) != FUSE_SUPER_MAGIC;
}

static __always_inline struct file *hashed_file(const __u64 *ctx)
{
#pragma unroll
	for (__u32 i = 0; i < HOOK_ARGUMENTS_MAX; i++) {
		if (i != hash_parameter)
			continue;
		if (hash_is_of_program)
			return ((struct linux_binprm *)ctx[i])->file;
		return (struct file *)ctx[i];
	}
	return NULL;
}

/* The kernel opens a file once more to read it, where it was opened for writing: no hook is about
 * that. */
static __always_inline bool file_is_being_hashed(void)
{
	__u64 task = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&file_hashes, &task);
}

/* Sleeps. file_hash_forget() is for afterwards; where there was no room, there is none. */
static __always_inline void file_hash_make(const __u64 *ctx)
{
	__u64 task = bpf_get_current_pid_tgid();
	struct file_hash none = {.algorithm = -1}, *hash;
	struct file *file = hashed_file(ctx);

	if (bpf_map_update_elem(&file_hashes, &task, &none, BPF_ANY))
		return;
	hash = bpf_map_lookup_elem(&file_hashes, &task);
	if (hash && file && file_can_be_hashed(file))
		hash->algorithm = bpf_ima_file_hash(file, hash->digest, sizeof(hash->digest));
}

static __always_inline void file_hash_forget(void)
{
	__u64 task = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&file_hashes, &task);
}

/* Put the task's at `at` of the data; how many bytes that were. */
static __always_inline __u32 file_hash_put(struct hit_slot *slot, __u32 at)
{
	__u64 task = bpf_get_current_pid_tgid();
	struct file_hash *hash = bpf_map_lookup_elem(&file_hashes, &task);

	asm volatile("" : "+r"(at));
	if (!hash || hash->algorithm < 0 || at > HIT_DATA_MAX + HIT_ARGUMENT_MAX)
		return 0;
	slot->record.has_hash = 1;
	slot->record.hash_algorithm = hash->algorithm;
	__builtin_memcpy(&slot->data[at], hash->digest, FILE_HASH_MAX);
	return FILE_HASH_MAX;
}
