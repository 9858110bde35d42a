dnl SPDX-License-Identifier: Apache-2.0
dnl A curated list: every flag is one that found a real class of mistake and can be kept clean.
AC_DEFUN([TALLYMAN_WARNINGS], [
	WARNING_CFLAGS=""
	for flag in -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
		-Wformat=2 -Wformat-security -Wpointer-arith -Wundef -Wvla -Wimplicit-fallthrough \
		-Wcast-align -Wwrite-strings -Wlogical-op -Wduplicated-cond -Wno-unused-parameter \
		-Wno-missing-field-initializers -Wno-format-nonliteral
	do
		save_CFLAGS=$CFLAGS
		CFLAGS="$CFLAGS -Werror $flag"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])], [WARNING_CFLAGS="$WARNING_CFLAGS $flag"])
		CFLAGS=$save_CFLAGS
	done
	AS_IF([test "x$enable_werror" = xyes], [WARNING_CFLAGS="$WARNING_CFLAGS -Werror"])
	AC_SUBST([WARNING_CFLAGS])
])
