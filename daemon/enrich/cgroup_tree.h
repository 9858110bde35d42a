/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroups of the v2 hierarchy by id: for paths in events, and to notice container-shaped ones
 * that no hook announced. From the tree on disk at start, then from mkdir and rmdir records. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <uthash.h>

#include "lib/cgroup_path.h"

#define CGROUPS_MAX 32768 /* more are not kept: then no path, and no check */

struct cgroup_node {
	uint64_t id;
	uint64_t since_ns;     /* CLOCK_BOOTTIME: made, or seen first */
	bool container_shaped; /* by its path, of an engine that is looked at */
	bool reported;	       /* unregistered_container went out */
	UT_hash_handle hh;
	char path[];
};

struct cgroup_tree {
	struct cgroup_node *nodes;
	char mount_point[256];
	bool docker; /* docker's, nerdctl's and lxc's shapes count too */
	uint64_t refused;
};

/* Reads the tree below the cgroup2 mount point and adds what is not known yet. -errno when there is
 * none. */
int cgroup_tree_scan(struct cgroup_tree *tree, uint64_t now_ns);
/* One that is known by this id and path stays as it is. Returns NULL when the limit is reached or
 * memory is out. */
struct cgroup_node *cgroup_tree_add(
	struct cgroup_tree *tree, uint64_t id, const char *path, size_t length, uint64_t now_ns);
void cgroup_tree_remove(struct cgroup_tree *tree, uint64_t id);
struct cgroup_node *cgroup_tree_find(const struct cgroup_tree *tree, uint64_t id);
/* Whether cgroup `id` is `above` or below it. */
bool cgroup_tree_within(const struct cgroup_tree *tree, uint64_t id, const char *above);
void cgroup_tree_done(struct cgroup_tree *tree);
