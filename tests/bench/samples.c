/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/samples.h"

#include <stdlib.h>
#include <string.h>

void samples_add(struct samples *samples, double value)
{
	if (samples->count == samples->capacity) {
		size_t capacity = samples->capacity ? 2 * samples->capacity : 16;
		double *values = realloc(samples->values, capacity * sizeof(*values));

		if (!values)
			return;
		samples->values = values;
		samples->capacity = capacity;
	}
	samples->values[samples->count++] = value;
}

void samples_done(struct samples *samples)
{
	free(samples->values);
	*samples = (struct samples){};
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double samples_quantile(const struct samples *samples, double fraction)
{
	_cleanup_free_ double *sorted = NULL;
	size_t count = samples->count, rank;

	if (!count)
		return 0;
	sorted = malloc(count * sizeof(*sorted));
	if (!sorted)
		return 0;
	memcpy(sorted, samples->values, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_doubles);
	if (fraction == 0.5 && count % 2 == 0)
		return (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
	rank = (size_t)(fraction * (double)count);
	return sorted[rank < count ? rank : count - 1];
}
