/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/enrich/process.h"

#include <string.h>

#include "lib/base64.h"

static size_t put_decimal(char *at, uint64_t value)
{
	char digits[20];
	size_t length = 0;

	do {
		digits[sizeof(digits) - ++length] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	memcpy(at, digits + sizeof(digits) - length, length);
	return length;
}

size_t exec_id_format(const char *node_name, uint64_t ktime, uint32_t pid, char ret_id[EXEC_ID_MAX])
{
	char plain[EXEC_ID_MAX * 3 / 4 - 3];
	size_t length = strnlen(node_name, sizeof(plain) - 34);

	memcpy(plain, node_name, length);
	plain[length++] = ':';
	length += put_decimal(plain + length, ktime);
	plain[length++] = ':';
	length += put_decimal(plain + length, pid);
	base64_encode(plain, length, ret_id);
	length = BASE64_LENGTH(length);
	ret_id[length] = 0;
	return length;
}
