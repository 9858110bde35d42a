/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/source/snapshot.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/proc.h"
#include "lib/thread.h"
#include "lib/util.h"

#define SNAPSHOT_BYTES_MAX ((size_t)128 << 20)

/* Shared by the snapshot and its reading thread; the last of the two frees it. */
struct snapshot_commands {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int owners;
	size_t count, done;
	uint32_t *pids;
	struct buf *lines;
};

static void commands_free(struct snapshot_commands *commands)
{
	if (!commands)
		return;
	for (size_t i = 0; i < commands->count; i++)
		buf_done(&commands->lines[i]);
	pthread_mutex_destroy(&commands->lock);
	pthread_cond_destroy(&commands->changed);
	free(commands->pids);
	free(commands->lines);
	free(commands);
}

static void commands_leave(struct snapshot_commands *commands)
{
	bool last;

	pthread_mutex_lock(&commands->lock);
	last = --commands->owners == 0;
	pthread_mutex_unlock(&commands->lock);
	if (last)
		commands_free(commands);
}

static void *commands_read(void *data)
{
	struct snapshot_commands *commands = data;

	for (size_t i = 0; i < commands->count; i++) {
		bool alone;

		if (commands->pids[i])
			proc_cmdline((pid_t)commands->pids[i], SNAPSHOT_COMMAND_MAX,
				&commands->lines[i]);
		pthread_mutex_lock(&commands->lock);
		commands->done = i + 1;
		alone = commands->owners == 1;
		if (commands->done == commands->count)
			pthread_cond_signal(&commands->changed);
		pthread_mutex_unlock(&commands->lock);
		if (alone)
			break;
	}
	commands_leave(commands);
	return NULL;
}

static struct snapshot_commands *commands_new(const struct snapshot *snapshot)
{
	struct snapshot_commands *commands = calloc(1, sizeof(*commands));

	if (!commands)
		return NULL;
	pthread_mutex_init(&commands->lock, NULL);
	pthread_cond_init(&commands->changed, NULL);
	commands->owners = 1;
	commands->pids = calloc(snapshot->count, sizeof(*commands->pids));
	commands->lines = calloc(snapshot->count, sizeof(*commands->lines));
	if (!commands->pids || !commands->lines) {
		commands_free(commands);
		return NULL;
	}
	commands->count = snapshot->count;
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct exec_record *record = snapshot->entries[i].view.exec;

		if (!(record->header.flags & RECORD_FLAG_KERNEL_THREAD) && record->arguments_total)
			commands->pids[i] = record->process.pid;
	}
	return commands;
}

static void commands_wait(struct snapshot_commands *commands)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + SNAPSHOT_COMMANDS_NS;

	while (commands->done < commands->count)
		if (!condition_wait_until(&commands->changed, &commands->lock, until))
			break;
}

static void read_commands(struct snapshot *snapshot)
{
	struct snapshot_commands *commands = snapshot->count ? commands_new(snapshot) : NULL;
	size_t done;

	if (!commands)
		return;
	commands->owners = 2;
	if (thread_start_detached("commands", 0, commands_read, commands)) {
		commands_free(commands);
		return;
	}
	pthread_mutex_lock(&commands->lock);
	commands_wait(commands);
	done = commands->done;
	pthread_mutex_unlock(&commands->lock);
	snapshot->commands = commands;
	snapshot->without_arguments = snapshot->count - done;
	for (size_t i = 0; i < done; i++)
		snapshot->entries[i].arguments =
			(struct span){commands->lines[i].data, (uint32_t)commands->lines[i].length};
}

static int by_start(const void *a, const void *b)
{
	const struct process_key *first = &((const struct snapshot_entry *)a)->view.exec->process;
	const struct process_key *second = &((const struct snapshot_entry *)b)->view.exec->process;

	if (first->start_boottime != second->start_boottime)
		return first->start_boottime < second->start_boottime ? -1 : 1;
	return first->pid < second->pid ? -1 : first->pid > second->pid;
}

static int read_records(const struct base_sensor *sensor, struct buf *records)
{
	_cleanup_close_ int fd = base_sensor_iterate(sensor);

	if (fd < 0)
		return fd;
	records->limit = SNAPSHOT_BYTES_MAX;
	for (;;) {
		ssize_t length;

		if (!buf_reserve(records, 65536))
			return -ENOMEM;
		length = read(fd, records->data + records->length, 65536);
		if (length < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (length <= 0)
			return length < 0 ? -errno : 0;
		records->length += (size_t)length;
	}
}

int snapshot_take(const struct base_sensor *sensor, struct snapshot *ret_snapshot)
{
	struct snapshot snapshot = {.taken_ns = clock_boottime_ns()};
	size_t at = 0;
	int r;

	r = read_records(sensor, &snapshot.records);
	if (r < 0)
		goto fail;
	snapshot.entries = calloc(snapshot.records.length / sizeof(struct exec_record) + 1,
		sizeof(*snapshot.entries));
	if (!snapshot.entries) {
		r = -ENOMEM;
		goto fail;
	}
	while (at < snapshot.records.length && snapshot.count < SNAPSHOT_PROCESSES_MAX) {
		struct record_view *view = &snapshot.entries[snapshot.count].view;

		r = record_decode(snapshot.records.data + at, snapshot.records.length - at, view);
		if (r < 0 || view->kind != RECORD_TASK) {
			r = -EBADMSG;
			goto fail;
		}
		at += view->header->size;
		snapshot.count++;
	}
	qsort(snapshot.entries, snapshot.count, sizeof(*snapshot.entries), by_start);
	read_commands(&snapshot);
	*ret_snapshot = snapshot;
	return 0;
fail:
	snapshot_done(&snapshot);
	return r;
}

const struct snapshot_entry *snapshot_find(
	const struct snapshot *snapshot, uint32_t pid, uint64_t start_boottime)
{
	size_t low = 0, high = snapshot->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct process_key *key = &snapshot->entries[middle].view.exec->process;

		if (key->start_boottime < start_boottime ||
			(key->start_boottime == start_boottime && key->pid < pid))
			low = middle + 1;
		else if (key->pid == pid && key->start_boottime == start_boottime)
			return &snapshot->entries[middle];
		else
			high = middle;
	}
	return NULL;
}

void snapshot_done(struct snapshot *snapshot)
{
	free(snapshot->entries);
	buf_done(&snapshot->records);
	if (snapshot->commands)
		commands_leave(snapshot->commands);
	memset(snapshot, 0, sizeof(*snapshot));
}
