/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/audit/oracle.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/audit/record.h"
#include "lib/util.h"

static bool plain(const char *text)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./@%+-";

	return *text && strlen(text) <= AUDIT_WORD_MAX && text[strspn(text, allowed)] == '\0';
}

static void common_facts(struct facts *facts, const struct sample *sample)
{
	sample_vm(sample->container, facts->vm, sizeof(facts->vm));
	facts->uuid = sample->container->id;
	facts->result = sample->event.kind == EVENT_EVENT_LOSS || sample->failed ? "no" : "yes";
	facts->exe = AUDIT_OWN_EXE;
	if (sample->comm) {
		facts->exe = sample->exe;
		facts->comm = sample->comm;
	}
	switch (sample->event.kind) {
	case EVENT_PROCESS_EXEC:
		facts->types[0] = "USER_CMD";
		break;
	case EVENT_CONTAINER_START:
	case EVENT_CONTAINER_STOP:
		facts->types[0] = "VIRT_CONTROL";
		break;
	case EVENT_PROCESS_KPROBE:
		facts->types[0] = "ANOM_ACCESS_FS";
		break;
	default:
		facts->types[0] = "RESP_ANOMALY";
	}
}

/* A path that a kernel record cannot hold whole is not found by its name. */
static const char *if_it_fits(const char *path)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./@%+-:,";

	if (!path)
		return NULL;
	if (path[strspn(path, allowed)] == '\0')
		return strlen(path) + 2 <= AUDIT_PATH_MAX ? path : NULL;
	return 2 * strlen(path) <= AUDIT_PATH_MAX ? path : NULL;
}

void kernel_facts(struct facts *facts, const struct sample *sample)
{
	common_facts(facts, sample);
	facts->exe = if_it_fits(facts->exe);
	facts->pid = SENDER_PID;
	facts->uid = 0;
	facts->auid = facts->session = SAMPLE_UNSET;
	facts->hostname = plain(facts->vm) ? facts->vm : "?";
	if (sample->event.kind == EVENT_PROCESS_EXEC || sample->event.kind == EVENT_PROCESS_KPROBE)
		facts->files[0] = if_it_fits(sample->cwd);
}

void audit_log_facts(struct facts *facts, const struct sample *sample)
{
	static const char *const exec_types[] = {
		"SYSCALL", "EXECVE", "CWD", "PATH", "VIRT_MACHINE_ID", "EOE"};
	static const char *const hit_types[] = {
		"SYSCALL", "CWD", "PATH", "ANOM_ACCESS_FS", "VIRT_MACHINE_ID", "EOE"};
	const struct credentials *credentials;

	common_facts(facts, sample);
	facts->hostname = plain(facts->vm) ? facts->vm : "?";
	facts->pid = (uint32_t)getpid();
	facts->uid = getuid();
	facts->auid = sample->container->auid;
	facts->session = sample->container->session;
	if (!sample->process.image)
		return;
	credentials = &sample->process.image->credentials;
	facts->pid = sample->process.pid;
	facts->uid = credentials->uid;
	facts->auid = credentials->auid;
	facts->session = credentials->session;
	if (sample->event.kind == EVENT_PROCESS_KPROBE) {
		memcpy(facts->types, hit_types, sizeof(hit_types));
		facts->key = "p";
		facts->syscall = "openat";
		facts->files[0] = sample->cwd;
		facts->files[1] = sample->hit_path;
	}
	if (sample->event.kind != EVENT_PROCESS_EXEC)
		return;
	memcpy(facts->types, exec_types, sizeof(exec_types));
	facts->key = "tallyman-exec";
	facts->syscall = "execve";
	facts->hostname = NULL;
	facts->files[0] = sample->cwd;
	facts->files[1] = sample->binary;
	facts->files[2] = sample->exe;
}

static bool same(const char *fact, const char *value)
{
	return fact && !strcmp(fact, value);
}

bool option_matches(const struct facts *facts, const struct option *option)
{
	const char *flag = option->flag, *value = option->value;
	bool found = false;

	if (!strcmp(flag, "-m"))
		for (size_t i = 0; i < ARRAY_SIZE(facts->types); i++)
			found |= same(facts->types[i], value);
	else if (!strcmp(flag, "-f"))
		for (size_t i = 0; i < ARRAY_SIZE(facts->files); i++)
			found |= same(facts->files[i], value);
	else if (!strcmp(flag, "--vm-name"))
		found = same(facts->vm, value);
	else if (!strcmp(flag, "--uuid"))
		found = same(facts->uuid, value);
	else if (!strcmp(flag, "-x"))
		found = same(facts->exe, value);
	else if (!strcmp(flag, "-c"))
		found = same(facts->comm, value);
	else if (!strcmp(flag, "-k"))
		found = same(facts->key, value);
	else if (!strcmp(flag, "-sv"))
		found = same(facts->result, value);
	else if (!strcmp(flag, "-hn"))
		found = same(facts->hostname, value);
	else if (!strcmp(flag, "-sc"))
		found = same(facts->syscall, value);
	else if (!strcmp(flag, "-p"))
		found = facts->pid == strtoul(value, NULL, 10);
	else if (!strcmp(flag, "-ui"))
		found = facts->uid == strtoul(value, NULL, 10);
	else if (!strcmp(flag, "-ul"))
		found = facts->auid == strtoul(value, NULL, 10);
	else if (!strcmp(flag, "--session"))
		found = facts->session == strtoul(value, NULL, 10);
	else
		abort();
	return found;
}
