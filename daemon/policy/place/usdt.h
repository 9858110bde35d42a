/* SPDX-License-Identifier: Apache-2.0 */
/* Statically defined probes of programs (sys/sdt.h): the notes of section .note.stapsdt, which say
 * where a probe is and where its arguments are then. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bpf/include/policy.h"
#include "daemon/policy/place/registers.h"
#include "lib/elf_file.h"
#include "lib/error.h"

#define USDT_LOCATIONS_MAX 256 /* of one probe: inlined, it is in many places */
#define USDT_ARGUMENTS_MAX 12
#define USDT_NOTES_MAX	   ((size_t)16 << 20)

struct usdt_location {
	uint64_t offset;    /* in the file */
	uint64_t semaphore; /* the same, of its counter of tracers; 0: it has none */
	char *arguments;    /* "-4@%edi 8@$5" */
};
struct usdt_locations {
	struct usdt_location *items;
	size_t count;
};

/* All places of a probe. -ENOENT: the file has no such probe. */
int usdt_locations_find(const struct elf_file *file, const char *provider, const char *name,
	struct usdt_locations *ret_locations, struct error *error);
void usdt_locations_done(struct usdt_locations *locations);

/* Argument `index` of a note's list. -ENOENT: it has fewer; -EINVAL: not understood; -EOPNOTSUPP:
 * understood, and in a place that programs cannot read (a floating point register). */
int usdt_argument_parse(enum register_machine machine, const char *arguments, uint32_t index,
	struct register_argument *ret_argument);
