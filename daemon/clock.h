/* SPDX-License-Identifier: Apache-2.0 */
/* Boot time (what the kernel side stamps) and wall time (what events show). */
#pragma once

#include <stdint.h>

uint64_t clock_boottime_ns(void);
uint64_t clock_realtime_ns(void);
/* Wall time of a boot time by the offset taken at the last clock_update(): refreshed about once a
 * second, so that a stepped wall clock shows in later events and not in earlier ones. */
uint64_t clock_to_realtime(uint64_t boottime_ns);
void clock_update(void);
