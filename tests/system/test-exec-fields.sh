#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What an exec event says is what the process truly was: each actor reports its own bytes, and the
# event must give them back exactly.
. "$(dirname "$0")/lib.sh"

daemon_start process.credentials=yes process.namespaces=yes
podman_setup
mkdir -p "$work/reports"
chmod 777 "$work/reports"

cat >"$work/reports/all.sh" <<'E2'
cd /
a=/actors
$a/exec-thread
$a/exec-memfd
$a/exec-script
$a/exec-script nested
$a/exec-arguments count 3000
for bytes in 1 100 8191 8192 8193 16384 24577 262144; do $a/exec-arguments bytes $bytes; done
$a/exec-arguments bytes 1048576 >&3
$a/exec-not-utf8
$a/exec-cwd deep
$a/exec-cwd deleted
$a/exec-deleted
$a/exec-empty
$a/orphan
$a/exec-chain 2
cp $a/nothing /tmp/setuid && chmod 4755 /tmp/setuid
$a/exec-as 1000 /tmp/setuid by-setuid
cp $a/nothing /tmp/capable && $a/set-capability /tmp/capable
$a/exec-as 1000 /tmp/capable by-capability
$a/exec-as 1000 /actors/nothing plain-user
(cd /tmp && ../actors/nothing relative)
E2
podman run --rm --name actors --pid host --cap-add all -v "$work/reports:/reports" \
	"$image" /bin/sh -c '/bin/sh -e /reports/all.sh >/reports/reports.json 3>/reports/huge.json' \
	>"$work/actors.log" 2>&1 || fail "the actors run" "$(cat "$work/actors.log")"
settle

events 'exec | .process | select(.container.name == "actors")' >"$work/execs.json"
events 'exit | select(.process.container.name == "actors")' >"$work/exits.json"

# ---- each report against the event of the same pid ----
jq -n -r -L "$tests_dir" --slurpfile execs "$work/execs.json" --slurpfile exits "$work/exits.json" '
	include "lib";
	($execs | group_by(.pid) | map({key: (.[0].pid | tostring), value: .}) | from_entries) as $by_pid
	| inputs as $report
	| ($by_pid[$report.pid | tostring] // [])
	| map(select($report.argv == null or argv_base64 == $report.argv)) | last as $exec
	| [$report.actor,
		(if $exec == null then "no exec event with these arguments"
		elif $report.binary and ($exec | binary_base64) != $report.binary
			then "binary \($exec.binary) instead of \($report.binary | @base64d)"
		elif $report.cwd and ($exec | cwd_base64) != $report.cwd
			then "cwd \($exec.cwd) instead of \($report.cwd | @base64d)"
		else "as it was" end)] | @tsv' "$work/reports/reports.json" >"$work/compared"
while IFS=$'\t' read -r actor verdict; do
	is "$actor: argv, binary and cwd" "$verdict" "as it was"
done <"$work/compared"
is "all actors reported" "$(wc -l <"$work/compared")" 23

field() { # ARGV FILTER: of the exec with these arguments, joined by blanks
	jq -c -L "$tests_dir" --arg text "$1" 'include "lib"; select(.argv | join(" ") == $text) | '"$2" "$work/execs.json"
}

# ---- 1 MiB of arguments: cut, and said so ----
jq -c -L "$tests_dir" --slurpfile report "$work/reports/huge.json" 'include "lib";
	select(.pid == $report[0].pid and .binary == "/actors/nothing")' "$work/execs.json" >"$work/huge.json"
like "1 MiB of arguments is marked as cut" "$(jq -r .flags "$work/huge.json")" '\btruncArgs\b'
is "what is there are the first 256 KiB" "$(jq -c -L "$tests_dir" --slurpfile report "$work/reports/huge.json" '
	include "lib"; [argv_base64[] | @base64d] as $got | [$report[0].argv[] | @base64d] as $all
	| [($got | map(length + 1) | add) >= 262144 - 1, ($all | join("\n") | startswith($got | join("\n")))]' \
	"$work/huge.json")" "[true,true]"
is "and the true total" "$(jq -r '.arguments_total // empty' "$work/huge.json")" 1048576

# ---- what each behaviour is besides its bytes ----
is "a memfd has its name and no links" \
	"$(field 'from-memory secret' '[.binary_properties.file.inode.links, (.binary | test("memfd:evil|/dev/fd|/proc/self/fd"))]')" '[0,true]'
is "a deleted binary has no links" "$(field deleted '.binary_properties.file.inode.links')" 0
is "a script runs through its interpreter" "$(field '/bin/busybox sh /tmp/inner-script one two words' '[.binary, .argv[0]]')" '["/tmp/inner-script","/bin/busybox"]'
is "a setuid binary raises the effective uid" \
	"$(field '/tmp/setuid by-setuid' '[.uid, .process_credentials.uid, .process_credentials.euid, .process_credentials.suid]')" '[0,1000,0,0]'
is "and is named as that" "$(field '/tmp/setuid by-setuid' '.binary_properties | [.setuid, .privileges_changed]')" \
	'[0,["PRIVILEGES_RAISED_EXEC_FILE_SETUID"]]'
is "file capabilities are named" "$(field '/tmp/capable by-capability' '.binary_properties.privileges_changed')" \
	'["PRIVILEGES_RAISED_EXEC_FILE_CAP"]'
is "and effective" "$(field '/tmp/capable by-capability' '.cap.effective | index("CAP_NET_RAW") != null')" true
is "an ordinary user has neither" "$(field '/actors/nothing plain-user' '[.uid, .binary_properties, (.cap.effective // [] | length)]')" '[1000,null,0]'
is "a relative name is made absolute" "$(field '../actors/nothing relative' '.binary')" '"/actors/nothing"'
like "a deleted working directory is marked" "$(field 'nothing cwd' '[.cwd, .flags]' | tail -n 1)" 'deleted|errorCWD'

# ---- the tree ----
is "an exec chain keeps its pid and links each image to the one before" "$(jq -n -c '
	[inputs | select(.argv[0] == "exec-chain" or .argv[1] == "end of the chain")] | sort_by(.start_time)
	| [(map(.pid) | unique | length), ([range(1; length) as $i | .[$i].parent_exec_id == .[$i - 1].exec_id] | all)]' \
	<(jq -c 'select(.argv[0] == "exec-chain" or .argv[1] == "end of the chain")
		| select(.argv[1] != "2" or true)' "$work/execs.json" | jq -s -c 'group_by(.pid) | max_by(length)[]'))" '[1,true]'
is "every exec has an exit with the same exec_id" "$(jq -n -c --slurpfile exits "$work/exits.json" '
	($exits | map({key: .process.exec_id, value: true}) | from_entries) as $ended
	| [inputs | select($ended[.exec_id] | not)] | group_by(.pid) | map(last)
	| map(select(.binary == "/actors/nothing")) | length' "$work/execs.json")" 0
is "every line is valid JSON in valid UTF-8" \
	"$(iconv -f UTF-8 -t UTF-8 "$events_json" >/dev/null && jq -e . "$events_json" >/dev/null && echo yes)" yes
is "nothing was lost" "$(count '.event_loss')" 0
finish
