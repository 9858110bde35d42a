#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Recorded ring bytes in, JSON out: each ring/NAME.bin must give ring/NAME.json, byte for byte. TAP.
# `test-ring.sh --update` writes the .json files anew: read the difference before you commit it.
set -u
here=${top_srcdir:-.}/tests/golden
replay=${top_builddir:-.}/tests/golden/replay-ring
count=0 failed=0

json_of() {
	"$replay" "$1" process.credentials=yes process.namespaces=yes process.ancestors=yes
}

for bytes in "$here"/ring/*.bin; do
	expected=${bytes%.bin}.json
	if [ "${1-}" = --update ]; then
		json_of "$bytes" >"$expected"
		continue
	fi
	count=$((count + 1))
	if json_of "$bytes" | cmp -s - "$expected"; then
		echo "ok $count - $(basename "$bytes" .bin)"
	else
		failed=$((failed + 1))
		echo "not ok $count - $(basename "$bytes" .bin)"
		json_of "$bytes" | diff - "$expected" | cut -c1-400 | head -n 6 | sed 's/^/# /'
	fi
done
[ "${1-}" = --update ] && exit
echo "1..$count"
[ "$failed" = 0 ] && [ "$count" -gt 0 ]
