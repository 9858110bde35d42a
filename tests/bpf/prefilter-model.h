/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel side answers by a prefilter (bpf/policy/prefilter.bpf.h). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bpf/include/policy.h"

/* Whether an integer in its register passes. */
bool prefilter_number_passes(const struct number_prefilter *prefilter, uint64_t raw);
/* The same of a string that can be read as far as is looked at. */
bool prefilter_text_passes(const struct text_prefilter *prefilter, const char *string);
