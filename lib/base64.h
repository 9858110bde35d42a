/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 of RFC 4648, section 4: with + and /, padded. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#define BASE64_LENGTH(bytes) (((bytes) + 2) / 3 * 4)

/* Write BASE64_LENGTH(length) characters to `text`, without a NUL. */
void base64_encode(const void *data, size_t length, char *text);
/* Decode canonical, padded text; `data` has room for length / 4 * 3 bytes. Returns the number of
 * bytes or -EINVAL. */
ssize_t base64_decode(const char *text, size_t length, void *data);
