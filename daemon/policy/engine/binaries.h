/* SPDX-License-Identifier: Apache-2.0 */
/* matchBinaries and matchParentBinaries of all policies: a bit each, and the maps by which the base
 * sensor finds a program's bits at exec. Bits are counted: the same list is the same bit. */
#pragma once

#include <stdint.h>

#include "bpf/include/policy.h"
#include "daemon/sensor/base.h"
#include "lib/error.h"
#include "policy/model.h"

struct binaries;

int binaries_new(struct base_sensor *sensor, struct binaries **ret_binaries);
struct binaries *binaries_free(struct binaries *binaries);

/* The bit, counted once more: 0 to BINARY_MATCHERS_MAX - 1, or a negative errno. In the maps when
 * this returns; processes that run already have it after binaries_refresh(). */
int binaries_take(
	struct binaries *binaries, const struct policy_match_binaries *match, struct error *error);
void binaries_give_back(struct binaries *binaries, int bit);
/* Have the kernel side look at all processes again, if a bit was taken since the last time. */
int binaries_refresh(struct binaries *binaries, struct error *error);
