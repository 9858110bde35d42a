/* SPDX-License-Identifier: Apache-2.0 */
/* Of the kernel's type information, what a BPF object names. For each object that is loaded libbpf
 * reads all of it and goes through it once for each structure, which is most of the time that a
 * hook takes. */
#pragma once

#include <stddef.h>

struct btf;

/* Write to a new descriptor, without a name, what `kernel` has of the structures, unions, enums and
 * typedefs whose names `object` has, and what they are made of, each with its number; what they
 * point to is left out, as CO-RE does not follow it. The descriptor, the caller's, or -errno. */
int reduced_btf_open(const struct btf *kernel, const struct btf *object);
