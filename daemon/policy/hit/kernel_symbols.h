/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel calls the places in its stack traces. Main thread only. */
#pragma once

#include <stddef.h>

#include "daemon/policy/hit/hit.h"

/* Answers whose strings live at the same time: those of the events of one record. */
#define KERNEL_SYMBOLS_ANSWERS 2

struct kernel_symbols;

/* Nothing is loaded before the first question. NULL: no memory. */
struct kernel_symbols *kernel_symbols_new(void);
struct kernel_symbols *kernel_symbols_free(struct kernel_symbols *symbols);
/* Fill in symbol, offset and module by the addresses. Before Linux 5.14 nothing is filled in. The
 * strings are valid until KERNEL_SYMBOLS_ANSWERS more calls. */
void kernel_symbols_resolve(
	struct kernel_symbols *symbols, struct stack_frame *frames, size_t depth);

/* "name+0x10/0x2b0 [module]" taken apart, in place; false when it is only an address. */
bool kernel_symbol_parse(char *text, struct stack_frame *frame);
