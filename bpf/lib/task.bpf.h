/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a task is: identity, credentials, namespaces. Direct reads: `task` must be a BTF pointer
 * from the program's arguments. */
#pragma once

#include "kernel.h"
#include "event.h"

static __always_inline void process_key_read(struct task_struct *task, struct process_key *ret)
{
	struct task_struct *leader = task->group_leader;

	ret->pid = task->tgid;
	ret->start_boottime = leader->start_boottime;
	ret->self_exec_id = (__u32)task->self_exec_id;
}

static __always_inline __u32 namespace_pid_read(struct task_struct *task, __u32 *ret_pid_namespace)
{
	struct pid *pid = task->signal->pids[PIDTYPE_TGID];
	__u32 level = pid->level;
	struct pid_namespace *ns = NULL;
	void *number;
	int nr = 0;

	if (!level) { /* the host's own: no helper needs to be called */
		if (ret_pid_namespace)
			*ret_pid_namespace = pid->numbers[0].ns->ns.inum;
		nr = pid->numbers[0].nr;
		asm volatile("" : "+r"(nr)); /* or clang merges this load with one from the stack */
		return nr;
	}
	/* An index that is not a constant: the verifier allows it only on a plain address. */
	bpf_core_read(&number, sizeof(number), &task->signal->pids[PIDTYPE_TGID]);
	number += bpf_core_field_offset(struct pid, numbers) +
		  level * bpf_core_type_size(struct upid);
	bpf_probe_read_kernel(&nr, sizeof(nr), number + bpf_core_field_offset(struct upid, nr));
	if (ret_pid_namespace) {
		bpf_probe_read_kernel(
			&ns, sizeof(ns), number + bpf_core_field_offset(struct upid, ns));
		*ret_pid_namespace = BPF_CORE_READ(ns, ns.inum);
	}
	return nr;
}

static __always_inline void credentials_read(struct task_struct *task, struct credentials *ret)
{
	const struct cred *cred = task->real_cred;
	struct user_namespace *user_ns = cred->user_ns;

	ret->uid = cred->uid.val;
	ret->gid = cred->gid.val;
	ret->euid = cred->euid.val;
	ret->egid = cred->egid.val;
	ret->suid = cred->suid.val;
	ret->sgid = cred->sgid.val;
	ret->fsuid = cred->fsuid.val;
	ret->fsgid = cred->fsgid.val;
	ret->auid = (__u32)-1;
	ret->session = (__u32)-1;
	if (bpf_core_field_exists(task->loginuid))
		ret->auid = task->loginuid.val;
	if (bpf_core_field_exists(task->sessionid))
		ret->session = task->sessionid;
	/* The type of kernel_cap_t changed in 6.3; its place and its 8 bytes did not. */
	if (bpf_core_field_exists(cred->cap_permitted.val)) {
		ret->cap_permitted = cred->cap_permitted.val;
		ret->cap_effective = cred->cap_effective.val;
		ret->cap_inheritable = cred->cap_inheritable.val;
		ret->cap_bounding = cred->cap_bset.val;
		ret->cap_ambient = cred->cap_ambient.val;
	} else {
		bpf_core_read(&ret->cap_permitted, sizeof(__u64), &cred->cap_permitted);
		bpf_core_read(&ret->cap_effective, sizeof(__u64), &cred->cap_effective);
		bpf_core_read(&ret->cap_inheritable, sizeof(__u64), &cred->cap_inheritable);
		bpf_core_read(&ret->cap_bounding, sizeof(__u64), &cred->cap_bset);
		bpf_core_read(&ret->cap_ambient, sizeof(__u64), &cred->cap_ambient);
	}
	ret->securebits = cred->securebits;
	ret->user_namespace_level = user_ns->level;
	ret->user_namespace_owner = user_ns->owner.val;
	ret->user_namespace_group = user_ns->group.val;
}

static __always_inline void namespaces_read(struct task_struct *task, struct namespaces *ret)
{
	struct nsproxy *nsproxy = task->nsproxy;

	ret->uts = nsproxy->uts_ns->ns.inum;
	ret->ipc = nsproxy->ipc_ns->ns.inum;
	ret->mnt = nsproxy->mnt_ns->ns.inum;
	ret->pid_for_children = nsproxy->pid_ns_for_children->ns.inum;
	ret->net = nsproxy->net_ns->ns.inum;
	ret->time = nsproxy->time_ns->ns.inum;
	ret->time_for_children = nsproxy->time_ns_for_children->ns.inum;
	ret->cgroup = nsproxy->cgroup_ns->ns.inum;
	ret->user = task->real_cred->user_ns->ns.inum;
}
