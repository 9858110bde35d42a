#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The units as the system's manager runs them: what the service may do, the socket that outlives it,
# the watchdog, and a service that cannot start and holds nobody up.
# shellcheck source=tests/vm/suites/lib.sh
. "$(dirname "$0")/lib.sh"

unit() { # PROPERTY [UNIT]
	systemctl show -P "$1" "${2:-tallymand.service}"
}
kernel_says() { # FIELD: of every thread, each value once
	awk -v field="$1:" '$1 == field { print $2 }' /proc/"$(unit MainPID)"/task/*/status | sort -u
}
security() { # JQ-FILTER
	tallyman status -o json | jq -c "(.status // .).security | $1"
}

# ---- what it may do ----
is "the service is up after boot" "$(unit ActiveState)" active
is "the socket too" "$(unit ActiveState tallymand.socket)" active
ok "systemd finds its exposure at most 2.5" systemd-analyze security --threshold=25 tallymand.service
is "it runs as tallyman" "$(kernel_says Uid)" "$(id -u tallyman)"
is "with the unit's capabilities" "$(security '.capabilities | sort | join(" ")')" \
	"\"$(unit AmbientCapabilities | tr '[:lower:] ' '[:upper:]\n' | sort | paste -s -d ' ')\""
is "and no others to be had" "$(kernel_says CapBnd)" "$(kernel_says CapPrm)"
is "no_new_privs and a filter on every thread" "$(kernel_says NoNewPrivs) $(kernel_says Seccomp)" "1 2"
is "its directories are its own" "$(stat -c '%U %a' /run/tallyman /run/tallyman/spool /run/tallyman/containers /var/log/tallyman |
	paste -s -d ,)" "tallyman 755,tallyman 700,tallyman 700,tallyman 700"

# ---- and it suffices ----
import_image
podman run -d --name web --network none --label app=shop "$image" /bin/sh -c '/actors/nothing first; exec sleep 10000' >/dev/null
settle
is "a container has name and labels from its first instruction on" "$(events 'exec | select(nothing("first"))
	| [.process.container.name, .process.container.labels.app]')" '["web","shop"]'
audit_has() {
	ausearch -i -w --vm-name "$1" 2>/dev/null | grep -qF "$2"
}
wait_for 30 audit_has web "/actors/nothing first"
ok "ausearch finds it" audit_has web "/actors/nothing first"

# ---- restart, while containers start ----
start_some() {
	local i
	for i in 1 2 3 4 5 6; do
		podman run --rm --name "loop-$i" --network none "$image" /actors/nothing "loop-$i-run" || echo "$i failed"
	done >"$work/loop.txt" 2>&1
}
start_some &
loop=$!
systemctl restart tallymand.service
wait $loop
settle
is "containers start through a restart" "$(cat "$work/loop.txt")" ""
is "and each is announced by name" "$(events '.container_start // empty | .container.name | select(startswith("loop-"))' | sort -u | wc -l)" 6
podman exec web /actors/nothing after-restart
settle
is "what ran before is known" "$(events 'exec | select(nothing("after-restart")) | .process.container.name')" '"web"'
is "from the state that the service kept" \
	"$(events '.container_start // empty | select(.container.name == "web") | .registered_by' | xargs)" "hook state"
is "and that its last stop was clean" "$(events '.daemon_start // empty | .last_stop_clean' | tail -n 1)" true
is "it has nothing to complain of in the journal" "$(complaints)" ""

# ---- reload, kill, watchdog ----
mv "$events_json" "$log/moved.json"
systemctl reload tallymand.service
wait_for 20 test -s "$events_json"
ok "a reload opens the logs again" settle
# back NUMBER: restarted so often, and up
back() {
	[ "$(unit NRestarts)" -ge "$1" ] && [ "$(unit SubState)" = running ]
}
kill -KILL "$(unit MainPID)"
wait_for 60 back 1
ok "killed, it is started again" back 1
kill -STOP "$(unit MainPID)"
wait_for 120 back 2
ok "stuck, the watchdog has it started again" back 2
podman exec web /actors/nothing after-watchdog
settle
is "and it knows its containers" "$(events 'exec | select(nothing("after-watchdog")) | .process.container.name')" '"web"'
is "the filter has refused nothing" "$(ausearch -m SECCOMP -c tallymand 2>/dev/null | grep -c tallymand)" 0

# ---- a service that cannot start ----
mkdir -p /etc/tallyman/tallyman.conf.d
echo 'nonsense' >/etc/tallyman/tallyman.conf.d/broken.conf
systemctl restart tallymand.service 2>/dev/null
is "with a broken configuration it does not start" "$(unit ActiveState)" failed
podman run -d --name unobserved --network none "$image" /bin/sleep 10000 >/dev/null 2>"$work/unobserved.txt"
is "a container starts all the same" "$(podman inspect -f '{{.State.Status}}' unobserved)" running
rm /etc/tallyman/tallyman.conf.d/broken.conf
systemctl reset-failed tallymand.service tallymand.socket
systemctl start tallymand.service
podman exec unobserved /actors/nothing mended
settle
is "and is known when the configuration is mended" "$(events 'exec | select(nothing("mended")) | .process.container.name')" '"unobserved"'
is "the socket listens again" "$(unit ActiveState tallymand.socket)" active
podman rm -f -t 0 web unobserved >/dev/null
finish
