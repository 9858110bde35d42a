/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as Unicode defines it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Length (1 to 4) of the character at the start of `data`; 0 when its first byte begins none
 * that is whole and valid. `length` of at least 1. */
size_t utf8_character_length(const char *data, size_t length);
bool utf8_valid(const char *data, size_t length);
