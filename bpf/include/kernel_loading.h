/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's types, like kernel.h: what is loaded into it. */
#pragma once

#include "kernel.h"

#include <linux/perf_event.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct bpf_prog_aux {
	char name[16];
};
struct bpf_prog {
	enum bpf_prog_type type;
	__u32 len; /* instructions */
	struct bpf_prog_aux *aux;
};
struct bpf_map {
	enum bpf_map_type map_type;
	__u32 key_size, value_size, max_entries;
	char name[16];
};

struct perf_event {
	struct perf_event_attr attr;
};

struct module {
	char name[56];
	unsigned long taints;
	bool sig_ok; /* CONFIG_MODULE_SIG */
};
struct load_info {
	const char *name;
	struct module *mod;
	bool sig_ok; /* CONFIG_MODULE_SIG */
};

#pragma clang attribute pop
