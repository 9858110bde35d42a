#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# process_exit says what wait() says, once per process.
. "$(dirname "$0")/lib.sh"

daemon_start
bundle "$work/exits" /actors/exits
# pids as the host knows them, and room for a core
bundle_edit "$work/exits" 'del(.linux.namespaces[] | select(.type == "pid"))
	| .process.rlimits = []'
runc run -b "$work/exits" exits >"$work/reports.json" 2>"$work/runc.log" ||
	fail "the actor runs" "$(cat "$work/runc.log")"
(cd "$work" && "$actors/exits") >"$work/host-reports.json" 2>"$work/host.log" || fail "the actor runs on the host" "$(cat "$work/host.log")"
"$actors/exit-at-once" 2000 >"$work/at-once.json"
settle

# By program: on a busy machine, where pids end at 32768, a pid comes round again within the log.
events 'exit | {pid: .process.pid, status: (.status // 0), signal: (.signal // ""), container: .process.container.id,
	actor: ((.process.binary // "") | split("/") | last)}' >"$work/all-exits.json"
jq -c 'select(.actor == "exits")' "$work/all-exits.json" >"$work/exits.json"
jq -c 'select(.actor == "exit-at-once")' "$work/all-exits.json" >"$work/at-once-exits.json"
for where in reports host-reports; do
	jq -n -r -L "$tests_dir" --slurpfile exits "$work/exits.json" '
		include "lib";
		inputs as $report | [$exits[] | select(.pid == $report.pid)] as $found
		| ($report.status % 128) as $signal
		| [$report.actor + " " + ($report.status | tostring),
			(if ($found | length) != 1 then "\($found | length) exit events"
			elif $signal == 0 then "status \($found[0].status) signal \($found[0].signal)"
			else "status \($found[0].status) signal \($found[0].signal | signal_number // .)" end),
			(if $signal == 0 then "status \($report.status / 256 | floor) signal "
			else "status 0 signal \($signal)" end)] | @tsv' "$work/$where.json" |
		while IFS=$'\t' read -r name got wanted; do
			printf '%s\t%s\t%s\n' "$name" "$got" "$wanted"
		done >"$work/compared"
	while IFS=$'\t' read -r name got wanted; do
		is "$where: $name" "$got" "$wanted"
	done <"$work/compared"
	is "$where: all 18 ends were reported" "$(wc -l <"$work/compared")" 18
done

# Two last threads that end together can both look like the last one.
is "two threads that end at once: one exit for each process" "$(jq -n -r --slurpfile exits "$work/at-once-exits.json" '
	(reduce $exits[] as $exit ({}; .[$exit.pid | tostring] += 1)) as $count
	| [inputs | $count[.pid | tostring] // 0] | group_by(.) | map("\(length) with \(.[0])") | join(", ")' "$work/at-once.json")" \
	"2000 with 1"
is "no exit is of a process that nobody knows" \
	"$(count 'exit | .process.binary == null')" 0
is "in the container each exit has it" "$(jq -n --slurpfile exits "$work/exits.json" '
	[inputs.pid] as $pids | [$exits[] | select(.pid as $p | $pids | index($p)) | select(.container != "exits")] | length' \
	"$work/reports.json")" 0
is "on the host none has" "$(jq -n --slurpfile exits "$work/exits.json" '
	[inputs.pid] as $pids | [$exits[] | select(.pid as $p | $pids | index($p)) | select(.container)] | length' \
	"$work/host-reports.json")" 0
finish
