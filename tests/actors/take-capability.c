/* SPDX-License-Identifier: Apache-2.0 */
/* take-capability NUMBER: put all effective capabilities down, then take that one back; with 0,
 * none. */
#include "actor.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {};
	int number;

	need_arguments(argc, argv, 1, "NUMBER");
	number = parse_int(argv[1]);
	if (syscall(SYS_capget, &header, data) < 0)
		die("capget");
	data[0].effective = data[1].effective = 0;
	if (syscall(SYS_capset, &header, data) < 0)
		die("capset");
	if (number > 0) {
		data[number / 32].effective = 1U << (number % 32);
		if (syscall(SYS_capset, &header, data) < 0)
			die("capset");
	}
	report("take-capability", &(struct report){.pid = getpid()});
	return 0;
}
