/* SPDX-License-Identifier: Apache-2.0 */
/* Text of a container on its way to a terminal. Names, paths and arguments may hold anything: an
 * escape sequence, a line that looks like ours, characters that turn the order of writing round.
 * What holds such a character is written in quotes and escaped, as Tetragon does it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

/* `text` as it is, or in quotes when it holds anything but characters that only show themselves. */
void text_untrusted(struct buf *buf, const char *text, size_t length);
/* One line of JSON for a terminal: such characters, which stand in strings only, become \uXXXX; the
 * JSON says the same. */
void text_json(struct buf *buf, const char *json, size_t length);
/* Columns it takes: its characters; the wide ones are not ours. */
size_t text_width(const char *text, size_t length);
