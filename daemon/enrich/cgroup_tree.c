/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/enrich/cgroup_tree.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/cgroup_fs.h"
#include "lib/proc.h"

static bool looked_at(const struct cgroup_tree *tree, const char *path)
{
	struct cgroup_container container;

	if (!cgroup_path_container(path, &container))
		return false;
	switch (container.engine) {
	case CGROUP_ENGINE_PODMAN:
	case CGROUP_ENGINE_CRIO:
	case CGROUP_ENGINE_BUILDAH:
	case CGROUP_ENGINE_CONTAINERD:
		return true;
	case CGROUP_ENGINE_DOCKER:
	case CGROUP_ENGINE_NERDCTL:
	case CGROUP_ENGINE_LXC:
		return tree->docker;
	default: /* conmon's own scope */
		return false;
	}
}

struct cgroup_node *cgroup_tree_add(
	struct cgroup_tree *tree, uint64_t id, const char *path, size_t length, uint64_t now_ns)
{
	struct cgroup_node *node;

	node = cgroup_tree_find(tree, id);
	if (node && strlen(node->path) == length && !memcmp(node->path, path, length))
		return node;
	cgroup_tree_remove(tree, id); /* ids come back */
	if (HASH_COUNT(tree->nodes) >= CGROUPS_MAX) {
		tree->refused++;
		return NULL;
	}
	node = malloc(sizeof(*node) + length + 1);
	if (!node)
		return NULL;
	memset(node, 0, sizeof(*node));
	node->id = id;
	node->since_ns = now_ns;
	memcpy(node->path, path, length);
	node->path[length] = 0;
	node->container_shaped = looked_at(tree, node->path);
	HASH_ADD(hh, tree->nodes, id, sizeof(node->id), node);
	return node;
}

int cgroup_tree_scan(struct cgroup_tree *tree, uint64_t now_ns)
{
	char *roots[] = {tree->mount_point, NULL};
	size_t skip;
	FTSENT *entry;
	FTS *walk;
	int r;

	r = cgroup2_mount_point(tree->mount_point, sizeof(tree->mount_point));
	if (r < 0)
		return r;
	skip = strlen(tree->mount_point);
	walk = fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
	if (!walk)
		return -errno;
	while ((entry = fts_read(walk))) {
		const char *path;

		if (entry->fts_info != FTS_D)
			continue;
		path = entry->fts_path + skip;
		cgroup_tree_add(tree, entry->fts_statp->st_ino, *path ? path : "/",
			*path ? strlen(path) : 1, now_ns);
	}
	fts_close(walk);
	return 0;
}

void cgroup_tree_remove(struct cgroup_tree *tree, uint64_t id)
{
	struct cgroup_node *node = cgroup_tree_find(tree, id);

	if (!node)
		return;
	HASH_DEL(tree->nodes, node);
	free(node);
}

struct cgroup_node *cgroup_tree_find(const struct cgroup_tree *tree, uint64_t id)
{
	struct cgroup_node *node;

	HASH_FIND(hh, tree->nodes, &id, sizeof(id), node);
	return node;
}

bool cgroup_tree_within(const struct cgroup_tree *tree, uint64_t id, const char *above)
{
	const struct cgroup_node *node = cgroup_tree_find(tree, id);
	size_t length = strlen(above);

	return node && !strncmp(node->path, above, length) &&
	       (!node->path[length] || node->path[length] == '/');
}

void cgroup_tree_done(struct cgroup_tree *tree)
{
	struct cgroup_node *node, *next;

	HASH_ITER (hh, tree->nodes, node, next) {
		HASH_DEL(tree->nodes, node);
		free(node);
	}
}
