/* SPDX-License-Identifier: Apache-2.0 */
/* From start to ready on a host with 500 processes more than it has. */
#include <errno.h>

#include "tests/bench/bench.h"
#include "tests/bench/crowd.h"
#include "tests/bench/daemon.h"

#define PROCESSES 500

int bench_ready(const struct bench *bench, struct error *error)
{
	static const struct target target = {TARGET_AT_MOST, 200};
	_cleanup_samples_ struct samples ready = {}, control = {};
	struct daemon daemon;
	struct crowd crowd;
	int r = daemon_prepare(bench, "ready", &daemon, error);

	if (!r)
		r = crowd_start(bench, PROCESSES, &crowd, error);
	if (r < 0)
		return r;
	for (unsigned round = 0; !r && round < bench->rounds; round++) {
		r = daemon_start(bench, &daemon, error);
		if (r < 0)
			break;
		samples_add(&ready, (double)daemon.ready_ns / 1e6);
		samples_add(&control, (double)daemon.control_ns / 1e6);
		daemon_stop(&daemon);
	}
	crowd_stop(&crowd);
	report_subject(bench->report, "start, with %u processes", PROCESSES);
	report_median(bench->report, "start to READY=1", "tallyman", "ms", &ready, &target);
	report_median(bench->report, "start to control.sock", "tallyman", "ms", &control, &target);
	return r;
}
