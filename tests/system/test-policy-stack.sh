#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Stack traces of policies: where in the kernel, and where in which files of the program.
. "$(dirname "$0")/lib.sh"

probes=$actors/probes library=$actors/probes-library.so

# policy NAME BINARY-OPERATOR ACTION: the process group is asked for, by the programs of these tests
policy() {
	cat >"$work/$1.yaml" <<-E
		apiVersion: cilium.io/v1alpha1
		kind: TracingPolicy
		metadata: {name: $1}
		spec:
		  tracepoints:
		  - subsystem: syscalls
		    event: sys_enter_getpgid
		    args: [{index: 5, type: int32}]
		    selectors:
		    - matchBinaries: [{operator: $2, values: ["$probes", "/bin/true", "/usr/bin/true"]}]
		      matchActions: [{action: Post, $3}]
	E
	ok "$1: the kernel takes it" tallyman policy add "$work/$1.yaml"
}
hits() { # NAME FILTER
	settle
	events ".process_tracepoint // empty | select(.policy_name == \$name) | $2" --arg name "$1"
}

last() { # NAME FILTER
	hits "$1" "$2" | tail -n 1
}

daemon_start
# Which files a stack leads through the kernel tells since 6.7.
IFS=. read -r major minor _ < <(uname -r)
if [ "$major" -lt 6 ] || { [ "$major" = 6 ] && [ "${minor%%[!0-9]*}" -lt 7 ]; }; then
	policy both In 'userStackTrace: true, kernelStackTrace: true'
	"$probes" 1 x >/dev/null
	is "the user's stack is addresses" "$(hits both '[.user_stack_trace[] | keys] | unique')" '[["address"]]'
	ok "the daemon lives" daemon_alive
	finish
fi
policy both In 'userStackTrace: true, kernelStackTrace: true'
policy none In 'kernelStackTrace: false'
policy others NotIn 'userStackTrace: true'

# The first stack through a file waits for its symbols only for a moment.
probes_named() {
	"$probes" 1 x >/dev/null
	[ -n "$(last both 'select(.user_stack_trace[].symbol == "main") | 1')" ]
}
wait_for 10 probes_named
# libc has no frame pointers: who called it is not seen.
is "the user's stack, innermost first" "$(last both '[.user_stack_trace[] | select(.symbol // "" | test("^(getpgid|__getpgid|probes_.*|main)$")) | .symbol | ltrimstr("__")]')" \
	'["getpgid","probes_outer","main"]'
is "each frame has its file" "$(last both '[.user_stack_trace[] | select(.symbol) | .module] | unique | . == ["'"$probes"'"]')" true
is "and its place there, not its address" "$(last both '[.user_stack_trace[] | select(.symbol) | has("offset") and (has("address") | not)] | all')" true
ok "a place is within its function" test "$(last both '[.user_stack_trace[] | select(.symbol == "probes_outer") | .offset | tonumber | . > 0 and . < 64] | all')" = true
like "the kernel's stack" "$(last both '[.kernel_stack_trace[].symbol] | join(" ")')" 'do_syscall|syscall_trace|sys_getpgid'
is "a policy that wants none has none" "$(last none '[has("user_stack_trace"), has("kernel_stack_trace")]')" '[false,false]'
is "a policy of others has no match" "$(hits others .process.pid)" ""

library_named() {
	LIBRARY_WORK=1 LD_PRELOAD=$library /bin/true
	[ -n "$(hits both 'select(.user_stack_trace[].symbol == "begin") | 1')" ]
}
wait_for 10 library_named
LIBRARY_WORK=1 LD_PRELOAD=$library /bin/true
is "a library's frames have the library" "$(last both 'select(.process.binary == "/bin/true") | [.user_stack_trace[] | select(.symbol == "begin") | .module]')" "[\"$library\"]"
is "and those above it the library that it called" \
	"$(last both 'select(.process.binary == "/bin/true") | .user_stack_trace[0] | [.symbol, (.module | test("/libc[.-]"))]')" '["__getpgid",true]'

# The file that was mapped is another one than that with its name now.
cp "$probes" "$work/probes"
cat >"$work/copied.yaml" <<-E
	apiVersion: cilium.io/v1alpha1
	kind: TracingPolicy
	metadata: {name: copied}
	spec:
	  tracepoints:
	  - subsystem: syscalls
	    event: sys_enter_getpgid
	    selectors:
	    - matchBinaries: [{operator: In, values: ["$work/probes"]}]
	      matchActions: [{action: Post, userStackTrace: true}]
E
ok "copied: the kernel takes it" tallyman policy add "$work/copied.yaml"
(
	exec 3<"$work/probes"
	rm "$work/probes"
	cp "$library" "$work/probes"
	exec "/proc/self/fd/3" 1 x >/dev/null
)
"$probes" 1 x >/dev/null
is "a file that has no name any more has no symbols" \
	"$(hits both 'select(.process.binary | test("/fd/3$")) | .user_stack_trace[].symbol' | sort -u)" ""

ok "the daemon lives" daemon_alive
finish
