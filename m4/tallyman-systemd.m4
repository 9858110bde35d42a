dnl SPDX-License-Identifier: Apache-2.0
dnl Where systemd's files go: with --prefix=/usr as systemd says; below another prefix in the same places
dnl of that prefix, of which systemd reads those in /usr/local too.
AC_DEFUN([TALLYMAN_SYSTEMD_DIRECTORY], [
	AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=DIR], [$4])], [$1=$withval], [
		$1='${prefix}/lib/$3'
		AS_IF([test "x$prefix" = x/usr], [
			found=$($PKG_CONFIG --variable=$2 systemd 2>/dev/null)
			AS_IF([test "x$found" != x], [$1=$found])])])
	AC_SUBST([$1])
])
AC_DEFUN([TALLYMAN_SYSTEMD], [
	TALLYMAN_SYSTEMD_DIRECTORY([systemdsystemunitdir], [systemdsystemunitdir], [systemd/system], [unit files])
	TALLYMAN_SYSTEMD_DIRECTORY([systemdsystempresetdir], [systemdsystempresetdir], [systemd/system-preset], [presets])
	TALLYMAN_SYSTEMD_DIRECTORY([sysusersdir], [sysusersdir], [sysusers.d], [sysusers.d files])
	TALLYMAN_SYSTEMD_DIRECTORY([tmpfilesdir], [tmpfilesdir], [tmpfiles.d], [tmpfiles.d files])
])
