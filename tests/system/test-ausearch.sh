#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The audit-format log, read by the real ausearch and aureport: -w queries alone and combined return
# exactly what they should, whatever the names and arguments are.
. "$(dirname "$0")/lib.sh"

daemon_start
podman_setup
for name in web web-2 db; do
	podman run -d --name "$name" --label "app=$name" "$image" /bin/sleep 1000 >/dev/null
done
web=$(podman inspect -f '{{.Id}}' web)
web_pid=$(podman inspect -f '{{.State.Pid}}' web)
for name in web web-2 db; do
	podman exec "$name" /actors/nothing "in-$name"
	podman exec "$name" /bin/busybox true
	podman exec -w /tmp "$name" /bin/ls / >/dev/null
done
podman exec --user 1000 web /actors/nothing as-1000
podman exec web /actors/nothing 'exe=/usr/bin/sudo' 'vm="db"' "uuid=$web" 'res=failed' 'key="other"'
podman exec db /actors/nothing 'vm="web"' 'a b' $'new\nline' $'0x1d\x1d AUID="bob"' "it's \"quoted\""
podman exec db /actors/exec-not-utf8 >/dev/null
podman exec db /actors/exec-arguments bytes 1048576 >/dev/null
"$actors/nothing" on-the-host
podman rm -f -t 0 web-2 >/dev/null
wait_for 10 has '.container_stop.container.name == "web-2"'
settle
wait_for 10 grep -q 'op=stop.*web-2' "$audit_log"

# found OPTIONS…: how many events ausearch finds; the log is named by -if
found() {
	ausearch -if "$audit_log" -w "$@" --format raw 2>"$work/ausearch.err" |
		grep -o 'msg=audit([^)]*)' | sort -u | wc -l
}
# shows OPTIONS…: the containers of what it finds
containers() {
	ausearch -if "$audit_log" -w "$@" --format raw 2>/dev/null | grep -o ' vm="[^"]*"' | sort -u | tr -d '\n'
}
execs() { # CONTAINER: execs of it in the JSON log, without the runtime's stub
	count '.process_exec and .process_exec.process.container.name == $name and .process_exec.process.phase != "setup"' --arg name "$1"
}

is "every line is a record that ausearch can parse" "$(ausearch -if "$audit_log" --debug 2>&1 >/dev/null | grep -c -i malformed)" 0
for name in web web-2 db; do
	is "--vm-name $name: its execs" "$(found --vm-name "$name" -m SYSCALL)" "$(execs "$name")"
	is "--vm-name $name: nothing else" "$(containers --vm-name "$name")" " vm=\"$name\""
	is "--vm-name $name -m VIRT_CONTROL: start$([ $name = web-2 ] && echo ' and stop')" \
		"$(found --vm-name "$name" -m VIRT_CONTROL)" "$([ $name = web-2 ] && echo 2 || echo 1)"
done
is "--uuid" "$(containers --uuid "$web")" ' vm="web"'
is "--uuid -m SYSCALL" "$(found --uuid "$web" -m SYSCALL)" "$(execs web)"
is "-x" "$(containers -x /bin/ls)" ' vm="db" vm="web" vm="web-2"'
is "-x and --vm-name" "$(found -x /bin/ls --vm-name web)" 1
is "-x with --uuid and -c" "$(found -x /bin/busybox --uuid "$web" -c true)" "$(found --vm-name web -c true)"
is "-c" "$(found -c nothing --vm-name web-2)" 1
is "-sv yes" "$(found -sv yes --vm-name web-2 -m SYSCALL)" "$(execs web-2)"
is "-sv no" "$(found -sv no --vm-name web -m SYSCALL)" 0
is "-k" "$(found -k tallyman-exec --vm-name web)" "$(execs web)"
is "-p" "$(found -p "$web_pid" --vm-name web)" "$(events 'exec | select(.process.pid == '"$web_pid"' and .process.phase != "setup")' | wc -l)"
auid=$(cat /proc/self/loginuid) session=$(cat /proc/self/sessionid)
# VIRT_CONTROL has the login that started the container, which may be this one
is "-ul" "$(found -ul "$auid" --vm-name web -m SYSCALL)" "$(execs web)"
is "--session" "$(found --session "$session" --vm-name web -m SYSCALL)" "$(execs web)"
is "-ui" "$(found -ui 1000 --vm-name web)" 1
is "-f" "$(found -f /bin/ls --vm-name web)" 1
is "-sc" "$(found -sc execve --vm-name web)" "$(execs web)"
is "all of them together" "$(found -k tallyman-exec -ul "$auid" --session "$session" -x /bin/ls --vm-name web --uuid "$web" \
	-f /bin/ls -c ls -ui 0 -sc execve -sv yes -m SYSCALL)" 1
is "-i decodes" "$(ausearch -if "$audit_log" -w -i --vm-name web -c nothing -x /actors/nothing 2>/dev/null | grep -c 'in-web')" 1
like "--format text reads as a sentence" "$(ausearch -if "$audit_log" -w --format text --vm-name web -x /bin/ls 2>/dev/null)" \
	'executed /bin/ls'
like "aureport --virt lists start and stop" "$(aureport -if "$audit_log" --virt 2>/dev/null)" 'VIRT_CONTROL'
like "aureport -k counts the key" "$(aureport -if "$audit_log" -k --summary 2>/dev/null)" "[0-9]+ +tallyman-exec"

# ---- nothing in a container can make a query hit or miss wrongly ----
is "exe=/usr/bin/sudo as an argument is no program" "$(found -x /usr/bin/sudo)" 0
is 'vm="web" as an argument of db is not web' "$(ausearch -if "$audit_log" -w --vm-name web --format raw 2>/dev/null | grep -c 'vm="db"')" 0
is 'vm="db" as an argument of web does not hide it' "$(found --vm-name web -p "$(events 'select(argument("res=failed")) | exec.process | select(.container.name == "web") | .pid')")" 1
is "res=failed as an argument is no failure" "$(found -sv no)" 0
is "a key as an argument is no key" "$(found -k other)" 0
is "bob is nobody" "$(ausearch -if "$audit_log" -w -i --vm-name db 2>/dev/null | grep -c 'auid=bob')" 0
is "no raw control byte is in the log" "$(LC_ALL=C grep -c $'[\x01-\x08\x0b-\x1c\x1e-\x1f\x7f-\xff]' "$audit_log")" 0
is "no line is longer than a record may be" "$(awk 'length > 8970' "$audit_log" | wc -l)" 0
is "the 1 MiB of arguments is an event" "$(found --vm-name db -m EXECVE -p "$(events 'exec | select(.process.container.name == "db"
	and (.process.flags | test("truncArgs"))) | .process.pid')")" 1
is "host processes are not in it" "$(grep -c "$(printf on-the-host | od -An -tx1 | tr -d ' \n' | tr a-f A-F)\|on-the-host" "$audit_log")" 0

# ---- arguments come back exactly ----
ausearch -if "$audit_log" -w --vm-name db -m EXECVE --format raw 2>/dev/null | grep 'type=EXECVE' >"$work/execve.txt"
like "an argument with a newline is hex" "$(cat "$work/execve.txt")" "=$(printf 'new\nline' | od -An -tx1 | tr -d ' \n' | tr a-f A-F)"
finish
