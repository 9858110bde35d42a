/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up keys in a Bolt database (bbolt, the Go key-value store) without its lock.
 *
 * The file is a copy-on-write B+tree: pages that the newest committed transaction can reach are
 * written again only by the second transaction after it. So a reader that finds the same newest
 * transaction before and after has read one consistent state; otherwise it reads again. Everything
 * in the file may be hostile: offsets are checked, depth and number of pages are limited. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"

#define BOLT_VALUE_MAX (4 << 20) /* bytes of one value, and of one page with its overflow */
#define BOLT_PAGES_MAX 256	 /* pages read by one lookup */
#define BOLT_DEPTH_MAX 16	 /* of a tree; real ones have three levels */
#define BOLT_TRIES     5

struct bolt {
	int fd; /* borrowed */
	uint32_t page_size;
	uint64_t root, transaction;
	unsigned pages_left;
};

/* Append the value of the last of `keys` to `ret_value`; those before it name the buckets it is in.
 * 0, -ENOENT (no such key), -EAGAIN (a writer was always faster), -EINVAL (not a Bolt database, or
 * damaged), -E2BIG, -ENOMEM, -EIO. */
int bolt_get(int fd, const char *const *keys, size_t key_count, struct buf *ret_value,
	struct error *error);
