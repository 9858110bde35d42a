#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every operator, filter and action, and the shipped policies, by the mechanisms that this kernel has.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

diag "Linux $(uname -r)"
# Debian's kernels begin with 3, which leaves tracepoints that are not raw to CAP_SYS_ADMIN.
sysctl -q -w kernel.perf_event_paranoid=2
systemctl stop tallymand.service tallymand.socket
for subject in policy-operators policy-filters policy-actions policy-limits policy-file-hash policy-32-bit policy-functions shipped-policies; do
	system_test $subject
done
finish
