#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The control socket, talked to by a client that is not ours: systemd's varlinkctl.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

control=unix:$run/control.sock

call() {
	local method=$1 parameters=$2
	shift 2
	# several replies are a JSON text sequence: each begins with a record separator
	varlinkctl --json=short "$@" call "$control" "io.tallyman.$method" "$parameters" | tr -d '\036'
}

import_image
podman run --detach --name web --network none --label app=shop "$image" /bin/sleep 1000 >/dev/null ||
	bail "podman runs a container"
id=$(podman inspect -f '{{.Id}}' web)
settle

like "info names the interface" "$(varlinkctl info "$control" 2>&1)" 'io\.tallyman'
interface=$(varlinkctl introspect "$control" io.tallyman 2>&1)
for method in GetVersion GetStatus ListContainers ListProcesses SubscribeEvents; do
	like "introspect shows $method" "$interface" "method $method"
done
like "introspect shows the errors" "$interface" 'error NoSuchContainer'

like "GetVersion" "$(call GetVersion '{}' | jq -r .version)" "^$(dpkg-query -W -f '${Version}' tallyman | cut -d- -f1 | sed 's/[.+]/\\&/g')"
is "GetVersion: the stream of the log" "$(call GetVersion '{}' | jq -r .stream)" "$(tail -n 1 "$events_json" | jq -r .stream)"
is "GetStatus" "$(call GetStatus '{}' | jq -r '.status | type')" object
is "ListContainers" "$(call ListContainers '{}' | jq -c '[.containers[] | [.id, .name, .labels.app, .running]]')" "[[\"$id\",\"web\",\"shop\",true]]"
is "ListContainers with more" "$(call ListContainers '{"all":true}' --more | jq -s -c '[.[].containers[].name]')" '["web"]'
is "ListProcesses of a container" "$(call ListProcesses '{"container":"web"}' | jq -c '[.processes[] | [.binary, .arguments, .living]]')" \
	'[["/bin/sleep","1000",true]]'
is "ListProcesses of the host, with more" \
	"$(call ListProcesses '{}' --more | jq -s '[.[].processes[] | select(.pid == 1)] | length')" 1
like "an error by its name" "$(call ListProcesses '{"container":"no-such"}' 2>&1)" 'io\.tallyman\.NoSuchContainer'
like "a method that does not exist" "$(call NoSuchMethod '{}' 2>&1)" 'MethodNotFound|method not found'
like "a parameter that does not exist" "$(call ListContainers '{"no_such":1}' 2>&1)" 'InvalidParameter|parameter'

# ---- the stream ----
varlinkctl --json=short --more call "$control" io.tallyman.SubscribeEvents \
	'{"kinds":["process_exec"],"allow_list":"{\"binary_regex\":[\"/actors/nothing$\"]}"}' >"$work/stream.json" 2>"$work/stream.log" &
subscriber=$!
wait_for 10 grep -q stream "$work/stream.json" || fail "SubscribeEvents answers at once" "$(cat "$work/stream.log")"
podman exec web /actors/nothing first
podman exec web /actors/nothing second
wait_for 10 grep -q second "$work/stream.json"
kill $subscriber
wait $subscriber 2>/dev/null
is "SubscribeEvents: the stream, then its events, numbered" \
	"$(jq -c 'if .event then [.event.sequence, .event.process_exec.process.container.name, .event.process_exec.process.argv[1]] else (.stream | type) end' \
		<(tr -d '\036' <"$work/stream.json") | head -n 3 | tr '\n' ' ')" '"string" ["1","web","first"] ["2","web","second"] '

# ---- who may ----
like "no user may" "$(runuser -u alice -- varlinkctl call "$control" io.tallyman.GetVersion '{}' 2>&1)" 'denied'
usermod -a -G tallyman alice
ok "but one of the group tallyman may" runuser -u alice -- varlinkctl call "$control" io.tallyman.GetVersion '{}'
podman kill --all >/dev/null 2>&1
finish
