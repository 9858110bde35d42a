/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for one run of yajl. yajl uses what its allocator returns without a look, so a failed
 * allocation must not return to it: it leaves yajl by longjmp, and what yajl held, which is nothing
 * but this memory, is given back from a list. Only for json_parse.c. */
#pragma once

#include <setjmp.h>
#include <yajl/yajl_common.h>

struct yajl_block;

struct yajl_memory {
	yajl_alloc_funcs functions; /* for yajl_alloc() */
	jmp_buf exhausted;	    /* setjmp() it before the first call into yajl */
	struct yajl_block *blocks;
};

void yajl_memory_init(struct yajl_memory *memory);
/* Give back all there is; yajl_free() is not to be called. */
void yajl_memory_done(struct yajl_memory *memory);
