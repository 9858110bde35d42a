/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/conmon_table.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/proc.h"
#include "oci/conmon.h"
#include "oci/state.h"

static void process_done(struct conmon_process *process)
{
	free(process->bundle);
	free(process->command);
}

/* A whole podman may run in a container, with conmons of its own. */
static bool is_inside_container(pid_t pid)
{
	struct cgroup_container found;
	char path[PROC_CGROUP_MAX];

	return !proc_cgroup_path(pid, path, sizeof(path)) && cgroup_path_container(path, &found) &&
	       found.engine != CGROUP_ENGINE_CONMON;
}

static int parse_command(struct conmon_process *process)
{
	const char *arguments[CONMON_ARGUMENTS_MAX];
	struct conmon_arguments parsed = {};
	size_t count = 0;

	for (size_t i = 0; i < process->command_length && count < CONMON_ARGUMENTS_MAX;
		i += strlen(process->command + i) + 1)
		arguments[count++] = process->command + i;
	conmon_arguments_parse(arguments, count, &parsed);
	if (!parsed.id || !oci_id_valid(parsed.id))
		return -EINVAL;
	memcpy(process->id, parsed.id, strlen(parsed.id) + 1);
	if (!parsed.bundle)
		return 0;
	process->bundle = strdup(parsed.bundle);
	return process->bundle ? 0 : -ENOMEM;
}

/* 0, -ENOMEM, or -ENOENT when it is no conmon to be used. */
static int read_process(pid_t pid, struct conmon_process *ret_process)
{
	_cleanup_(process_done) struct conmon_process process = {};
	_cleanup_buf_ struct buf command = {.limit = CONMON_COMMAND_MAX + 4096};
	struct proc_status status;
	int r;

	if (proc_read_status(pid, &status) < 0 || strcmp(status.name, "conmon") ||
		is_inside_container(pid))
		return -ENOENT;
	if (proc_cmdline(pid, CONMON_COMMAND_MAX, &command) < 0)
		return -ENOENT;
	while (command.length && command.data[command.length - 1])
		command.length--; /* an argument that was cut */
	if (!command.length)
		return -ENOENT;
	process.uid = status.uid;
	process.command_length = command.length;
	process.command = TAKE_PTR(command.data);
	r = parse_command(&process);
	if (r < 0)
		return r == -ENOMEM ? r : -ENOENT;
	*ret_process = process;
	process = (struct conmon_process){};
	return 0;
}

static int add(struct conmon_table *table, pid_t pid)
{
	struct conmon_process process, *processes;
	int r;

	r = read_process(pid, &process);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	processes = reallocarray(table->processes, table->count + 1, sizeof(*processes));
	if (!processes) {
		process_done(&process);
		return -ENOMEM;
	}
	table->processes = processes;
	processes[table->count++] = process;
	return 0;
}

int conmon_table_fill(struct conmon_table *table)
{
	struct dirent *entry;
	DIR *proc;
	int r = 0;

	if (table->filled)
		return 0;
	proc = opendir("/proc");
	if (!proc)
		return -errno;
	while (!r && table->count < CONMON_TABLE_MAX && (entry = readdir(proc))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (!*end && pid > 1)
			r = add(table, (pid_t)pid);
	}
	closedir(proc);
	table->filled = !r;
	return r;
}

void conmon_table_done(struct conmon_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		process_done(&table->processes[i]);
	free(table->processes);
	*table = (struct conmon_table){};
}

const struct conmon_process *conmon_table_find(
	const struct conmon_table *table, const char *id, uid_t uid)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->processes[i].uid == uid && !strcmp(table->processes[i].id, id))
			return &table->processes[i];
	return NULL;
}
