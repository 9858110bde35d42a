#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `make bench BENCH=policy` in the machine, for what its kernel has and the builder's may not: functions. It
# asserts nothing; the figures are in suite/bench.txt, as ratios, since the machine itself is emulated.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# A quarter of an hour with one processor's emulation
rounds=5

sysctl -q -w kernel.perf_event_paranoid=2
systemctl stop tallymand.service tallymand.socket auditd.service
mkdir -p "$test_logs"
"$top_builddir/tests/bench/bench" --build "$top_builddir" --policies "$top_srcdir/tests/bench/policies" --select policy \
	--rounds $rounds --output "$test_logs/bench.json" >"$test_logs/bench.txt" 2>&1
is "it is measured" $? 0
diag "$(cat "$test_logs/bench.txt")"
finish
