/* SPDX-License-Identifier: Apache-2.0 */
/* A set of measured values and its order statistics. */
#pragma once

#include <stddef.h>

#include "lib/cleanup.h"

struct samples {
	size_t count, capacity;
	double *values;
};

/* A value that no memory can be had for is left out. */
void samples_add(struct samples *samples, double value);
void samples_done(struct samples *samples);
#define _cleanup_samples_ _cleanup_(samples_done)
/* `fraction` 0 is the least, 0.5 the median, 1 the greatest; 0.0 when empty. Nearest rank, the
 * median of an even count is the mean of the two in the middle. */
double samples_quantile(const struct samples *samples, double fraction);
