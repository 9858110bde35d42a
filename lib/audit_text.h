/* SPDX-License-Identifier: Apache-2.0 */
/* Audit record text that cannot be forged by what stands in it: a value is written in quotes only if
 * every byte is one of [A-Za-z0-9_./:@%+,-], else as upper-case hex without quotes, which is how the
 * kernel writes untrusted strings and what ausearch -i decodes. */
#pragma once

#include <stddef.h>

#include "lib/buf.h"

/* `name="value"` or `name=HEX`; an empty value is `name=""`. */
void audit_field_n(struct buf *buf, const char *name, const char *value, size_t length);
void audit_field(struct buf *buf, const char *name, const char *value); /* NULL: name=? */
/* For fields that ausearch does not decode (hostname=, virt=): the plain value, or ? when it has any
 * other byte. */
void audit_field_plain(struct buf *buf, const char *name, const char *value);
