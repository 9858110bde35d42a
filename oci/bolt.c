/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/bolt.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/util.h"

#define MAGIC	       0xED0CDAEDu
#define VERSION	       2
#define FLAG_BRANCH    0x01
#define FLAG_LEAF      0x02
#define FLAG_META      0x04
#define ELEMENT_BUCKET 0x01

/* All numbers are in the byte order of the machine that wrote the file; every one that podman runs
 * on and matters here is little-endian. */
struct page_header {
	uint64_t id;
	uint16_t flags, count;
	uint32_t overflow; /* pages that follow and belong to this one */
} __attribute__((packed));

struct meta {
	uint32_t magic, version, page_size, flags;
	uint64_t root, sequence;
	uint64_t free_list, high_water, transaction;
	uint64_t checksum; /* FNV-1a over what stands before it */
} __attribute__((packed));

struct branch_element {
	uint32_t position, key_size;
	uint64_t page;
} __attribute__((packed));

struct leaf_element {
	uint32_t flags, position, key_size, value_size;
} __attribute__((packed));

struct bucket_header {
	uint64_t root; /* 0: an inline page follows */
	uint64_t sequence;
} __attribute__((packed));

struct bytes {
	const char *data;
	size_t length;
};

static uint64_t fnv1a(const void *data, size_t length)
{
	const uint8_t *bytes = data;
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3;
	return hash;
}

static int read_at(int fd, uint64_t offset, void *data, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t n = pread(fd, (char *)data + done, length - done, offset + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EINVAL; /* the file ends before its pages do */
		done += n;
	}
	return 0;
}

static bool read_meta(int fd, uint64_t offset, struct meta *ret_meta)
{
	struct {
		struct page_header header;
		struct meta meta;
	} __attribute__((packed)) page;

	if (read_at(fd, offset, &page, sizeof(page)) < 0)
		return false;
	if (!(le16toh(page.header.flags) & FLAG_META) || le32toh(page.meta.magic) != MAGIC ||
		le32toh(page.meta.version) != VERSION ||
		le64toh(page.meta.checksum) != fnv1a(&page.meta, offsetof(struct meta, checksum)))
		return false;
	*ret_meta = page.meta;
	return true;
}

static bool page_size_valid(uint32_t size)
{
	return size >= 512 && size <= 65536 && (size & (size - 1)) == 0;
}

/* There are two, written in turn, so that one is always whole. The second is one page in; where the
 * first is being written right now, its page size is tried out. */
static int newest_meta(int fd, struct meta *ret_meta)
{
	struct meta meta[2];
	bool valid[2] = {read_meta(fd, 0, &meta[0]), false};

	if (valid[0] && page_size_valid(le32toh(meta[0].page_size)))
		valid[1] = read_meta(fd, le32toh(meta[0].page_size), &meta[1]);
	else
		for (uint32_t size = 4096; !valid[1] && size <= 65536; size *= 2)
			valid[1] =
				read_meta(fd, size, &meta[1]) && le32toh(meta[1].page_size) == size;
	if (valid[0] && valid[1])
		*ret_meta = le64toh(meta[1].transaction) > le64toh(meta[0].transaction) ? meta[1]
											: meta[0];
	else if (valid[0] || valid[1])
		*ret_meta = valid[0] ? meta[0] : meta[1];
	else
		return -EINVAL;
	return page_size_valid(le32toh(ret_meta->page_size)) ? 0 : -EINVAL;
}

static int read_page(struct bolt *bolt, uint64_t id, struct buf *page)
{
	struct page_header header;
	uint64_t size;
	int r;

	if (bolt->pages_left == 0)
		return -E2BIG;
	bolt->pages_left--;
	if (id >= (uint64_t)INT64_MAX / bolt->page_size)
		return -EINVAL;
	r = read_at(bolt->fd, id * bolt->page_size, &header, sizeof(header));
	if (r < 0)
		return r;
	size = ((uint64_t)le32toh(header.overflow) + 1) * bolt->page_size;
	if (le64toh(header.id) != id)
		return -EINVAL;
	if (size > BOLT_VALUE_MAX)
		return -E2BIG;
	buf_clear(page);
	if (!buf_reserve(page, size))
		return -ENOMEM;
	r = read_at(bolt->fd, id * bolt->page_size, page->data, size);
	page->length = r < 0 ? 0 : size;
	return r;
}

/* The element's bytes, which stand at its own address + position. */
static bool element_bytes(struct bytes page, size_t element_offset, uint64_t position,
	uint64_t size, struct bytes *ret_bytes)
{
	uint64_t offset = element_offset + position;

	if (offset > page.length || size > page.length - offset)
		return false;
	*ret_bytes = (struct bytes){page.data + offset, size};
	return true;
}

static int compare(struct bytes left, const char *right)
{
	size_t right_length = strlen(right);
	int r = memcmp(left.data, right, MIN(left.length, right_length));

	if (r != 0)
		return r;
	return (left.length > right_length) - (left.length < right_length);
}

/* The child whose range holds `key`: the last one whose first key is not greater. */
static int search_branch(struct bytes page, uint16_t count, const char *key, uint64_t *ret_child)
{
	size_t first = 0, last = count; /* the answer is in [first, last) */

	while (last - first > 1) {
		size_t middle = first + (last - first) / 2;
		size_t offset = sizeof(struct page_header) + middle * sizeof(struct branch_element);
		struct branch_element element;
		struct bytes element_key;

		memcpy(&element, page.data + offset, sizeof(element));
		if (!element_bytes(page, offset, le32toh(element.position),
			    le32toh(element.key_size), &element_key))
			return -EINVAL;
		if (compare(element_key, key) <= 0)
			first = middle;
		else
			last = middle;
	}
	{
		struct branch_element element;

		memcpy(&element,
			page.data + sizeof(struct page_header) +
				first * sizeof(struct branch_element),
			sizeof(element));
		*ret_child = le64toh(element.page);
	}
	return 0;
}

static int search_leaf(struct bytes page, uint16_t count, const char *key, uint32_t *ret_flags,
	struct bytes *ret_value)
{
	size_t first = 0, last = count;

	while (first < last) {
		size_t middle = first + (last - first) / 2;
		size_t offset = sizeof(struct page_header) + middle * sizeof(struct leaf_element);
		struct leaf_element element;
		struct bytes element_key;
		int order;

		memcpy(&element, page.data + offset, sizeof(element));
		if (!element_bytes(page, offset, le32toh(element.position),
			    le32toh(element.key_size), &element_key))
			return -EINVAL;
		order = compare(element_key, key);
		if (order == 0) {
			*ret_flags = le32toh(element.flags);
			return element_bytes(page, offset,
				       (uint64_t)le32toh(element.position) +
					       le32toh(element.key_size),
				       le32toh(element.value_size), ret_value)
				       ? 0
				       : -EINVAL;
		}
		if (order < 0)
			first = middle + 1;
		else
			last = middle;
	}
	return -ENOENT;
}

static bool elements_fit(struct bytes page, size_t element_size, struct page_header *ret_header)
{
	if (page.length < sizeof(*ret_header))
		return false;
	memcpy(ret_header, page.data, sizeof(*ret_header));
	return le16toh(ret_header->count) * element_size <= page.length - sizeof(*ret_header);
}

/* Find `key` in the tree below page `root`; the value stands in `page` then. */
static int search_tree(struct bolt *bolt, uint64_t root, const char *key, struct buf *page,
	uint32_t *ret_flags, struct bytes *ret_value)
{
	for (unsigned depth = 0; depth < BOLT_DEPTH_MAX; depth++) {
		struct page_header header;
		struct bytes bytes;
		int r = read_page(bolt, root, page);

		if (r < 0)
			return r;
		bytes = (struct bytes){page->data, page->length};
		/* elements of both kinds have 16 bytes */
		if (!elements_fit(bytes, sizeof(struct leaf_element), &header))
			return -EINVAL;
		if (le16toh(header.flags) & FLAG_LEAF)
			return search_leaf(bytes, le16toh(header.count), key, ret_flags, ret_value);
		if (!(le16toh(header.flags) & FLAG_BRANCH) || header.count == 0)
			return -EINVAL;
		r = search_branch(bytes, le16toh(header.count), key, &root);
		if (r < 0)
			return r;
	}
	return -E2BIG;
}

/* One step down: `bucket` is the value that a key had, `page` where it stands. */
static int search_bucket(struct bolt *bolt, struct bytes bucket, const char *key, struct buf *page,
	uint32_t *ret_flags, struct bytes *ret_value)
{
	struct bucket_header header;
	struct page_header inline_header;
	struct bytes inline_page;

	if (bucket.length < sizeof(header))
		return -EINVAL;
	memcpy(&header, bucket.data, sizeof(header));
	if (header.root != 0)
		return search_tree(bolt, le64toh(header.root), key, page, ret_flags, ret_value);
	inline_page = (struct bytes){bucket.data + sizeof(header), bucket.length - sizeof(header)};
	if (!elements_fit(inline_page, sizeof(struct leaf_element), &inline_header) ||
		!(le16toh(inline_header.flags) & FLAG_LEAF))
		return -EINVAL;
	return search_leaf(inline_page, le16toh(inline_header.count), key, ret_flags, ret_value);
}

static int get_once(
	struct bolt *bolt, const char *const *keys, size_t key_count, struct buf *ret_value)
{
	_cleanup_buf_ struct buf page = {0};
	uint32_t flags = 0;
	struct bytes value = {0};
	int r = search_tree(bolt, bolt->root, keys[0], &page, &flags, &value);

	for (size_t i = 1; r == 0 && i < key_count; i++) {
		if (!(flags & ELEMENT_BUCKET))
			return -EINVAL;
		r = search_bucket(bolt, value, keys[i], &page, &flags, &value);
	}
	if (r < 0)
		return r;
	if (flags & ELEMENT_BUCKET)
		return -EINVAL;
	buf_append(ret_value, value.data, value.length);
	return ret_value->failed ? -ENOMEM : 0;
}

int bolt_get(int fd, const char *const *keys, size_t key_count, struct buf *ret_value,
	struct error *error)
{
	size_t start = ret_value->length;

	for (unsigned i = 0; i < BOLT_TRIES; i++) {
		struct bolt bolt = {.fd = fd, .pages_left = BOLT_PAGES_MAX};
		struct meta meta, after;
		int r = newest_meta(fd, &meta);

		if (r < 0)
			return error_set(error, r, "not a Bolt database");
		bolt.page_size = le32toh(meta.page_size);
		bolt.root = le64toh(meta.root);
		ret_value->length = start;
		r = get_once(&bolt, keys, key_count, ret_value);
		if (r == -ENOMEM)
			return r;
		if (newest_meta(fd, &after) < 0 || after.transaction != meta.transaction)
			continue; /* what was read may be of two states */
		return r < 0 ? error_set(error, r, "%s: %s", keys[key_count - 1], strerror(-r)) : 0;
	}
	ret_value->length = start;
	return error_set(error, -EAGAIN, "it changed each time it was read");
}
