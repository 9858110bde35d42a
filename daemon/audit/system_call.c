/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/audit/system_call.h"

#include <libaudit.h>
#include <stddef.h>

int audit_system_call_number(const char *name)
{
	int machine = audit_detect_machine();

	return machine < 0 ? -1 : audit_name_to_syscall(name, machine);
}

const char *audit_system_call_name(int number, bool compatible)
{
	int machine = audit_detect_machine();

	if (compatible)
		machine = machine == MACH_86_64 ? MACH_X86 : -1;
	return machine < 0 ? NULL : audit_syscall_to_name(number, machine);
}
