/* SPDX-License-Identifier: Apache-2.0 */
/* An OCI hook for tests: read the metadata of the container that is being started, at the moment it
 * is, and append it as one line of JSON to a file.
 *
 *   read-metadata FILE SOURCE…   with the state on stdin
 *
 * SOURCE: "engine" (all together, as the daemon does), or one alone: database, bolt, events,
 * journal, storage. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/json_writer.h"
#include "lib/proc.h"
#include "lib/util.h"
#include "oci/containers_storage.h"
#include "oci/engine_metadata.h"
#include "oci/podman_bolt.h"
#include "oci/podman_database.h"
#include "oci/podman_events.h"
#include "oci/podman_journal.h"
#include "oci/podman_paths.h"

#define DEADLINE_MS 5000

struct hook {
	struct json_document *state;
	const char *id, *bundle;
	struct buf conmon;
	const char *arguments[METADATA_CONMON_ARGUMENTS_MAX];
	size_t argument_count;
	struct podman_paths paths;
	uint64_t deadline_ns;
	struct container_metadata metadata;
	struct error error;
};

static void find_conmon(struct hook *hook)
{
	struct proc_status status;
	pid_t pid = getppid();

	while (pid > 1 && proc_read_status(pid, &status) == 0) {
		if (strcmp(status.name, "conmon") == 0) {
			proc_cmdline(pid, PROC_CMDLINE_MAX, &hook->conmon);
			break;
		}
		pid = status.ppid;
	}
	if (!buf_string(&hook->conmon))
		return;
	for (size_t i = 0;
		i < hook->conmon.length && hook->argument_count < METADATA_CONMON_ARGUMENTS_MAX;
		i += strlen(hook->conmon.data + i) + 1)
		hook->arguments[hook->argument_count++] = hook->conmon.data + i;
}

static int read_source(struct hook *hook, const char *source)
{
	const char *graph_root = hook->paths.graph_root ? hook->paths.graph_root : "/";
	const char *driver = hook->paths.driver ? hook->paths.driver : "overlay";
	uid_t owner = getuid();

	if (strcmp(source, "engine") == 0) {
		struct metadata_request request = {
			.id = hook->id,
			.bundle = hook->bundle,
			.annotations = json_get(json_root(hook->state), "annotations"),
			.conmon_arguments = hook->arguments,
			.conmon_argument_count = hook->argument_count,
			.owner = owner,
			.engine = CGROUP_ENGINE_PODMAN,
			.deadline_ns = hook->deadline_ns,
		};
		return engine_metadata_read(&request, &hook->metadata, NULL, &hook->error);
	}
	if (strcmp(source, "database") == 0)
		return podman_database_read(graph_root, owner, hook->id, hook->deadline_ns,
			&hook->metadata, &hook->error);
	if (strcmp(source, "bolt") == 0)
		return podman_bolt_read(graph_root, owner, hook->id, &hook->metadata, &hook->error);
	if (strcmp(source, "events") == 0) {
		char directory[4096];

		snprintf(directory, sizeof(directory), "%s/events", hook->paths.tmp_directory);
		return podman_events_read(directory, PODMAN_EVENTS_NAME, owner, hook->id,
			hook->deadline_ns, &hook->metadata, &hook->error);
	}
	if (strcmp(source, "journal") == 0) {
		int r;

		/* journald takes a moment: what the daemon's worker does with later tries */
		do {
			r = podman_journal_read(NULL, owner, hook->id, hook->deadline_ns,
				&hook->metadata, &hook->error);
		} while (r == -EAGAIN && usleep(2000) == 0);
		return r;
	}
	return containers_storage_read_container(
		graph_root, driver, owner, hook->id, &hook->metadata, &hook->error);
}

static void put_string(struct buf *line, const char *key, const char *text)
{
	if (!text)
		return;
	json_key_n(line, key, strlen(key));
	json_string(line, text);
}

static void put_labels(struct buf *line, const char *key, const struct label *labels, size_t count)
{
	json_key_n(line, key, strlen(key));
	json_open_object(line);
	for (size_t i = 0; i < count; i++)
		put_string(line, labels[i].key, labels[i].value);
	json_close_object(line);
}

static void put_line(struct buf *line, const struct hook *hook, const char *source, int r)
{
	const struct container_metadata *metadata = &hook->metadata;

	json_open_object(line);
	put_string(line, "source", source);
	put_string(line, "error", r < 0 ? hook->error.message : NULL);
	put_string(line, "id", hook->id);
	put_string(line, "name", metadata->name);
	put_string(line, "image", metadata->image_name);
	put_string(line, "image_id", metadata->image_id);
	put_string(line, "digest", metadata->image_digest);
	put_string(line, "pod_id", metadata->pod_id);
	put_string(line, "pod", metadata->pod_name);
	put_string(line, "runtime", metadata->runtime);
	put_string(line, "labels_source", labels_source_name(metadata->source));
	put_labels(line, "labels", metadata->labels, metadata->label_count);
	put_labels(line, "pod_labels", metadata->pod_labels, metadata->pod_label_count);
	json_close_object(line);
	buf_append_char(line, '\n');
}

int main(int argc, char **argv)
{
	struct hook hook = {0};
	struct conmon_arguments conmon;
	struct buf text = {0};
	int fd;

	hook.deadline_ns = clock_ns(CLOCK_MONOTONIC) + DEADLINE_MS * NSEC_PER_MSEC;
	fd = argc > 2 ? open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (fd < 0 || read_fd_limited(STDIN_FILENO, 1 << 20, &text) < 0 ||
		json_parse(text.data, text.length, NULL, &hook.state, &hook.error) < 0)
		return EXIT_FAILURE;
	hook.id = json_text(json_get(json_root(hook.state), "id"));
	hook.bundle = json_text(json_get(json_root(hook.state), "bundle"));
	find_conmon(&hook);
	conmon_arguments_parse(hook.arguments, hook.argument_count, &conmon);
	if (!hook.id || podman_paths_find(hook.id, hook.bundle, &conmon, getuid(), &hook.paths) < 0)
		return EXIT_FAILURE;
	for (int i = 2; i < argc; i++) {
		_cleanup_buf_ struct buf line = {0};
		int r = read_source(&hook, argv[i]);

		put_line(&line, &hook, argv[i], r);
		if (write_all(fd, line.data, line.length) < 0)
			return EXIT_FAILURE;
		container_metadata_done(&hook.metadata);
	}
	return EXIT_SUCCESS;
}
