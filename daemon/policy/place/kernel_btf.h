/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel's own type information says: a function's arguments, the way to a field. Some
 * megabytes while it is open, so only as long as a policy is loaded. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/include/limits.h"
#include "lib/error.h"
#include "policy/model.h"

struct btf;

struct function_prototype {
	uint32_t parameters[HOOK_RAW_MAX]; /* type ids */
	const char *names[HOOK_RAW_MAX];   /* the BTF's; "" where there is none */
	uint8_t raws[HOOK_RAW_MAX];	   /* the first of the words that each is passed in */
	uint32_t parameter_count;
	uint32_t raw_count;   /* a structure of 16 bytes is passed in two */
	uint32_t return_type; /* 0: void */
};

/* The way from a structure to a value in it. */
struct field_path {
	uint32_t steps[HOOK_RESOLVE_MAX]; /* of hook_argument.resolve */
	uint8_t step_count;
	uint32_t type; /* of the value: a type id */
};

/* -ENOENT: no such function, or it is not in the type information. */
int kernel_btf_function(
	const struct btf *btf, const char *name, struct function_prototype *ret_prototype);
/* What a program on the raw tracepoint `name` is given; without names. -ENOENT: it is not in the
 * type information. */
int kernel_btf_raw_tracepoint(
	const struct btf *btf, const char *name, struct function_prototype *ret_prototype);
/* What `auto` is for a value of this type. POLICY_TYPE_NOP: nothing that is known. */
enum policy_argument_type kernel_btf_automatic_type(const struct btf *btf, uint32_t type);
/* Whether a value of this type cannot be what a policy says it is: the structure that it points to
 * is another that is known, or it is a number. Then what it is, as "a pointer to path", is in
 * *ret_instead. */
bool kernel_btf_contradicts(const struct btf *btf, uint32_t type, enum policy_argument_type said,
	char *ret_instead, size_t size);
/* The structure that a pointer points to, or that `name` names; 0. */
uint32_t kernel_btf_structure_of(const struct btf *btf, uint32_t type);
uint32_t kernel_btf_structure(const struct btf *btf, const char *name);
/* Where the way to a field of an argument begins: at the structure that a pointer points to, or at
 * the pointer, of one or several, that leads to it (struct cred **); 0. */
uint32_t kernel_btf_resolve_base(const struct btf *btf, uint32_t type);
/* Follow "mm.owner.comm" or "numbers[0].nr" from there; pointers on the way are followed. The steps
 * lead to the value's address, or, with `follow`, to what it points to if it is a pointer. */
int kernel_btf_resolve(const struct btf *btf, uint32_t base, const char *path, bool follow,
	struct field_path *ret_path, struct error *error);
/* Whether the value is a pointer. */
bool kernel_btf_is_pointer(const struct btf *btf, uint32_t type);
