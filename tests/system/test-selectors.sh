#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Selectors in the kernel answer as the model of them does. A seed of its own each time: what fails is
# brought back by --seed.
without_tallymand=1
. "$(dirname "$0")/lib.sh"

"$top_builddir/tests/bpf/test-selectors"
exit $?
