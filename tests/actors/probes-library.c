/* SPDX-License-Identifier: Apache-2.0 */
/* LD_PRELOAD=… LIBRARY_WORK=NUMBER: a library that calls its function when it is loaded, and asks
 * for a process group there. */
#include <stdlib.h>
#include <unistd.h>

__attribute__((noinline)) int library_work(int number);

int library_work(int number)
{
	int group = getpgid(0);

	__asm__ volatile("" : "+r"(group));
	return number + (group > 0);
}

__attribute__((constructor)) static void begin(void)
{
	const char *number = getenv("LIBRARY_WORK");

	if (number)
		library_work(atoi(number));
}
