/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/place/tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/util.h"

#define TRACEPOINT_PATH_MAX 512
/* On every kernel that has tracepoints of system calls. */
#define TRIED_SUBSYSTEM "raw_syscalls"
#define TRIED_EVENT	"sys_enter"
#define NO_EVENT	UINT32_MAX /* an id that none has */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool mount_tried;
static int directory = -1; /* kept until the process ends */

static int mount_own(void)
{
	_cleanup_close_ int context = fsopen("tracefs", FSOPEN_CLOEXEC);

	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -errno;
	return fsmount(context, FSMOUNT_CLOEXEC,
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

static void look(void)
{
	static const char *const paths[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

	struct stat status;

	for (size_t i = 0; i < ARRAY_SIZE(paths) && directory < 0; i++) {
		_cleanup_close_ int fd = open(paths[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		/* An empty directory where nothing is mounted. (Not access(): it asks for the real
		 * user without capabilities.) */
		if (fd >= 0 && !fstatat(fd, "events", &status, 0))
			directory = TAKE_FD(fd);
	}
	/* Once: later the process may have neither the power nor the system call. */
	if (directory < 0 && !mount_tried)
		directory = mount_own();
	mount_tried = true;
}

bool tracefs_is_there(void)
{
	bool is_there;

	pthread_mutex_lock(&lock);
	if (directory < 0)
		look();
	is_there = directory >= 0;
	pthread_mutex_unlock(&lock);
	return is_there;
}

int tracefs_open(const char *path)
{
	int fd;

	if (!tracefs_is_there())
		return -ENOENT;
	fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

/* "events/NAME/NAME/id": a number, as it stands in perf_event_attr. */
static int read_id(const char *subsystem, const char *event, uint64_t *ret_id)
{
	char path[TRACEPOINT_PATH_MAX], text[32] = "", *end;
	_cleanup_close_ int fd = -1;

	if (snprintf(path, sizeof(path), "events/%s/%s/id", subsystem, event) >= (int)sizeof(path))
		return -ENOENT;
	fd = tracefs_open(path);
	if (fd < 0)
		return fd;
	if (read(fd, text, sizeof(text) - 1) < 0)
		return -errno;
	*ret_id = strtoull(text, &end, 10);
	return end > text ? 0 : -EINVAL;
}

/* The processor is only where it is counted: the program runs on all. */
static int event_open(uint64_t id)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attributes), .config = id};
	int fd = (int)syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int tracefs_event_open(const char *subsystem, const char *event)
{
	uint64_t id = 0;
	int r = read_id(subsystem, event, &id);

	return r < 0 ? r : event_open(id);
}

bool tracefs_events_allowed(void)
{
	uint64_t id;
	_cleanup_close_ int fd = -1;

	if (read_id(TRIED_SUBSYSTEM, TRIED_EVENT, &id) < 0)
		return false;
	/* Whether one may is asked before which one (5.10 to 7.2). One that is there would have to
	 * be taken back, which waits for all processors: 30 ms. */
	fd = event_open(NO_EVENT);
	return fd >= 0 || fd == -EINVAL;
}
