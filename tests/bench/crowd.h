/* SPDX-License-Identifier: Apache-2.0 */
/* Many processes that do nothing, alive at the same time. */
#pragma once

#include <sys/types.h>

#include "tests/bench/bench.h"

struct crowd {
	pid_t group; /* process group; 0: none */
	unsigned size;
};

/* `size` processes, each of which has made an exec of tiny and waits. */
int crowd_start(const struct bench *bench, unsigned size, struct crowd *ret, struct error *error);
void crowd_stop(struct crowd *crowd);
