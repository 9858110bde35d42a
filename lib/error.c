/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/error.h"

#include <stdio.h>
#include <string.h>

int error_set(struct error *error, int code, const char *format, ...)
{
	va_list arguments;

	if (!error)
		return code;
	error->code = code;
	va_start(arguments, format);
	vsnprintf(error->message, sizeof(error->message), format, arguments);
	va_end(arguments);
	return code;
}

int error_wrap(struct error *error, const char *format, ...)
{
	char inner[ERROR_MESSAGE_MAX];
	va_list arguments;
	int length;

	if (!error)
		return 0;
	memcpy(inner, error->message, sizeof(inner));
	va_start(arguments, format);
	length = vsnprintf(error->message, sizeof(error->message), format, arguments);
	va_end(arguments);
	if (length >= 0 && (size_t)length < sizeof(error->message) - 3)
		snprintf(error->message + length, sizeof(error->message) - length, ": %s", inner);
	return error->code;
}
