/* SPDX-License-Identifier: Apache-2.0 */
/* Containers made as a runtime makes them, as far as Tallyman can tell, without one: a cgroup of
 * the right name, an init that waits in it, the hook with an OCI state as CRI-O hands it over, and
 * then the init's first exec. So the hook and execs in a container are timed alone. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "tests/bench/daemon.h"

struct container_under_test {
	char id[65];
	char cgroup[256]; /* directory; empty: nothing to remove */
	pid_t init;
	int gate; /* closing it lets init make its first exec */
};

int container_create(
	const struct bench *bench, struct container_under_test *ret, struct error *error);
/* Run the hook for it, as a runtime would; time from just before its execve to its end. */
int container_hook(const struct bench *bench, const struct daemon *daemon,
	const struct container_under_test *container, uint64_t *ret_ns, struct error *error);
/* Let init exec; waits until it has. */
void container_start(struct container_under_test *container);
void container_remove(struct container_under_test *container);
/* Create, hook, start. */
int container_run(const struct bench *bench, const struct daemon *daemon,
	struct container_under_test *ret, struct error *error);
/* Whatever is left of the benchmark's cgroups. */
void containers_clean(void);
