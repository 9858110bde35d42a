/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/conmon.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/proc.h"
#include "oci/hook_message.h"

static int read_command_line(pid_t pid, struct buf *buf)
{
	int r;

	r = proc_cmdline(pid, HOOK_CONMON_MAX, buf);
	if (r < 0)
		return r;
	/* Cut at the limit: the last argument is not whole. */
	while (buf->length && buf->data[buf->length - 1])
		buf->length--;
	return buf->length ? 0 : -ENODATA;
}

int conmon_command_line(struct buf *buf)
{
	pid_t pid = getppid();

	for (int i = 0; i < CONMON_ANCESTORS_MAX && pid > 1; i++) {
		struct proc_status status;
		int r;

		r = proc_read_status(pid, &status);
		if (r < 0)
			return r;
		if (!strcmp(status.name, "conmon"))
			return read_command_line(pid, buf);
		pid = status.ppid;
	}
	return -ENOENT;
}
