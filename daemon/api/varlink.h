/* SPDX-License-Identifier: Apache-2.0 */
/* varlink messages: one JSON object and a NUL each. Reading a call, writing replies and errors;
 * no sockets. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/json.h"

#define VARLINK_REQUEST_MAX ((size_t)64 << 10)
/* of who may change something: a file of policies, every byte of it escaped, and some more */
#define VARLINK_REQUEST_MAX_ROOT ((size_t)7 << 20)
#define VARLINK_REQUEST_DEPTH	 16
#define VARLINK_REQUEST_NODES	 4096

#define VARLINK_METHOD_NOT_FOUND    "org.varlink.service.MethodNotFound"
#define VARLINK_INTERFACE_NOT_FOUND "org.varlink.service.InterfaceNotFound"
#define VARLINK_INVALID_PARAMETER   "org.varlink.service.InvalidParameter"
#define VARLINK_PERMISSION_DENIED   "org.varlink.service.PermissionDenied"
#define VARLINK_EXPECTED_MORE	    "org.varlink.service.ExpectedMore"

struct varlink_call {
	struct json_document *document;
	const char *method;
	const struct json_value *parameters; /* an object, or NULL */
	bool more, oneway;
};

/* `text`: one message without its NUL. -EINVAL for what is not a call: the connection has to be
 * closed, since nothing can be answered to it. */
int varlink_call_parse(
	const char *text, size_t length, struct varlink_call *ret_call, struct error *error);
void varlink_call_done(struct varlink_call *call);

/* A parameter is missing or null: 0 and *ret untouched. -EINVAL: of another type. */
int varlink_parameter_bool(const struct varlink_call *call, const char *name, bool *ret);
int varlink_parameter_string(const struct varlink_call *call, const char *name, const char **ret);
/* The name of a parameter that is none of `known` (NULL-terminated), or NULL. */
const char *varlink_parameter_unknown(const struct varlink_call *call, const char *const *known);

/* {"parameters": … and its end with the NUL. Between the two one JSON object is appended. */
void varlink_reply_open(struct buf *buf);
void varlink_reply_close(struct buf *buf, bool continues);
/* A whole error reply; `key` and `value` may be NULL. `message`, if not NULL, is for people. */
void varlink_error(struct buf *buf, const char *error, const char *key, const char *value,
	const char *message);
