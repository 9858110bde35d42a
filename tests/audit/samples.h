/* SPDX-License-Identifier: Apache-2.0 */
/* Events made from plain values, among them everything a container may try against a reader of
 * audit records. Used by the tests that ask the real ausearch. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/event.h"
#include "tests/unit/hit-sample.h"

#define SAMPLE_UNSET 4294967295U

struct sample {
	struct event event;
	struct process process;
	struct container *container;
	/* what was put in, for the oracle */
	const char *comm, *exe, *binary, *cwd;
	char *arguments;
	size_t arguments_length;
	uint32_t argc;
	/* of a policy's match */
	struct hit_sample hit;
	char *hit_path;
	bool failed;
};

struct samples {
	struct container *containers;
	size_t container_count;
	struct sample *items;
	size_t count;
};

/* Pieces that look like other fields, end quotes and lines, steer terminals, or are not UTF-8. */
extern const char *const hostile_pieces[];
extern const size_t hostile_piece_count;

uint64_t samples_random(uint64_t *state);
/* `execs` random execs in `containers` containers, among them starts, stops and losses, then
 * SAMPLE_LIMITS execs at the limits (3000 arguments, 1 MiB of them, the longest paths …). The first
 * containers are web, web-2, db and one without a name, the last one's name is 1000 bytes long. The
 * same seed gives the same. */
#define SAMPLE_LIMITS 9
void samples_make(struct samples *samples, uint64_t seed, size_t containers, size_t execs);
/* One exec with these values. */
void sample_exec(struct sample *sample, struct container *container, const char *comm,
	const char *exe, const char *binary, const char *cwd, const char *arguments,
	size_t arguments_length);
void sample_done(struct sample *sample);
void samples_free(struct samples *samples);
/* vm= as a record should have it. */
void sample_vm(const struct container *container, char *to, size_t size);
