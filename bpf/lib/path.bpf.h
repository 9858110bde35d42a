/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The path of (mount, dentry) as seen from a root, by walking up the dentries: bpf_d_path() is not
 * allowed in tracepoints on any kernel. The state of the walk is in a per-CPU map value and the
 * walk in a global function, so that the verifier looks at it once: inlined twice with its state in
 * registers it exceeds a million instructions.
 */
#pragma once

#include "kernel.h"
#include "event.h"
#include "lib/kernel_read.bpf.h"

#define PATH_BUFFER_MASK (PATH_LENGTH_MAX - 1)
#define NAME_MAX_MASK	 0xff

/* What a walk needs of a dentry, in the order in which every kernel known has it. */
struct dentry_link {
	void *hashed; /* d_hash.pprev; NULL: in no directory */
	struct dentry *parent;
	__u32 hash, length;
	const unsigned char *name;
	struct inode *inode;
};

#define DENTRY_LINK_START bpf_core_field_offset(struct dentry, d_hash.pprev)
#define DENTRY_OFFSET(member)                                                                      \
	(bpf_core_field_offset(struct dentry, member) -                                            \
		bpf_core_field_offset(struct dentry, d_hash.pprev))
#define LINK_OFFSET(member) __builtin_offsetof(struct dentry_link, member)

struct path_walk {
	struct dentry_link link; /* of `dentry`, but not of the root */
	struct dentry *dentry, *root_dentry;
	struct vfsmount *mount, *root_mount;
	struct dentry *mount_root; /* of `mount` */
	__u32 position;		   /* of the first byte; PATH_LENGTH_MAX: still empty */
	__u32 result;
	__u32 done;
	char buffer[PATH_LENGTH_MAX + 256];
};

/* Who walks: an exec can come between two steps of the iterator's walk. */
enum path_walker {
	PATH_WALKER_EXEC,
	PATH_WALKER_ITERATOR,
	PATH_WALKERS
};

#ifndef PATH_WALKS
#define PATH_WALKS PATH_WALKERS
#endif

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PATH_WALKS);
	__type(key, __u32);
	__type(value, struct path_walk);
} path_walks SEC(".maps");

static __always_inline struct path_walk *this_path_walk(__u32 instance)
{
	return bpf_map_lookup_elem(&path_walks, &instance);
}

static __always_inline struct mount *mount_of(struct vfsmount *vfsmount)
{
	return (void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
}

/* Constants to the verifier, which drops the other branch. */
static __always_inline bool dentry_is_as_known(void)
{
	return DENTRY_OFFSET(d_parent) == LINK_OFFSET(parent) &&
	       DENTRY_OFFSET(d_name) + bpf_core_field_offset(struct qstr, len) ==
		       LINK_OFFSET(length) &&
	       DENTRY_OFFSET(d_name) + bpf_core_field_offset(struct qstr, name) ==
		       LINK_OFFSET(name) &&
	       DENTRY_OFFSET(d_inode) == LINK_OFFSET(inode);
}

static __always_inline void dentry_read(struct dentry *dentry, struct dentry_link *ret)
{
	/* One call of the helper gets all. */
	if (!KERNEL_READ_IS_LOAD && dentry_is_as_known()) {
		bpf_probe_read_kernel(ret, sizeof(*ret), (void *)dentry + DENTRY_LINK_START);
	} else {
		ret->hashed = KERNEL_READ(dentry, d_hash.pprev);
		ret->parent = KERNEL_READ(dentry, d_parent);
		ret->length = KERNEL_READ(dentry, d_name.len);
		ret->name = KERNEL_READ(dentry, d_name.name);
		ret->inode = KERNEL_READ(dentry, d_inode);
	}
	ret->length &= NAME_MAX_MASK;
}

/* The same of a struct path, whose two members are next to each other. */
static __always_inline void path_members_read(
	const struct path *path, struct vfsmount **ret_mount, struct dentry **ret_dentry)
{
	struct path members = {};

	if (KERNEL_READ_IS_LOAD) {
		*ret_mount = KERNEL_READ(path, mnt);
		*ret_dentry = KERNEL_READ(path, dentry);
		return;
	}
	bpf_probe_read_kernel(&members, sizeof(members), path);
	*ret_mount = members.mnt;
	*ret_dentry = members.dentry;
}

static __always_inline bool path_is_at_root(const struct path_walk *walk)
{
	return walk->dentry == walk->root_dentry && walk->mount == walk->root_mount;
}

static __always_inline void path_move(struct path_walk *walk, struct dentry *dentry)
{
	walk->dentry = dentry;
	if (!path_is_at_root(walk))
		dentry_read(dentry, &walk->link);
}

/* One component up. Returns 1 when the walk is over. */
static __always_inline long path_step(struct path_walk *walk)
{
	struct dentry *dentry = walk->dentry;
	struct vfsmount *vfsmount = walk->mount;
	struct dentry *parent = walk->link.parent;
	__u32 position, length = walk->link.length & NAME_MAX_MASK;

	if (path_is_at_root(walk)) {
		walk->done = 1;
		return 1;
	}
	if (dentry == walk->mount_root || dentry == parent) {
		if (!vfsmount) { /* a dentry alone: to its filesystem's root */
			walk->done = 1;
			return 1;
		}
		struct mount *mount = mount_of(vfsmount);
		struct mount *mount_parent = KERNEL_READ(mount, mnt_parent);

		if (mount != mount_parent) {
			walk->mount_root = KERNEL_READ(mount_parent, mnt.mnt_root);
			walk->mount =
				(void *)mount_parent + bpf_core_field_offset(struct mount, mnt);
			path_move(walk, KERNEL_READ(mount, mnt_mountpoint));
			return 0;
		}
		if (dentry == parent) { /* outside of the process's root, or a kernel mount */
			walk->done = 1;
			return 1;
		}
		/* A bind mount that was detached: runc runs itself from one. Its root has a name in
		 * its filesystem still, and that says more than "/". */
	}
	position = walk->position;
	if (position < length + 1 || position > PATH_LENGTH_MAX) {
		walk->result |= PATH_CUT;
		walk->done = 1;
		return 1;
	}
	position -= length + 1;
	walk->buffer[position & PATH_BUFFER_MASK] = '/';
	bpf_probe_read_kernel(
		&walk->buffer[(position + 1) & PATH_BUFFER_MASK], length, walk->link.name);
	walk->position = position;
	path_move(walk, parent);
	return 0;
}

static __always_inline int path_finish(struct path_walk *walk)
{
	if (!walk->done)
		walk->result |= PATH_CUT;
	if (walk->position == PATH_LENGTH_MAX) {
		walk->position = PATH_LENGTH_MAX - 1;
		walk->buffer[PATH_LENGTH_MAX - 1] = '/';
		walk->result |= PATH_ROOT;
	}
	return 0;
}

/* Walk with what path_begin() put into this CPU's state: all components on every kernel, without
 * bpf_loop(), which 5.10 has not. A block of turns is a global function, which the verifier looks
 * at once, and its turns are few. */
__noinline int path_run_block(__u32 instance)
{
	struct path_walk *walk = this_path_walk(instance);

	if (!walk)
		return 1;
	for (int i = 0; i < PATH_COMPONENTS_BLOCK; i++)
		if (path_step(walk))
			return 1;
	return 0;
}

__noinline int path_run(__u32 instance)
{
	struct path_walk *walk = this_path_walk(instance);

	if (!walk)
		return -1;
	for (int i = 0; i < PATH_COMPONENTS_MAX / PATH_COMPONENTS_BLOCK; i++)
		if (path_run_block(instance))
			break;
	return path_finish(walk);
}

/* Prepare the walk from (mount, dentry) to the root given, which may be NULL; without a mount it
 * ends at the filesystem's root. False when there is nothing to walk: that is all there is. */
static __always_inline bool path_begin(struct path_walk *walk, struct vfsmount *mount,
	struct dentry *dentry, struct vfsmount *root_mount, struct dentry *root_dentry)
{
	struct dentry_link *link = &walk->link;
	__u32 length;

	walk->dentry = dentry;
	walk->mount = mount;
	walk->root_dentry = root_dentry;
	walk->root_mount = root_mount;
	walk->position = PATH_LENGTH_MAX;
	walk->result = 0;
	walk->done = 0;
	/* Not direct reads: a struct file's path is in a union, and what the verifier finds there
	 * is a number to it. */
	walk->mount_root = mount ? KERNEL_READ(mount, mnt_root) : NULL;
	dentry_read(dentry, link);
	length = link->length & NAME_MAX_MASK;
	if (mount && link->parent == dentry && dentry != root_dentry &&
		KERNEL_READ(mount_of(mount), mnt_parent) == mount_of(mount)) {
		/* The root of a kernel mount, and not the process's root: a memfd. Its name is all.
		 */
		walk->position = PATH_LENGTH_MAX - length;
		bpf_probe_read_kernel(
			&walk->buffer[walk->position & PATH_BUFFER_MASK], length, link->name);
		walk->result = PATH_KERNEL_MOUNT;
		return false;
	}
	/* d_unhashed(): no longer in any directory. A root dentry is never hashed, and neither is what
	 * is about to be created. */
	if (link->parent != dentry && !link->hashed && KERNEL_READ(dentry, d_inode))
		walk->result = PATH_DELETED;
	return true;
}

/* The path of (mount, dentry) below the root given; NULL when there is none. The bytes are
 * buffer[position .. PATH_LENGTH_MAX). Valid until the next call on this CPU. */
static __always_inline struct path_walk *path_read(__u32 instance, struct vfsmount *mount,
	struct dentry *dentry, struct vfsmount *root_mount, struct dentry *root_dentry)
{
	struct path_walk *walk = this_path_walk(instance);

	if (!walk || !dentry || !mount)
		return NULL;
	if (path_begin(walk, mount, dentry, root_mount, root_dentry))
		path_run(instance);
	return walk;
}
