#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Policies about programs: functions and offsets of them (uprobes), the probes they were built with
# (usdts), and what is mapped for running (loader).
. "$(dirname "$0")/lib.sh"

probes=$actors/probes library=$actors/probes-library.so

# policy NAME: standard input is its spec
policy() {
	printf 'apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: %s}\nspec:\n' "$1" >"$work/$1.yaml"
	sed 's/^/  /' >>"$work/$1.yaml"
}
# in_force NAME: add it, with standard input as its spec
in_force() {
	policy "$1"
	ok "$1: the kernel takes it" tallyman policy add "$work/$1.yaml"
}
# refused NAME PATTERN: the same is not taken, and this is why
refused() {
	local message
	policy "$1"
	if message=$(tallyman policy add "$work/$1.yaml" 2>&1); then
		fail "$1: it is refused" "$message"
	else
		like "$1: it is refused" "$message" "$2"
	fi
}
gone() {
	tallyman policy delete "$1" >"$work/deleted" 2>&1 || fail "$1: it can be deleted" "$(cat "$work/deleted")"
}
# hits NAME FILTER: of each of its events
hits() {
	settle
	events ".process_uprobe // .process_usdt // .process_loader // empty | select(.policy_name == \$name) | $2" --arg name "$1"
}
address_of() { # SYMBOL: in the program, as a number
	printf '%d\n' "0x$(nm "$probes" | awk -v name="$1" '$3 == name { print $1 }')"
}

# Before 6.6 a place in a program is a perf event, and for those of all processes the kernel wants more.
IFS=. read -r major minor _ < <(uname -r)
if [ "$major" -gt 6 ] || { [ "$major" = 6 ] && [ "${minor%%[!0-9]*}" -ge 6 ]; }; then
	daemon_start
else
	daemon_start
	refused more-power 'wants CAP_SYS_ADMIN for it \(daemon.extra_capabilities\)' <<-E
		uprobes: [{path: $probes, symbols: [probes_add]}]
	E
	daemon_stop
	daemon_start daemon.extra_capabilities=CAP_SYS_ADMIN
fi

# ---- functions ----

in_force as-for-tetragon <<-E
	uprobes: [{path: /procRoot/1/root$probes, symbols: [probes_add]}]
E
"$probes" 7 seven >/dev/null
is "as-for-tetragon: the host's file, as its container calls it" "$(hits as-for-tetragon '[.path == "/procRoot/1/root'"$probes"'", .symbol]')" \
	'[true,"probes_add"]'
gone as-for-tetragon

in_force function <<-E
	uprobes:
	- path: $probes
	  symbols: [probes_add]
	  message: "added"
	  return: true
	  returnArg: {index: 0, type: int}
	  args:
	  - {index: 0, type: int}
	  - {index: 1, type: int64, label: more}
	  - {index: 2, type: string}
	  - {index: 3, type: uint8}
	  selectors:
	  - matchArgs: [{index: 0, operator: Equal, values: ["7", "-7"]}]
E
"$probes" 7 seven >/dev/null
"$probes" 8 eight >/dev/null
"$probes" -7 minus >/dev/null
is "function: arguments, and what was returned after them" "$(hits function '[.path == "'"$probes"'", .symbol, .message, .action, .args]')" \
	'[true,"probes_add","added","KPROBE_ACTION_POST",[{"int_arg":7},{"long_arg":"-2","label":"more"},{"string_arg":"seven"},{"uint_arg":3},{"int_arg":8}]]
[true,"probes_add","added","KPROBE_ACTION_POST",[{"int_arg":-7},{"long_arg":"-2","label":"more"},{"string_arg":"minus"},{"uint_arg":3},{"int_arg":-6}]]'
is "function: what did not match was a hit all the same" \
	"$(tallyman policy list -o json | jq -c '.[] | [.hits, .matches]')" '["3","2"]'
gone function

in_force functions <<-E
	uprobes:
	- path: $probes
	  symbols: [probes_outer, probes_inner]
E
"$probes" 1 one >/dev/null
is "functions: which of several it was" "$(hits functions .symbol)" '"probes_outer"
"probes_inner"'
gone functions

in_force text <<-E
	uprobes:
	- path: $probes
	  symbols: [probes_add]
	  args: [{index: 2, type: string}]
	  selectors:
	  - matchArgs: [{index: 2, operator: Prefix, values: ["fo"]}]
	    matchBinaries: [{operator: In, values: ["$probes"]}]
E
"$probes" 1 foo >/dev/null
"$probes" 1 bar >/dev/null
is "text: by an argument in the program's memory" "$(hits text '.args[0].string_arg')" '"foo"'
gone text

# Since 6.7; before, what the program has not touched yet cannot be read.
if tallyman policy check --kernel "$work/text.yaml" | grep -q sleepable && [ "$(printf '%s\n' 6.7 "$(uname -r)" | sort -V | head -n 1)" = 6.7 ]; then
	in_force untouched <<-E
		uprobes:
		- path: $probes
		  symbols: [probes_add]
		  args: [{index: 0, type: int}, {index: 2, type: string}]
		  selectors: [{matchArgs: [{index: 2, operator: Equal, values: [untouched]}]}]
		usdts:
		- path: $probes
		  provider: tallyman
		  name: all
		  args: [{index: 1, type: string}]
		  selectors: [{matchArgs: [{index: 1, operator: Equal, values: [untouched]}]}]
	E
	"$probes" 4
	"$probes" 0
	is "untouched: a text that nobody has looked at is read" "$(hits untouched '.args[-1].string_arg')" '"untouched"
"untouched"'
	is "untouched: nothing was missed" "$(tallyman policy list -o json | jq -r '.[].unreadable')" 0
	gone untouched
fi

in_force expression <<-E
	uprobes:
	- path: $probes
	  symbols: [probes_add]
	  args: [{index: 0, type: int}, {index: 3, type: uint8}]
	  selectors:
	  - matchArgs: [{operator: CelExpr, values: ["arg0 + int32(1) == int32(22) && arg1 == uint8(3u)"]}]
E
"$probes" 21 foo >/dev/null
"$probes" 22 foo >/dev/null
is "expression: of two of its arguments" "$(hits expression '.args[0].int_arg')" 21
gone expression

in_force registers <<-E
	uprobes:
	- path: $probes
	  symbols: [probes_add]
	  args: [{index: 0, type: int, source: pt_regs, resolve: $([ "$(uname -m)" = x86_64 ] && echo rdi || echo x0)}]
E
"$probes" 11 foo >/dev/null
is "registers: by name" "$(hits registers '.args[0].int_arg')" 11
gone registers

long_name=probes_$(printf 'a_long_%.0s' {1..10})$(printf 'and_longer_%.0s' {1..10})name
in_force long-name <<-E
	uprobes: [{path: $probes, symbols: [$long_name]}]
E
"$probes" 1 foo >/dev/null
is "long-name: of a function, as compilers make them" "$(hits long-name .symbol)" "\"$long_name\""
gone long-name

if [ "$(uname -m)" = x86_64 ]; then
	step=5 result=eax
else
	step=4 result=w0
fi
in_force inside <<-E
	uprobes:
	- path: $probes
	  symbols: [probes_steps+$step]
	  data: [{type: int, source: pt_regs, resolve: $result}]
	  selectors: [{matchData: [{index: 0, operator: Equal, values: ["1"]}]}]
E
"$probes" 11 foo >/dev/null
is "inside: a place behind the first instruction of a function" "$(hits inside '[.symbol, .data]')" "[\"probes_steps+$step\",[{\"int_arg\":1}]]"
gone inside

in_force shared <<-E
	uprobes:
	- path: $library
	  symbols: [library_work]
	  args: [{index: 0, type: int}]
E
LIBRARY_WORK=31 LD_PRELOAD=$library /bin/true
LD_PRELOAD=$library /bin/true
is "shared: a library's function, in any program" "$(hits shared '[.args[0].int_arg, (.process.binary | sub(".*/"; ""))]')" '[31,"true"]'
gone shared

# ---- offsets ----

offset=$(readelf -lW "$probes" | awk -v address="$(address_of probes_add)" '
	function number(text, i, value) {
		text = tolower(substr(text, 3)); value = 0
		for (i = 1; i <= length(text); i++) value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
		return value
	}
	$1 == "LOAD" { if (address >= number($3) && address < number($3) + number($5)) print address - number($3) + number($2) }')
in_force offsets <<-E
	uprobes:
	- path: $probes
	  offsets: [$offset]
	  args: [{index: 0, type: int}]
	- path: $probes
	  addrs: [$(address_of probes_add)]
	  args: [{index: 0, type: int}]
E
"$probes" 12 foo >/dev/null
is "offsets: a place in the file, and an address of the program" "$(hits offsets '[.offset, .symbol, .args[0].int_arg]')" \
	"$(printf '["%s",null,12]\n' "$offset" "$offset")"
gone offsets

# ---- probes ----

in_force probe <<-E
	usdts:
	- path: $probes
	  provider: tallyman
	  name: all
	  args:
	  - {index: 0, type: int32}
	  - {index: 1, type: string}
	  - {index: 2, type: int32}
	  - {index: 3, type: int32}
	  - {index: 4, type: auto, label: last}
	  selectors:
	  - matchArgs: [{index: 2, operator: GT, values: ["5"]}]
E
is "probe: its semaphore says that somebody looks" "$("$probes" 6 six)" 1
"$probes" 5 five >/dev/null
is "probe: arguments in registers, in memory, constant, in an array" "$(hits probe '[.provider, .name, .args]')" \
	'["tallyman","all",[{"int_arg":6},{"string_arg":"six"},{"int_arg":6},{"int_arg":-7},{"long_arg":"600","label":"last"}]]'
gone probe
is "probe: afterwards nobody does" "$("$probes" 6 six)" 0

in_force places <<-E
	usdts:
	- path: $probes
	  provider: tallyman
	  name: twice
	  args: [{index: 0, type: int32}]
E
"$probes" 21 x >/dev/null
is "places: in each the argument is elsewhere" "$(hits places '.args[0].int_arg')" '21
-7'
gone places

# ---- digests ----

sum=$(sha256sum "$probes" | cut -d ' ' -f 1)
build_id=$(readelf -n "$probes" | awk '/Build ID/ { print $3 }')
zeros() { # COUNT
	printf "%0$1d" 0
}
in_force digests <<-E
	uprobes:
	- path: $probes
	  symbols: [probes_add]
	  binaryDigests: ["sha1:0123456789012345678901234567890123456789", " sha256 : ${sum^^} "]
	- path: $probes
	  symbols: [probes_inner]
	  binaryDigests: ["build-id:$build_id"]
	- path: $probes
	  symbols: [probes_outer]
	  binaryDigests: ["sha512:$(zeros 128)"]
	  ignore: {digestVerificationFailure: true}
E
"$probes" 1 x >/dev/null
is "digests: what is another program is passed over where the policy says so" "$(hits digests .symbol)" '"probes_add"
"probes_inner"'
is "digests: the list says that a hook is nowhere" "$(tallyman policy list | awk '$1 == "digests" { print $5 }')" 2/3
like "digests: so does a look at the kernel" "$(tallyman policy check --kernel "$work/digests.yaml")" 'uprobes\[2\]: nowhere: left out by its ignore'
gone digests

refused wrong-digest 'is none of binaryDigests: it has '"$(sha384sum "$probes" | cut -d ' ' -f 1)" <<-E
	uprobes:
	- path: $probes
	  symbols: [probes_add]
	  binaryDigests: ["sha384:$(zeros 96)"]
E

# ---- what cannot be ----

refused no-file '5:.*/nowhere: No such file' <<-E
	uprobes: [{path: /nowhere, symbols: [main]}]
E
refused no-program 'is no ELF file' <<-E
	uprobes: [{path: /etc/passwd, symbols: [main]}]
E
refused no-regular-file 'is no regular file' <<-E
	uprobes: [{path: /dev/zero, symbols: [main]}]
E
refused no-function 'has no function no_such_function' <<-E
	uprobes: [{path: $probes, symbols: [probes_add, no_such_function]}]
E
refused past-the-end 'probes_steps\+0x40 is outside of the function: it has [0-9]+ bytes' <<-E
	uprobes: [{path: $probes, symbols: [probes_steps+0x40]}]
E
refused no-offset 'offset 0x5f5e0ff is in no segment of the file' <<-E
	uprobes: [{path: $probes, offsets: [99999999]}]
E
refused indirect 'probes_chosen is not called: it chooses the function' <<-E
	uprobes: [{path: $probes, symbols: [probes_chosen]}]
E
refused no-probe 'has no USDT probe tallyman:none' <<-E
	usdts: [{path: $probes, provider: tallyman, name: none}]
E
refused few-arguments 'index 1: the probe has fewer arguments' <<-E
	usdts: [{path: $probes, provider: tallyman, name: twice, args: [{index: 1, type: int32}]}]
E
refused no-register 'has no register rxx' <<-E
	uprobes: [{path: $probes, symbols: [probes_add], args: [{index: 0, type: int, source: pt_regs, resolve: rxx}]}]
E
is "nothing of them is left" "$(tallyman policy list -o json)" "[]"

# ---- loader ----

in_force loading <<-E
	loader: true
E
LIBRARY_WORK=1 LD_PRELOAD=$library /bin/true
marker=$(readelf -n "$library" | awk '/Build ID/ { print $3 }')
mapped() {
	hits loading 'select(.path == "'"$library"'") | [.buildid, (.process.binary | sub(".*/"; ""))]' | sort -u
}
was_mapped() {
	[ -n "$(mapped)" ]
}
wait_for 5 was_mapped || fail "loading: a library that a program loads"
if mapped | grep -q null; then # before 5.12 the kernel does not read it
	is "loading: the file" "$(mapped)" '[null,"true"]'
else
	is "loading: the file and its build id" "$(mapped)" "[\"$(printf '%b' "$(sed 's/../\\x&/g' <<<"$marker")" | base64 -w0)\",\"true\"]"
fi
"$probes" 1 x >/dev/null
was_run() {
	[ -n "$(hits loading 'select(.path == "'"$probes"'")')" ]
}
ok "loading: a program that is run, too" wait_for 5 was_run
ok "loading: a data file is not" test -z "$(hits loading 'select(.path == "'"$events_json"'")')"
gone loading
before=$(hits loading .path | wc -l)
"$probes" 1 x >/dev/null
is "loading: when the policy is gone nothing comes" "$(hits loading .path | wc -l)" "$before"

ok "the daemon lives" daemon_alive
is "and lost nothing" "$(events '.event_loss // empty' | wc -l)" 0
finish
