/* SPDX-License-Identifier: Apache-2.0 */
/* What conmon, the monitor that podman and CRI-O put above each container, says on its command
 * line. Pure: the strings returned point into the arguments given. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define CONMON_ARGUMENTS_MAX 256 /* further arguments are not looked at */

struct conmon_arguments {
	const char *id, *name, *bundle;
	const char *pid_file;	    /* container's pid file, below the engine's run root */
	const char *exit_directory; /* --exit-dir: podman's is "exits" below its tmpdir */
	const char *exit_command;   /* who cleans up: podman's own path; CRI-O gives none */
	/* From what conmon is to hand to podman at the end (--exit-command-arg) */
	const char *podman_root, *podman_run_root, *podman_tmp_directory;
};

/* `arguments` includes argv[0]. What is not there is NULL. An option that came twice has its last
 * value, as in conmon. */
void conmon_arguments_parse(
	const char *const *arguments, size_t count, struct conmon_arguments *ret_arguments);
/* Whether conmon was started by podman (and not CRI-O). */
bool conmon_is_podman(const struct conmon_arguments *arguments);
