/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The base sensor: every exec, fork and exit, the cgroups, and who was there before. */
#include "base/exec.bpf.h"
#include "base/lifecycle.bpf.h"
#include "base/cgroup.bpf.h"
#include "base/iterator.bpf.h"

/* GPL: bpf_probe_read_kernel() and the BTF tracepoints ask for it. */
char program_license[] SEC("license") = "Dual BSD/GPL";
