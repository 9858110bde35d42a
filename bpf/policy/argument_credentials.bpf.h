/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Credentials, capabilities and user namespaces. */
#pragma once

#include "policy/argument_data.bpf.h"

/* kernel_cap_t changed its type in 6.3, not its 8 bytes. */
#define CAPABILITIES_READ(to, cred, set) bpf_core_read(&(to), sizeof(to), &(cred)->set)

static __always_inline int credentials_of(struct credentials *to, const struct cred *cred)
{
	const struct task_struct *task = (void *)bpf_get_current_task();
	const struct user_namespace *user_ns;

	if (bpf_core_read(&to->uid, sizeof(to->uid), &cred->uid))
		return ARGUMENT_UNREADABLE;
	to->gid = BPF_CORE_READ(cred, gid.val);
	to->euid = BPF_CORE_READ(cred, euid.val);
	to->egid = BPF_CORE_READ(cred, egid.val);
	to->suid = BPF_CORE_READ(cred, suid.val);
	to->sgid = BPF_CORE_READ(cred, sgid.val);
	to->fsuid = BPF_CORE_READ(cred, fsuid.val);
	to->fsgid = BPF_CORE_READ(cred, fsgid.val);
	to->auid = (__u32)-1;
	to->session = (__u32)-1;
	if (bpf_core_field_exists(task->loginuid))
		to->auid = BPF_CORE_READ(task, loginuid.val);
	if (bpf_core_field_exists(task->sessionid))
		to->session = BPF_CORE_READ(task, sessionid);
	CAPABILITIES_READ(to->cap_permitted, cred, cap_permitted);
	CAPABILITIES_READ(to->cap_effective, cred, cap_effective);
	CAPABILITIES_READ(to->cap_inheritable, cred, cap_inheritable);
	CAPABILITIES_READ(to->cap_bounding, cred, cap_bset);
	CAPABILITIES_READ(to->cap_ambient, cred, cap_ambient);
	to->securebits = BPF_CORE_READ(cred, securebits);
	user_ns = BPF_CORE_READ(cred, user_ns);
	to->user_namespace_level = BPF_CORE_READ(user_ns, level);
	to->user_namespace_owner = BPF_CORE_READ(user_ns, owner.val);
	to->user_namespace_group = BPF_CORE_READ(user_ns, group.val);
	return ARGUMENT_READ;
}

__noinline int argument_credentials(__u32 slot_index, __u32 index, __u64 value)
{
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument = slot ? hit_argument(slot, index) : NULL;
	struct credentials *to;

	if (!hook_reads(ARGUMENT_CRED) || !argument)
		return ARGUMENT_UNREADABLE;
	to = data_structure(slot, argument, sizeof(*to));
	return to ? credentials_of(to, (void *)value) : ARGUMENT_UNREADABLE;
}

__noinline int argument_user_namespace(__u32 slot_index, __u32 index, __u64 value)
{
	const struct user_namespace *user_ns = (void *)value;
	struct hit_slot *slot = hit_slot(slot_index);
	struct hit_argument *argument = slot ? hit_argument(slot, index) : NULL;
	struct hit_user_namespace *to;

	if (!hook_reads(ARGUMENT_USER_NAMESPACE) || !argument)
		return ARGUMENT_UNREADABLE;
	to = data_structure(slot, argument, sizeof(*to));
	if (!to)
		return ARGUMENT_UNREADABLE;
	if (bpf_core_read(&to->level, sizeof(to->level), &user_ns->level))
		return ARGUMENT_UNREADABLE;
	to->uid = BPF_CORE_READ(user_ns, owner.val);
	to->gid = BPF_CORE_READ(user_ns, group.val);
	to->inode = BPF_CORE_READ(user_ns, ns.inum);
	return ARGUMENT_READ;
}

/* A pointer to a set of capabilities. */
static __always_inline int capabilities_at(
	struct hit_slot *slot, struct hit_argument *argument, __u64 value)
{
	__u64 capabilities;

	if (read_memory(slot, &capabilities, sizeof(capabilities), value))
		return ARGUMENT_UNREADABLE;
	argument->integer = capabilities;
	return ARGUMENT_READ;
}
