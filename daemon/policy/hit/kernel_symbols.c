/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/hit/kernel_symbols.h"

#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "bpf/symbols.skel.h"
#include "lib/util.h"

struct kernel_symbols {
	struct symbols_bpf *skeleton;
	bool tried;
	unsigned int next; /* answer */
	char texts[KERNEL_SYMBOLS_ANSWERS][STACK_DEPTH_MAX][SYMBOL_TEXT_MAX];
};

struct kernel_symbols *kernel_symbols_new(void)
{
	return calloc(1, sizeof(struct kernel_symbols));
}

struct kernel_symbols *kernel_symbols_free(struct kernel_symbols *symbols)
{
	if (!symbols)
		return NULL;
	symbols_bpf__destroy(symbols->skeleton);
	free(symbols);
	return NULL;
}

bool kernel_symbol_parse(char *text, struct stack_frame *frame)
{
	char *plus = strstr(text, "+0x"), *module, *end;

	if (!plus || plus == text)
		return false;
	frame->offset = strtoull(plus + 1, NULL, 16);
	module = strstr(plus, " [");
	end = module ? strchr(module, ']') : NULL;
	if (end) {
		*end = '\0';
		frame->module = module + 2;
	}
	*plus = '\0';
	frame->symbol = text;
	return true;
}

static bool is_ready(struct kernel_symbols *symbols)
{
	if (!symbols->tried) {
		symbols->tried = true;
		symbols->skeleton = symbols_bpf__open_and_load();
	}
	return symbols->skeleton;
}

void kernel_symbols_resolve(
	struct kernel_symbols *symbols, struct stack_frame *frames, size_t depth)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	char(*texts)[SYMBOL_TEXT_MAX];
	struct symbols_bpf__bss *memory;

	if (!depth || !is_ready(symbols))
		return;
	memory = symbols->skeleton->bss;
	depth = MIN(depth, (size_t)STACK_DEPTH_MAX);
	for (size_t i = 0; i < depth; i++) {
		memory->symbol_addresses[i] = frames[i].address;
		memory->symbol_texts[i][0] = '\0';
	}
	memory->symbol_count = (uint32_t)depth;
	if (bpf_prog_test_run_opts(bpf_program__fd(symbols->skeleton->progs.symbolize), &run) < 0)
		return;
	texts = symbols->texts[symbols->next];
	symbols->next = (symbols->next + 1) % KERNEL_SYMBOLS_ANSWERS;
	memcpy(texts, memory->symbol_texts, depth * sizeof(*texts));
	for (size_t i = 0; i < depth; i++) {
		texts[i][SYMBOL_TEXT_MAX - 1] = '\0';
		kernel_symbol_parse(texts[i], &frames[i]);
	}
}
