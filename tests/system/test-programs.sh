#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# This kernel's verifier takes each program of the base sensor, in every variant, and of policies, well below its limit
# of a million instructions: what other kernels count is in docs/kernels.md, and differs by a third.
. "$(dirname "$0")/lib.sh"

limit=400000
"$top_builddir/tests/bpf/verify-programs" >"$work/programs.txt" 2>&1 || diag "$(tail -n 40 "$work/programs.txt")"
read -r _ release <"$work/programs.txt"
is "the programs were verified by this kernel" "$release" "$(uname -r)"
while read -r name rest; do
	configuration=$(tr -s ' ' <<<"${rest% *}")
	case $rest in
	*refused*) fail "$name is verified" "$rest" ;;
	*)
		if [ "${rest##* }" -gt 0 ] && [ "${rest##* }" -lt $limit ]; then
			pass "$name, $configuration: below $limit instructions"
		else
			fail "$name, $configuration: below $limit instructions" "$rest"
		fi
		;;
	esac
done < <(grep -E '^(on_|iterate_)' "$work/programs.txt")
"$top_builddir/tests/bpf/verify-policies" >"$work/policies.txt" 2>&1 || diag "$(tail -n 40 "$work/policies.txt")"
while read -r name rest; do
	case $rest in
	refused*) fail "$name of policies is verified" "$rest" ;;
	"not possible") pass "$name of policies: no such programs on this kernel" ;;
	*)
		if [ "$rest" -gt 0 ] && [ "$rest" -lt $limit ]; then
			pass "$name of policies, with all that one can ask for: below $limit instructions"
		else
			fail "$name of policies, with all that one can ask for: below $limit instructions" "$rest"
		fi
		;;
	esac
done < <(grep '^on_' "$work/policies.txt")
is "all programs of policies were tried" "$(grep -c '^on_' "$work/policies.txt")" 19
is "each hook has its program" \
	"$(grep -oE '^(on_|iterate_)[a-z_]+' "$work/programs.txt" | sort -u | tr '\n' ' ')" \
	"iterate_tasks on_cgroup_attach on_cgroup_mkdir on_cgroup_rmdir on_exec on_exit on_fork "
finish
