/* SPDX-License-Identifier: Apache-2.0 */
/* What verify.c finds in the lines and verify_report.c tells. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "cli/verify.h"

#define NAME_MAX_LENGTH 200

struct range {
	uint64_t first, last;
	char note[NAME_MAX_LENGTH]; /* of a loss: stage, reason, since */
};

struct ranges {
	struct range *items;
	size_t count;
	uint64_t more; /* numbers of ranges beyond VERIFY_RANGES_MAX */
};

struct stream {
	char name[NAME_MAX_LENGTH];
	uint64_t first, last, lines, disorder;
	struct ranges gaps, losses;
	uint64_t lost_unnumbered; /* events lost before they were given a number */
	struct buf lost_notes;	  /* a line of text for each such loss */
	struct buf notes;	  /* what else a reader should know */
};

struct verify {
	struct stream *streams;
	size_t count;
	uint64_t lines, headers, bad_lines, streams_more;
	char first_bad[NAME_MAX_LENGTH];
};
