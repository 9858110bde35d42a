/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer's side of the BPF ring buffer, straight from its shared pages. libbpf's has no way
 * to ask how full the ring is (that is how we know to wait for a slow disk or not), and gives back
 * space record by record, which makes every producer fetch the line we just wrote. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring;

int ring_open(int map_fd, uint32_t bytes, struct ring **ret_ring);
struct ring *ring_close(struct ring *ring);

/* The next record, or NULL when there is none. Stays valid until ring_release(). */
const void *ring_next(struct ring *ring, size_t *ret_size);
/* Give the space of all records taken so far back to the producers. */
void ring_release(struct ring *ring);
/* Bytes made and not yet given back. */
uint64_t ring_pending(const struct ring *ring);
