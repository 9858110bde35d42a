/* SPDX-License-Identifier: Apache-2.0 */
/* Runs COMMAND and writes to FILE, byte for byte, what the base sensor puts into the ring about it
 * and its descendants: record-ring FILE COMMAND [ARGUMENT…]. Needs root. The files in ring/ were
 * made with it; replay-ring turns them into JSON. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/config.h"
#include "daemon/decode/decode.h"
#include "daemon/sensor/base.h"
#include "daemon/source/ring.h"
#include "lib/fd.h"

static unsigned char followed[1 << 22]; /* by pid */

static bool about(const void *bytes, size_t size)
{
	struct record_view view;

	if (record_decode(bytes, size, &view) < 0)
		return false;
	switch (view.kind) {
	case RECORD_FORK:
		if (followed[view.fork->parent.pid])
			followed[view.fork->process.pid] = 1;
		return followed[view.fork->process.pid];
	case RECORD_EXEC:
		return followed[view.exec->process.pid];
	case RECORD_DATA:
		return followed[view.data->process.pid];
	case RECORD_EXIT:
		return followed[view.exit->process.pid];
	default:
		return false;
	}
}

static void record(struct ring *ring, int fd)
{
	const void *bytes;
	size_t size;

	while ((bytes = ring_next(ring, &size)))
		if (about(bytes, size) && write_all(fd, bytes, size) < 0)
			exit(1);
	ring_release(ring);
}

int main(int argc, char **argv)
{
	struct config *config = NULL;
	struct base_sensor *sensor = NULL;
	struct error error = {};
	struct ring *ring = NULL;
	pid_t child;
	int fd;

	if (argc < 3)
		return 2;
	fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || config_load("/dev/null", &config, &error) < 0 ||
		config_finish(config, &error) < 0 ||
		base_sensor_load(config, &sensor, &error) < 0 ||
		base_sensor_attach(sensor, &error) < 0 ||
		ring_open(base_sensor_ring_fd(sensor), base_sensor_ring_bytes(sensor), &ring) < 0) {
		fprintf(stderr, "%s\n", error.message);
		return 1;
	}
	child = fork();
	if (!child) {
		usleep(50000); /* until it is followed */
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	followed[child] = 1;
	while (waitpid(child, NULL, WNOHANG) == 0) {
		record(ring, fd);
		usleep(2000);
	}
	usleep(50000);
	record(ring, fd);
	ring_close(ring);
	base_sensor_free(sensor);
	config_free(config);
	return 0;
}
