/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/audit/system_call.h"

#include <libaudit.h>
#include <stddef.h>

/* libaudit knows those of x86 only. */
static int machine_of(bool compatible)
{
	int machine = audit_detect_machine();

	if (!compatible)
		return machine;
	return machine == MACH_86_64 ? MACH_X86 : -1;
}

int audit_system_call_number(const char *name, bool compatible)
{
	int machine = machine_of(compatible);

	return machine < 0 ? -1 : audit_name_to_syscall(name, machine);
}

const char *audit_system_call_name(int number, bool compatible)
{
	int machine = machine_of(compatible);

	return machine < 0 ? NULL : audit_syscall_to_name(number, machine);
}
