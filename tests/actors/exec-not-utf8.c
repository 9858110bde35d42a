/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that are not UTF-8, control characters and quotes, in argv, in the file's name and in the
 * working directory. */
#include "actor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORY "/tmp/dir-\xff\xfe \"'\n\x1d"
#define BINARY	  DIRECTORY "/run-\xc3\x28\x80"

int main(void)
{
	char every_byte[256];
	char *const argv[] = {"\xf0\x28\x8c\x28", "caf\xc3\xa9", "\xed\xa0\x80 surrogate",
		"\xc0\xaf overlong", "\xf4\x90\x80\x80", "cut \xe2\x82", every_byte,
		"exe=/usr/bin/sudo vm=\"db\" uuid=0", "line\nbreak\r\t\x1b[31m\x1d AUID=\"bob\"",
		"back\\slash 'and' \"quotes\"", "", "\xe2\x80\xa8\xef\xbf\xbd\xf0\x9f\x98\x80",
		NULL};

	for (int i = 0; i < 255; i++)
		every_byte[i] = (char)(i + 1);
	every_byte[255] = 0;
	if (mkdir(DIRECTORY, 0755) < 0 && errno != EEXIST)
		die("mkdir");
	if (symlink(NOTHING, BINARY) < 0 && errno != EEXIST)
		die("symlink");
	if (chdir(DIRECTORY) < 0)
		die("chdir");
	run_exec("exec-not-utf8", BINARY, argv, DIRECTORY);
	return 0;
}
