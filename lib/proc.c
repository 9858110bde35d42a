/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/proc_text.h"
#include "lib/util.h"

#define PROC_FILE_MAX 65536 /* cgroup: one line of up to PATH_MAX for each hierarchy */
#define PROC_PATH_MAX 64

/* A process that ended while its file was open gives ESRCH, one that ended before ENOENT. */
static int read_proc(pid_t pid, const char *name, struct buf *buf)
{
	char path[PROC_PATH_MAX];
	int r;

	if (pid <= 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	r = read_file_limited(path, PROC_FILE_MAX, buf);
	return r == -ENOENT ? -ESRCH : r;
}

int proc_cgroup_path(pid_t pid, char *path, size_t size)
{
	_cleanup_buf_ struct buf buf = {0};
	int r = read_proc(pid, "cgroup", &buf);

	if (r < 0)
		return r;
	return proc_text_cgroup(buf.data, buf.length, path, size);
}

int proc_read_status(pid_t pid, struct proc_status *ret)
{
	_cleanup_buf_ struct buf buf = {0};
	int r = read_proc(pid, "status", &buf);

	if (r < 0)
		return r;
	return proc_text_status(buf.data, buf.length, ret);
}

static int read_u32(pid_t pid, const char *name, uint32_t *ret)
{
	_cleanup_buf_ struct buf buf = {0};
	int r = read_proc(pid, name, &buf);

	if (r < 0)
		return r;
	return proc_text_u32(buf.data, buf.length, ret);
}

int proc_login(pid_t pid, uint32_t *ret_auid, uint32_t *ret_session)
{
	uint32_t auid, session;
	int r;

	r = read_u32(pid, "loginuid", &auid);
	if (r < 0)
		return r;
	r = read_u32(pid, "sessionid", &session);
	if (r < 0)
		return r;
	*ret_auid = auid;
	*ret_session = session;
	return 0;
}

int proc_start_ticks(pid_t pid, uint64_t *ret_ticks)
{
	_cleanup_buf_ struct buf buf = {0};
	int r = read_proc(pid, "stat", &buf);

	if (r < 0)
		return r;
	return proc_text_start_ticks(buf.data, buf.length, ret_ticks);
}

int proc_cmdline(pid_t pid, size_t limit, struct buf *buf)
{
	char path[PROC_PATH_MAX];
	_cleanup_close_ int fd = -1;
	size_t start = buf->length;

	if (pid <= 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	while (buf->length - start < limit) {
		size_t step = MIN(limit - (buf->length - start), (size_t)4096);
		ssize_t n;

		if (!buf_reserve(buf, step))
			return -ENOMEM;
		n = read(fd, buf->data + buf->length, step);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		buf->length += (size_t)n;
	}
	return 0;
}

int proc_namespace(pid_t pid, const char *name, uint64_t *ret_inode)
{
	char path[PROC_PATH_MAX];
	struct stat st;

	if (pid <= 0)
		return -ESRCH;
	if (snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (stat(path, &st) < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	*ret_inode = st.st_ino;
	return 0;
}

int pidfd_pid(int pidfd, pid_t *ret_pid)
{
	_cleanup_buf_ struct buf buf = {0};
	char path[PROC_PATH_MAX];
	int r;

	if (pidfd < 0)
		return -EBADF;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	r = read_file_limited(path, PROC_FILE_MAX, &buf);
	if (r < 0)
		return r == -ENOENT ? -EBADF : r;
	return proc_text_pidfd(buf.data, buf.length, ret_pid);
}

bool pidfd_alive(int pidfd)
{
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
	int n;

	if (pidfd < 0)
		return false;
	do
		n = poll(&poll_fd, 1, 0);
	while (n < 0 && errno == EINTR);
	return n == 0;
}

int boot_id(char ret_id[33])
{
	_cleanup_buf_ struct buf buf = {0};
	char id[33];
	size_t i, n = 0;
	int r = read_file_limited("/proc/sys/kernel/random/boot_id", 64, &buf);

	if (r < 0)
		return r;
	for (i = 0; i < buf.length && buf.data[i] != '\n'; i++) {
		if (buf.data[i] == '-')
			continue;
		if (n == 32 || !strchr("0123456789abcdef", buf.data[i]) || !buf.data[i])
			return -EBADMSG;
		id[n++] = buf.data[i];
	}
	if (n != 32)
		return -EBADMSG;
	id[32] = '\0';
	memcpy(ret_id, id, sizeof(id));
	return 0;
}
