# shellcheck shell=bash disable=SC2154,SC2034 # variables of tests/vm/run
# SPDX-License-Identifier: Apache-2.0
# What a machine brings back: its output is TAP, its fourth disk a tar of logs.

# bring_back DIRECTORY LOGS: unpack what the machine wrote, and its console
bring_back() {
	rm -rf "$2"
	mkdir -p "$2"
	tar -C "$2" -xf "$1/results.tar" --no-same-owner 2>/dev/null
	cp "$1"/console*.log "$2/"
	cp "$1/output.log" "$2/output.log"
}

# A task that the machine said it ended well ends in this line.
task_succeeded() {
	grep -q '^# done 0' "$1/output.log"
}
