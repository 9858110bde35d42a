/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/podman_journal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-journal.h>

#include "lib/cgroup_path.h"
#include "lib/clock.h"
#include "lib/util.h"
#include "oci/metadata_json.h"

#define FIELD_MAX (256 << 10) /* bytes of one field */

static void journal_close_p(sd_journal **journal)
{
	if (*journal)
		sd_journal_close(*journal);
}
#define _cleanup_journal_ _cleanup_(journal_close_p)

static int add_match(sd_journal *journal, const char *name, const char *value)
{
	char match[METADATA_NAME_MAX + 64];
	int length = snprintf(match, sizeof(match), "%s=%s", name, value);

	if (length < 0 || (size_t)length >= sizeof(match))
		return -EINVAL;
	return sd_journal_add_match(journal, match, length);
}

/* Matches of one field are alternatives, different fields must all match. */
static int add_matches(
	sd_journal *journal, uid_t owner, const char *type, const char *id, bool with_labels)
{
	char uid[16];
	int r;

	sd_journal_flush_matches(journal);
	snprintf(uid, sizeof(uid), "%u", (unsigned)owner);
	r = add_match(journal, "_UID", uid);
	if (r == 0)
		r = add_match(journal, "PODMAN_ID", id);
	if (r == 0)
		r = add_match(journal, "PODMAN_TYPE", type);
	if (r == 0)
		r = add_match(journal, "PODMAN_EVENT", "create");
	if (r == 0 && with_labels)
		r = add_match(journal, "PODMAN_EVENT", "init");
	if (r == 0 && with_labels)
		r = add_match(journal, "PODMAN_EVENT", "start");
	return r;
}

/* A copy of a field of the current entry; 0 and NULL when it has none. */
static int copy_field(sd_journal *journal, const char *name, char **ret_text)
{
	const void *data;
	size_t length, prefix = strlen(name) + 1;
	int r = sd_journal_get_data(journal, name, &data, &length);

	if (r == -ENOMEM)
		return r;
	if (r < 0 || length <= prefix || memchr(data, '\0', length))
		return 0;
	*ret_text = strndup((const char *)data + prefix, length - prefix);
	return *ret_text ? 0 : -ENOMEM;
}

/* journald notes the sender's cgroup: a container's own root process is no podman. */
static int sent_by_container(sd_journal *journal, bool *ret_container)
{
	_cleanup_free_ char *path = NULL;
	struct cgroup_container container;
	int r = copy_field(journal, "_SYSTEMD_CGROUP", &path);

	if (r < 0)
		return r;
	*ret_container = path && cgroup_path_container(path, &container) &&
			 container.engine != CGROUP_ENGINE_CONMON;
	return 0;
}

/* The newest entry that matches and can be believed: 1, or 0 when there is none. */
static int find_entry(sd_journal *journal, uint64_t deadline_ns)
{
	int r = sd_journal_seek_tail(journal);

	for (size_t i = 0; r >= 0 && i < PODMAN_JOURNAL_ENTRIES_MAX; i++) {
		bool container = false;

		if (clock_ns(CLOCK_MONOTONIC) >= deadline_ns)
			return -ETIMEDOUT;
		r = sd_journal_previous(journal);
		if (r <= 0)
			return r;
		r = sent_by_container(journal, &container);
		if (r == 0 && !container)
			return 1;
	}
	return r < 0 ? r : 0;
}

static int set_from_field(
	sd_journal *journal, const char *name, struct container_metadata *metadata, char **field)
{
	_cleanup_free_ char *text = NULL;
	int r = copy_field(journal, name, &text);

	return r < 0 ? r : container_metadata_set(metadata, field, text);
}

static int read_entry(sd_journal *journal, struct container_metadata *metadata)
{
	_cleanup_free_ char *labels = NULL;
	int r;

	r = set_from_field(journal, "PODMAN_NAME", metadata, &metadata->name);
	if (r == 0)
		r = set_from_field(journal, "PODMAN_IMAGE", metadata, &metadata->image_name);
	if (r == 0)
		r = set_from_field(journal, "PODMAN_POD_ID", metadata, &metadata->pod_id);
	if (r == 0)
		r = copy_field(journal, "PODMAN_LABELS", &labels);
	if (r < 0 || !labels)
		return r;
	r = container_metadata_add_text_labels(&metadata->labels, &metadata->label_count, labels,
		strlen(labels), &metadata->truncated);
	if (r == -EINVAL) {
		metadata->truncated = true; /* cut by the journal's own limits */
		return 0;
	}
	return r;
}

static int find_pod_name(
	sd_journal *journal, uid_t owner, uint64_t deadline_ns, struct container_metadata *metadata)
{
	int r = add_matches(journal, owner, "pod", metadata->pod_id, false);

	if (r == 0)
		r = find_entry(journal, deadline_ns);
	if (r > 0)
		r = set_from_field(journal, "PODMAN_NAME", metadata, &metadata->pod_name);
	return r == -ENOMEM ? r : 0;
}

/* Whether there is any entry at all: whether somebody writes a journal here. */
static bool journal_is_used(sd_journal *journal)
{
	sd_journal_flush_matches(journal);
	return sd_journal_seek_head(journal) >= 0 && sd_journal_next(journal) > 0;
}

int podman_journal_read(const char *directory, uid_t owner, const char *id, uint64_t deadline_ns,
	struct container_metadata *metadata, struct error *error)
{
	_cleanup_journal_ sd_journal *journal = NULL;
	int r;

	if (directory)
		r = sd_journal_open_directory(&journal, directory, 0);
	else
		r = sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY);
	if (r < 0)
		return error_set(error, r, "journal: %s", strerror(-r));
	sd_journal_set_data_threshold(journal, FIELD_MAX);
	r = add_matches(journal, owner, "container", id, true);
	if (r == 0)
		r = find_entry(journal, deadline_ns);
	if (r == 0)
		return error_set(error, journal_is_used(journal) ? -EAGAIN : -ENOENT,
			"journal: no event of this container");
	if (r > 0)
		r = read_entry(journal, metadata);
	if (r < 0)
		return error_set(error, r, "journal: %s", strerror(-r));
	container_metadata_add_source(metadata, LABELS_SOURCE_JOURNAL);
	if (metadata->pod_id && !metadata->pod_name)
		return find_pod_name(journal, owner, deadline_ns, metadata);
	return 0;
}
