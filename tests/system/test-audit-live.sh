#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Records through the real kernel to a real auditd, and what happens where they do not arrive: audit off,
# an exclude rule, an auditd that does not read, none at all, no permission. The driver is the daemon's
# audit sink without the daemon. One kernel has one audit system: run nothing else that changes it.
. "$(dirname "$0")/lib.sh"

driver=$top_builddir/tests/audit/audit-driver
make -s -C "$top_builddir" tests/audit/audit-driver >"$work/make.log" 2>&1 ||
	bail "the driver builds" "$(cat "$work/make.log")"
trail=$work/audit/audit.log
auditd_pid=

audit_setting() {
	auditctl -s | awk -v name="$1" '$1 == name { print $2 }'
}

[ "$(audit_setting pid)" = 0 ] || bail "no auditd is running" "stop it first: this test starts its own"
saved_enabled=$(audit_setting enabled) saved_backlog=$(audit_setting backlog_limit)
saved_wait=$(audit_setting backlog_wait_time)

# auditd with a configuration and files of its own
auditd_start() {
	mkdir -p "$work/audit/etc/plugins.d"
	chmod 750 "$work/audit" "$work/audit/etc"
	sed "s|^log_file.*|log_file = $trail|; s|^plugin_dir.*|plugin_dir = $work/audit/etc/plugins.d|
		s|^log_group.*|log_group = root|" /etc/audit/auditd.conf >"$work/audit/etc/auditd.conf"
	chmod 640 "$work/audit/etc/auditd.conf"
	auditd -l -c "$work/audit/etc" || return 1
	wait_for 10 auditd_listens || return 1
	auditd_pid=$(audit_setting pid)
}

auditd_listens() {
	[ "$(audit_setting pid)" != 0 ]
}

auditd_stop() {
	[ -n "$auditd_pid" ] || return 0
	kill -CONT "$auditd_pid"
	kill "$auditd_pid"
	wait_for 20 not kill -0 "$auditd_pid"
	auditd_pid=
}

audit_restore() {
	driver_stop
	auditd_stop
	auditctl -D
	auditctl -b "$saved_backlog" --backlog_wait_time "$saved_wait"
	auditctl -e "$saved_enabled"
} >/dev/null 2>&1
cleanups+=(audit_restore)

# ---- the driver ----

driver_pid= settings=
driver_start() { # [COMMAND…] that runs it
	coproc driver_pipe { exec "$@" "$driver" 2>>"$work/driver.log"; }
	driver_pid=$driver_pipe_PID
	driver_in=${driver_pipe[1]} driver_out=${driver_pipe[0]}
	send "start $settings"
}

# send LINE: the answer is in $answer
send() {
	local line
	answer=
	printf '%s\n' "$1" >&"$driver_in"
	while IFS= read -r -t 60 -u "$driver_out" line; do
		[ "$line" != done ] || return 0
		answer+=$line$'\n'
	done
	fail "the driver answers to: $1"
	return 1
}

value() { # NAME: of the last answer
	sed -n "s/^$1=//p" <<<"$answer"
}

status() { # NAME
	send status
	value "$1"
}

driver_stop() {
	[ -n "$driver_pid" ] || return 0
	exec {driver_in}>&-
	wait_for 30 not kill -0 "$driver_pid" || kill -KILL "$driver_pid"
	wait "$driver_pid" 2>/dev/null
	driver_pid=
}

reason_has() {
	send status
	grep -q -e "$1" <<<"$(value reason)"
}

# health HEALTH SECONDS DESCRIPTION
health() {
	send "wait $1 $2"
	send status
	is "$3" "$(value health)" "$1"
	diag "$(value reason)"
}

# ---- asking ----

# found OPTIONS…: records of the driver in auditd's own file
found() {
	ausearch -if "$trail" -w -p "$driver_pid" "$@" --raw 2>/dev/null | grep -c 'msg=audit('
}

arrived() { # COUNT OPTIONS…
	[ "$(found "${@:2}")" = "$1" ]
}

# ---- with auditd ----

auditd_start || bail "auditd starts"
driver_start
health working 10 "the self-test comes back"
is "auditd is seen" "$(value auditd_present)" 1
like "the retention is not known without a rate" "$(value retention_hours)" '^-1'
send "container-start web"
send "container-start web-2"
send "exec web 10 0"
send "exec web-2 5 0"
send "exec db 1 100000"
send "container-stop web"
send "drain 10"
wait_for 10 arrived 1 -m VIRT_CONTROL --vm-name web -sv yes -x /usr/sbin/tallymand
wait_for 10 arrived 2 -m VIRT_CONTROL --vm-name web
is "start and stop of web" "$(found -m VIRT_CONTROL --vm-name web)" 2
is "start of web-2" "$(found -m VIRT_CONTROL --vm-name web-2)" 1
is "execs of web" "$(found -m USER_CMD --vm-name web -sv yes)" 10
is "execs of web-2" "$(found -m USER_CMD --vm-name web-2 -sv yes)" 5
is "-x, -c, -hn, -f together" "$(found -m USER_CMD --vm-name web-2 -x /bin/test -c test -hn web-2 -f /)" 5
is "an exec with long arguments arrives whole" "$(found -m USER_CMD --vm-name db -x /bin/test -sv yes)" 1
is "one self-test record, of type USER" "$(found -m USER)" 1
like "aureport --virt lists start and stop" "$(aureport -if "$trail" --virt 2>/dev/null | grep -c VIRT_CONTROL)" '^3$'
like "--format text reads as a sentence" "$(ausearch -if "$trail" --format text -w --vm-name web -m VIRT_CONTROL 2>/dev/null)" \
	'issued-vm-control start to web using /usr/sbin/tallymand'
is "nothing failed" "$(status failed)" 0

# ---- limits ----
send "exec busy 1000 0"
send tick
send "drain 10"
is "a container has a burst of 300" "$(status limited)" 700
wait_for 10 arrived 1 -m RESP_ANOMALY --vm-name busy
is "one summary, found by the container's name" "$(found -m RESP_ANOMALY --vm-name busy)" 1
is "which says how many" "$(ausearch -if "$trail" -w -m RESP_ANOMALY --vm-name busy --raw | sed -n 's/.* n=\([0-9]*\) .*/\1/p')" 700
is "300 of its execs arrived" "$(found -m USER_CMD --vm-name busy)" 300
send "container-stop busy"
send "drain 10"
wait_for 10 arrived 1 -m VIRT_CONTROL --vm-name busy
is "its stop is not limited" "$(found -m VIRT_CONTROL --vm-name busy)" 1
send "exec web-2 3 0"
send "drain 10"
wait_for 10 arrived 8 -m USER_CMD --vm-name web-2
is "another container's execs are not held back by it" "$(found -m USER_CMD --vm-name web-2)" 8
send tick
like "retention is known once there is a rate" "$(status retention_hours)" '^[0-9]+\.'

# ---- an exclude rule for one type: only reading back can tell ----
auditctl -a always,exclude -F msgtype=USER_CMD >/dev/null
send "exec web 1 0"
health silent 10 "an exclude rule for USER_CMD is noticed"
like "and named" "$(value reason)" 'USER_CMD'
auditctl -D >/dev/null
send "exec web 1 0"
health working 10 "and its end"

# ---- an auditd that does not read ----
driver_stop
settings="container_rate=0 host_rate=0"
driver_start
health working 10 "a driver without limits"
send tick
send "exec loop 2000 100"
send "drain 20"
send tick
send tick
is "a rate that fills auditd's files within a day is warned of, once" "$(grep -c 'hold [0-9.]* hours' "$work/driver.log")" 1
# in jiffies: 5 s at 250 Hz
auditctl -b 16 --backlog_wait_time 1250 >/dev/null
kill -STOP "$auditd_pid"

sender_sleeps() {
	ps -o stat= -L -p "$driver_pid" | grep -q '^D'
}

asleep=no slowest=0
for ((i = 0; i < 60; i++)); do
	send "exec storm 30 1000"
	[ "$(value slowest_us)" -le "$slowest" ] || slowest=$(value slowest_us)
	! sender_sleeps || asleep=yes
	send status
	[ "$(value health)" != stuck ] || break
	sleep 0.2
done
is "the sender sleeps in the kernel" "$asleep" yes
is "and that is said" "$(value health)" stuck
like "with its reason" "$(value reason)" 'backlog is full'
like "the main thread never waited" "$slowest" '^[0-9]{1,5}$'
# more than the queue's 1 MiB holds
send "exec flood 500 100000"
send loss
like "what the full queue could not take is counted" "$(value lost)" '^[1-9]'
lost=$(value lost)
send loss
is "and handed over once" "$(value lost)" 0
is "the status has the same number" "$(status queue_lost)" "$lost"
kill -CONT "$auditd_pid"
send "drain 60"
health working 30 "it recovers when auditd reads again"
kill -STOP "$auditd_pid"
asleep=no
for ((i = 0; i < 300; i++)); do
	send "exec storm 30 1000"
	! sender_sleeps || asleep=yes
	[ "$asleep" = no ] || break
	sleep 0.1
done
is "the sender sleeps again" "$asleep" yes
send "stop 500"
like "stopping does not wait for a sleeping sender" "$(value stop_ms)" '^[0-9]{1,3}$'
kill -CONT "$auditd_pid"
driver_stop
settings=
auditctl -b 8192 >/dev/null

# ---- no permission ----
driver_start capsh --drop=cap_audit_write -- -c 'exec "$0"'
health unsupported 10 "without CAP_AUDIT_WRITE"
like "and why" "$(value reason)" CAP_AUDIT_WRITE
driver_stop
driver_start capsh --drop=cap_audit_read,cap_audit_control -- -c 'exec "$0"'
send "exec web 1 0"
send "drain 5"
wait_for 10 arrived 1 -m USER_CMD
is "without CAP_AUDIT_READ records are sent" "$(found -m USER_CMD)" 1
wait_for 10 reason_has CAP_AUDIT_READ
is "but not known to arrive" "$(value health)" unknown
like "and why" "$(value reason)" CAP_AUDIT_READ
driver_stop

# ---- as the daemon runs: another user with these two capabilities ----
install -m 755 "$driver" "$work/driver"
driver_start setpriv --reuid nobody --regid nogroup --clear-groups --no-new-privs --inh-caps=-all,+audit_write,+audit_read \
	--ambient-caps=-all,+audit_write,+audit_read "$work/driver"
health working 10 "without root"
is "auditd is seen without CAP_AUDIT_CONTROL" "$(value auditd_present)" 1
driver_stop
auditd_stop

# ---- no auditd ----
# without auditd the kernel prints records, and gives up doing so after ten
auditctl -e 1 >/dev/null
driver_start
health working 10 "without auditd records still reach listeners"
like "and the missing auditd is said" "$(value reason)" 'no auditd'
is "in the status too" "$(value auditd_present)" 0
driver_stop
auditctl -e 0 >/dev/null
driver_start
send "exec web 3 0"
health silent 10 "with audit off records vanish, and that is said"
like "with the reason" "$(value reason)" 'enabled 0'
is "though every send succeeded" "$(value failed)" 0
auditctl -e 1 >/dev/null
send "exec web 1 0"
health working 10 "audit switched on is noticed with the next record"
driver_stop
driver_start unshare -n
wait_for 10 reason_has 'network namespace'
is "in another network namespace the records cannot be read back" "$(value health)" unknown
like "and why" "$(value reason)" 'network namespace'
driver_stop
auditctl -e "$saved_enabled" >/dev/null

# ---- the shipped rules ----
rules=${top_srcdir:-$tests_dir/../..}/audit-rules
mkdir -p "$work/host/etc/tallyman" "$work/host/usr/sbin" "$work/host/etc/containers/oci/hooks.d"
touch "$work/host/usr/sbin/tallymand"
# auditctl stops at the first line that the kernel does not take
for file in "$rules"/*.rules; do
	# the commented lines too, and paths that are there
	sed "s,\(dir\|path\)=/,\1=$work/host/,; s/^#-/-/" "$file" >"$work/rules"
	auditctl -D >/dev/null
	ok "auditctl loads $(basename "$file")" auditctl -R "$work/rules"
	is "all of it" "$(auditctl -l | grep -c '^-')" "$(grep -c '^-' "$work/rules")"
done
"$rules/generate" "$work/host" >"$work/rules"
auditctl -D >/dev/null
ok "auditctl loads what generate prints" auditctl -R "$work/rules"
is "which is for what exists" "$(auditctl -l | grep -o 'key=.*' | sort | uniq -c | awk '{ print $1 $2 }' | tr '\n' ' ')" \
	"2key=tallyman-engine 2key=tallyman-hooks "
auditctl -D >/dev/null

# ---- the daemon with containers ----
rm -f "$trail"*
auditd_start || bail "auditd starts again"
daemon_flags=()
mkdir -p "$work/policies"
cat >"$work/policies/two.yaml" <<-E
	apiVersion: cilium.io/v1alpha1
	kind: TracingPolicy
	metadata: {name: file-monitoring}
	spec:
	  kprobes:
	  - call: sys_openat
	    syscall: true
	    return: true
	    args: [{index: 1, type: string}]
	    returnArg: {index: 0, type: int}
	    selectors:
	    - matchArgs: [{index: 1, operator: Equal, values: [/etc/shadow]}]
	---
	apiVersion: cilium.io/v1alpha1
	kind: TracingPolicy
	metadata: {name: peers}
	spec:
	  kprobes:
	  - call: sys_connect
	    syscall: true
	    args: [{index: 1, type: sockaddr}]
	    selectors:
	    - matchArgs: [{index: 1, operator: SAddr, values: [203.0.113.7]}]
	      matchActions: [{action: Sigkill}]
E
daemon_start
wait_for 30 has '.policy_change.name == "peers"' || bail "policies are in force" "$(cat "$work/daemon.log")"
podman_setup
for name in web web-2 db; do
	podman run -d --name "$name" "$image" /bin/sleep 1000 >/dev/null
done
web=$(podman inspect -f '{{.Id}}' web)
for name in web web-2 db; do
	podman exec "$name" /actors/nothing "in-$name"
	podman exec -w /tmp "$name" /bin/ls / >/dev/null
done
podman exec web /bin/busybox true
podman exec web /actors/nothing 'exe=/usr/bin/sudo' 'vm="db"' "uuid=$web" "' res=failed'" $'new\nline'
podman exec web /bin/cat /etc/shadow >/dev/null 2>&1
bash -c 'exec 3<>/dev/udp/203.0.113.7/9' 2>/dev/null
podman exec db /actors/exec-not-utf8 >/dev/null
podman exec db /actors/exec-arguments bytes 1048576 >/dev/null
podman rm -f -t 0 web-2 >/dev/null
wait_for 10 has '.container_stop.container.name == "web-2"'
settle
execs() { # CONTAINER: in the JSON log, without the runtime's stub
	count '.process_exec and .process_exec.process.container.name == $name and .process_exec.process.phase != "setup"' --arg name "$1"
}
driver_pid=$daemon_pid
wait_for 10 arrived 1 -m VIRT_CONTROL --vm-name web-2 -sv yes
wait_for 10 arrived 2 -m VIRT_CONTROL --vm-name web-2
for name in web web-2 db; do
	is "$name: each exec of the JSON log is a USER_CMD" "$(found -m USER_CMD --vm-name "$name" -sv yes)" "$(execs "$name")"
done
is "--uuid, -x, -c together" "$(found --uuid "$web" -x /bin/ls -c ls)" 1
is "-f is the working directory" "$(found -f /tmp --vm-name web)" 1
is "start of web" "$(found -m VIRT_CONTROL --vm-name web)" 1
is "start and stop of web-2" "$(found -m VIRT_CONTROL --vm-name web-2)" 2
is "who started it, is unset or a login" "$(ausearch -if "$trail" -w -m VIRT_CONTROL --vm-name web --raw |
	sed -n 's/.* sauid=\([0-9]*\) .*/\1/p')" "$(cat /proc/self/loginuid)"
is "an argument is no program" "$(found -x /usr/bin/sudo)" 0
is "nor another container" "$(ausearch -if "$trail" -w --vm-name db --raw | grep -c 'vm="web"')" 0
is "nor a failure" "$(found -m USER_CMD -sv no)" 0
is "a policy's match" "$(found -m ANOM_ACCESS_FS --vm-name web -x /bin/cat -c cat -sv no)" 1
is "of no other container" "$(found -m ANOM_ACCESS_FS)" 1
is "and its key" "$(ausearch -if "$trail" -w -m ANOM_ACCESS_FS --raw | grep -c 'key="file-monitoring" .* name="/etc/shadow" ')" 1
is "a process killed" "$(found -m RESP_KILL_PROC -x "$(readlink -f "$(type -P bash)")")" 1
is "and why" "$(ausearch -if "$trail" -w -m RESP_ANOMALY --raw | grep -c 'op=connect key="peers" .* rport=9 .* addr=203.0.113.7 ')" 1
like "cmd is decoded" "$(ausearch -if "$trail" -w -i --vm-name web -c nothing 2>/dev/null)" 'cmd=/actors/nothing in-web'
like "the status says working" "$(tallyman status -o json | jq -r .audit.health)" '^working$'
# ---- each query of tallyman-audit(7), here with files of our own, finds something ----
manual=${top_srcdir:-$tests_dir/../..}/docs/man/tallyman-audit.7
queries=0
while read -r query; do
	query=${query//ID/$web}
	query=${query//\/var\/log\/tallyman/$log}
	[[ $query == *" -if "* ]] || query="${query/ / -if $trail }"
	# nothing was lost in this run
	if [[ $query == *"-m RESP_ANOMALY"* ]]; then
		continue
	fi
	queries=$((queries + 1))
	# shellcheck disable=SC2086 # words
	output=$($query 2>&1 </dev/null)
	if [[ $output == *"no matches"* || $output == *"no events"* || $output != *[0-9]* ]]; then
		fail "a query of the manual finds something" "$query"$'\n'"$output"
	fi
done < <(grep -E '^(ausearch|aureport) ' "$manual" | sed 's/\\//g')
like "the manual's queries were tried" "$queries" '^[12][0-9]$'

podman rm -fa -t 0 >/dev/null
driver_pid=
daemon_stop
auditd_stop
finish
