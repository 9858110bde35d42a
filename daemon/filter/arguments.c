/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/filter/arguments.h"

#include <string.h>

bool arguments_next(const char *argv, size_t length, size_t *position, const char **ret_argument,
	size_t *ret_length)
{
	const char *start, *end;

	if (*position >= length)
		return false;
	start = argv + *position;
	end = memchr(start, '\0', length - *position);
	*ret_argument = start;
	*ret_length = end ? (size_t)(end - start) : length - *position;
	*position += *ret_length + 1;
	return true;
}

void arguments_join(const char *argv, size_t length, struct buf *joined)
{
	size_t position = 0, argument_length;
	const char *argument;

	if (!arguments_next(argv, length, &position, &argument, &argument_length))
		return;
	for (bool first = true;
		arguments_next(argv, length, &position, &argument, &argument_length);
		first = false) {
		bool quoted = argument_length && memchr(argument, ' ', argument_length);

		if (!first)
			buf_append_char(joined, ' ');
		if (quoted)
			buf_append_char(joined, '"');
		buf_append(joined, argument, argument_length);
		if (quoted)
			buf_append_char(joined, '"');
	}
}
