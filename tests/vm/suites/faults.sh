#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What goes wrong on a host: the daemon is killed, hangs, is stopped, cannot start; auditd goes away; the disk
# is full; the state is removed; the machine reboots. Containers start through all of it, and are known.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

settings=/etc/tallyman/tallyman.conf.d/test.conf
drop_in=/run/systemd/system/tallymand.service.d

property() {
	systemctl show --property "$1" --value tallymand.service
}

is_running() {
	[ "$(property ActiveState)" = active ] && tallyman status
}

# runs_again PID: another daemon than that one
runs_again() {
	[ "$(property MainPID)" != "$1" ] && [ "$(property MainPID)" != 0 ] && is_running
}

# fault NAME: what a function does to the service; the starts of before do not count against its limit
fault() {
	systemctl reset-failed tallymand.service tallymand.socket
	diag "$1"
	"$1"
}

start_daemon() {
	systemctl reset-failed tallymand.service tallymand.socket
	systemctl start tallymand.socket tallymand.service
	wait_for 10 is_running || fail "the service starts" "$(systemctl status --no-pager tallymand.service)"
}

# start_container DESCRIPTION NAME
start_container() {
	local output
	if output=$(podman run --detach --name "$2" --network none --label app=shop "$image" /bin/sleep 10000 2>&1); then
		pass "$1"
	else
		fail "$1" "$output"
	fi
}

is_known() {
	tallyman containers -o json | jq -s -e --arg name "$1" 'any(.. | objects | .name?; . == $name)'
}

# is_attributed NAME WHEN: a program that it runs now carries its name
is_attributed() {
	local marker=$1-$2
	wait_for 10 is_known "$1"
	podman exec "$1" /actors/nothing "$marker" >/dev/null
	wait_for 10 grep -qF "\"arguments\":\"$marker\"" "$events_json"
	is "$1: its programs carry its name ($2)" \
		"$(events 'exec | select(nothing($marker)) | [.process.container.name, .process.container.labels.app]' --arg marker "$marker")" \
		"[\"$1\",\"shop\"]"
}

# registered_by NAME: by each start of the daemon that knew it
registered_by() {
	events '.container_start // empty | select(.container.name == $name) | .registered_by' --arg name "$1" | xargs
}

# init_of NAME: the exec_ids that its first program ever had
init_of() {
	events 'exec | select(.process.container.name == $name and .process.binary == "/bin/sleep") | .process.exec_id' \
		--arg name "$1" | sort -u
}

killed() {
	local pid
	pid=$(property MainPID)
	systemctl kill --signal KILL tallymand.service
	start_container "killed: a container starts meanwhile" meanwhile
	wait_for 10 runs_again "$pid" || fail "killed: systemd starts another daemon" "$(systemctl status --no-pager tallymand.service)"
	is "killed: daemon_start says so" "$(events 'select(.daemon_start) | .daemon_start.last_stop_clean' | tail -n 1)" false
	is_attributed web after-kill
	is_attributed meanwhile after-kill
	# a start looks for what runs before it listens to hooks
	like "killed: the container of meanwhile was announced, once" "$(registered_by meanwhile)" '^(hook|spool|scan)$'
}

# A process that does not answer the watchdog: stopped, it does not answer anything else either.
hanging() {
	local pid
	mkdir -p "$drop_in"
	printf '[Service]\nWatchdogSec=15s\n' >"$drop_in/watchdog.conf"
	systemctl daemon-reload
	systemctl restart tallymand.service
	pid=$(property MainPID)
	kill -STOP "$pid"
	start_container "hanging: a container starts meanwhile" patient
	wait_for 20 runs_again "$pid" || fail "hanging: systemd starts another daemon" "$(systemctl status --no-pager tallymand.service)"
	like "hanging: because of the watchdog" "$(journalctl -b -u tallymand.service --no-pager)" 'Watchdog timeout'
	is_attributed patient after-hanging
	rm -r "$drop_in"
	systemctl daemon-reload
}

stopped() {
	systemctl stop tallymand.service
	start_container "stopped: a container starts, and the service by its hook" activating
	wait_for 10 is_running || fail "stopped: the hook's connection starts the service"
	is_attributed activating after-activation
	systemctl stop tallymand.socket tallymand.service
	start_container "stopped, the socket too: a container starts" spooled
	is "stopped: nothing starts the service" "$(property ActiveState)" inactive
	start_daemon
	is_attributed spooled after-stop
	is "stopped: the container comes from the spool" "$(registered_by spooled)" spool
	is "stopped: the spool is empty then" "$(ls /run/tallyman/spool)" ""
	is "stopped: a clean stop is known as one" "$(events 'select(.daemon_start) | .daemon_start.last_stop_clean' | tail -n 1)" true
}

misconfigured() {
	local message
	printf '[json]\nmax_size = plenty\n' >"$settings"
	message=$(tallymand --check-config 2>&1)
	is "misconfigured: --check-config fails" $? 2
	like "misconfigured: and says where" "$message" "$settings:2:.*max_size: .*allowed"
	is "misconfigured: the service does not start" "$(systemctl restart tallymand.service 2>/dev/null && echo starts)" ""
	like "misconfigured: the journal says why" "$(journalctl -b -u tallymand.service --no-pager -o cat)" "$settings:2:.*max_size: .*allowed"
	start_container "misconfigured: a container starts" unconfigured
	printf '[json]\nmax_size = 0\n' >"$settings"
	start_daemon
	is_attributed unconfigured after-mistake
}

stateless() {
	rm -rf /run/tallyman
	start_container "/run/tallyman removed: a container starts" stateless
	ok "/run/tallyman removed: it is reported as unregistered" wait_for 10 has \
		'.unregistered_container.id? == $id' --arg id "$(podman inspect --format '{{.Id}}' stateless)"
	systemctl restart tallymand.socket tallymand.service
	wait_for 10 is_running || fail "/run/tallyman removed: the service starts again"
	is_attributed stateless after-removal
	is_attributed web after-removal
}

auditd_is() {
	[ "$(tallyman status -o json | jq -r .audit.auditd)" = "$1" ]
}

audited() {
	ausearch --input-logs -i -w --vm-name web -x /actors/nothing | grep -F "$1"
}

without_auditd() {
	is_attributed web with-auditd
	ok "auditd: it has the record" wait_for 10 audited web-with-auditd
	# its unit refuses to be stopped by hand
	kill "$(pidof auditd)"
	wait_for 10 not pidof auditd
	ok "auditd stopped: status says so" wait_for 20 auditd_is false
	is_attributed web without-auditd
	systemctl start auditd.service
	ok "auditd again: status says so" wait_for 20 auditd_is true
	is_attributed web auditd-again
	ok "auditd again: it has the later record" wait_for 10 audited web-auditd-again
}

failing() {
	tallyman status -o json | jq -e 'any(.. | objects | .failing?; . == true)'
}

goes_on() {
	"${actors:?}/nothing" there-is-room-again
	grep -qF '"arguments":"there-is-room-again"' "$events_json"
}

disk_full() {
	systemctl stop tallymand.service
	mount -t tmpfs -o size=16m,mode=700 tmpfs "$log"
	chown tallyman:tallyman "$log"
	printf '[json]\nmax_size = 0\nqueue_size = 64K\n' >"$settings"
	start_daemon
	settle
	head -c 16m /dev/zero >"$log/filler" 2>/dev/null
	chroot "$work/rootfs" /actors/storm 300 >/dev/null
	ok "disk full: status says so" wait_for 20 failing
	start_container "disk full: a container starts" crowded
	rm "$log/filler"
	ok "disk full: the log goes on by itself" wait_for 20 goes_on
	wait_for 20 grep -qF '"event_loss":' "$events_json"
	settle
	# (It grows while programs run that look at it.)
	cp "$events_json" "$work/full.json"
	is "disk full: each line is whole" "$(jq -c .sequence "$work/full.json" | wc -l)" "$(wc -l <"$work/full.json")"
	is "disk full: missing numbers are those that event_loss names" "$(jq -n -c '
		[inputs] | (map(.sequence | tonumber)) as $there
		| ([range(1; ($there | max) + 1)] - $there) as $missing
		| [.[] | .event_loss // empty | select(.stage == "json") | range(.first_sequence | tonumber; (.last_sequence | tonumber) + 1)]
		| unique | [. == $missing, length > 0]' "$work/full.json")" '[true,true]'
	is_attributed crowded after-disk-full
	systemctl stop tallymand.service
	umount "$log"
	printf '[json]\nmax_size = 0\n' >"$settings"
	start_daemon
}

if [ "$boot" = 1 ]; then
	import_image
	printf '[json]\nmax_size = 0\n' >"$settings"
	systemctl restart tallymand.service
	wait_for 10 is_running || bail "the service runs"
	start_container "a container starts" web
	is_attributed web before
	web_init=$(init_of web)
	fault killed
	fault hanging
	fault stopped
	fault misconfigured
	is "nothing was reported as unregistered" "$(events '.unregistered_container // empty')" ""
	fault stateless
	fault without_auditd
	is "through all of it the container's first program has one exec_id" "$(init_of web)" "$web_init"
	fault disk_full
	podman rm -fa -t 0 >/dev/null
	podman run --detach --name durable --restart always --network none --label app=shop "$image" \
		/bin/sh -c 'trap "exit 0" TERM; /actors/nothing durable-begins; while :; do sleep 1; done' >/dev/null
	systemctl enable podman-restart.service 2>/dev/null
	settle
	reboot_machine
fi

is "after a reboot the service is up" "$(systemctl is-active tallymand.service)" active
is "the stop before it was clean" "$(events 'select(.daemon_start) | .daemon_start.last_stop_clean' | tail -n 1)" true
# exec and exit in the boot before, and at least the exec in this one
restarted() {
	[ "$(grep -cF '"arguments":"durable-begins"' "$events_json")" -ge 3 ]
}
wait_for 20 restarted || fail "podman-restart.service starts the container" "$(systemctl status --no-pager podman-restart.service)"
like "its container came by its hook, in each boot" "$(registered_by durable)" '^(hook|spool) (hook|spool)$'
is "and its first program has its name, in each" \
	"$(events 'exec | select(nothing("durable-begins")) | [.process.container.name, .process.container.labels.app]' | xargs -n 1)" \
	"[durable,shop]
[durable,shop]"
is "nothing of the system failed to start" "$(systemctl --failed --no-legend --plain | awk '{ print $1 }')" ""
podman rm -fa -t 0 >/dev/null
finish
