#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rotation by size: every file begins by saying what follows on what; SIGHUP opens the path again.
. "$(dirname "$0")/lib.sh"

# Only what the test itself starts: a busy machine would rotate faster than we can look.
daemon_start filter.export_allowlist='{"binary_regex":["/actors/(nothing|storm)$"]}' \
	json.max_size=64K json.max_files=3 audit_log.max_size=64K audit_log.max_files=2
make_rootfs
for _ in 1 2 3 4 5; do
	chroot "$work/rootfs" /actors/storm 40 >/dev/null
	settle
done

is "three rotated files are kept" "$(find "$log" -name 'events.json.*' | wc -l)" 3
is "none is larger than it may be" "$(find "$log" -name 'events.json*' -size +64k | wc -l)" 0
is "each begins with a record of where it continues" "$(for file in "$log"/events.json.[12] "$events_json"; do
	head -n 1 "$file" | jq -c '(keys_unsorted[0]) as $kind | .[$kind] | [has("first_sequence"), has("previous_last_sequence")]'
done | sort -u)" '[true,true]'
without_gap "nothing is missing between them" any \
	"$(sequences "$log/events.json.3" "$log/events.json.2" "$log/events.json.1" "$events_json")"
is "the first sequence named is its own" "$(for file in "$log"/events.json.[123] "$events_json"; do
	head -n 2 "$file" | jq -s -c '.[0] | .log_file.first_sequence == .sequence'
done | sort -u)" true

# ---- logrotate's way ----
mv "$events_json" "$log/moved.json"
before=$(tail -n 1 "$log/moved.json" | jq -r .sequence)
kill -HUP "$daemon_pid"
wait_for 10 test -s "$events_json"
settle
is "after SIGHUP the path is a new file" "$(head -n 1 "$events_json" | jq -c 'has("log_file")')" true
# on a busy machine the new file has been rotated by now
without_gap "and nothing is missing" any "$(sequences "$log/moved.json" "$log"/events.json* |
	jq -c --argjson first "$(head -n 1 "$log/moved.json" | jq '.sequence | tonumber')" 'sort | map(select(. >= $first))')"
like "the file that was moved got no more" "$before" '^[0-9]+$'
is "the log's mode is as configured" "$(stat -c %a "$events_json")" 600

# ---- a link in place of the log ----
mv "$events_json" "$log/moved-2.json"
: >"$work/target"
ln -s "$work/target" "$events_json"
kill -HUP "$daemon_pid"
"$actors/nothing" into-a-link
wait_for 5 grep -q . "$work/target"
is "a link in place of the log is not followed" "$(stat -c %s "$work/target")" 0
ok "the daemon lives" daemon_alive
finish
