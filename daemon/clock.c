/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/clock.h"

#include "lib/clock.h"
#include "lib/util.h"

static uint64_t realtime_offset;

uint64_t clock_boottime_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

uint64_t clock_realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

uint64_t clock_to_realtime(uint64_t boottime_ns)
{
	return boottime_ns + __atomic_load_n(&realtime_offset, __ATOMIC_RELAXED);
}

void clock_update(void)
{
	uint64_t offset = 0, best = UINT64_MAX;

	/* Between the two reads the thread can be preempted: the shortest of a few is the truest.
	 */
	for (int i = 0; i < 4; i++) {
		uint64_t before = clock_boottime_ns(), wall = clock_realtime_ns();
		uint64_t took = clock_boottime_ns() - before;

		if (took < best) {
			best = took;
			offset = wall - before - took / 2;
		}
	}
	/* An offset that jitters by a microsecond would let the times of two records change places.
	 */
	if (realtime_offset - offset + 50 * NSEC_PER_USEC > 100 * NSEC_PER_USEC)
		__atomic_store_n(&realtime_offset, offset, __ATOMIC_RELAXED);
}
