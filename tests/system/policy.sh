# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the tests of policies share; sourced after lib.sh.

# policy_file NAME SPEC: writes $work/NAME.yaml, with SPEC (YAML, not indented) as its spec
policy_file() {
	printf 'apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: %s}\nspec:\n' "$1" >"$work/$1.yaml"
	# shellcheck disable=SC2001 # every line
	sed 's/^/  /' <<<"$2" >>"$work/$1.yaml"
}

# policy_add NAME SPEC
policy_add() {
	policy_file "$1" "$2"
	tallyman policy add "$work/$1.yaml" >"$work/add.txt" 2>&1 || fail "policy $1 is taken" "$(cat "$work/add.txt" "$work/$1.yaml")"
}

policy_delete() {
	tallyman policy delete "$@" >"$work/delete.txt" 2>&1 || fail "policies are deleted" "$(cat "$work/delete.txt")"
}

# act PROGRAM [ARGUMENT…]: run an actor; its pids are then in $pids, of the last one in $pid
act() {
	"$actors/$1" "${@:2}" >"$work/act.txt" 2>"$work/act-errors.txt" || diag "$* ends with $?: $(cat "$work/act-errors.txt")"
	pids=$(jq -s -c 'map(.pid)' "$work/act.txt")
	pid=$(jq -s '.[-1].pid' "$work/act.txt")
}

# hits POLICY PID: how many of its events are about that process
hits() {
	count '(.process_kprobe // .process_tracepoint // .process_lsm // .process_uprobe // .process_usdt)
		| . != null and .policy_name == $policy and .process.pid == $pid' --arg policy "$1" --argjson pid "$2"
}

# hit POLICY PID FILTER: what a filter makes of its first event, without the kind's own key
hit() {
	events "(.process_kprobe // .process_tracepoint // .process_lsm // .process_uprobe // .process_usdt)
		| select(. != null and .policy_name == \$policy and .process.pid == \$pid) | $3" \
		--arg policy "$1" --argjson pid "$2" | head -n 1
}

# policy_counter NAME COUNTER
policy_counter() {
	tallyman policy list -o json | jq -r --arg name "$1" --arg counter "$2" '.[] | select(.name == $name) | .[$counter]'
}
