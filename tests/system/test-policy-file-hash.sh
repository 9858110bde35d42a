#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# imaHash: the digest of what is executed, as the tool of that name makes it; where the kernel has none, the
# policy is refused with the one reason.
# shellcheck disable=SC2154 # what lib.sh sets
. "$(dirname "$0")/lib.sh"
. "$tests_dir/policy.sh"

# hash_of FILE ALGORITHM:DIGEST: the same by coreutils
hash_of() {
	echo "${2%%:*}:$("${2%%:*}sum" "$1" | cut -d ' ' -f 1)"
}

# hashed PID: what the event of this process says
hashed() {
	events '.process_lsm | select(. != null and .process.pid == $pid) | .ima_hash' --argjson pid "$1"
}

# selectors FILTERS ACTIONS
hook() {
	echo "lsmhooks: [{hook: bprm_check_security, args: [{index: 0, type: linux_binprm}], selectors: [{matchArgs: [{index: 0, operator: Prefix, values: [\"$work/run-\"]}]$1, matchActions: [$2]}]}]"
}

# run FILE: its pid
run() {
	"$@" &
	pid=$!
	wait $pid
}

daemon_start
policy_file hash "$(hook '' '{action: Post, imaHash: true}')"
said=$(tallyman policy check --kernel "$work/hash.yaml")
if ! tallyman policy add "$work/hash.yaml" >"$work/add.txt" 2>&1; then
	like "imaHash is refused with its reason" "$(cat "$work/add.txt")" \
		'imaHash: (this kernel measures no files|this kernel gives programs no hash|only programs of LSM hooks get one)|trampolines'
	like "as policy check says" "$said" 'cannot: '
	finish
fi
like "by a program that may wait" "$said" 'bprm_check_security: lsm, sleepable'

for i in 1 2 3; do
	cp "$actors/nothing" "$work/run-$i"
	echo "$i" >>"$work/run-$i"
	cp "$work/run-$i" "$work/other-$i"
done
run "$work/run-1"
first=$pid
run "$work/other-1"
other=$pid
echo changed >>"$work/run-2"
run "$work/run-2"
second=$pid
settle
got=$(hashed "$first")
like "a digest, and by which algorithm" "$got" '^"?[a-z0-9-]+:[0-9a-f]{32,128}"?$'
got=${got//\"/}
is "is that of the file" "$got" "$(hash_of "$work/run-1" "$got")"
got=$(hashed "$second")
got=${got//\"/}
is "of another file another" "$got" "$(hash_of "$work/run-2" "$got")"
is "and of what the policy is not about there is nothing" "$(hashed "$other")" ""

# Many at once, more than there is room for on a CPU if they waited there.
for i in $(seq 24); do
	cp "$actors/nothing" "$work/run-many-$i"
	echo "$i" >>"$work/run-many-$i"
done
started=()
for i in $(seq 24); do
	"$work/run-many-$i" &
	started+=($!)
done
wait "${started[@]}"
settle
events '.process_lsm | select(. != null and (.args[0].linux_binprm_arg.path | contains("/run-many-"))) | [.args[0].linux_binprm_arg.path, .ima_hash]' >"$work/many.txt"
is "many at once have one each" "$(wc -l <"$work/many.txt")" 24
wrong=0
while IFS= read -r line; do
	file=$(jq -r '.[0]' <<<"$line") got=$(jq -r '.[1]' <<<"$line")
	[ "$got" = "$(hash_of "$file" "$got")" ] || wrong=$((wrong + 1))
done <"$work/many.txt"
is "each its own" $wrong 0
is "without an error" "$(policy_counter hash errors)" 0

# While a long file is read others on that processor are seen too; before Linux 6.1.54 they are passed over, which is said.
head -c 100M /dev/zero >"$work/padding"
cat "$actors/nothing" "$work/padding" >"$work/run-long"
chmod +x "$work/run-long"
cp "$actors/nothing" "$work/run-short"
taskset -c 0 "$work/run-long" &
long=$!
tried=0
while kill -0 "$long" 2>/dev/null && [ $tried -lt 50 ]; do
	taskset -c 0 "$work/run-short"
	tried=$((tried + 1))
done
wait "$long"
settle
passed=$(count '.process_lsm | . != null and (.args[0].linux_binprm_arg.path | endswith("/run-short"))')
errors=$(policy_counter hash errors)
diag "$passed of $tried executions seen meanwhile, $errors errors"
is "what is not seen while a file is read is an error" "$((passed == tried || errors > 0))" 1
policy_delete hash
rm -f "$work/padding" "$work/run-long"

# With a denial, and asked of the parent.
policy_add denied "$(hook ', matchParentBinaries: [{operator: In, values: ["/bin/bash", "/usr/bin/bash"]}]' '{action: Post, imaHash: true}, {action: Override, argError: -13}')"
"$work/run-3" 2>/dev/null
is "a program is denied" $? 126
settle
is "and its hash is said" "$(events '.process_lsm | select(. != null and .policy_name == "denied") | [.action, (.ima_hash | length > 32)]')" '["KPROBE_ACTION_OVERRIDE",true]'
finish
