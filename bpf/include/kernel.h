/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's types, only the fields that are used: CO-RE finds where they are on the running
 * kernel. Not a dumped vmlinux.h, so that the tree builds anywhere and can be read.
 */
#pragma once

#include <linux/types.h>
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

#define TASK_COMM_LEN	   16
#define PF_FORKNOEXEC	   0x00000040
#define PF_KTHREAD	   0x00200000
#define SIGNAL_GROUP_EXIT  0x00000004
#define PIDTYPE_TGID	   1
#define S_IFMT		   00170000
#define S_IFREG		   0100000
#define S_ISUID		   0004000
#define S_ISGID		   0002000
#define S_IXGRP		   0000010
#define PER_CLEAR_ON_SETID (0x0040000 | 0x0400000 | 0x0100000 | 0x0080000)

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct user_namespace;
struct pid_namespace;
struct cgroup;

typedef struct {
	__u32 val;
} kuid_t;
typedef struct {
	__u32 val;
} kgid_t;

typedef struct {
	int counter;
} atomic_t;

struct ns_common {
	__u32 inum;
};
struct uts_namespace {
	struct ns_common ns;
};
struct ipc_namespace {
	struct ns_common ns;
};
struct mnt_namespace {
	struct ns_common ns;
};
struct pid_namespace {
	struct ns_common ns;
};
struct net {
	struct ns_common ns;
};
struct time_namespace {
	struct ns_common ns;
};
struct cgroup_namespace {
	struct ns_common ns;
};
struct user_namespace {
	int level;
	kuid_t owner;
	kgid_t group;
	struct ns_common ns;
};

struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
	struct net *net_ns;
	struct time_namespace *time_ns;
	struct time_namespace *time_ns_for_children;
	struct cgroup_namespace *cgroup_ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};
struct pid {
	unsigned int level;
	struct upid numbers[1];
};

/* Eight bytes in every supported kernel: two __u32 before 6.3, one u64 since. */
struct kernel_cap_struct {
	__u64 val;
};

struct cred {
	kuid_t uid;
	kgid_t gid;
	kuid_t suid;
	kgid_t sgid;
	kuid_t euid;
	kgid_t egid;
	kuid_t fsuid;
	kgid_t fsgid;
	unsigned int securebits;
	struct kernel_cap_struct cap_inheritable;
	struct kernel_cap_struct cap_permitted;
	struct kernel_cap_struct cap_effective;
	struct kernel_cap_struct cap_bset;
	struct kernel_cap_struct cap_ambient;
	struct user_namespace *user_ns;
};

struct qstr {
	__u32 len;
	const unsigned char *name;
};
struct super_block {
	__u32 s_dev;
	unsigned long s_flags;
	unsigned long s_magic;
};
struct inode {
	__u16 i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	struct super_block *i_sb;
	unsigned long i_ino;
	const unsigned int i_nlink;
};
struct hlist_bl_node {
	struct hlist_bl_node **pprev;
};
struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};
struct vfsmount {
	struct dentry *mnt_root;
	int mnt_flags;
};
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct file {
	struct path f_path;
	struct inode *f_inode;
};
struct fs_struct {
	struct path root;
	struct path pwd;
};

struct vm_userfaultfd_ctx {
	void *ctx;
};
struct vm_area_struct {
	unsigned long vm_start, vm_end, vm_pgoff;
	struct file *vm_file;
	struct vm_userfaultfd_ctx vm_userfaultfd_ctx;
};
struct mm_struct {
	unsigned long arg_start, arg_end, env_start, env_end;
	struct file *exe_file;
};

struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
	struct pid *pids[4];
	__u64 utime, stime;
};

struct kernfs_node {
	const char *name;
	__u64 id;
};
struct cgroup_root {
	int hierarchy_id;
};
struct cgroup {
	int level;
	struct kernfs_node *kn;
	struct cgroup_root *root;
	struct cgroup *ancestors[1]; /* since 6.1 */
};
/* before 6.1 */
struct cgroup___ancestor_ids {
	__u64 ancestor_ids[1];
};
struct css_set {
	struct cgroup *dfl_cgrp;
};

struct thread_info {
	unsigned long flags;
	__u32 status; /* x86 */
};

struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;
	int exit_code;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	__u64 start_boottime;
	__u64 utime, stime;
	const struct cred *cred;
	const struct cred *real_cred;
	char comm[TASK_COMM_LEN];
	struct fs_struct *fs;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct mm_struct *mm;
	kuid_t loginuid; /* CONFIG_AUDIT */
	unsigned int sessionid;
	__u64 self_exec_id;
	struct css_set *cgroups;
};

struct linux_binprm {
	struct file *file;
	unsigned int per_clear;
	int argc, envc;
	const char *filename;
	const char *interp;
};

struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
};
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop
