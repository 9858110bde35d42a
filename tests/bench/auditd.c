/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/auditd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libaudit.h>

#include "lib/cleanup.h"
#include "tests/bench/command.h"
#include "tests/bench/process_facts.h"

#define AUDITD_PATH	 "/usr/sbin/auditd"
#define AUDITCTL_PATH	 "/usr/sbin/auditctl"
#define START_TIMEOUT_MS 5000
#define STOP_TIMEOUT_MS	 5000
#define BACKLOG		 "8192" /* Debian's and Red Hat's audit.rules; the kernel's own 64 */
#define BACKLOG_KERNEL	 "64"

static int auditctl(const char *first, const char *second, const char *third, const char *fourth,
	const char *fifth, const char *sixth)
{
	const char *const arguments[] = {
		AUDITCTL_PATH, first, second, third, fourth, fifth, sixth, NULL};
	int status = command_run(arguments, NULL);

	return status < 0 ? status : status ? -EIO : 0;
}

static bool auditd_running(void)
{
	return process_find("auditd") > 0;
}

bool auditd_usable(void)
{
	return !access(AUDITD_PATH, X_OK) && !access(AUDITCTL_PATH, X_OK) && !auditd_running();
}

/* Debian 12's auditd.conf, with the log elsewhere. */
static int write_configuration(const char *folder, const char *log)
{
	_cleanup_fclose_ FILE *file = NULL;
	char path[160];

	if (mkdir(folder, 0750) < 0 && errno != EEXIST)
		return -errno;
	snprintf(path, sizeof(path), "%s/auditd.conf", folder);
	file = fopen(path, "we");
	if (!file)
		return -errno;
	fprintf(file,
		"local_events = yes\nwrite_logs = yes\nlog_file = %s\nlog_group = root\n"
		"log_format = ENRICHED\nflush = INCREMENTAL_ASYNC\nfreq = 50\nmax_log_file = 8\n"
		"num_logs = 5\npriority_boost = 4\nname_format = NONE\n"
		"max_log_file_action = ROTATE\nspace_left = 75\nspace_left_action = SYSLOG\n"
		"admin_space_left = 50\nadmin_space_left_action = IGNORE\n"
		"disk_full_action = IGNORE\ndisk_error_action = IGNORE\nq_depth = 2000\n"
		"overflow_action = SYSLOG\nmax_restarts = 10\nplugin_dir = %s/plugins.d\n",
		log, folder);
	snprintf(path, sizeof(path), "%s/plugins.d", folder);
	if (mkdir(path, 0750) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

/* The kernel names auditd's pid once it has taken over; the log is open by then. */
static int wait_registered(pid_t pid)
{
	for (unsigned waited = 0; waited < START_TIMEOUT_MS; waited += 10) {
		_cleanup_close_ int fd = audit_open();
		struct audit_reply reply;

		if (waitpid(pid, NULL, WNOHANG) == pid)
			return -ECHILD;
		if (fd >= 0 && audit_request_status(fd) > 0)
			while (audit_get_reply(fd, &reply, GET_REPLY_BLOCKING, 0) > 0) {
				if (reply.type != AUDIT_GET)
					continue;
				if ((pid_t)reply.status->pid == pid)
					return 0;
				break;
			}
		sleep_ms(10);
	}
	return -ETIMEDOUT;
}

int auditd_start(const struct bench *bench, struct auditd *ret, struct error *error)
{
	char folder[100], messages[128];
	const char *const arguments[] = {AUDITD_PATH, "-n", "-l", "-c", folder, NULL};
	struct auditd a = {};
	int r;

	snprintf(folder, sizeof(folder), "%.80s/auditd", bench->directory);
	snprintf(messages, sizeof(messages), "%s/messages", folder);
	snprintf(a.log, sizeof(a.log), "%s/audit.log", folder);
	r = write_configuration(folder, a.log);
	if (r < 0)
		return error_set(error, r, "%s: %s", folder, strerror(-r));
	auditctl("-D", NULL, NULL, NULL, NULL, NULL);
	auditctl("-b", BACKLOG, NULL, NULL, NULL, NULL);
	a.pid = command_start(arguments, -1, messages, NULL);
	if (a.pid < 0)
		return error_set(error, a.pid, "auditd: %s", strerror(-a.pid));
	r = wait_registered(a.pid);
	if (!r)
		r = auditctl("-a", "always,exit", "-F", "arch=b64", "-S", "execve");
	if (r < 0) {
		if (r == -ECHILD)
			a.pid = 0;
		auditd_stop(&a);
		return error_set(
			error, r, "auditd: did not start: %s, see %s", strerror(-r), messages);
	}
	a.kernel_thread = process_find("kauditd");
	*ret = a;
	return 0;
}

void audit_contexts(bool wanted)
{
	auditctl("-D", NULL, NULL, NULL, NULL, NULL);
	auditctl("-e", "1", NULL, NULL, NULL, NULL);
	auditctl("-e", "0", NULL, NULL, NULL, NULL);
	if (!wanted)
		auditctl("-a", "never,task", NULL, NULL, NULL, NULL);
}

void auditd_stop(struct auditd *auditd)
{
	auditctl("-D", NULL, NULL, NULL, NULL, NULL);
	command_stop(auditd->pid, STOP_TIMEOUT_MS);
	auditd->pid = 0;
	audit_contexts(false);
}

void auditd_restore(void)
{
	auditctl("-D", NULL, NULL, NULL, NULL, NULL);
	auditctl("-e", "0", NULL, NULL, NULL, NULL);
	auditctl("-b", BACKLOG_KERNEL, NULL, NULL, NULL, NULL);
}
