/* SPDX-License-Identifier: Apache-2.0 */
/* A Bolt database of pages of 512 bytes. Checksums are put right, or nothing would get past them.
 */
#include "oci/bolt.h"

#include <sys/mman.h>
#include <unistd.h>

#include "lib/util.h"
#include "tests/fuzz/fuzz.h"

#define META 16 /* after the page's header */

static void put_checksum(uint8_t *meta)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < 56; i++)
		hash = (hash ^ meta[i]) * 0x100000001b3;
	memcpy(meta + 56, &hash, sizeof(hash));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = {"ctr", "id", "config"};
	struct buf value = {0};
	uint8_t *copy;
	int fd;

	if (size < META + 64 || size > 65536)
		return 0;
	copy = malloc(size);
	fd = memfd_create("bolt", MFD_CLOEXEC);
	if (!copy || fd < 0)
		abort();
	memcpy(copy, data, size);
	put_checksum(copy + META);
	if (size >= 512 + META + 64)
		put_checksum(copy + 512 + META);
	if (write(fd, copy, size) != (ssize_t)size)
		abort();
	for (size_t count = 1; count <= ARRAY_SIZE(keys); count++) {
		buf_clear(&value);
		if (bolt_get(fd, keys, count, &value, NULL) == 0)
			FUZZ_ASSERT(value.length <= size);
	}
	buf_done(&value);
	close(fd);
	free(copy);
	return 0;
}
