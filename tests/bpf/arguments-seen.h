/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the programs of the test leave of a slot for its other side. */
#pragma once

#include "bpf/include/policy.h"

struct slot_seen {
	__u32 used, incomplete;
	struct hit_record record;
	char data[HIT_DATA_MAX];
};
