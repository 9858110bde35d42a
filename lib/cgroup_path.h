/* SPDX-License-Identifier: Apache-2.0 */
/* Container ids in cgroup paths. Pure functions over text (reference: the table of engines and
 * cgroup managers in docs/containers.md). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define CONTAINER_ID_MAX 128

enum cgroup_engine { /* ID: 64 lower-case hex digits; of each also the form SLICE:PREFIX:ID */
	CGROUP_ENGINE_NONE,
	CGROUP_ENGINE_PODMAN,	  /* libpod-ID.scope, libpod-ID, libpod-payload-ID */
	CGROUP_ENGINE_CRIO,	  /* crio-ID.scope, crio-ID */
	CGROUP_ENGINE_BUILDAH,	  /* buildah-buildahN; the id is the whole name */
	CGROUP_ENGINE_CONTAINERD, /* cri-containerd-ID.scope, podUID/ID */
	CGROUP_ENGINE_DOCKER,	  /* docker-ID.scope, docker/ID */
	CGROUP_ENGINE_NERDCTL,	  /* nerdctl-ID.scope */
	CGROUP_ENGINE_LXC,	  /* lxc.payload.NAME, /lxc/NAME; the id is the name */
	CGROUP_ENGINE_CONMON,	  /* libpod-conmon-ID.scope …: the monitor, not a container */
};

struct cgroup_container {
	enum cgroup_engine engine;
	char id[CONTAINER_ID_MAX];
	size_t component_end; /* length of the path up to and including the component with the id */
};

const char *cgroup_engine_name(enum cgroup_engine engine); /* "podman", "cri-o", … ; "" for none */

/* The outermost container-shaped component of `path`; false when there is none. A conmon scope is
 * found too, with engine CGROUP_ENGINE_CONMON and no id where all share one. */
bool cgroup_path_container(const char *path, struct cgroup_container *ret);

/* Length of `path` up to and including the outermost component that contains `id` as a whole word
 * (bounded by anything but [A-Za-z0-9_]); 0 when none does. Slices, services and conmon's scopes
 * are passed over: no container is one, and one called "system" would be given half the host. */
size_t cgroup_path_find_id(const char *path, const char *id);
