dnl SPDX-License-Identifier: Apache-2.0
dnl A curated list: every flag is one that found a real class of mistake and can be kept clean. Some
dnl compilers do not take a comment for an answer to -Wimplicit-fallthrough, and uthash has only
dnl comments: the program tried has one too.
AC_DEFUN([TALLYMAN_WARNINGS], [
	WARNING_CFLAGS=""
	for flag in -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
		-Wformat=2 -Wformat-security -Wpointer-arith -Wundef -Wvla -Wimplicit-fallthrough \
		-Wcast-align -Wwrite-strings -Wlogical-op -Wduplicated-cond -Wno-unused-parameter \
		-Wno-missing-field-initializers -Wno-format-nonliteral
	do
		save_CFLAGS=$CFLAGS
		CFLAGS="$CFLAGS -Werror $flag"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([int f(int x);], [[
			switch (f(1)) {
			case 1:
				f(2);
				/* fall through */
			case 2:
				f(3);
			}]])], [WARNING_CFLAGS="$WARNING_CFLAGS $flag"])
		CFLAGS=$save_CFLAGS
	done
	AS_IF([test "x$enable_werror" = xyes], [WARNING_CFLAGS="$WARNING_CFLAGS -Werror"])
	AC_SUBST([WARNING_CFLAGS])
])
