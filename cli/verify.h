/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a log is complete: each stream's numbers are 1, 2, 3 … without a gap, files continue one
 * another, and what is missing is what an event_loss says. */
#pragma once

#include <stdbool.h>

#include "cli/log_files.h"
#include "lib/buf.h"

/* Bounds of what is remembered; beyond, things are counted and not listed. */
#define VERIFY_STREAMS_MAX 1024
#define VERIFY_RANGES_MAX  4096

struct verify;

struct verify *verify_new(void);
struct verify *verify_free(struct verify *verify);
/* -ENOMEM */
int verify_line(struct verify *verify, const struct log_line *line);
/* Append what was found, as text or as one JSON object; true when nothing is missing. */
bool verify_report(struct verify *verify, bool json, struct buf *out);
