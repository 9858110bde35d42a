/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/cgroup_processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf/include/limits.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fd.h"
#include "lib/proc.h"
#include "lib/util.h"

#define CGROUP_EVENTS_MAX 4096
#define CGROUP_PROCS_MAX  (CGROUP_PROCESSES_MAX * 12u) /* bytes of cgroup.procs */

uint64_t ticks_to_ns(uint64_t ticks)
{
	long per_second = sysconf(_SC_CLK_TCK);

	return ticks * (NSEC_PER_SEC / (uint64_t)(per_second > 0 ? per_second : 100));
}

bool process_runs(pid_t pid, uint64_t start_ns)
{
	uint64_t ticks;

	return pid > 0 && !proc_start_ticks(pid, &ticks) && ticks_to_ns(ticks) == start_ns;
}

int process_open(pid_t pid, uint64_t start_ns)
{
	_cleanup_close_ int pidfd = -1;

	if (pid <= 0)
		return -ESRCH;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		return -errno;
	/* Looked at only now that the number cannot pass to another process unnoticed. */
	if (!process_runs(pid, start_ns) || !pidfd_alive(pidfd))
		return -ESRCH;
	return TAKE_FD(pidfd);
}

static int open_cgroup(const char *mount_point, const char *cgroup_path)
{
	char path[PROC_CGROUP_MAX + 256];
	int fd;

	if (snprintf(path, sizeof(path), "%s%s", mount_point, cgroup_path) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int read_file_at(int directory_fd, const char *name, size_t limit, struct buf *buf)
{
	_cleanup_close_ int fd = openat(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : read_fd_limited(fd, limit, buf);
}

bool cgroup_is_populated(const char *mount_point, const char *cgroup_path)
{
	_cleanup_close_ int fd = open_cgroup(mount_point, cgroup_path);
	_cleanup_buf_ struct buf buf = {};
	const char *text;

	if (fd < 0 || read_file_at(fd, "cgroup.events", CGROUP_EVENTS_MAX, &buf) < 0)
		return false;
	text = buf_string(&buf);
	return text && strstr(text, "populated 1");
}

struct search {
	size_t looked_at;
	pid_t oldest;
	uint64_t oldest_ticks;
};

static void look_at_processes(int cgroup_fd, struct search *search)
{
	_cleanup_buf_ struct buf buf = {};
	char *text, *end;

	/* -EFBIG: the first of them have been read */
	(void)read_file_at(cgroup_fd, "cgroup.procs", CGROUP_PROCS_MAX, &buf);
	text = buf_string(&buf);
	while (text && *text && search->looked_at < CGROUP_PROCESSES_MAX) {
		long pid = strtol(text, &end, 10);
		uint64_t ticks;

		if (end == text)
			return;
		text = end + (*end == '\n');
		search->looked_at++;
		/* 0 is a process of another pid namespace */
		if (pid <= 0 || proc_start_ticks((pid_t)pid, &ticks) < 0)
			continue;
		if (search->oldest && ticks >= search->oldest_ticks)
			continue;
		search->oldest = (pid_t)pid;
		search->oldest_ticks = ticks;
	}
}

/* Takes `cgroup_fd` over. crun's init is in a child cgroup, systemd's services in deeper ones. */
static void search_below(int cgroup_fd, int depth, struct search *search)
{
	struct dirent *entry;
	DIR *stream;

	look_at_processes(cgroup_fd, search);
	stream = fdopendir(cgroup_fd);
	if (!stream) {
		close(cgroup_fd);
		return;
	}
	while (depth < CGROUP_DEPTH_MAX && search->looked_at < CGROUP_PROCESSES_MAX &&
		(entry = readdir(stream))) {
		int fd;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		fd = openat(
			cgroup_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			search_below(fd, depth + 1, search);
	}
	closedir(stream);
}

int cgroup_oldest_process(const char *mount_point, const char *cgroup_path, pid_t *ret_pid)
{
	struct search search = {};
	int fd = open_cgroup(mount_point, cgroup_path);

	if (fd < 0)
		return fd;
	search_below(fd, 0, &search);
	if (!search.oldest)
		return -ESRCH;
	*ret_pid = search.oldest;
	return 0;
}

int cgroup_parent_owner(const char *mount_point, const char *cgroup_path, uid_t *ret_owner)
{
	char path[PROC_CGROUP_MAX + 256];
	struct stat status;

	if (snprintf(path, sizeof(path), "%s%s/..", mount_point, cgroup_path) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (lstat(path, &status) < 0)
		return -errno;
	*ret_owner = status.st_uid;
	return 0;
}
