/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/audit/retention.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/fd.h"
#include "lib/util.h"

#define CONFIG_SIZE_MAX 16384 /* the shipped file has 900 bytes */
#define LINE_SIZE_MAX	256
#define METER_SECONDS	300.0

struct settings {
	unsigned long max_log_file, num_logs;
	char action[16];
	bool write_logs;
};

static void setting(struct settings *settings, const char *key, const char *value)
{
	if (!strcasecmp(key, "max_log_file"))
		settings->max_log_file = strtoul(value, NULL, 10);
	else if (!strcasecmp(key, "num_logs"))
		settings->num_logs = strtoul(value, NULL, 10);
	else if (!strcasecmp(key, "write_logs"))
		settings->write_logs = strcasecmp(value, "no") != 0;
	else if (!strcasecmp(key, "max_log_file_action"))
		snprintf(settings->action, sizeof(settings->action), "%s", value);
}

/* `key = value`, blanks anywhere; `line` is changed. */
static void parse_line(struct settings *settings, char *line)
{
	static const char blanks[] = " \t\r";
	char *equals = strchr(line, '='), *key, *value;

	key = line + strspn(line, blanks);
	if (!equals || *key == '#')
		return;
	*equals = '\0';
	key[strcspn(key, blanks)] = '\0';
	value = equals + 1 + strspn(equals + 1, blanks);
	value[strcspn(value, blanks)] = '\0';
	setting(settings, key, value);
}

uint64_t audit_retention_parse(const char *text, size_t length)
{
	/* auditd's own defaults for what the file does not say */
	struct settings settings = {.action = "ignore", .write_logs = true};
	const char *end = text + length;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t line_length = (size_t)((newline ? newline : end) - text);
		char line[LINE_SIZE_MAX];

		if (line_length < sizeof(line)) {
			memcpy(line, text, line_length);
			line[line_length] = '\0';
			parse_line(&settings, line);
		}
		text += line_length + 1;
	}
	if (!settings.write_logs || settings.max_log_file > UINT32_MAX || settings.num_logs > 999)
		return AUDIT_RETENTION_UNKNOWN;
	if (!strcasecmp(settings.action, "rotate"))
		return ((uint64_t)settings.max_log_file << 20) * MAX(settings.num_logs, 1UL);
	if (!strcasecmp(settings.action, "suspend") || !strcasecmp(settings.action, "single") ||
		!strcasecmp(settings.action, "halt"))
		return (uint64_t)settings.max_log_file << 20;
	return AUDIT_RETENTION_UNLIMITED;
}

/* On the sender thread and without allocation, so that the thread needs no heap of its own. */
uint64_t audit_retention_read(const char *path)
{
	char text[CONFIG_SIZE_MAX];
	_cleanup_close_ int fd = open_regular(AT_FDCWD, path, 0);
	size_t length = 0;

	if (fd < 0)
		return AUDIT_RETENTION_UNKNOWN;
	while (length < sizeof(text)) {
		ssize_t got = read(fd, text + length, sizeof(text) - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return AUDIT_RETENTION_UNKNOWN;
		if (!got)
			break;
		length += (size_t)got;
	}
	return audit_retention_parse(text, length);
}

double audit_retention_hours(uint64_t capacity, double bytes_per_second)
{
	if (capacity == AUDIT_RETENTION_UNKNOWN || capacity == AUDIT_RETENTION_UNLIMITED ||
		bytes_per_second <= 0)
		return -1;
	return (double)capacity / bytes_per_second / 3600;
}

void audit_rate_meter_update(struct audit_rate_meter *meter, uint64_t now_ns, uint64_t total)
{
	double elapsed, window, now_per_second, weight;

	if (!meter->started_ns) {
		*meter = (struct audit_rate_meter){
			.started_ns = now_ns, .last_ns = now_ns, .last_total = total};
		return;
	}
	if (now_ns <= meter->last_ns)
		return;
	elapsed = (double)(now_ns - meter->last_ns) / NSEC_PER_SEC;
	window = (double)(now_ns - meter->started_ns) / NSEC_PER_SEC;
	now_per_second = (double)(total - meter->last_total) / elapsed;
	weight = elapsed / MIN(window, METER_SECONDS);
	meter->per_second += (now_per_second - meter->per_second) * MIN(weight, 1.0);
	meter->last_ns = now_ns;
	meter->last_total = total;
}
