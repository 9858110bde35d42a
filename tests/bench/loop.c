/* SPDX-License-Identifier: Apache-2.0 */
/* The program whose loops are timed: see loop.h for what it is given and fills. */
#include "tests/bench/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/util.h"
#include "tests/bench/clock.h"
#include "tests/bench/spawn.h"
#include "tests/bench/workload.h"

#define READ_FILE "/etc/hostname"
#define ARGUMENT_BYTES                                                                             \
	(127 * 1024) /* the kernel's limit for one string is 128 KiB with its NUL                  \
		      */
#define ARGUMENTS 8  /* times ARGUMENT_BYTES: just below 1 MiB */

struct loop { /* what one iteration needs */
	enum workload_kind kind;
	const char *path;
	const char *arguments[ARGUMENTS + 2];
	int listening; /* WORKLOAD_CONNECT */
	struct sockaddr_in address;
};

static bool open_read_close(void)
{
	int fd = open(READ_FILE, O_RDONLY | O_CLOEXEC);
	char text[64];

	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text)) < 0) {
		close(fd);
		return false;
	}
	return !close(fd);
}

static bool connect_and_close(const struct loop *loop)
{
	static const struct linger at_once = {.l_onoff = 1};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), accepted;
	bool ok = fd >= 0 &&
		  !connect(fd, (const struct sockaddr *)&loop->address, sizeof(loop->address));

	accepted = ok ? accept4(loop->listening, NULL, NULL, SOCK_CLOEXEC) : -1;
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		close(fd);
	}
	if (accepted >= 0)
		close(accepted);
	return accepted >= 0;
}

static void listen_to(struct loop *loop)
{
	socklen_t size = sizeof(loop->address);

	loop->address.sin_family = AF_INET;
	loop->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	loop->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (loop->listening < 0 ||
		bind(loop->listening, (struct sockaddr *)&loop->address, size) < 0 ||
		listen(loop->listening, 16) < 0 ||
		getsockname(loop->listening, (struct sockaddr *)&loop->address, &size) < 0)
		_exit(1);
}

static bool iterate(const struct loop *loop)
{
	switch (loop->kind) {
	case WORKLOAD_GETPPID:
		return syscall(SYS_getppid) >= 0;
	case WORKLOAD_OPEN_READ_CLOSE:
		return open_read_close();
	case WORKLOAD_CONNECT:
		return connect_and_close(loop);
	case WORKLOAD_FORK_STATIC:
	case WORKLOAD_FORK_DYNAMIC:
		return fork_and_wait(loop->path, loop->arguments);
	default:
		return spawn_and_wait(loop->path, loop->arguments, NULL);
	}
}

static void loop_prepare(struct loop *loop)
{
	char *large;

	if (loop->kind == WORKLOAD_CONNECT)
		listen_to(loop);
	loop->arguments[0] = loop->path;
	if (loop->kind != WORKLOAD_VFORK_ARGUMENTS)
		return;
	large = malloc(ARGUMENT_BYTES + 1);
	if (!large)
		_exit(1);
	memset(large, 'x', ARGUMENT_BYTES);
	large[ARGUMENT_BYTES] = '\0';
	for (size_t i = 1; i <= ARGUMENTS; i++)
		loop->arguments[i] = large;
}

static int enter_cgroup(const char *cgroup)
{
	char path[512];
	int fd, r = 0;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		r = -errno;
	if (fd >= 0)
		close(fd);
	return r;
}

/* Time of this process and of the children it has waited for. */
static uint64_t used_cpu_ns(void)
{
	struct rusage own, children;
	uint64_t seconds, microseconds;

	getrusage(RUSAGE_SELF, &own);
	getrusage(RUSAGE_CHILDREN, &children);
	seconds = (uint64_t)(own.ru_utime.tv_sec + own.ru_stime.tv_sec + children.ru_utime.tv_sec +
			     children.ru_stime.tv_sec);
	microseconds = (uint64_t)(own.ru_utime.tv_usec + own.ru_stime.tv_usec +
				  children.ru_utime.tv_usec + children.ru_stime.tv_usec);
	return seconds * NSEC_PER_SEC + microseconds * NSEC_PER_USEC;
}

static void run(
	struct loop_shared *shared, unsigned number, const struct loop *loop, uint64_t iterations)
{
	uint64_t done = 0, failures = 0, cpu = used_cpu_ns();

	shared->process[number].start_ns = clock_ns(CLOCK_MONOTONIC);
	while (!iterations || done < iterations) {
		failures += !iterate(loop);
		done++;
		if (!iterations && atomic_load_explicit(&shared->stop, memory_order_relaxed))
			break;
	}
	shared->process[number].end_ns = clock_ns(CLOCK_MONOTONIC);
	shared->process[number].cpu_ns = used_cpu_ns() - cpu;
	shared->process[number].iterations = done;
	shared->process[number].failures = failures;
}

int main(int argc, char **argv)
{
	struct loop_shared *shared;
	struct loop loop = {};
	unsigned number;
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (argc <= LOOP_PROGRAM)
		return 2;
	number = (unsigned)strtoul(argv[LOOP_NUMBER], NULL, 10);
	loop.kind = (enum workload_kind)strtoul(argv[LOOP_KIND], NULL, 10);
	loop.path = argv[LOOP_PROGRAM];
	loop_prepare(&loop);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, LOOP_SHARED_FD, 0);
	if (shared == MAP_FAILED || number >= LOOP_PROCESSES_MAX)
		return 1;
	if (argc > LOOP_CGROUP && enter_cgroup(argv[LOOP_CGROUP]) < 0)
		return 1;
	atomic_fetch_add(&shared->ready, 1);
	if (read(LOOP_GATE_FD, &byte, 1) < 0)
		return 1;
	run(shared, number, &loop, strtoull(argv[LOOP_ITERATIONS], NULL, 10));
	return 0;
}
