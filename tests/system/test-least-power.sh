#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The daemon as the service runs it: a user of its own, the unit's ambient capabilities and no others,
# no_new_privs, umask, its own seccomp filter; and what is missing without each of the capabilities.
. "$(dirname "$0")/lib.sh"

unit=$top_builddir/packaging/common/tallymand.service
[ -f "$unit" ] || bail "the unit file is built" "make packaging/common/tallymand.service"
unit_setting() { # NAME: the value of its line
	sed -n "s/^$1=//p" "$unit"
}

if ! getent passwd tallyman >/dev/null; then
	useradd -r -M -U -d / -s /usr/sbin/nologin tallyman || bail "a user tallyman can be made"
	cleanups+=(user_remove)
fi
user_remove() {
	daemon_stop
	userdel tallyman
}
# Where any user can run them, wherever the build is.
mkdir -p "$work/bin"
cp "$tallymand" "$tallyman_hook" "$work/bin/"
tallymand=$work/bin/tallymand tallyman_hook=$work/bin/tallyman-hook

# as_service CAPABILITIES COMMAND…
as_service() {
	local set
	# shellcheck disable=SC2086 # words
	set=$(printf '%s\n' $1 | tr '[:upper:]' '[:lower:]' | sed 's/^cap_/+/' | paste -s -d ,)
	shift
	umask "$(unit_setting UMask)"
	exec setpriv --reuid tallyman --regid tallyman --clear-groups --inh-caps="-all,$set" \
		--ambient-caps="-all,$set" --bounding-set="-all,$set" --no-new-privs "$@"
}

capabilities=$(unit_setting AmbientCapabilities)
daemon_flags=()
daemon_spawn() {
	[ -f "$work/tallyman.conf" ] || daemon_config
	install -d -o tallyman -g tallyman -m 755 "$run"
	install -d -o tallyman -g tallyman -m 700 "$log" "$run/spool" "$run/containers"
	(as_service "$capabilities" "$tallymand" --config "$work/tallyman.conf" --runtime-dir "$run" \
		--log-dir "$log" --policy-dir "$work/policies" --foreground "${daemon_flags[@]}") >>"$work/daemon.log" 2>&1 &
	daemon_pid=$!
}

process_status() { # FIELD: of every thread, each value once
	awk -v field="$1:" '$1 == field { print $2 }' /proc/"$daemon_pid"/task/*/status | sort -u
}

# ---- audit: auditd with files of its own ----
audit_setting() {
	auditctl -s | awk -v name="$1" '$1 == name { print $2 }'
}
audit_listens() {
	[ "$(audit_setting pid)" != 0 ]
}
[ "$(audit_setting pid)" = 0 ] || bail "no auditd is running" "stop it first: this test starts its own"
saved_enabled=$(audit_setting enabled)
mkdir -p "$work/audit/etc/plugins.d"
chmod 750 "$work/audit" "$work/audit/etc"
sed "s|^log_file.*|log_file = $work/audit/audit.log|; s|^plugin_dir.*|plugin_dir = $work/audit/etc/plugins.d|
	s|^log_group.*|log_group = root|" /etc/audit/auditd.conf >"$work/audit/etc/auditd.conf"
chmod 640 "$work/audit/etc/auditd.conf"
auditd_stop() {
	kill "$(audit_setting pid)"
	wait_for 20 not audit_listens
	auditctl -D
	auditctl -e "$saved_enabled"
} >/dev/null 2>&1
auditd -l -c "$work/audit/etc" && wait_for 10 audit_listens || bail "auditd starts"
cleanups+=(auditd_stop)

# ---- what it holds ----
podman_setup
daemon_start
is "it runs as the unit's user" "$(process_status Uid)" "$(id -u tallyman)"
mask=0
for name in $capabilities; do
	number=$(setpriv --list-caps | grep -nx "$(tr '[:upper:]' '[:lower:]' <<<"${name#CAP_}")" | cut -d: -f1)
	mask=$((mask | 1 << (number - 1)))
done
mask=$(printf %016x "$mask")
is "every thread holds the unit's capabilities" "$(process_status CapPrm)" "$mask"
is "nothing more can be had" "$(process_status CapBnd)" "$mask"
is "and nothing is handed on" "$(process_status CapAmb)$(process_status CapInh)" "$(printf '%032d' 0)"
is "no_new_privs is set on every thread" "$(process_status NoNewPrivs)" 1
is "and a seccomp filter" "$(process_status Seccomp)" 2
is "tallyman status says the same" "$(tallyman status -o json | jq -c '(.status // .).security
	| [.uid, .no_new_privs, .seccomp, (.capabilities | sort)]')" \
	"$(jq -n -c --argjson uid "$(id -u tallyman)" '[$uid, true, true, ($ARGS.positional | sort)]' --args $capabilities)"

# ---- a container ----
podman run -d --name web --label app=shop "$image" /bin/sh -c '/actors/nothing first; exec sleep 1000' >/dev/null
podman exec web /actors/nothing from-exec
settle
is "from its first instruction on a container has its name" "$(events 'exec | select(nothing("first"))
	| [.process.container.name, .process.container.labels.app, .process.container.image.name]')" '["web","shop","localhost/busybox:test"]'
is "and so has an exec into it" "$(events 'exec | select(nothing("from-exec")) | .process.container.name')" '"web"'
ausearch_finds() {
	ausearch -if "$work/audit/audit.log" -w --vm-name web --input-logs -i 2>/dev/null | grep -q "$1"
}
wait_for 20 ausearch_finds from-exec
ok "ausearch finds it in auditd's log" ausearch_finds from-exec
health_is() {
	[ "$(tallyman status -o json | jq -r '(.status // .).audit.health')" = "$1" ]
}
wait_for 20 health_is working
ok "records are known to arrive" health_is working
# ---- policies: loading, files of root's alone, what is kept ----
# policy_of NAME: looks at openat of /NAME
policy_of() {
	printf '%s\n' 'apiVersion: cilium.io/v1alpha1' 'kind: TracingPolicy' "metadata: {name: $1}" 'spec:' '  podSelector: {}' \
		'  hostSelector: {}' '  kprobes:' '  - {call: sys_openat, args: [{index: 1, type: string}],' \
		"     selectors: [{matchArgs: [{index: 1, operator: Equal, values: [/$1]}]}]}"
}
policy_of by-command | tallyman policy add - >/dev/null 2>"$work/policy.txt" || cat "$work/daemon.log" >>"$work/policy.txt"
is "a policy can be added" "$(cat "$work/policy.txt")" ""
(umask 077 && policy_of by-file >"$work/policies/by-file.yaml")
wait_for 20 eval '[ "$(tallyman policy list -o json | jq "[.[] | select(.state == \"enabled\")] | length")" = 2 ]'
"$actors/open-marks" /by-file 1 # /by-file0, which nobody looks at
cat /by-file /by-command >/dev/null 2>&1
settle
is "one of a file that only root may read as well, and both see" \
	"$(events '.process_kprobe // empty | [.policy_name, .args[0].string_arg]')" '["by-file","/by-file"]
["by-command","/by-command"]'
is "what was added is kept as the daemon's own" "$(stat -c '%U %a' "$run"/policies/by-command-*.yaml)" "tallyman 600"
said=$(setpriv --reuid nobody --regid tallyman --clear-groups "$top_builddir/cli/tallyman" --runtime-dir "$run" policy disable by-command 2>&1)
is "the group may not change it" "$? $said" "1 tallyman: policies are changed by root alone"
is "no registration was refused" "$(tallyman status -o json | jq -c '(.status // .).registration | [.refused, .malformed] | map(tonumber)')" '[0,0]'

# ---- another user's container: its namespace's owner cannot be asked without CAP_SYS_PTRACE ----
# register UID NAME: as that user, in a user namespace of its own, announce a process of it
register() {
	setpriv --reuid "$1" --regid "$1" --clear-groups unshare -U -r sh -c "
		sleep 1000 >/dev/null 2>&1 &
		printf '{\"ociVersion\":\"1.0.2\",\"id\":\"$2\",\"status\":\"created\",\"pid\":%d,\"bundle\":\"/tmp\"}' \$! |
			'$tallyman_hook' --socket '$run/hook.sock' --spool '$run/spool' --budget-ms 5000
		echo \$!" 2>>"$work/user.log"
}
user_init=$(register 4242 users-own)
has_container() {
	tallyman containers -o json | grep -q "\"$1\""
}
ok "a user's own container is registered" has_container users-own
# A process of that user claimed by another one.
unregistered_init=$(setpriv --reuid 4242 --regid 4242 --clear-groups unshare -U -r sh -c 'sleep 1000 >/dev/null 2>&1 & echo $!')
setpriv --reuid 4243 --regid 4243 --clear-groups unshare -U -r sh -c "
	printf '{\"ociVersion\":\"1.0.2\",\"id\":\"stolen\",\"status\":\"created\",\"pid\":$unregistered_init,\"bundle\":\"/tmp\"}' |
		'$tallyman_hook' --socket '$run/hook.sock' --spool '$run/spool' --budget-ms 5000" 2>"$work/stolen.log"
ok "and nobody else can claim his processes" not has_container stolen
like "as the ids of its namespace say" "$(cat "$work/stolen.log")" "the ids of process $unregistered_init are not those of uid 4243"
kill "$user_init" "$unregistered_init"

# ---- restart: the spool is written by root's hook and removed by the daemon's user ----
daemon_stop
is "it stops cleanly" "$daemon_status" 0
podman run -d --name spooled "$image" /bin/sleep 1000 >/dev/null
is "while it is down the hook spools, as root" "$(stat -c %U "$run"/spool/*.json)" root
daemon_start
podman exec spooled /actors/nothing after-spool
podman exec web /actors/nothing after-restart
settle
is "the spool is replayed and emptied" "$(find "$run/spool" -type f | wc -l)" 0
is "both containers are known" "$(events 'exec | select(nothing("after-spool") or nothing("after-restart")) | .process.container.name' | sort)" \
	'"spooled"
"web"'

# ---- logs ----
is "the logs are the user's own" "$(stat -c '%U %a' "$events_json" "$audit_log" | sort -u)" "tallyman 600"
mv "$events_json" "$log/events.json.moved"
kill -HUP "$daemon_pid"
wait_for 10 test -s "$events_json"
settle
ok "SIGHUP opens a new file" test -s "$events_json"
mv "$events_json" "$work/second.json"
ok "and nothing is missing, as root's tallyman finds" tallyman events --verify "$log/events.json.moved" "$work/second.json"
like "who can read the events too" "$(tallyman events "$work/second.json" "$log/events.json.moved" 2>&1 | grep -c after-restart)" '^[1-9]'
kill -HUP "$daemon_pid"
wait_for 10 test -s "$events_json"
is "the filter has refused nothing" "$(ausearch -if "$work/audit/audit.log" --input-logs -m SECCOMP 2>/dev/null | grep -w tallymand)" ""
daemon_stop
is "a second stop is clean too" "$daemon_status" 0

# ---- rotation by size ----
rm -rf "$log"
daemon_start json.max_size=64K json.max_files=3 audit_log.max_size=64K audit_log.max_files=2
podman exec web /actors/storm 200 >/dev/null
settle
ok "files are rotated by size" test -f "$events_json.1"
is "without an error" "$(tallyman status -o json | jq -c '(.status // .).sinks | [.[].write_errors] | map(tonumber) | add')" 0
daemon_stop

# ---- without each of them ----
# without NAME: start without it, and without the containers that are known already
without() {
	capabilities=$(unit_setting AmbientCapabilities | sed "s/$1//")
	rm -rf "$log" "$run" "$work/daemon.log"
	daemon_config
}
for name in CAP_BPF CAP_PERFMON; do
	without $name
	daemon_spawn
	wait "$daemon_pid"
	is "without $name it does not start" "$?" 1
	daemon_pid=
	like "and says what is missing" "$(cat "$work/daemon.log")" "CAP_BPF and CAP_PERFMON are needed"
done

without CAP_DAC_READ_SEARCH
daemon_start
podman run --rm --name nameless "$image" /actors/nothing nameless-run
settle
is "without CAP_DAC_READ_SEARCH a container has its id, and not its name" "$(events 'exec | select(nothing("nameless-run"))
	| .process.container | [(.id | length), .image, .labels == null or .labels == {}]')" '[64,null,true]'
daemon_stop

without CAP_AUDIT_WRITE
daemon_start
podman run --rm --name unaudited "$image" /actors/nothing unaudited-run
settle
audit_failed() {
	[ "$(tallyman status -o json | jq -r '(.status // .).audit.failed | tonumber')" -gt 0 ]
}
wait_for 10 audit_failed
ok "without CAP_AUDIT_WRITE no record is sent, and status counts them" audit_failed
is "the JSON log is complete all the same" "$(events 'exec | select(nothing("unaudited-run")) | .process.container.name')" '"unaudited"'
daemon_stop

without CAP_AUDIT_READ
daemon_start
podman run --rm --name unread "$image" /actors/nothing unread-run
settle
found_unread() {
	ausearch -if "$work/audit/audit.log" --input-logs -w --vm-name unread 2>/dev/null | grep -q op=exec
}
wait_for 20 found_unread
ok "without CAP_AUDIT_READ records are sent" found_unread
like "and not known to arrive" "$(tallyman status -o json | jq -r '(.status // .).audit | "\(.health): \(.reason)"')" \
	"unknown: .*without CAP_AUDIT_READ"
daemon_stop

# ---- started by root ----
# What a person does by hand: it gives away what it does not need, and stays root.
tallymand_of_root() {
	install -d -o root -g root "$run" "$log"
	"$tallymand" --config "$work/tallyman.conf" --runtime-dir "$run" --log-dir "$log" --policy-dir "$work/policies" \
		"${daemon_flags[@]}" >>"$work/daemon.log" 2>&1 &
	daemon_pid=$!
}
without CAP_NONE
tallymand_of_root
wait_for 20 daemon_ready || fail "root's daemon starts" "$(cat "$work/daemon.log")"
is "root keeps no more than the service has" "$(process_status Uid) $(process_status CapPrm) $(process_status CapBnd)" "0 $mask $mask"
is "with no_new_privs and the filter" "$(process_status NoNewPrivs) $(process_status Seccomp)" "1 2"
is "the socket is the group's" "$(stat -c '%G %a' "$run/control.sock")" "tallyman 660"
daemon_stop
rm -rf "$run" "$log"
daemon_flags=(--no-audit)
tallymand_of_root
wait_for 20 daemon_ready
is "without audit it keeps less" "$(tallyman status -o json | jq -c '(.status // .).security.capabilities | map(select(test("AUDIT")))')" '[]'
daemon_stop
install -d -o tallyman -g tallyman -m 700 "$log"
chown tallyman "$log"
"$tallymand" --config "$work/tallyman.conf" --runtime-dir "$run" --log-dir "$log" >"$work/refused.log" 2>&1
is "in the service's directories it does not start" "$?" 1
like "and says why" "$(cat "$work/refused.log")" "$log belongs to uid $(id -u tallyman)"
finish
