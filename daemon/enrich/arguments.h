/* SPDX-License-Identifier: Apache-2.0 */
/* Long command lines come in pieces before their exec record: joined here. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/decode/decode.h"
#include "lib/buf.h"

#define ARGUMENTS_JOINS_MAX                                                                        \
	16 /* execs whose pieces are on their way; a further one drops the oldest */

struct arguments_join {
	struct process_key process;
	uint64_t time;
	struct buf pieces;
};

struct arguments {
	struct arguments_join joins[ARGUMENTS_JOINS_MAX];
	uint64_t dropped; /* joins given up before their exec came */
};

void arguments_piece(struct arguments *arguments, const struct record_view *view);
/* The whole argv of this exec: the record's own text, or the joined pieces with it at the end. What
 * does not fit together is left out, and *ret_error set. Valid until arguments_release(). */
struct span arguments_whole(
	struct arguments *arguments, const struct record_view *view, bool *ret_error);
void arguments_release(struct arguments *arguments, const struct process_key *process);
void arguments_done(struct arguments *arguments);
