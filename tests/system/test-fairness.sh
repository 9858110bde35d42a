#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# No container can make another container's events disappear: one runs execs with 1 MiB of arguments
# as fast as it can, the other loses nothing.
. "$(dirname "$0")/lib.sh"

commands=300

daemon_start
podman_setup
# It ends by itself: on a machine that is slow today an endless one fills the disk.
podman run -d --name noisy "$image" /bin/sh -c '/actors/storm 5000 1000000 & /actors/storm 5000 1000000 & wait; sleep 600' >/dev/null
wait_for 10 has '.process_exec.process.container.name == "noisy" and argument("storm")'
podman run --rm --name quiet "$image" /bin/sh -c \
	"i=0; while [ \$i -lt $commands ]; do /actors/nothing quiet-\$i; i=\$((i + 1)); done"
"$actors/nothing" host-beside-the-noise
podman kill noisy >/dev/null
settle 60

is "each command of the quiet container is there" \
	"$(events 'exec | select(.process.container.name == "quiet") | .process.argv[1] // empty | select(startswith("quiet-"))' |
		sort -u | wc -l)" "$commands"
is "and each exit" "$(events 'exit | select(.process.container.name == "quiet" and .process.binary == "/actors/nothing") | .process.exec_id' |
	sort -u | wc -l)" "$commands"
is "the host lost nothing" "$(count '.process_exec and argument("host-beside-the-noise")')" 1
is "what was lost, if anything, was the noisy container's own" \
	"$(events '.event_loss // empty | select(.container.name != "noisy")' | head -n 3)" ""
snapshot
is "and is announced by process_throttle" "$(events '[.event_loss // empty]' | grep -c '\[{')" \
	"$(events '[.event_loss // empty]' | grep -c '\[{' | awk -v throttles="$(count '.process_throttle')" \
		'{ print ($1 == 0 || throttles > 0) ? $1 : "a process_throttle before " $1 " losses" }')"
finish
