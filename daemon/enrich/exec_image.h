/* SPDX-License-Identifier: Apache-2.0 */
/* struct exec_image from a record: paths made absolute, argv and environment filtered and redacted
 * before anything else sees them. */
#pragma once

#include "daemon/config.h"
#include "daemon/decode/decode.h"
#include "daemon/enrich/pool.h"
#include "daemon/enrich/process.h"
#include "daemon/filter/filter.h"
#include "lib/buf.h"

struct exec_image_maker {
	const struct config *config;
	const struct redaction *redaction; /* may be NULL */
	struct pool *pool;
	struct buf binary, arguments, environment; /* reused */
};

/* One reference. NULL when there is no memory. `arguments` is the whole argv. */
struct exec_image *exec_image_new(
	struct exec_image_maker *maker, const struct record_view *view, struct span arguments);
/* An image of which nothing is known; one reference. */
struct exec_image *exec_image_empty(struct exec_image_maker *maker);
/* A copy that keeps only the first `limit` bytes of argv, flagged; NULL when there is no memory. */
struct exec_image *exec_image_shorten(
	struct exec_image_maker *maker, const struct exec_image *image, uint32_t limit);
struct exec_image *exec_image_ref(struct exec_image *image);
void exec_image_unref(struct exec_image_maker *maker, struct exec_image *image);
void exec_image_maker_done(struct exec_image_maker *maker);
