/* SPDX-License-Identifier: Apache-2.0 */
/* binaryDigests: whether a program's file is one of those that a policy was written for. */
#pragma once

#include "lib/elf_file.h"
#include "lib/error.h"
#include "policy/model.h"

/* A larger file is not read. */
#define BINARY_DIGEST_BYTES_MAX ((uint64_t)4 << 30)

/* 0: one of them is the file's, or none is given; -EKEYREJECTED: none is. The file is read once for
 * each algorithm, and not watched: what is written to it later is not seen. */
int binary_digests_check(
	const struct policy_hook *hook, int fd, const struct elf_file *file, struct error *error);
