/* SPDX-License-Identifier: Apache-2.0 */
/* `arguments` as Tetragon writes it: argv[1..] joined by blanks, an argument that contains a blank
 * in quotation marks, nothing escaped. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

/* The next of argv (each with a NUL after it; the last may lack it) at *position, which is moved
 * on; false at the end. */
bool arguments_next(const char *argv, size_t length, size_t *position, const char **ret_argument,
	size_t *ret_length);
/* Append argv[1..] joined. */
void arguments_join(const char *argv, size_t length, struct buf *joined);
