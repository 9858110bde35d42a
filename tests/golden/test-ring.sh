#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Recorded ring bytes in, JSON out: each ring/NAME.bin must give ring/NAME.json, byte for byte.
# `test-ring.sh --update` writes the .json files anew: read the difference before you commit it.
set -u
here=${top_srcdir:-.}/tests/golden
replay=${top_builddir:-.}/tests/golden/replay-ring
failed=0 passed=0
for bytes in "$here"/ring/*.bin; do
	expected=${bytes%.bin}.json
	if [ "${1-}" = --update ]; then
		"$replay" "$bytes" process.credentials=yes process.namespaces=yes process.ancestors=yes >"$expected"
		continue
	fi
	if "$replay" "$bytes" process.credentials=yes process.namespaces=yes process.ancestors=yes |
		cmp -s - "$expected"; then
		passed=$((passed + 1))
	else
		echo "$(basename "$bytes"): differs:"
		"$replay" "$bytes" process.credentials=yes process.namespaces=yes process.ancestors=yes |
			diff - "$expected" | cut -c1-400 | head -n 6
		failed=$((failed + 1))
	fi
done
echo "Checks: $((passed + failed)), Failures: $failed, Errors: 0"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ] || [ "${1-}" = --update ]
