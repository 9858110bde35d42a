#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each policy that is shipped: the reader takes it, and if this kernel can, an actor fires each of its
# hooks. Those that need hooks on functions must be refused with that reason where there are none.
. "$(dirname "$0")/lib.sh"
. "$tests_dir/policy.sh"

policies=$(cd "$tests_dir/../../policies" && pwd -P)
[ -d "$policies" ] || policies=/usr/share/tallyman/policies

is "the reader takes all of them" "$(tallyman policy check "$policies"/*.yaml 2>&1 | grep -vc ': ok:')" 0
is "each says what it finds, passes over and costs" \
	"$(grep -L '^# Finds:' "$policies"/*.yaml; grep -L '^# Passes over:' "$policies"/*.yaml; grep -L '^# Costs:' "$policies"/*.yaml)" ""

# What lies below /tmp is what one of the policies is about, and the tree may.
unremarkable=$(mktemp -d /opt/tallyman-test.XXXXXX)
cleanups+=(remove_unremarkable)
remove_unremarkable() {
	rm -rf "$unremarkable"
}
cp "$actors"/* "$unremarkable/"
actors=$unremarkable
daemon_start
in_force=()
for file in "$policies"/*.yaml; do
	name=$(basename "$file" .yaml)
	if tallyman policy add "$file" >"$work/add-$name.txt" 2>&1; then
		pass "$name is in force"
		in_force+=("$name")
	elif grep -q '^# Needs: hooks on functions' "$file"; then
		like "$name is refused where functions cannot be hooked" "$(cat "$work/add-$name.txt")" "function|kprobe|fentry|trampoline|attach to security_"
	else
		fail "$name is in force" "$(cat "$work/add-$name.txt")"
	fi
done

# fires POLICY WORD-OF-THE-HOOK ACTOR [ARGUMENT…]: an event of the last process of the actor, checked at the end
expected=()
fires() {
	[[ " ${in_force[*]} " == *" $1 "* ]] || return 0
	act "${@:3}"
	expected+=("$1|$2|$pid|${*:4}")
}
# and one that must make none
passes() {
	[[ " ${in_force[*]} " == *" $1 "* ]] || return 0
	act "${@:2}"
	expected+=("$1||$pid|${*:3}")
}

fires file-integrity-etc-syscalls openat call openat -100 s:/etc/tally-absent/x 0x241 0
passes file-integrity-etc-syscalls call openat -100 s:/etc/hostname 0
passes file-integrity-etc-syscalls call openat -100 s:/tmp/tally-absent/x 0x241 0
for call in unlink chmod truncate; do
	fires file-integrity-etc-syscalls $call call $call s:/etc/tally-absent/x 0
	passes file-integrity-etc-syscalls call $call s:/tally-absent/x 0
done
fires file-integrity-etc-syscalls unlinkat call unlinkat -100 s:/etc/tally-absent/x 0
fires file-integrity-etc-syscalls fchmodat call fchmodat -100 s:/etc/tally-absent/x 0777
fires file-integrity-etc-syscalls rename call rename s:/tally-absent s:/etc/tally-absent/x
fires file-integrity-etc-syscalls renameat2 call renameat2 -100 s:/etc/tally-absent/x -100 s:/tally 0
fires privilege-changes setuid call setuid 0
fires privilege-changes setreuid call setreuid 1 0
fires privilege-changes setresuid call setresuid 1 0 1
fires privilege-changes setgid call setgid 0
fires privilege-changes capset call capset 0 0
passes privilege-changes call setuid 65534
fires namespaces-and-mounts unshare call unshare 0x04000000
passes namespaces-and-mounts call unshare 0x00000200
fires namespaces-and-mounts setns call setns f:/proc/self/ns/uts 0
fires namespaces-and-mounts mount call mount s:tally s:/tally-absent s:tmpfs 0 0
fires namespaces-and-mounts umount call umount2 s:/tally-absent 0
fires namespaces-and-mounts move_mount call move_mount -1 s:a -1 s:b 0
fires namespaces-and-mounts open_tree call open_tree -1 s:a 0
fires namespaces-and-mounts fsopen call fsopen s:tally 0
fires namespaces-and-mounts pivot_root call pivot_root s:/tally-absent s:/tally-absent
fires namespaces-and-mounts chroot call chroot s:/tally-absent
if [ -e /proc/modules ]; then # a kernel with modules
	fires kernel-modules init_module call init_module 0 0 s:
	fires kernel-modules finit_module call finit_module -1 s: 0
	fires kernel-modules delete_module call delete_module s:tally_absent 0
fi
if [ -e /sys/kernel/kexec_loaded ]; then
	fires kernel-modules kexec_load call kexec_load 0 0 0 0xffff
fi
fires bpf-programs bpf call bpf 5 z:128 48
passes bpf-programs call bpf 1 z:128 48
fires outgoing-connections connect call connect -1 4:192.0.2.1:80 16
passes outgoing-connections call connect -1 4:127.0.0.1:80 16
passes outgoing-connections call connect -1 u:/tally 110
fires unusual-programs execveat call execveat -1 s: 0 0 0x1000
passes unusual-programs call execveat -1 s: 0 0 0
fires unusual-programs memfd_create call memfd_create s:tally 1
fires unusual-programs chmod call chmod s:/tmp/tally-absent/x 0755
passes unusual-programs call chmod s:/tmp/tally-absent/x 0644
fires ptrace ptrace call ptrace 0x4206 999999999 0 0
fires ptrace ptrace call ptrace 16 999999999 0 0
passes ptrace call ptrace 7 999999999 0 0
fires ptrace process_vm_writev call process_vm_writev 999999999 0 0 0 0 0
fires ptrace openat call openat -100 s:/proc/999999999/mem 2
passes ptrace call openat -100 s:/proc/999999999/mem 0

cp "$actors/nothing" "$work/where-everybody-writes"
(cd "$work" && ./where-everybody-writes)
bash -c 'exec 9<"$1"; exec /proc/self/fd/9' - "$actors/nothing"
"$work/where-everybody-writes"
socket_program=(timeout 0.2 socat -u "TCP-LISTEN:7391,bind=127.0.0.1" OPEN:/dev/null)
command -v socat >/dev/null || socket_program=(timeout 0.2 bash -c 'exec 3<>/dev/tcp/127.0.0.1/1')
! command -v python3 >/dev/null || socket_program=(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 7391)); s.listen(1)')
"${socket_program[@]}" >/dev/null 2>&1

# ---- in a container ----

container_calls=(
	"container-writes-etc|openat|openat -100 s:/etc/tally 0x41 0600"
	"container-writes-etc||openat -100 s:/etc/passwd 0"
	"container-writes-etc||openat -100 s:/tmp/tally 0x41 0600"
	"container-escapes|openat|openat -100 s:/proc/sys/kernel/core_pattern 1"
	"container-escapes|openat|openat -100 s:/tmp/cgroup/release_agent 1"
	"container-escapes|openat|openat -100 s:/proc/1/exe 2"
	"container-escapes|openat|openat -100 s:/proc/self/fd/8/../../etc/shadow 0"
	"container-escapes|openat|openat -100 s:/proc/kcore 0"
	"container-escapes|openat|openat -100 s:/proc/1/root/etc 0"
	"container-escapes||openat -100 s:/proc/1/status 0"
	"container-escapes||openat -100 s:/proc/1/exe 0"
	"container-escapes|chdir|chdir s:/proc/self/fd/8"
	"container-escapes||chdir s:/tmp"
	"container-escapes|open_by_handle_at|open_by_handle_at -1 0 0"
	"container-escapes|mknodat|mknodat -100 s:/tmp/disk 0x6180 0x800"
	"container-escapes||mknodat -100 s:/tmp/pipe 0x1180 0"
	"container-escapes|mount|mount s:tally s:/tmp s:cgroup 0 0"
	"container-escapes||mount s:tally s:/tally s:tmpfs 0 0"
	"container-escapes|fsopen|fsopen s:ext4 0"
	"container-escapes|connect|connect -1 u:/run/docker.sock 110"
	"container-escapes||connect -1 u:/run/other.sock 110"
	"container-escapes|unshare|unshare 0x10000000"
	"container-escapes||unshare 0x200"
	"container-escapes|userfaultfd|userfaultfd 0"
)
script=
for line in "${container_calls[@]}"; do
	script+="/actors/call ${line##*|} || true; "
done
script+="/actors/exec-deleted || true; /actors/exec-memfd || true; "
bundle "$work/bundle" /bin/sh -c "$script"
runc run -b "$work/bundle" "tally$$" </dev/null >"$work/container.txt" 2>&1 || diag "$(cat "$work/container.txt")"
settle
# pids in the container are its own: the n-th exec of the actor there
mapfile -t container_pids < <(events '.process_exec | select(. != null and .process.binary == "/actors/call") | .process.pid')
is "the container's calls were made" "${#container_pids[@]}" "${#container_calls[@]}"
for i in "${!container_calls[@]}"; do
	expected+=("${container_calls[i]%|*}|${container_pids[i]:-0}|in a container: ${container_calls[i]##*|}")
done

all=$(events '(.process_kprobe // .process_tracepoint) | select(.) |
	"\(.policy_name)|\(.process.pid)|\(.function_name // .event)"' -r)
for line in "${expected[@]}"; do
	IFS='|' read -r name word number what <<<"$line"
	# each call of a container passes the two policies, one of which is meant
	found=$(grep -F "$name|$number|" <<<"$all")
	if [ -n "$word" ]; then
		like "$name: $what" "$found" "^${name}[|]${number}[|].*$word"
	else
		is "$name: not $what" "$found" ""
	fi
done
is "unusual-programs: a program where everybody may write" \
	"$(count '.process_tracepoint | . != null and .policy_name == "unusual-programs" and .process.binary == $path' \
		--arg path "$work/where-everybody-writes")" 2
is "unusual-programs: a program by its descriptor" \
	"$(events '.process_tracepoint | select(. != null and .policy_name == "unusual-programs") | .args[1].string_arg' | grep -c /proc/self/fd/9)" 1
is "unusual-programs: not the runtime that executes itself" \
	"$(count '(.process_tracepoint // .process_kprobe) | . != null and .policy_name == "unusual-programs"
		and (.args[0] | (.linux_binprm_arg // .file_arg // {}).path // "" | endswith("/runc"))')" 0
is "listening-sockets: a port" "$(events '.process_tracepoint | select(. != null and .policy_name == "listening-sockets") | .args[0].sock_arg.sport' |
	grep -cx 7391)" 1

# ---- on functions, where the kernel has such hooks ----

is_in_force() {
	[[ " ${in_force[*]} " == *" $1 "* ]]
}
# functions POLICY FILTER: those whose hook was passed by what the filter chooses
functions() {
	events '.process_kprobe | select(. != null and .policy_name == $policy) | select('"$2"') | .function_name' -r --arg policy "$1" | sort -u | paste -s -d ' '
}
file=/etc/tally-test.$$
if is_in_force file-integrity-etc; then
	cat /etc/hostname >/dev/null
	echo x >$file
	"$actors/call" truncate s:$file 0 >/dev/null
	chmod 600 $file
	chown 1:1 $file
	mv $file $file.moved
	rm $file.moved
	settle
	is "file-integrity-etc: each change of a file" "$(functions file-integrity-etc '.args | tostring | contains("tally-test")')" \
		"security_file_open security_path_chmod security_path_chown security_path_rename security_path_truncate security_path_unlink"
	is "file-integrity-etc: not what is read" "$(functions file-integrity-etc '.args | tostring | contains("/etc/hostname")')" ""
fi
if is_in_force deleted-programs; then
	is "deleted-programs: a removed file and a memfd, and no other" \
		"$(events '.process_kprobe | select(. != null and .policy_name == "deleted-programs") | .args[0].linux_binprm_arg.path | split("/")[-1] | split(" ")[0]' -r | sort | paste -s -d ' ')" \
		"memfd:evil soon-deleted"
fi
if is_in_force privilege-gained; then
	# setpriv takes capabilities back itself after it has changed the user; env has none
	setpriv --reuid 65534 --regid 65534 --clear-groups env /usr/bin/su --version >/dev/null
	setpriv --reuid 65534 --regid 65534 --clear-groups env /usr/bin/id >/dev/null
	"$actors/take-capability" 0 >"$work/act.txt"
	"$actors/take-capability" 21 >>"$work/act.txt"
	settle
	is "privilege-gained: a capability that is taken back, and not one that is only put down" \
		"$(events '.process_kprobe | select(. != null and .policy_name == "privilege-gained" and (.process.binary | endswith("/take-capability")) and .args[1].process_credentials_arg.caps.effective == null) | [.process.pid, .args[0].process_credentials_arg.caps.effective]')" \
		"$(jq -s -c '.[1] | [.pid, ["CAP_SYS_ADMIN"]]' "$work/act.txt")"
	is "privilege-gained: a setuid program, and not another one" \
		"$(events '.process_kprobe | select(. != null and .policy_name == "privilege-gained" and (.process.binary | endswith("/env"))) | .process.arguments' -r)" \
		"/usr/bin/su --version"
fi
is "no process outside of containers is of the containers' policies" \
	"$(count '.process_kprobe | . != null and (.policy_name | startswith("container-")) and .process.container == null')" 0
is "none had errors" "$(tallyman policy list -o json | jq -c '[.[] | select(.errors != "0") | .name]')" "[]"
finish
