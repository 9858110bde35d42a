# shellcheck shell=bash disable=SC2154 # $top is of common.sh
# SPDX-License-Identifier: Apache-2.0
# Reading TAP: for tools/test and tests/vm/run.

# tap_read NAME LOG STATUS SECONDS: count what a script with that exit status wrote there, into $tap_passed,
# $tap_failed and $tap_skipped. A script that did not come to its end is one more failure.
tap_read() {
	local name=$1 log=$2 status=$3 limit=$4 plan
	tap_passed=$(grep -cE '^ok\b' "$log")
	tap_skipped=$(grep -cE '^ok\b.*# SKIP' "$log")
	tap_failed=$(grep -cE '^not ok\b' "$log")
	plan=$(sed -nE 's/^1\.\.([0-9]+).*/\1/p' "$log" | tail -n 1)
	if grep -qE '^1\.\.0 # SKIP' "$log"; then
		tap_skipped=1 tap_passed=1
	elif [ "$status" = 124 ]; then
		tap_failed=$((tap_failed + 1))
		echo "not ok - $name ended within $limit s" >>"$log"
	elif [ "${plan:-none}" != $((tap_passed + tap_failed)) ] || { [ "$status" != 0 ] && [ "$tap_failed" = 0 ]; }; then
		tap_failed=$((tap_failed + 1))
		echo "not ok - $name ran to its end (exit status $status, plan ${plan:-none})" >>"$log"
	fi
	tap_passed=$((tap_passed - tap_skipped))
}

# tap_failures LOG: each failed test and the explanation that follows it
tap_failures() {
	awk '/^not ok/ { on = 1; print; next } /^#/ && on { print; next } { on = 0 }' "$1" |
		head -n 60 | cut -c1-300 | sed 's/^/    /'
}

allowed_skip() {
	local suite=$1 text=$2 where what
	while IFS='|' read -r where what _; do
		where=${where// /}
		what=$(sed 's/^ *//; s/ *$//' <<<"$what")
		# shellcheck disable=SC2053 # the list may say vm/*/base
		[[ $suite == $where ]] && case $text in *"$what"*) return 0 ;; esac
	done < <(grep -v '^#' "$top/tests/allowed-skips")
	return 1
}

# tap_skips NAME LOG: say what was skipped; how many of those are not on the list is left in $tap_unexpected
tap_skips() {
	local line
	tap_unexpected=0
	while IFS= read -r line; do
		if allowed_skip "$1" "$line"; then
			say "    skipped: ${line#*# SKIP }"
		else
			tap_unexpected=$((tap_unexpected + 1))
			say "    SKIPPED, which tests/allowed-skips does not allow: $line"
		fi
	done < <(grep -E '# SKIP' "$2")
}
