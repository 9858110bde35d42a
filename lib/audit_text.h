/* SPDX-License-Identifier: Apache-2.0 */
/* Audit record text that cannot be forged by what stands in it: a value is written in quotes only
 * if every byte is one of [A-Za-z0-9_./:@%+,-], else as upper-case hex without quotes, which is how
 * the kernel writes untrusted strings and what ausearch -i decodes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

/* Whether every byte may stand in quotes. */
bool audit_text_is_safe(const char *value, size_t length);
/* Upper-case hex, nothing else. */
void audit_hex(struct buf *buf, const char *value, size_t length);

/* `name="value"` or `name=HEX`; an empty value is `name=""`. */
void audit_field_n(struct buf *buf, const char *name, const char *value, size_t length);
void audit_field(struct buf *buf, const char *name, const char *value); /* NULL: name=? */
/* The same in at most `limit` bytes of encoded value (quotes included, at least 16): a longer value
 * keeps its beginning and ends in "...", so that it is equal to no whole value of the same
 * beginning. */
void audit_field_limited(
	struct buf *buf, const char *name, const char *value, size_t length, size_t limit);
/* For fields that ausearch does not decode (hostname=, uuid=, virt=): the plain value of
 * [A-Za-z0-9_./@%+-], or ? when it is empty or has any other byte. No colon and no comma: ausearch
 * ends uuid= at the one and hostname= at the other. */
void audit_field_plain(struct buf *buf, const char *name, const char *value);
