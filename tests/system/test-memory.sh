#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Resident memory of the daemon, idle, after 20,000 processes and after a storm of 200,000.
. "$(dirname "$0")/lib.sh"

storm=${TALLYMAN_TEST_STORM:-200000}

own_memory() { # kB of RssAnon + RssShmem
	awk '/^Rss(Anon|Shmem):/ { sum += $2 } END { print sum }' "/proc/$daemon_pid/status"
}

under() { # DESCRIPTION LIMIT-IN-MB
	local kb
	kb=$(own_memory)
	diag "$1: RssAnon + RssShmem $kb kB, $(grep VmRSS "/proc/$daemon_pid/status" | tr -s '\t ' ' ')"
	is "$1: anonymous and shared memory under $2 MB" "$((kb < $2 * 1024))" 1
}

daemon_start
make_rootfs
settle
under idle 12
chroot "$work/rootfs" /actors/storm 20000 >/dev/null
settle 60
under "after 20,000 processes" 24
for _ in 1 2 3 4; do
	chroot "$work/rootfs" /actors/storm $((storm / 4)) >/dev/null &
	pids+=($!)
done
wait "${pids[@]}"
settle 120
under "after a storm of $storm" 24
is "and nothing was lost" "$(grep -c '"event_loss"' "$events_json")" 0
if command -v bpftool >/dev/null; then
	diag "kernel memory of all maps of the daemon: $(bpftool -j map show |
		jq --argjson pid "$daemon_pid" '[.[] | select(any(.pids[]?; .pid == $pid)) | .bytes_memlock] | add') bytes"
fi
finish
