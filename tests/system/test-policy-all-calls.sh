#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The operators once more, with a daemon that gets no perf events of tracepoints: Debian's
# kernel.perf_event_paranoid is 3, which leaves them to CAP_SYS_ADMIN. Here there is no tracefs to name them,
# nor the power to mount one. (A kernel with trampolines does not need them.)
# shellcheck disable=SC2034 # for what is sourced
mechanism="sys_enter of all system calls|system call fentry"
# shellcheck disable=SC2016 # the inner shell's
daemon_wrapper=(unshare -m sh -c '
	umount -l /sys/kernel/tracing /sys/kernel/debug 2>/dev/null
	exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$@"' -)
. "$(dirname "$0")/test-policy-operators.sh"
