/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that make arguments share. Each sample_…() returns what the hook finds in its
 * register, and tells the model the same by *observed. */
#pragma once

#include "tests/bpf/selectors.h"

#define TEXT_MAX	  6000
#define STRING_LENGTH_MAX (HIT_ARGUMENT_MAX - 1)

/* One of the values that the argument is compared with; NULL when there are none. */
const struct policy_value *any_value(
	const struct policy_hook *hook, const struct policy_argument *argument);

/* ---- memory ---- */

/* A zeroed object in the memory of the kernel, and its address there. */
size_t object_new(size_t size);
uint64_t object_address(size_t object);
void object_put(
	size_t object, const char *type, const char *member, const void *value, size_t size);
/* The address of a new object of `size` bytes with this one member. */
uint64_t in_object(const char *type, const char *member, uint64_t value, size_t size);
/* In memory of the user, often right before its end, or of the kernel. */
uint64_t place_bytes(const void *bytes, size_t size, bool user_only);
/* An address that nothing is at. */
uint64_t nowhere(void);
/* All of it may be written anew. */
void memory_reuse(void);

/* ---- texts ---- */

/* Around a value, or long. */
size_t sample_text(const struct policy_value *value, char *text, size_t longest);
/* The text is ended after its last byte, and before that has no NUL. */
size_t without_nul(char *text, size_t length);
void see_text(struct observed_argument *observed, const char *text, size_t length, size_t longest);
uint64_t sample_string(
	const struct policy_value *value, struct observed_argument *observed, size_t longest);
uint64_t sample_filename(const struct policy_value *value, struct observed_argument *observed);
uint64_t sample_net_device(const struct policy_value *value, struct observed_argument *observed);
uint64_t sample_buffer(
	const struct policy_value *value, struct observed_argument *observed, uint64_t *ret_size);
uint64_t sample_iovec(
	const struct policy_value *value, struct observed_argument *observed, uint64_t *ret_size);
uint64_t sample_iter(const struct policy_value *value, struct observed_argument *observed);
/* Long ones may come again. */
void texts_reuse(void);

/* ---- sockets ---- */

uint64_t sample_socket(const struct policy_hook *hook, const struct policy_argument *argument,
	struct observed_argument *observed);
uint64_t sample_unix_address(const struct policy_value *value, struct observed_argument *observed);
