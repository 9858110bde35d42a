dnl SPDX-License-Identifier: Apache-2.0
dnl What makes a flaw harder to use, for those who do not build as a distribution does. Flags that the
dnl user gives come later on the command line and win. Not in instrumented builds: sanitizers have
dnl checks of their own, and _FORTIFY_SOURCE needs optimization.
AC_DEFUN([TALLYMAN_HARDENING], [
	AC_ARG_ENABLE([hardening], [AS_HELP_STRING([--disable-hardening], [leave out compiler and linker hardening])],
		[], [enable_hardening=yes])
	HARDENING_CPPFLAGS=""
	HARDENING_CFLAGS=""
	HARDENING_LDFLAGS=""
	AS_IF([test "x$enable_hardening" = xyes && test "x$INSTRUMENTATION" = x], [
		AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
			#ifdef _FORTIFY_SOURCE
			#error it is set already, perhaps higher
			#endif
			#ifndef __OPTIMIZE__
			#error without optimization it does nothing
			#endif
			]])], [HARDENING_CPPFLAGS="-D_FORTIFY_SOURCE=2"])
		save_CFLAGS=$CFLAGS
		for flag in -fstack-protector-strong -fstack-clash-protection -fPIE; do
			CFLAGS="$save_CFLAGS -Werror $flag"
			AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])], [HARDENING_CFLAGS="$HARDENING_CFLAGS $flag"])
		done
		CFLAGS="$save_CFLAGS -fPIE"
		save_LDFLAGS=$LDFLAGS
		for flag in -pie -Wl,-z,relro -Wl,-z,now; do
			LDFLAGS="$save_LDFLAGS $flag"
			AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [HARDENING_LDFLAGS="$HARDENING_LDFLAGS $flag"])
		done
		LDFLAGS=$save_LDFLAGS
		CFLAGS=$save_CFLAGS
	])
	AC_SUBST([HARDENING_CPPFLAGS])
	AC_SUBST([HARDENING_CFLAGS])
	AC_SUBST([HARDENING_LDFLAGS])
])
