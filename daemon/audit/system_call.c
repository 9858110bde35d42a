/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/audit/system_call.h"

#include <libaudit.h>

int audit_system_call_number(const char *name)
{
	int machine = audit_detect_machine();

	return machine < 0 ? -1 : audit_name_to_syscall(name, machine);
}
