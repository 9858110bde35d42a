/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/registration/found_container.h"
#include "lib/cleanup.h"
#include "lib/cgroup_fs.h"
#include "lib/proc.h"

#define SANDBOX_ID_KEY "io.kubernetes.cri-o.SandboxID"

/* bundle = STORAGE/CONTAINER/userdata -> STORAGE/SANDBOX/userdata */
int sandbox_bundle(const char *bundle, const char *sandbox_id, char **ret_bundle)
{
	const char *last = strrchr(bundle, '/');
	const char *middle = last ? memrchr(bundle, '/', (size_t)(last - bundle)) : NULL;
	char *result;

	if (!middle)
		return -EINVAL;
	if (asprintf(&result, "%.*s/%s%s", (int)(middle - bundle), bundle, sandbox_id, last) < 0)
		return -ENOMEM;
	*ret_bundle = result;
	return 0;
}

static bool find_cgroup(const struct registration *registration, const char *container_path,
	const char *sandbox_id, char *path, size_t size)
{
	static const char *const forms[] = {"%.*s/crio-%s.scope", "%.*s/crio-%s"};
	const char *slash = strrchr(container_path, '/');

	for (size_t i = 0; slash && i < sizeof(forms) / sizeof(forms[0]); i++) {
		uint64_t id;

		if (snprintf(path, size, forms[i], (int)(slash - container_path), container_path,
			    sandbox_id) >= (int)size)
			return false;
		if (!cgroup_id_of_path(registration->mount_point, path, &id))
			return true;
	}
	return false;
}

void sandbox_register(struct registration *registration, const struct oci_state *state,
	const struct known_container *container)
{
	const char *sandbox_id = oci_state_annotation(state, SANDBOX_ID_KEY);
	_cleanup_free_ char *bundle = NULL;
	char path[PROC_CGROUP_MAX];
	struct found_container found = {
		.id = sandbox_id,
		.cgroup_path = path,
		.source = CONTAINER_SOURCE_SANDBOX,
		.verified = true,
	};

	/* podman's pods use the same annotation; their infra containers have hooks of their own.
	 * What the annotations say of the manager is anybody's word, the cgroup's shape is not. */
	if (!sandbox_id || !oci_id_valid(sandbox_id) || container->engine != CGROUP_ENGINE_CRIO ||
		known_find_id(&registration->known, sandbox_id, NULL))
		return;
	if (!find_cgroup(
		    registration, container->record->cgroup_path, sandbox_id, path, sizeof(path)))
		return;
	if (sandbox_bundle(state->bundle, sandbox_id, &bundle) == -ENOMEM)
		return;
	found.bundle = bundle;
	(void)found_container_register(registration, &found, NULL);
}
