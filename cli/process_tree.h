/* SPDX-License-Identifier: Apache-2.0 */
/* The processes that the daemon lists, joined to trees, one for each container. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/json.h"

/* Processes kept; a daemon lists fewer. */
#define PROCESS_TREE_MAX 1000000

struct process_tree;

struct process_tree *process_tree_new(void);
struct process_tree *process_tree_free(struct process_tree *tree);
/* Take one `process` object's values. -ENOMEM, -E2BIG. */
int process_tree_add(struct process_tree *tree, const struct json_value *process);
/* Append the trees: containers by name, and with `host` the host's last. */
int process_tree_print(struct process_tree *tree, bool host, bool colour, struct buf *out);
