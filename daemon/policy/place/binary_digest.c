/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/place/binary_digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nettle/nettle-meta.h>

#include "lib/cleanup.h"
#include "lib/util.h"
#include "policy/program_words.h"

#define READ_BYTES (256u << 10)
#define DIGEST_MAX 64
#define HEX_MAX	   (2 * DIGEST_MAX + 1)

static void hex(const uint8_t *bytes, size_t length, char ret_hex[HEX_MAX])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++) {
		ret_hex[2 * i] = digits[bytes[i] >> 4];
		ret_hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret_hex[2 * length] = '\0';
}

static int hash_file(int fd, const struct nettle_hash *hash, char ret_hex[HEX_MAX])
{
	_cleanup_free_ void *context = malloc(hash->context_size);
	_cleanup_free_ uint8_t *bytes = malloc(READ_BYTES);
	uint8_t digest[DIGEST_MAX];
	uint64_t at = 0;

	if (!context || !bytes)
		return -ENOMEM;
	hash->init(context);
	for (;;) {
		ssize_t n = pread(fd, bytes, READ_BYTES, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		at += (uint64_t)n;
		if (at > BINARY_DIGEST_BYTES_MAX)
			return -EFBIG;
		hash->update(context, (size_t)n, bytes);
	}
	hash->digest(context, hash->digest_size, digest);
	hex(digest, hash->digest_size, ret_hex);
	return 0;
}

/* What the file's is, by that algorithm. */
static int digest_of(int fd, const struct elf_file *file, enum program_digest_algorithm algorithm,
	char ret_hex[HEX_MAX])
{
	static const struct nettle_hash *const hashes[PROGRAM_DIGEST_ALGORITHMS] = {
		[PROGRAM_DIGEST_SHA1] = &nettle_sha1,
		[PROGRAM_DIGEST_SHA256] = &nettle_sha256,
		[PROGRAM_DIGEST_SHA384] = &nettle_sha384,
		[PROGRAM_DIGEST_SHA512] = &nettle_sha512,
	};
	uint8_t build_id[ELF_BUILD_ID_MAX];
	size_t length;
	int r;

	if (hashes[algorithm])
		return hash_file(fd, hashes[algorithm], ret_hex);
	r = elf_file_build_id(file, build_id, &length);
	if (r < 0)
		return r;
	hex(build_id, length, ret_hex);
	return 0;
}

int binary_digests_check(
	const struct policy_hook *hook, int fd, const struct elf_file *file, struct error *error)
{
	char hex_of_file[HEX_MAX] = "";
	int r = 0;

	for (size_t i = 0; i < hook->binary_digests.count; i++) {
		struct program_digest wanted;

		r = program_digest_parse(&hook->binary_digests.items[i], &wanted);
		if (r >= 0)
			r = digest_of(fd, file, wanted.algorithm, hex_of_file);
		if (r < 0 && r != -ENOENT)
			return error_set(error, r, "cannot be read: %s", strerror(-r));
		if (r >= 0 && strlen(hex_of_file) == wanted.length &&
			!strncasecmp(wanted.hex, hex_of_file, wanted.length))
			return 0;
	}
	if (!hook->binary_digests.count)
		return 0;
	return error_set(error, -EKEYREJECTED, "is none of binaryDigests: it %s%s",
		r == -ENOENT ? "has no build id" : "has ", r == -ENOENT ? "" : hex_of_file);
}
