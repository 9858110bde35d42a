#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the other tests rely on: settle waits for the daemon, also from $(…), again and again.
. "$(dirname "$0")/lib.sh"

seen() {
	settle
	events 'exec | select(.process.arguments // "" | startswith("late-")) | .process.arguments'
}
daemon_start
is "nothing yet" "$(seen)" ""
for i in 1 2; do
	kill -STOP "$daemon_pid"
	"$actors/nothing" "late-$i"
	(sleep 0.5 && kill -CONT "$daemon_pid") &
	is "an exec while the daemon stood still, time $i" "$(seen | tail -n 1)" "\"late-$i\""
done
finish
