/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/log_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "tests/bench/bench.h"

#define READ_SIZE	((size_t)1 << 20)
#define LINE_SIZE_MAX	((size_t)4 << 20) /* 256 KiB of arguments, every byte escaped, and again */
#define UNHURRIED_MS	20
#define QUIET_MS	500
#define QUIET_TRIES_MAX 60

struct log_reader {
	struct log_reader_options options;
	char path[256], binary[512]; /* `"binary":"PROGRAM"` */
	pthread_t thread;
	int file, watch;
	char *buffer;
	size_t length; /* of the unfinished line at the buffer's start */
	uint64_t sequence;
	struct log_reader_counters counters;
	atomic_bool stop;
	atomic_uint_fast64_t bytes;
	atomic_uint_fast64_t probes[PROBES_MAX];
};

static const char *find(const char *line, size_t length, const char *text)
{
	return text ? memmem(line, length, text, strlen(text)) : NULL;
}

static void note_sequence(struct log_reader *reader, const char *line, size_t length)
{
	static const char key[] = "\"sequence\":\"";
	/* it stands near the end of each line */
	size_t tail = length < 200 ? length : 200;
	const char *found = find(line + length - tail, tail, key);
	uint64_t sequence;

	if (!found)
		return;
	sequence = strtoull(found + sizeof(key) - 1, NULL, 10);
	if (reader->sequence && sequence > reader->sequence + 1)
		reader->counters.sequence_gaps += sequence - reader->sequence - 1;
	reader->sequence = sequence;
}

static bool is_counted(const struct log_reader *reader, const char *line, size_t length)
{
	const struct log_reader_options *options = &reader->options;

	return options->program && find(line, length, reader->binary) &&
	       (!options->also || find(line, length, options->also));
}

static void take_line(struct log_reader *reader, const char *line, size_t length, uint64_t now)
{
	const struct log_reader_options *options = &reader->options;
	size_t head = length < 64 ? length : 64;
	const char *probe;

	reader->counters.lines++;
	note_sequence(reader, line, length);
	if (find(line, head, "event_loss"))
		reader->counters.loss_lines++;
	if (is_counted(reader, line, length)) {
		reader->counters.execs += !!find(line, head, options->exec_text);
		reader->counters.exits += !!find(line, head, options->exit_text);
	}
	probe = find(line, length, PROBE_PREFIX);
	if (probe) {
		unsigned long number = strtoul(probe + sizeof(PROBE_PREFIX) - 1, NULL, 10);
		uint_fast64_t none = 0;

		if (number < PROBES_MAX)
			atomic_compare_exchange_strong(&reader->probes[number], &none, now);
	}
}

static void take_lines(struct log_reader *reader, size_t fresh)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	char *line = reader->buffer, *end = reader->buffer + reader->length + fresh;
	char *newline = memchr(reader->buffer + reader->length, '\n', fresh);

	reader->counters.bytes += fresh;
	atomic_fetch_add(&reader->bytes, fresh);
	while (newline) {
		take_line(reader, line, (size_t)(newline - line), now);
		line = newline + 1;
		newline = memchr(line, '\n', (size_t)(end - line));
	}
	reader->length = (size_t)(end - line);
	memmove(reader->buffer, line, reader->length);
}

static bool read_more(struct log_reader *reader)
{
	ssize_t length;

	if (reader->length + READ_SIZE > LINE_SIZE_MAX)
		reader->length = 0; /* not a log with lines: drop it */
	length = read(reader->file, reader->buffer + reader->length, READ_SIZE);
	if (length <= 0)
		return false;
	take_lines(reader, (size_t)length);
	return true;
}

/* After a rotation the path names another file; what the old one still holds was read before. */
static bool follow_rotation(struct log_reader *reader)
{
	struct stat open_file, named;
	int file;

	if (fstat(reader->file, &open_file) < 0 || stat(reader->path, &named) < 0 ||
		open_file.st_ino == named.st_ino)
		return false;
	while (read_more(reader))
		;
	file = open(reader->path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return false;
	close(reader->file);
	reader->file = file;
	reader->length = 0;
	reader->counters.rotations++;
	return true;
}

static void set_priority(bool unhurried)
{
	struct sched_param parameters = {.sched_priority = 1};

	if (!unhurried)
		pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters);
}

static void wait_for_more(struct log_reader *reader)
{
	struct pollfd readable = {.fd = reader->watch, .events = POLLIN};
	char events[4096];

	if (reader->watch < 0) {
		sleep_ms(UNHURRIED_MS);
		return;
	}
	if (poll(&readable, 1, 50) > 0)
		while (read(reader->watch, events, sizeof(events)) > 0)
			;
}

static void *reader_main(void *data)
{
	struct log_reader *reader = data;

	set_priority(reader->options.unhurried);
	while (!atomic_load(&reader->stop)) {
		wait_for_more(reader);
		do {
			while (read_more(reader))
				;
		} while (follow_rotation(reader));
	}
	return NULL;
}

static struct log_reader *reader_free(struct log_reader *reader)
{
	if (reader->file >= 0)
		close(reader->file);
	if (reader->watch >= 0)
		close(reader->watch);
	free(reader->buffer);
	free(reader);
	return NULL;
}

static int reader_open(struct log_reader *reader)
{
	char folder[256];

	snprintf(reader->path, sizeof(reader->path), "%s", reader->options.path);
	snprintf(folder, sizeof(folder), "%s", reader->options.path);
	reader->buffer = malloc(LINE_SIZE_MAX);
	if (!reader->buffer)
		return -ENOMEM;
	reader->file = open(reader->path, O_RDONLY | O_CLOEXEC);
	if (reader->file < 0 || lseek(reader->file, 0, SEEK_END) < 0)
		return -errno;
	if (reader->options.unhurried)
		return 0;
	reader->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (reader->watch < 0 || inotify_add_watch(reader->watch, dirname(folder),
					 IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
		return -errno;
	return 0;
}

int log_reader_start(const struct log_reader_options *options, struct log_reader **ret_reader,
	struct error *error)
{
	struct log_reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader)
		return error_set(error, -ENOMEM, "log reader: %s", strerror(ENOMEM));
	reader->options = *options;
	snprintf(reader->binary, sizeof(reader->binary), "\"binary\":\"%s\"",
		options->program ?: "");
	reader->file = reader->watch = -1;
	r = reader_open(reader);
	if (!r)
		r = -pthread_create(&reader->thread, NULL, reader_main, reader);
	if (r < 0) {
		reader_free(reader);
		return error_set(error, r, "%s: %s", options->path, strerror(-r));
	}
	*ret_reader = reader;
	return 0;
}

uint64_t log_reader_probe(const struct log_reader *reader, unsigned number)
{
	return number < PROBES_MAX ? atomic_load(&reader->probes[number]) : 0;
}

struct log_reader_counters log_reader_stop(struct log_reader *reader)
{
	struct log_reader_counters counters;
	uint64_t before = atomic_load(&reader->bytes);

	for (unsigned tries = 0; tries < QUIET_TRIES_MAX; tries++) {
		uint64_t now;

		sleep_ms(QUIET_MS);
		now = atomic_load(&reader->bytes);
		if (now == before)
			break;
		before = now;
	}
	atomic_store(&reader->stop, true);
	pthread_join(reader->thread, NULL);
	counters = reader->counters;
	reader_free(reader);
	return counters;
}
