#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Install, upgrade, downgrade, reinstall, remove, install again, purge, as an administrator does, while
# containers are started without a pause: none fails, those that run keep their names, nothing is left.
#
# Begins without the package.
without_tallymand=yes
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

older=$(echo /vm/packages/*.deb) newer=$(echo /vm/upgrade/*.deb)
settings=/etc/tallyman/tallyman.conf.d

# ---- starts without a pause ----

# One after the other, each named after what is being done, by crun and by runc in turns
starts() {
	local number=0 phase name output runtime=crun
	while [ ! -e "$work/starts.stop" ]; do
		phase=$(cat "$work/phase")
		name=start-$phase-$number
		if output=$(podman --runtime $runtime run --rm --name "$name" --network none "$image" /actors/nothing "$name" 2>&1); then
			echo "started $phase"
		else
			echo "FAILED $name by $runtime, at its end: $(cat "$work/phase"): $output"
		fi
		[ $runtime = crun ] && runtime=runc || runtime=crun
		number=$((number + 1))
	done >>"$work/starts.log"
}

# enter PHASE: starts are named after it from now on, and those of before are over
enter() {
	echo "$1" >"$work/phase.new"
	mv "$work/phase.new" "$work/phase"
	wait_for 30 grep -qE "^(started $1\$|FAILED start-$1-)" "$work/starts.log" ||
		fail "containers go on being started ($1)" "$(tail -n 5 "$work/starts.log")"
}

# package PHASE ARGUMENT…: apt-get does it, with starts before, meanwhile and after
package() {
	local phase=$1
	shift
	echo "$phase" >"$work/phase.new"
	mv "$work/phase.new" "$work/phase"
	if ! DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends --allow-downgrades "$@" \
		>"$work/apt-$phase.log" 2>&1 </dev/null; then
		fail "$phase succeeds" "$(tail -n 25 "$work/apt-$phase.log"; systemctl status --no-pager tallymand.service)"
		return
	fi
	pass "$phase succeeds"
	enter "after-$phase"
}

# ---- containers that run all the time ----

# ticking NAME: a container that runs a program a second, and numbers them
ticking() {
	podman run --detach --name "$1" --cidfile "$work/$1.id" --network none --label app=shop "$image" /bin/sh -c \
		'i=0; while :; do i=$((i + 1)); /actors/nothing "tick-$0-$i"; sleep 1; done' "$1" >/dev/null
}

# ticks NAME: the lines of its programs. (grep: a question to the whole log by jq takes long under emulation.)
ticks() {
	grep -F "\"arguments\":\"tick-$1-" "$events_json" | grep -F '"process_exec":'
}

# of_ticks NAME FILTER: over an array of what the log has of its programs, in order
of_ticks() {
	ticks "$1" | jq -c '. as $line | .process_exec.process | {stream: $line.stream,
		number: (.argv[1] | split("-") | last | tonumber), name: .container.name, app: .container.labels.app,
		shell: .parent_exec_id}' | jq -s -c "$2"
}

# observed NAME: wait until two more of its programs are in the log
observed() {
	local before
	before=$(ticks "$1" | wc -l)
	more_ticks() {
		[ "$(ticks "$1" | wc -l)" -gt $((before + 1)) ]
	}
	wait_for 20 more_ticks "$1" || fail "programs of container $1 are recorded" "$(tallyman status; tail -n 3 "$events_json")"
}

# keeps_its_name NAME: whenever the daemon ran
keeps_its_name() {
	is "$1: each program carries name and label" "$(of_ticks "$1" 'map([.name, .app]) | unique')" "[[\"$1\",\"shop\"]]"
	is "$1: its shell has one exec_id" "$(of_ticks "$1" 'map(.shell) | unique | length')" 1
	is "$1: nothing is missing while a daemon ran" "$(of_ticks "$1" 'group_by(.stream) | map(map(.number) | unique
		| select(length != .[-1] - .[0] + 1))')" '[]'
}

# ---- what is on the disk ----

# Every file and account, but what dpkg, apt, podman and logs note for themselves, and the directory that
# debhelper's own part of a purge removes when it is empty, whosever it is.
everything() {
	find /etc /usr /var /opt /root /home -xdev \( -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/cache/apt -o \
		-path /var/lib/containers -o -path /var/log/journal -o -path /var/log/audit -o -path /var/log/apt -o \
		-path /var/lib/tallyman-vm -o -path /var/tmp \) -prune -o \
		! -name 'dpkg.log' ! -path '/etc/*-' ! -path /etc/.pwd.lock ! -path /etc/apparmor.d/disable -printf '%p %m %u %g %l\n' | sort
	cat /etc/passwd /etc/group /etc/shadow /etc/gshadow
	find /run /sys/fs/bpf -iname '*tallyman*' ! -path '/run/containers/*'
	systemctl list-unit-files --plain --no-legend 'tallyman*'
	systemctl list-units --all --plain --no-legend 'tallyman*' | grep -v tallyman-vm
	grep -i tallyman /sys/kernel/security/apparmor/profiles
	pgrep -a tallymand
}

descriptors() {
	find /usr/share/containers/oci/hooks.d -name '*tallyman*' 2>/dev/null | wc -l
}

# ---- a container whose hook comes while the daemon restarts ----

# The service waits, before the new daemon, until the container is at its hook.
gap_begin() {
	mkdir -p /run/systemd/system/tallymand.service.d
	cat >/run/systemd/system/tallymand.service.d/gap.conf <<-END
		[Service]
		TimeoutStartSec=infinity
		ExecStartPre=+/bin/sh -c ': >$work/gap.open; n=0; until [ -e $work/gap.close ] || [ \$\$n = 600 ]; do sleep 0.1; n=\$\$((n + 1)); done'
	END
	systemctl daemon-reload
}

# Its runtime's child is the hook.
at_its_hook() {
	local id hook
	id=$(cat "$work/gap.id")
	for hook in $(pgrep -x tallyman-hook); do
		tr '\0' ' ' <"/proc/$(ps -o ppid= -p "$hook" | tr -d ' ')/cmdline" | grep -F "$id" && return
	done
	return 1
}

gap_container() {
	wait_for 60 test -e "$work/gap.open" || echo "the service does not restart"
	ticking gap &
	wait_for 20 at_its_hook || echo "the container does not come to its hook"
	touch "$work/gap.close"
	wait $! || echo "the container does not start"
}

gap_end() {
	wait "$gap"
	is "a container starts while the upgrade restarts the daemon" "$(cat "$work/gap.log")" ""
	rm -r /run/systemd/system/tallymand.service.d
	systemctl daemon-reload
}

# ---- the life of a package ----

import_image
podman run --rm --network none "$image" /bin/true
everything >"$work/before.txt"
cleanups+=(containers_end)
containers_end() {
	touch "$work/starts.stop"
	wait
	podman rm -fa -t 0 >/dev/null 2>&1
}
echo before >"$work/phase"
ticking early || bail "a container starts without the package"
starts &
starts=$!
enter before-install

mkdir -p "$settings"
printf '[container]\nmetadata_deadline = 5s\n[json]\nmax_size = 0\n' >"$settings/test.conf"
package install install "$older"
sed -i 's/^#budget_ms = .*/budget_ms = 4500/' /etc/tallyman/hook.conf
is "the daemon runs" "$(systemctl is-active tallymand.service || journalctl -b -u tallymand.service --no-pager -o cat)" active
is "engines are told of the hook" "$(descriptors)" 2
ticking web || fail "a container starts"
observed web
observed early

gap_begin
echo upgrade >"$work/phase"
gap_container >"$work/gap.log" 2>&1 &
gap=$!
package upgrade install "$newer"
gap_end
is "the new version is installed" "$(dpkg-query -W -f '${Version}' tallyman)" "$(dpkg-deb -f "$newer" Version)"
observed gap
observed web

package downgrade install "$older"
is "the old version is installed" "$(dpkg-query -W -f '${Version}' tallyman)" "$(dpkg-deb -f "$older" Version)"
observed web

package reinstall install --reinstall "$older"
observed web
settle
enter before-remove

package remove remove tallyman
is "engines are no longer told of a hook" "$(descriptors)" 0
is "no daemon runs" "$(pgrep -a tallymand)" ""
ok "configuration stays" test -f /etc/tallyman/tallyman.conf
ok "logs stay" test -s "$events_json"

package again install "$older"
observed web
observed early
settle

# ---- what is on record ----

keeps_its_name early
keeps_its_name web
keeps_its_name gap
# by its hook, which waits for its budget; or the daemon comes later than that, or looks around first
like "gap: is announced" \
	"$(events '.container_start // empty | select(.container.name == "gap") | .registered_by' | head -n 1)" '^"(hook|spool|scan)"$'
# the others start before engines are told of the hook, or after
phases=after-install,upgrade,after-upgrade,downgrade,after-downgrade,reinstall,after-reinstall
is "containers that start after the installation, and during the others, have their names" \
	"$(grep -F '"arguments":"start-' "$events_json" | jq -r --arg phases $phases 'select(.process_exec).process_exec.process
		| (.argv[1] | capture("^start-(?<phase>.*)-[0-9]+$").phase) as $phase
		| select(($phases | split(",") | index($phase)) and .argv[1] != .container.name)
		| [.argv[1], .container.name]')" ""
is "each start of the daemon is a stream" "$(grep -c '"daemon_start":' "$events_json")" 5
is "the numbers of each have no gap" "$(events '[.stream, (.sequence | tonumber)]' | jq -s -c 'group_by(.[0])
	| map(map(.[1]) | select(.[0] != 1 or length != .[-1]) | length)')" '[]'
is "each stop was clean" "$(events 'select(.daemon_start) | .daemon_start.last_stop_clean' | sort | uniq -c | xargs)" "1 null 4 true"
is "nothing was lost" "$(events '.event_loss // empty')" ""
# for whoever looks for the reason of a failure
cp "$events_json" "$work/before-purge.json"

enter before-purge
package purge purge tallyman
touch "$work/starts.stop"
wait "$starts"
is "no container start fails" "$(grep FAILED "$work/starts.log")" ""
for phase in install upgrade downgrade reinstall remove again purge; do
	count=$(grep -cx "started $phase" "$work/starts.log")
	diag "$count containers started during $phase"
	[ "$count" -gt 0 ] || fail "containers start during $phase"
done
containers_end
is "purging leaves nothing" "$(everything | diff "$work/before.txt" - | grep '^[<>]')" ""
finish
