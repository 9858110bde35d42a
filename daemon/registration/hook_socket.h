/* SPDX-License-Identifier: Apache-2.0 */
/* The listening socket that hooks connect to. */
#pragma once

#include <stdbool.h>

#include "lib/error.h"

#define HOOK_SOCKET_NAME    "hook.sock"
#define HOOK_SOCKET_BACKLOG 512

struct hook_socket {
	int fd;
	char *path; /* of the file that was made, NULL for an inherited socket */
};

/* Take the inherited `listen_fd`, or (-1) make DIRECTORY/hook.sock, mode 0666: rootless podman runs
 * hooks too, and who they are is looked at by connection. -EADDRINUSE when another daemon listens
 * there; a file that nobody listens at is replaced. */
int hook_socket_open(
	const char *directory, int listen_fd, struct hook_socket *ret_socket, struct error *error);
void hook_socket_close(struct hook_socket *socket);
