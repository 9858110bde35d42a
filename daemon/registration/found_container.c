/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/found_container.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/registration/admission.h"
#include "daemon/registration/cgroup_processes.h"

int found_container_register(
	struct registration *registration, const struct found_container *found, struct error *error)
{
	const struct verify_environment environment = registration_environment(registration);
	struct known_container *container;
	struct verified_init init;
	const struct admission admission = {
		.id = found->id,
		.init = &init,
		.source = found->source,
		.owner = found->owner,
		.verified = found->verified,
		.existing = true,
		.bundle = found->bundle,
		.conmon = found->conmon,
		.conmon_length = found->conmon_length,
		.deadline_ms = registration->config->metadata_deadline_ms,
	};
	_cleanup_close_ int pidfd = -1;
	pid_t pid;
	int r;

	r = cgroup_oldest_process(registration->mount_point, found->cgroup_path, &pid);
	if (r < 0)
		return error_set(error, r, "cgroup %s: %s", found->cgroup_path, strerror(-r));
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		return error_set(error, -errno, "process %d: %s", (int)pid, strerror(errno));
	r = verify_init(&environment, found->id, pid, pidfd, NULL, &init, error);
	if (r < 0)
		return r;
	/* It may have moved meanwhile, or the cgroup may not be the one its process is in. */
	if (!init.has_cgroup || strcmp(init.cgroup_path, found->cgroup_path))
		return error_set(
			error, -ESRCH, "cgroup %s: its process has left", found->cgroup_path);
	return admission_admit(registration, &admission, &container, error);
}
