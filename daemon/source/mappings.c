/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/source/mappings.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lib/util.h"

#ifndef PERF_RECORD_MISC_MMAP_BUILD_ID
#define PERF_RECORD_MISC_MMAP_BUILD_ID (1 << 14)
#endif
#define RECORD_MAX 65536 /* its size has 16 bits */

struct cpu_ring {
	int fd;
	struct perf_event_mmap_page *control; /* the bytes follow on the next page */
};

struct mappings {
	int epoll;
	pthread_mutex_t lock;
	struct cpu_ring *rings;
	size_t count, next;
	uint64_t lost;
	_Alignas(8) char record[RECORD_MAX];
};

/* PERF_RECORD_MMAP2 */
struct mapping_record {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t address, length, offset;
	union {
		struct {
			uint32_t major, minor;
			uint64_t inode, generation;
		};
		struct {
			uint8_t build_id_size, reserved[3];
			uint8_t build_id[BUILD_ID_MAX];
		};
	};
	uint32_t protection, flags;
	char path[];
};

struct lost_record {
	struct perf_event_header header;
	uint64_t id, lost;
};

/* After each record: sample_id_all with TID and TIME. */
struct sample_id {
	uint32_t pid, tid;
	uint64_t time;
};

struct mappings *mappings_new(void)
{
	struct mappings *mappings = calloc(1, sizeof(*mappings));

	if (!mappings)
		return NULL;
	mappings->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (mappings->epoll < 0) {
		free(mappings);
		return NULL;
	}
	pthread_mutex_init(&mappings->lock, NULL);
	return mappings;
}

struct mappings *mappings_free(struct mappings *mappings)
{
	if (!mappings)
		return NULL;
	mappings_close(mappings);
	close(mappings->epoll);
	pthread_mutex_destroy(&mappings->lock);
	free(mappings);
	return NULL;
}

int mappings_fd(const struct mappings *mappings)
{
	return mappings->epoll;
}

static size_t data_bytes(void)
{
	return MAPPINGS_RING_PAGES * (size_t)sysconf(_SC_PAGESIZE);
}

static void ring_close(struct cpu_ring *ring)
{
	munmap(ring->control, data_bytes() + (size_t)sysconf(_SC_PAGESIZE));
	close(ring->fd); /* which takes it out of the epoll set too */
}

/* build_id: 5.10 does not know the bit. */
static int event_open(int cpu, bool build_id)
{
	struct perf_event_attr attributes = {
		.size = sizeof(attributes),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
		.mmap = 1,
		.mmap2 = 1,
		.build_id = build_id,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_BOOTTIME,
		.watermark = 1,
		.wakeup_watermark = MAPPINGS_WAKE_BYTES,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int ring_open(struct mappings *mappings, int cpu)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct cpu_ring *ring = &mappings->rings[mappings->count];
	int fd = event_open(cpu, true);

	if (fd == -EINVAL)
		fd = event_open(cpu, false);
	if (fd == -ENODEV) /* not online */
		return 0;
	if (fd < 0)
		return fd;
	ring->control = mmap(NULL, data_bytes() + (size_t)sysconf(_SC_PAGESIZE),
		PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring->control == MAP_FAILED) {
		int r = -errno;

		close(fd);
		return r;
	}
	ring->fd = fd;
	mappings->count++;
	return epoll_ctl(mappings->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static void close_all(struct mappings *mappings)
{
	while (mappings->count)
		ring_close(&mappings->rings[--mappings->count]);
	free(mappings->rings);
	mappings->rings = NULL;
	mappings->next = 0;
}

int mappings_open(struct mappings *mappings, struct error *error)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	int r = 0;

	pthread_mutex_lock(&mappings->lock);
	if (!mappings->rings) {
		mappings->rings = calloc(cpus > 0 ? (size_t)cpus : 1, sizeof(*mappings->rings));
		r = mappings->rings ? 0 : -ENOMEM;
		for (int cpu = 0; cpu < cpus && r >= 0; cpu++)
			r = ring_open(mappings, cpu);
		if (r >= 0 && !mappings->count)
			r = -ENODEV;
		if (r < 0)
			close_all(mappings);
	}
	pthread_mutex_unlock(&mappings->lock);
	return r < 0 ? error_set(error, r,
			       "executable mappings cannot be watched by perf events: %s",
			       strerror(-r))
		     : 0;
}

void mappings_close(struct mappings *mappings)
{
	pthread_mutex_lock(&mappings->lock);
	close_all(mappings);
	pthread_mutex_unlock(&mappings->lock);
}

uint64_t mappings_take_lost(struct mappings *mappings)
{
	uint64_t lost;

	pthread_mutex_lock(&mappings->lock);
	lost = mappings->lost;
	mappings->lost = 0;
	pthread_mutex_unlock(&mappings->lock);
	return lost;
}

/* ---- reading ---- */

static void copy_out(const char *data, size_t size, uint64_t at, void *to, size_t length)
{
	size_t begin = (size_t)(at & (size - 1)), first = MIN(length, size - begin);

	memcpy(to, data + begin, first);
	memcpy((char *)to + first, data, length - first);
}

/* One record out of a ring, which the kernel writes and we give back. */
static bool take_record(struct mappings *mappings, struct cpu_ring *ring)
{
	struct perf_event_mmap_page *control = ring->control;
	const char *data = (const char *)control + sysconf(_SC_PAGESIZE);
	uint64_t head = __atomic_load_n(&control->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = control->data_tail;
	struct perf_event_header header;

	if (head - tail < sizeof(header))
		return false;
	copy_out(data, data_bytes(), tail, &header, sizeof(header));
	if (header.size < sizeof(header) || header.size > head - tail) { /* never */
		__atomic_store_n(&control->data_tail, head, __ATOMIC_RELEASE);
		return false;
	}
	copy_out(data, data_bytes(), tail, mappings->record, header.size);
	__atomic_store_n(&control->data_tail, tail + header.size, __ATOMIC_RELEASE);
	return true;
}

/* What is no file: "//anon", "[vdso]", "[heap]". */
static bool is_file(const char *path)
{
	return path[0] == '/' && path[1] != '/';
}

static bool parse_mapping(struct mappings *mappings, struct mapping *ret_mapping)
{
	const struct mapping_record *record = (const void *)mappings->record;
	size_t size = record->header.size, path_room;
	struct mapping mapping = {};
	struct sample_id id;

	if (record->header.type != PERF_RECORD_MMAP2 ||
		size < sizeof(*record) + sizeof(struct sample_id))
		return false;
	path_room = size - sizeof(*record) - sizeof(struct sample_id);
	memcpy(&id, mappings->record + size - sizeof(id), sizeof(id));
	mapping.path = record->path;
	mapping.path_length = strnlen(record->path, path_room);
	if (mapping.path_length == path_room || !(record->protection & PROT_EXEC) ||
		!is_file(record->path))
		return false;
	mapping.time = id.time;
	mapping.pid = record->pid;
	mapping.tid = record->tid;
	if (record->header.misc & PERF_RECORD_MISC_MMAP_BUILD_ID) {
		mapping.build_id_length = MIN(record->build_id_size, (uint8_t)BUILD_ID_MAX);
		memcpy(mapping.build_id, record->build_id, mapping.build_id_length);
	}
	*ret_mapping = mapping;
	return true;
}

static void count_lost(struct mappings *mappings)
{
	const struct lost_record *record = (const void *)mappings->record;

	if (record->header.type == PERF_RECORD_LOST && record->header.size >= sizeof(*record))
		mappings->lost += record->lost;
}

bool mappings_next(struct mappings *mappings, struct mapping *ret_mapping)
{
	bool found = false;

	pthread_mutex_lock(&mappings->lock);
	while (!found && mappings->next < mappings->count) {
		if (!take_record(mappings, &mappings->rings[mappings->next])) {
			mappings->next++;
			continue;
		}
		count_lost(mappings);
		found = parse_mapping(mappings, ret_mapping);
	}
	if (!found)
		mappings->next = 0;
	pthread_mutex_unlock(&mappings->lock);
	return found;
}
