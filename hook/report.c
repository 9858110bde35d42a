/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/util.h"

#define REPORT_MAX 1024

/* Not syslog(3): that waits for a journald that does not read, and a container start with it. */
static void send_to_syslog(int level, const char *message)
{
	static const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	char line[REPORT_MAX + 128], when[32] = "";
	_cleanup_close_ int fd = -1;
	time_t now = time(NULL);
	struct tm broken_down;
	int length;

	if (gmtime_r(&now, &broken_down))
		strftime(when, sizeof(when), "%b %e %H:%M:%S ", &broken_down);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return;
	length = snprintf(line, sizeof(line), "<%d>%stallyman-hook[%d]: %s", LOG_AUTHPRIV | level,
		when, (int)getpid(), message);
	if (length > 0)
		(void)!send(fd, line, MIN((size_t)length, sizeof(line) - 1),
			MSG_NOSIGNAL | MSG_DONTWAIT);
}

void report(int level, const char *format, ...)
{
	char message[REPORT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	/* Ids, images and reasons come from elsewhere: no second line, no terminal sequences. */
	for (char *c = message; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	fprintf(stderr, "tallyman-hook: %s\n", message);
	send_to_syslog(level, message);
}
