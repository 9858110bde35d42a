#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Who started it, for somebody who really logs in: alice gives her name and password to login(1), which
# opens a session with PAM, and starts containers with sudo and without. Her login uid and session stand
# in JSON and in auditd's own log, where ausearch and aureport find them.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

alice=$(id -u alice)
nobody=4294967295
import_image
tar -C "$work/rootfs" -c . >"$work/rootfs.tar"
echo alice:quay-side | chpasswd

# ---- a login session ----
terminal=$work/terminal.txt
coproc session { exec script -q -f -c login "$terminal"; } >/dev/null 2>&1
# bash sets both, and forgets them when it ends
# shellcheck disable=SC2154
session_pid=$session_PID session_input=${session[1]}

# dialogue TEXT ANSWER: wait until the terminal shows TEXT, then type the answer
dialogue() {
	wait_for 20 grep -qF "$1" "$terminal" || bail "the terminal shows $1" "$(cat "$terminal")"
	printf '%s\n' "$2" >&"$session_input"
}

dialogue 'login: ' alice
dialogue 'Password: ' quay-side
# shellcheck disable=SC2016 # for alice's shell
dialogue '$ ' "echo \$(cat /proc/self/loginuid) \$(cat /proc/self/sessionid) >/tmp/alice; echo logged-\$USER"
dialogue logged-alice "sudo podman run --name by-sudo --network none --label by=sudo $image /actors/nothing by-sudo; echo sudo-ended-\$?"
dialogue sudo-ended-0 "podman import --quiet $work/rootfs.tar $image >/dev/null 2>&1 && podman run --name by-alice --network none $image \
/actors/nothing by-alice; echo alice-ended-\$?"
dialogue alice-ended-0 exit
wait_for 20 grep -qF logout "$terminal"
# (Her user manager and what it keeps running may hold the terminal open a while longer.)
kill "$session_pid" 2>/dev/null
wait "$session_pid" 2>/dev/null
read -r login_uid session_id </tmp/alice
is "alice has her login uid" "$login_uid" "$alice"
is "auditd has her login" "$(ausearch --session "$session_id" -m LOGIN --format raw 2>/dev/null | grep -c " auid=$alice .*ses=$session_id ")" 1

# ---- and somebody who does not: a container of the system's own ----
podman run --name by-system --network none "$image" /actors/nothing by-system || fail "by-system: podman runs it"

# started_by NAME: who started it
started_by() {
	events '(.container_start // empty).container, (exec | .process.container // empty) | select(.name == $name)
		| .started_by | [.auid, .ses]' --arg name "$1" | sort -u
}

# records NAME TYPE: auditd's, of a container, decoded
records() {
	ausearch -i -w --vm-name "$1" -m "$2" 2>/dev/null | grep "^type=$2"
}

settle
for name in by-sudo by-alice by-system; do
	wait_for 10 eval "records $name USER_CMD | grep -qF 'cmd=/actors/nothing $name'"
done
is "by-sudo: alice started it" "$(started_by by-sudo)" "[$alice,$session_id]"
is "by-alice: alice started it" "$(started_by by-alice)" "[$alice,$session_id]"
is "by-system: no login did" "$(started_by by-system)" "[$nobody,$nobody]"
is "by-alice: is hers, by-sudo is root's" "$(events '(.container_start // empty).container | select(.name | test("^by-(sudo|alice)$")) | [.name, .scope]')" \
	"[\"by-sudo\",null]
[\"by-alice\",\"user:$alice\"]"
for name in by-sudo by-alice; do
	like "$name: VIRT_CONTROL in auditd's log says who" "$(records $name VIRT_CONTROL | grep 'op=start')" 'sauid=alice .*res=success'
	is "$name: the command in auditd's log, with her login and session" \
		"$(records $name USER_CMD | grep -cE "oses=$session_id .*sauid=alice .*cmd=/actors/nothing $name ")" 1
done
like "by-system: nobody is named" "$(records by-system VIRT_CONTROL | grep 'op=start')" 'sauid=unset '
is "ausearch -x finds it by the program" "$(ausearch -i -w --vm-name by-sudo -x /actors/nothing 2>/dev/null | grep -c '^type=USER_CMD')" 1
is "and by container only what it ran" "$(records by-sudo USER_CMD | grep -c 'by-alice\|by-system')" 0
like "aureport --virt lists them" "$(aureport -i --virt 2>/dev/null)" 'VIRT_CONTROL'
finish
