/* SPDX-License-Identifier: Apache-2.0 */
/* Integers as Go's strconv and YAML 1.1 write them: a sign, then decimal, 0x, 0o, 0b, or octal
 * after a leading 0; `_` between digits. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* All of the text must be the number: -EINVAL otherwise; -ERANGE when it does not fit. */
int integer_parse(const char *text, size_t length, int64_t *ret_value);
int integer_parse_unsigned(const char *text, size_t length, uint64_t *ret_value);
/* Decimal digits with a sign, leading zeros mean nothing; 0x as well. For ports and ranges, which
 * Tetragon reads in base 10. */
int integer_parse_decimal(const char *text, size_t length, int64_t *ret_value);
int integer_parse_decimal_unsigned(const char *text, size_t length, uint64_t *ret_value);
