/* SPDX-License-Identifier: Apache-2.0 */
/* An error that a person will read: a negative errno and a text, in a fixed buffer so that
 * reporting a failure cannot fail. */
#pragma once

#include <stdarg.h>

#define ERROR_MESSAGE_MAX 512

struct error {
	int code; /* negative errno, 0 while unset */
	char message[ERROR_MESSAGE_MAX];
};

/* Set `error` (may be NULL) and return `code`, a negative errno: `return error_set(e, -EINVAL, …)`.
 */
int error_set(struct error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Put "text: " before the message already there; returns error's code. */
int error_wrap(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
