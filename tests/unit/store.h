/* SPDX-License-Identifier: Apache-2.0 */
/* An engine's store in a temporary directory, filled from tests/unit/data/metadata. Every failure
 * to set it up fails the test. */
#pragma once

#include <stddef.h>

#include "lib/buf.h"
#include "oci/metadata.h"

struct store {
	char root[64];	 /* absolute */
	char path[1024]; /* what store_path() gave last */
};

void store_begin(struct store *store);
void store_end(struct store *store);
/* ROOT/name, good until the next call. */
const char *store_path(struct store *store, const char *name);
/* mkdir -p */
void store_directory(struct store *store, const char *name);
void store_write(struct store *store, const char *name, const void *data, size_t length);
void store_write_text(struct store *store, const char *name, const char *text);
/* A file of tests/unit/data/metadata. */
void store_read_fixture(const char *fixture, struct buf *ret_text);
void store_copy(struct store *store, const char *name, const char *fixture);
/* An SQLite database made by running `sql`. */
void store_database(struct store *store, const char *name, const char *sql);
void store_database_from(struct store *store, const char *name, const char *fixture);

/* CLOCK_MONOTONIC now + milliseconds */
uint64_t deadline_in(unsigned milliseconds);
/* The value of a label, or NULL. */
const char *label_value(const struct label *labels, size_t count, const char *key);
