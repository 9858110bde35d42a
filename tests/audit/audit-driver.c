/* SPDX-License-Identifier: Apache-2.0 */
/* The audit sink without the daemon, driven by lines on stdin; answers on stdout, each ended by a
 * line "done". For tests/system/test-audit-live.sh. start [KEY=VALUE…]     audit_start(), keys of
 * [audit] exec CONTAINER COUNT ARGUMENT-BYTES container-start NAME, container-stop NAME tick
 * audit_tick(), ten seconds later each time status                 audit_status_get(), a NAME=VALUE
 * line each wait HEALTH SECONDS    until the health is that, or "late" drain SECONDS          until
 * the queue is empty, or "late" loss                   audit_take_loss() stop MILLISECONDS
 * audit_stop() `exec` says how long the slowest call took; nothing is asserted here. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/audit/audit.h"
#include "lib/util.h"
#include "tests/audit/samples.h"

static struct audit *audit;
static struct config config = {
	.audit_enabled = true,
	.audit_container_rate = 20,
	.audit_container_burst = 300,
	.audit_host_rate = 100,
	.audit_host_burst = 1000,
};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

static struct container *container(const char *name)
{
	static struct container containers[64];

	for (size_t i = 0; i < ARRAY_SIZE(containers); i++) {
		struct container *c = &containers[i];

		if (c->metadata.name && strcmp(c->metadata.name, name))
			continue;
		if (!c->metadata.name) {
			c->cgroup_id = i + 1;
			c->metadata.name = strdup(name);
			c->metadata.runtime = strdup("podman");
			snprintf(c->id, sizeof(c->id), "%064zx", i + 1);
			c->init_pid = 1000 + (int)i;
			c->auid = 1000;
			c->session = 3;
		}
		return c;
	}
	abort();
}

static void do_start(char *settings)
{
	struct error error = {0};

	for (char *next, *key = settings ? strtok_r(settings, " ", &next) : NULL; key;
		key = strtok_r(NULL, " ", &next)) {
		char *value = strchr(key, '=');
		uint32_t number = value ? (uint32_t)strtoul(value + 1, NULL, 10) : 0;

		if (!value)
			abort();
		*value = '\0';
		if (!strcmp(key, "container_rate"))
			config.audit_container_rate = number;
		else if (!strcmp(key, "host_rate"))
			config.audit_host_rate = number;
		else if (!strcmp(key, "exec"))
			config.audit_exec = (enum audit_exec)number;
		else
			abort();
	}
	if (audit_start(&config, &audit, &error) < 0)
		printf("error=%s\n", error.message);
}

static void do_exec(const char *name, unsigned count, size_t argument_bytes)
{
	struct sample sample = {0};
	char *arguments = calloc(1, argument_bytes + 8);
	uint64_t slowest = 0;

	if (!arguments)
		abort();
	memset(arguments, 'x', argument_bytes + 7);
	memcpy(arguments, "test", 5);
	sample_exec(&sample, container(name), "test", "/bin/test", "/bin/test", "/", arguments,
		argument_bytes + 8);
	sample.process.image->credentials.auid = 1000;
	sample.process.image->credentials.session = 3;
	for (unsigned i = 0; i < count; i++) {
		uint64_t begin = now_ns(CLOCK_MONOTONIC);

		sample.process.pid = 10000 + i;
		sample.event.time = now_ns(CLOCK_REALTIME);
		audit_event(audit, &sample.event);
		slowest = MAX(slowest, now_ns(CLOCK_MONOTONIC) - begin);
	}
	printf("slowest_us=%" PRIu64 "\n", (uint64_t)(slowest / 1000));
	sample_done(&sample);
	free(arguments);
}

static void do_lifecycle(const char *name, enum event_kind kind)
{
	struct event event = {.kind = kind, .container = container(name)};

	event.time = now_ns(CLOCK_REALTIME);
	if (kind == EVENT_CONTAINER_STOP)
		event.stop.reason = "exited";
	audit_event(audit, &event);
}

static void do_status(void)
{
	struct audit_status status;

	audit_status_get(audit, &status);
	printf("health=%s\nreason=%s\nauditd_present=%d\n", audit_health_name(status.health),
		status.reason, status.auditd_present);
	printf("sent=%" PRIu64 "\nfailed=%" PRIu64 "\nqueued=%" PRIu64 "\nqueue_lost=%" PRIu64 "\n",
		status.sent, status.failed, status.queued, status.queue_lost);
	printf("limited=%" PRIu64 "\nsummaries=%" PRIu64 "\n", status.limited, status.summaries);
	printf("self_tests=%" PRIu64 "\nself_tests_returned=%" PRIu64 "\n", status.self_tests,
		status.self_tests_returned);
	printf("records_per_second=%.3f\nretention_hours=%.3f\n", status.records_per_second,
		status.retention_hours);
}

static bool health_is(const char *health)
{
	struct audit_status status;

	audit_status_get(audit, &status);
	return !strcmp(audit_health_name(status.health), health);
}

static bool drained(const char *unused)
{
	struct audit_status status;

	audit_status_get(audit, &status);
	return !status.queued;
}

static void wait_until(bool (*condition)(const char *), const char *argument, unsigned seconds)
{
	uint64_t deadline = now_ns(CLOCK_MONOTONIC) + seconds * NSEC_PER_SEC;

	while (!condition(argument)) {
		if (now_ns(CLOCK_MONOTONIC) > deadline) {
			printf("late\n");
			return;
		}
		usleep(20000);
	}
}

static void do_line(char *line)
{
	static uint64_t ticks;
	char command[32] = "", name[64] = "";
	unsigned first = 0, second = 0;
	uint64_t count, since;

	line[strcspn(line, "\n")] = '\0';
	sscanf(line, "%31s", command);
	if (!strcmp(command, "start")) {
		do_start(strchr(line, ' '));
	} else if (!strcmp(command, "exec") &&
		   sscanf(line, "%*s %63s %u %u", name, &first, &second) == 3) {
		do_exec(name, first, second);
	} else if (sscanf(line, "container-start %63s", name) == 1) {
		do_lifecycle(name, EVENT_CONTAINER_START);
	} else if (sscanf(line, "container-stop %63s", name) == 1) {
		do_lifecycle(name, EVENT_CONTAINER_STOP);
	} else if (!strcmp(command, "tick")) {
		audit_tick(audit, ++ticks * 10 * NSEC_PER_SEC);
	} else if (!strcmp(command, "status")) {
		do_status();
	} else if (sscanf(line, "wait %63s %u", name, &first) == 2) {
		wait_until(health_is, name, first);
	} else if (sscanf(line, "drain %u", &first) == 1) {
		wait_until(drained, NULL, first);
	} else if (!strcmp(command, "loss")) {
		count = 0;
		audit_take_loss(audit, &count, &since);
		printf("lost=%" PRIu64 "\n", count);
	} else if (sscanf(line, "stop %u", &first) == 1) {
		uint64_t begin = now_ns(CLOCK_MONOTONIC);

		audit = audit_stop(audit, first * NSEC_PER_MSEC);
		printf("stop_ms=%" PRIu64 "\n",
			(uint64_t)((now_ns(CLOCK_MONOTONIC) - begin) / NSEC_PER_MSEC));
	} else {
		printf("what?\n");
	}
	printf("done\n");
	fflush(stdout);
}

int main(void)
{
	char line[256];

	while (fgets(line, sizeof(line), stdin))
		do_line(line);
	return 0;
}
