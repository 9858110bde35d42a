/* SPDX-License-Identifier: Apache-2.0 */
/* What verify-programs and verify-policies share: load one program alone, and say how many
 * instructions this kernel's verifier followed for it (the limit is a million). For a program that
 * is refused: the end of the verifier's log. */
#pragma once

#include <bpf/libbpf.h>

/* Loads the program with that name, which verifier_choose() has chosen; 0 or -errno. */
typedef int (*verifier_load)(const char *program, const void *configuration);

/* Print which kernel this is, and have libbpf print nothing. */
void verifier_begin(void);
/* Of an open object load this program only, and watch what is said of it. */
struct bpf_program *verifier_choose(struct bpf_object *object, const char *name);
/* Load by `load`, and print `heading` with the number. 1 when it was refused, 0 otherwise; what
 * needs something that the kernel forbids altogether is "not possible". */
int verifier_verify(
	const char *heading, const char *program, verifier_load load, const void *configuration);
