/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "kernel.h"

/* Keep clang from proving a bound by a way the verifier of 5.10 does not follow. */
#define BOUNDED(value, limit)                                                                      \
	({                                                                                         \
		__u64 bounded_ = (value);                                                          \
		asm volatile("" : "+r"(bounded_));                                                 \
		if (bounded_ > (limit))                                                            \
			bounded_ = (limit);                                                        \
		asm volatile("" : "+r"(bounded_));                                                 \
		bounded_;                                                                          \
	})
