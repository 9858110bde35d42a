/* SPDX-License-Identifier: Apache-2.0 */
/* How a policy names what is in a program's file: a function or a place in one, and a digest of
 * the file. */
#pragma once

#include <stdint.h>

#include "policy/model_text.h"

/* "main", "main+9", "main+0x9". -EINVAL: what stands after the + is no number. */
int program_symbol_parse(
	const struct policy_text *text, size_t *ret_name_length, uint64_t *ret_offset);

enum program_digest_algorithm {
	PROGRAM_DIGEST_SHA1,
	PROGRAM_DIGEST_SHA256,
	PROGRAM_DIGEST_SHA384,
	PROGRAM_DIGEST_SHA512,
	PROGRAM_DIGEST_BUILD_ID,
	PROGRAM_DIGEST_ALGORITHMS
};
struct program_digest {
	enum program_digest_algorithm algorithm;
	const char *hex; /* inside of the text, in any case, without a NUL after it */
	size_t length;
};
/* "sha256:HEX"; blanks around both parts mean nothing, as in Tetragon. -EINVAL: there is no such
 * algorithm; -EBADMSG: what stands after the colon can be no digest by it (*ret_digest is set). */
int program_digest_parse(const struct policy_text *text, struct program_digest *ret_digest);
/* How many digits it has; 0: even in number, up to that of 64 bytes. */
size_t program_digest_length(enum program_digest_algorithm algorithm);
