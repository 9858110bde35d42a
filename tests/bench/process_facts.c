/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/process_facts.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

#define MAPS_MAX 1024 /* BPF maps of one process that are told apart */

static void closedir_p(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}
#define _cleanup_closedir_ _cleanup_(closedir_p)

/* The number behind `key` in a file of "key<spaces>number" lines; 0 when not there. */
static uint64_t file_number(const char *path, const char *key)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	size_t length = strlen(key);
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, length))
			return strtoull(line + length, NULL, 10);
	return 0;
}

uint64_t process_cpu_ns(pid_t pid)
{
	_cleanup_closedir_ DIR *directory = NULL;
	struct dirent *entry;
	uint64_t total = 0;
	char path[320];

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		_cleanup_fclose_ FILE *file = NULL;
		uint64_t on_cpu;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)pid, entry->d_name);
		file = fopen(path, "re");
		if (file && fscanf(file, "%" SCNu64, &on_cpu) == 1)
			total += on_cpu;
	}
	return total;
}

pid_t process_find(const char *comm)
{
	_cleanup_closedir_ DIR *directory = opendir("/proc");
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		_cleanup_fclose_ FILE *file = NULL;
		char path[320], name[64];

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "re");
		if (!file || !fgets(name, sizeof(name), file))
			continue;
		name[strcspn(name, "\n")] = '\0';
		if (!strcmp(name, comm))
			return (pid_t)strtol(entry->d_name, NULL, 10);
	}
	return 0;
}

uint64_t process_written(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/io", (int)pid);
	return file_number(path, "wchar:");
}

/* Several descriptors may be of one map: count each map id once. */
static uint64_t map_bytes(pid_t pid)
{
	_cleanup_closedir_ DIR *directory = NULL;
	uint64_t seen[MAPS_MAX], total = 0;
	struct dirent *entry;
	size_t count = 0;
	char path[320];

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", (int)pid);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		uint64_t id;
		bool known = false;

		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", (int)pid, entry->d_name);
		id = file_number(path, "map_id:");
		for (size_t i = 0; i < count; i++)
			known |= seen[i] == id;
		if (!id || known || count == MAPS_MAX)
			continue;
		seen[count++] = id;
		total += file_number(path, "memlock:");
	}
	return total;
}

int process_memory_get(pid_t pid, struct process_memory *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	*ret = (struct process_memory){
		.anonymous = file_number(path, "RssAnon:") * 1024,
		.shared = file_number(path, "RssShmem:") * 1024,
		.resident = file_number(path, "VmRSS:") * 1024,
		.maps = map_bytes(pid),
	};
	return ret->resident ? 0 : -ESRCH;
}
