/* SPDX-License-Identifier: Apache-2.0 */
/* Probes in programs' files: what this kernel can, and attaching many at once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/include/limits.h"
#include "daemon/policy/place/place.h"

/* libbpf before 1.3 knows none of this: numbers of linux/bpf.h since 6.6. */
#define ATTACH_TYPE_UPROBE_MULTI 48

struct uprobe_abilities {
	bool multi;   /* links of many, which need CAP_PERFMON only; since 6.6 */
	bool cookies; /* since 5.15 */
};

/* By trying. */
void uprobe_abilities_probe(struct uprobe_abilities *ret_abilities);

/* At all targets of the file: the descriptor of a link, whose cookies are the targets' numbers. The
 * program was loaded with ATTACH_TYPE_UPROBE_MULTI. */
int uprobe_multi_attach(
	int program_fd, int file, const struct hook_target *targets, size_t count, bool at_return);

/* The path by which the kernel finds the file of a descriptor, whatever its name has become. */
#define UPROBE_PATH_MAX 32
void uprobe_path(int file, char ret_path[UPROBE_PATH_MAX]);
