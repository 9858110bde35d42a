/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments with maxData: their further bytes come in records of their own before that of the
 * match, and are kept until it has become an event. Bounded: the oldest ones go, and then the
 * argument is one that was cut. Main thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/decode/decode.h"
#include "daemon/policy/hit/hit.h"

#define HIT_PIECES_ARGUMENTS_MAX 256
#define HIT_PIECES_BYTES_MAX	 ((size_t)8 << 20)

struct argument_pieces;

struct hit_pieces {
	struct argument_pieces *oldest, *newest;
	size_t count, bytes;
	uint64_t evicted; /* arguments, before their match came */
};

/* Of RECORD_HIT_DATA. One that does not go on where the last one ended is dropped. */
void hit_pieces_add(struct hit_pieces *pieces, const struct record_view *view);
/* The argument of that match as a whole: `own` are its bytes in the record. False when its pieces
 * are not there. The bytes are the caller's, to free(). */
bool hit_pieces_join(struct hit_pieces *pieces, uint64_t call, uint32_t index,
	const struct hit_argument *argument, const char *own, struct hit_joined *ret);
void hit_pieces_done(struct hit_pieces *pieces);
