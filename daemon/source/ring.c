/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/source/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/bpf.h>

struct ring {
	uint64_t *consumer;	  /* page 0, ours to write */
	const uint64_t *producer; /* page 1 */
	const char *data;	  /* then the data twice, so that a record never wraps */
	size_t page, mapped;
	uint64_t position; /* of the next record to take */
	uint64_t mask;
};

int ring_open(int map_fd, uint32_t bytes, struct ring **ret_ring)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	void *memory;

	if (!ring)
		return -ENOMEM;
	ring->page = (size_t)sysconf(_SC_PAGESIZE);
	ring->mask = bytes - 1;
	ring->mapped = ring->page + 2 * (size_t)bytes;
	memory = mmap(NULL, ring->page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (memory == MAP_FAILED) {
		free(ring);
		return -errno;
	}
	ring->consumer = memory;
	memory = mmap(NULL, ring->mapped, PROT_READ, MAP_SHARED, map_fd, (off_t)ring->page);
	if (memory == MAP_FAILED) {
		int r = -errno;

		munmap(ring->consumer, ring->page);
		free(ring);
		return r;
	}
	ring->producer = memory;
	ring->data = (const char *)memory + ring->page;
	ring->position = __atomic_load_n(ring->consumer, __ATOMIC_RELAXED);
	*ret_ring = ring;
	return 0;
}

struct ring *ring_close(struct ring *ring)
{
	if (!ring)
		return NULL;
	munmap(ring->consumer, ring->page);
	munmap((void *)ring->producer, ring->mapped);
	free(ring);
	return NULL;
}

const void *ring_next(struct ring *ring, size_t *ret_size)
{
	while (ring->position < __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE)) {
		const void *header = ring->data + (ring->position & ring->mask);
		uint32_t length = __atomic_load_n((const uint32_t *)header, __ATOMIC_ACQUIRE);
		uint32_t size = length & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (length & BPF_RINGBUF_BUSY_BIT)
			return NULL; /* reserved, still being written */
		ring->position += (size + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
		if (length & BPF_RINGBUF_DISCARD_BIT)
			continue;
		*ret_size = size;
		return (const char *)header + BPF_RINGBUF_HDR_SZ;
	}
	return NULL;
}

void ring_release(struct ring *ring)
{
	if (*ring->consumer != ring->position)
		__atomic_store_n(ring->consumer, ring->position, __ATOMIC_RELEASE);
}

uint64_t ring_pending(const struct ring *ring)
{
	return __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE) - *ring->consumer;
}
