#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The unit files as systemd sees them: no key it does not know, and an exposure of at most 2.5.
set -eu

units=${top_builddir:-.}/packaging/common
if ! systemd-analyze --help 2>/dev/null | grep -q -e --offline; then
	echo 'no systemd-analyze that can look at a file (systemd 250)'
	exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$units/tallymand.socket" "$work/"
# The program is not installed here, and verify would say no more than that.
sed 's|^ExecStart=.*|ExecStart=/bin/true|' "$units/tallymand.service" >"$work/tallymand.service"

systemd-analyze verify --man=no "$work/tallymand.service" "$work/tallymand.socket" >"$work/said" 2>&1 ||
	echo "systemd-analyze verify: failed" >>"$work/said"
if grep -q tallymand "$work/said"; then
	cat "$work/said"
	exit 1
fi
if ! systemd-analyze security --no-pager --offline=true --threshold=25 "$work/tallymand.service" >"$work/said" 2>&1; then
	cat "$work/said"
	exit 1
fi
tail -n 1 "$work/said"

# systemd answers openat2 with ENOSYS then, and the daemon cannot open what it kept.
if grep -q '^RestrictSUIDSGID=[yt1]' "$units/tallymand.service"; then
	echo "RestrictSUIDSGID= takes openat2 away"
	exit 1
fi
