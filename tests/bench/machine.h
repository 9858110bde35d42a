/* SPDX-License-Identifier: Apache-2.0 */
/* The machine that measured. */
#pragma once

#include <stddef.h>

struct machine {
	char kernel[128], architecture[32], processor[128];
	unsigned processors;
	double memory_mb;
	char date[40]; /* RFC 3339, UTC, of the call */
};

void machine_get(struct machine *ret);
double machine_load(void); /* of the last minute */
