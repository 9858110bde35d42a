/* SPDX-License-Identifier: Apache-2.0 */
/* Where the podman (or CRI-O) that started a container keeps its files. Nothing but the bundle path
 * and conmon's command line says so, and every one of them can be moved by an option. */
#pragma once

#include <sys/types.h>

#include "lib/cleanup.h"
#include "oci/conmon.h"

struct podman_paths {	     /* absolute paths, or NULL when not known */
	char *graph_root;    /* /var/lib/containers/storage */
	char *run_root;	     /* /run/containers/storage */
	char *tmp_directory; /* /run/libpod, with events/events.log */
	char *driver;	     /* "overlay": names <driver>-containers, <driver>-images */
};

/* `bundle` may be NULL or wrong, then conmon's counts. Without conmon the tmpdir is the default of
 * `owner`. 0 or -ENOMEM. */
int podman_paths_find(const char *id, const char *bundle, const struct conmon_arguments *conmon,
	uid_t owner, struct podman_paths *ret_paths);
void podman_paths_done(struct podman_paths *paths);
#define _cleanup_podman_paths_ _cleanup_(podman_paths_done)

/* Take ROOT/<driver>-containers/ID/userdata apart. -EINVAL for another form. */
int podman_paths_split(const char *path, const char *id, char **ret_root, char **ret_driver);
