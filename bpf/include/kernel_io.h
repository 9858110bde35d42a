/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's types, like kernel.h: open files, and what is read from and written to them. */
#pragma once

#include "kernel.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};
struct files_struct {
	struct fdtable *fdt;
};
struct task_struct___files {
	struct files_struct *files;
};

struct filename {
	const char *name;
};

struct kiocb {
	struct file *ki_filp;
};

enum iter_type { /* other numbers on each kernel */
	ITER_IOVEC,
	ITER_KVEC,
	ITER_UBUF /* since 6.0 */
};

struct iov_iter {
	__u8 iter_type; /* since 5.14 */
	unsigned long iov_offset, count;
	const void *kvec; /* in a union with iov (__iov since 6.4) */
	void *ubuf;
	unsigned long nr_segs;
};
struct iov_iter___type {
	unsigned int type; /* and the direction in the lowest bit */
};

#pragma clang attribute pop

/* struct iovec and struct kvec */
struct io_segment {
	__u64 address, size;
};
/* struct iovec of 32-bit programs */
struct io_segment_32 {
	__u32 address, size;
};
