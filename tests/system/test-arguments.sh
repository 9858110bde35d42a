#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the readers of a policy's arguments make of what this kernel gives them.
. "$(dirname "$0")/lib.sh"

"$top_builddir/tests/bpf/test-arguments"
exit $?
