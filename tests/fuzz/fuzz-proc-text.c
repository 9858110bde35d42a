/* SPDX-License-Identifier: Apache-2.0 */
/* The files of /proc, each reader on the same text. */
#include "lib/proc_text.h"

#include <errno.h>

#include "tests/fuzz/fuzz.h"

static void check_cgroup(const char *text, size_t size)
{
	char path[64];
	int r = proc_text_cgroup(text, size, path, sizeof(path));

	FUZZ_ASSERT(r == 0 || r == -ENODATA || r == -ENAMETOOLONG);
	if (r == 0)
		FUZZ_ASSERT(path[0] == '/' && memchr(path, '\0', sizeof(path)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct proc_status status;
	pid_t pid = -1;
	uint64_t ticks;
	uint32_t value;
	int r;

	check_cgroup(text, size);
	r = proc_text_status(text, size, &status);
	FUZZ_ASSERT(r == 0 || r == -EBADMSG);
	if (r == 0)
		FUZZ_ASSERT(status.tgid >= 0 && status.ppid >= 0 &&
			    memchr(status.name, '\0', sizeof(status.name)));
	r = proc_text_start_ticks(text, size, &ticks);
	FUZZ_ASSERT(r == 0 || r == -EBADMSG);
	r = proc_text_u32(text, size, &value);
	FUZZ_ASSERT(r == 0 || r == -EBADMSG);
	r = proc_text_pidfd(text, size, &pid);
	FUZZ_ASSERT(r == 0 ? pid > 0 : r == -EBADMSG || r == -ESRCH);
	return 0;
}
