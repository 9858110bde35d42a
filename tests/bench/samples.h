/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded set of measured values and its order statistics. */
#pragma once

#include <stddef.h>

#define SAMPLES_MAX 8192 /* further values are not kept */

struct samples {
	size_t count;
	double values[SAMPLES_MAX];
};

void samples_add(struct samples *samples, double value);
/* `fraction` 0 is the least, 0.5 the median, 1 the greatest; 0.0 when empty. Nearest rank, the
 * median of an even count is the mean of the two in the middle. */
double samples_quantile(const struct samples *samples, double fraction);
