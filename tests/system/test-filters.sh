#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Filters, redaction and environment rules on the way from a real container to each sink.
. "$(dirname "$0")/lib.sh"

# ---- mistakes are told with their place, and nothing starts ----
mkdir -p "$log"
printf '[filter]\nexport_denylist = {"pid":[1]}\n    {"binary_regex":["a("]}\n' >"$work/bad.conf"
message=$("$tallymand" --config "$work/bad.conf" --runtime-dir "$run" --log-dir "$log" --no-audit 2>&1)
is "a daemon with a bad filter ends" $? 2
like "and says where it is bad" "$message" "^tallymand: $work/bad.conf:3:22: binary_regex: .*missing closing parenthesis at byte 2"
is "and made nothing" "$(find "$log" -type f | wc -l)" 0

# ---- deny, redaction, fields, environment ----
daemon_config sensor.environment_variables=yes filter.environment_filter='SECRET, PLAIN' \
	filter.export_denylist='{"container_name_regex":["^db$"]}' \
	filter.redaction_filters='{"redact":["(?:--password|-p)[ =](\S+)","^SECRET=(.*)"]}' \
	filter.field_filters='{"fields":"process.container.labels,parent.arguments","action":"EXCLUDE"}'
# A backslash is two in JSON.
sed -i '/^redaction_filters/s/\\S/\\\\S/' "$work/tallyman.conf"
podman_setup
daemon_start
tallyman events -o json >"$work/live.json" 2>"$work/live.log" &
live_pid=$!
stop_live() {
	kill "$live_pid" 2>/dev/null
}
cleanups+=(stop_live)
printf 'SECRET=hunter2\nPLAIN=seen\nOTHER=unseen\n' >"$work/environment" # not on podman's command line
# in a file as well: the log has the command lines of this script's own greps
printf '%s\n' hunter2 68756E74657232 aHVudGVyMg '"name":"db"' >"$work/secrets"
run_container() {
	podman run --rm --name "$1" --label app="$2" --env-file "$work/environment" "$image" \
		/bin/sh -c '/bin/echo --password=hunter2 -p "hunter2 plain" x; /bin/sh -c "/bin/true -p hunter2; :"' >/dev/null ||
		fail "container $1 runs"
}
run_container web shop
run_container db shop
run_container web-2 stock
settle

is "the denied container has no event" "$(count '(process.container.name // .container_start.container.name // .container_stop.container.name) == "db"')" 0
is "nor has it a record" "$(ausearch -if "$audit_log" -w --vm-name db 2>/dev/null | wc -l)" 0
is "the others have all of theirs" "$(events 'exec | .process | select(.container.name == "web") | .binary' -r | sort | uniq -c | xargs)" \
	"1 /bin/echo 2 /bin/sh 1 /bin/true"
is "and a start and a stop each" "$(events '(.container_start, .container_stop) // empty | .container.name' -r | sort | uniq -c | xargs)" \
	"2 web 2 web-2"
is "arguments are redacted" "$(events 'exec | .process | select(.container.name == "web" and .binary == "/bin/echo")
	| [.arguments, .argv]' | head -n 1)" '["--password=***** -p \"***** plain\" x",["/bin/echo","--password=*****","-p","***** plain","x"]]'
is "so is the environment, and only what is asked for is there" "$(events 'exec | .process
	| select(.container.name == "web" and .binary == "/bin/echo") | [.environment_variables[] | .Key + "=" + .Value] | sort' | head -n 1)" \
	'["PLAIN=seen","SECRET=*****"]'
is "the excluded field of the parent is gone" "$(count 'exec | .parent | has("arguments")')" 0
is "and of the process" "$(count 'process | .container | select(. != null) | has("labels")')" 0
is "a record has the redacted text" "$(ausearch -if "$audit_log" -i -w --vm-name web -x /bin/echo 2>/dev/null | grep -c 'a1=--password=\*\*\*\*\*')" 1
is "the secret is nowhere in the logs" "$(grep -rlf "$work/secrets" "$log" | wc -l)" 0
wait_for 5 grep -q settled-"$$"-1 "$work/live.json"
is "a live subscriber got the redacted text" "$(jq -c 'select(.process_exec.process.container.name == "web"
	and .process_exec.process.binary == "/bin/echo") | .process_exec.process.argv[1]' "$work/live.json")" '"--password=*****"'
is "and no more than the log" "$(grep -cf "$work/secrets" "$work/live.json")" 0
daemon_stop

# ---- an allow list ----
rm -rf "$log" "$run"
daemon_start filter.export_allowlist='{"labels":["app in (stock,none)"],"event_set":["PROCESS_EXEC","CONTAINER_START"]} {"arguments_regex":["^settled-"]}' \
	filter.export_denylist='{"cel_expression":["process_exec.process.binary.endsWith(\"/true\")"]}' json.mode=0640
run_container web shop
run_container web-2 stock
settle
is "only what the list names is there" "$(events 'exec | .process | select(.container) | .container.name + " " + .binary' -r | sort | uniq -c | xargs)" \
	"1 web-2 /bin/echo 2 web-2 /bin/sh"
is "of the kinds it names" "$(events 'kind | select(startswith("container_"))' -r | sort | uniq -c | xargs)" "1 container_start"
is "what tells of the log itself always passes" "$(count '.daemon_start')" 1
is "nothing is missing in the numbers" "$(events '.sequence | tonumber' | jq -s -c '. == [range(1; length + 1)]')" true
ok "the daemon lives" daemon_alive
finish
