/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/hook_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/cleanup.h"

static int take_inherited(int fd, struct hook_socket *ret_socket, struct error *error)
{
	int type, listening, flags = fcntl(fd, F_GETFL);
	socklen_t size = sizeof(int);

	if (flags < 0 || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
		getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) < 0)
		return error_set(error, -errno, "the inherited hook socket: %s", strerror(errno));
	if (type != SOCK_SEQPACKET || !listening)
		return error_set(error, -EINVAL,
			"the inherited hook socket is not listening, or not of type seqpacket");
	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return error_set(error, -errno, "the inherited hook socket: %s", strerror(errno));
	*ret_socket = (struct hook_socket){.fd = fd};
	return 0;
}

static bool somebody_listens(const struct sockaddr_un *address)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd >= 0 && (!connect(fd, (const struct sockaddr *)address, sizeof(*address)) ||
				  errno == EAGAIN);
}

static int make(const char *path, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -1;
	size_t length = strlen(path);

	if (length >= sizeof(address.sun_path))
		return error_set(error, -ENAMETOOLONG, "%s: too long for a socket", path);
	memcpy(address.sun_path, path, length + 1);
	if (somebody_listens(&address))
		return error_set(error, -EADDRINUSE, "%s: another daemon listens there", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return error_set(
			error, -errno, "cannot remove the old %s: %s", path, strerror(errno));
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set(error, -errno, "cannot make a socket: %s", strerror(errno));
	/* Nobody can connect before listen(), so the mode may come after the name. */
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, 0666) < 0 ||
		listen(fd, HOOK_SOCKET_BACKLOG) < 0)
		return error_set(error, -errno, "%s: %s", path, strerror(errno));
	return TAKE_FD(fd);
}

int hook_socket_open(
	const char *directory, int listen_fd, struct hook_socket *ret_socket, struct error *error)
{
	_cleanup_free_ char *path = NULL;
	int fd;

	if (listen_fd >= 0)
		return take_inherited(listen_fd, ret_socket, error);
	if (asprintf(&path, "%s/" HOOK_SOCKET_NAME, directory) < 0) {
		path = NULL;
		return error_set(error, -ENOMEM, "no memory");
	}
	fd = make(path, error);
	if (fd < 0)
		return fd;
	*ret_socket = (struct hook_socket){.fd = fd, .path = TAKE_PTR(path)};
	return 0;
}

void hook_socket_close(struct hook_socket *socket)
{
	if (socket->path)
		unlink(socket->path);
	if (socket->fd >= 0)
		close(socket->fd);
	free(socket->path);
	*socket = (struct hook_socket){.fd = -1};
}
