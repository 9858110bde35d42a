/* SPDX-License-Identifier: Apache-2.0 */
/* Why this kernel does not take our programs, in words for a person. */
#pragma once

#include <stddef.h>

#define REFUSAL_MAX 320

/* Hear what libbpf says from here on: its warnings go to the debug log, and what the verifier said
 * of the last program it refused is kept. */
void refusal_listen(void);
/* The reason of a load that failed with `code` (negative errno): which program and what the
 * verifier said, or which power is missing; "" when nothing is known. */
void refusal_explain(int code, char ret_reason[REFUSAL_MAX]);
/* Why perf_event_open() failed with EACCES; "" where it is not known. */
void refusal_explain_perf(char ret_reason[REFUSAL_MAX]);
