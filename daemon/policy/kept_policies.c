/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/kept_policies.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/policy/policy_file.h"
#include "lib/cleanup.h"
#include "lib/fd.h"

#define SUFFIX	      ".yaml"
#define PENDING	      ".new"
#define SOURCE_PREFIX "# tallyman: added by "
#define FILE_NAME_LETTERS                                                                          \
	100 /* of the policy's name; the hash tells those apart that share them                    \
	     */

int kept_policies_open(const char *path, struct kept_policies *ret_kept, struct error *error)
{
	int r;

	*ret_kept = (struct kept_policies){.directory_fd = -1, .path = strdup(path)};
	if (!ret_kept->path)
		return error_set(error, -ENOMEM, "no memory");
	r = make_directory(path, 0700);
	if (r < 0)
		return error_set(error, r, "cannot make %s: %s", path, strerror(-r));
	r = policy_directory_fd_open(path, &ret_kept->directory_fd, error);
	if (r < 0)
		return r;
	if (faccessat(ret_kept->directory_fd, ".", W_OK, AT_EACCESS) < 0) {
		r = error_set(error, -errno, "%s: %s", path, strerror(errno));
		close(TAKE_FD(ret_kept->directory_fd));
		return r;
	}
	return kept_states_read(ret_kept, error);
}

void kept_policies_close(struct kept_policies *kept)
{
	if (kept->path && kept->directory_fd >= 0)
		close(kept->directory_fd);
	free(kept->path);
	kept_states_done(kept);
	*kept = (struct kept_policies){.directory_fd = -1};
}

static uint64_t hash(uint64_t seed, const char *text)
{
	for (; *text; text++)
		seed = (seed ^ (unsigned char)*text) * 0x100000001b3ULL; /* FNV-1a */
	return seed;
}

static char *file_name(const struct policy_entry *entry)
{
	uint64_t tag = hash(hash(hash(0xcbf29ce484222325ULL, entry->namespace), "/"), entry->name);
	char *name;

	if (asprintf(&name, "%.*s-%016" PRIx64 SUFFIX, FILE_NAME_LETTERS, entry->name, tag) < 0)
		return NULL;
	return name;
}

static int write_synced(int directory_fd, const char *name, const struct buf *text)
{
	_cleanup_close_ int fd = -1;
	int r;

	if (unlinkat(directory_fd, name, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(directory_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, text->data, text->length);
	if (!r && fsync(fd) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(directory_fd, name, 0);
	return r;
}

int kept_file_write(
	struct kept_policies *kept, const char *name, const struct buf *text, struct error *error)
{
	int r = kept->directory_fd < 0 ? -ENOTDIR
		: text->failed	       ? -ENOMEM
				       : write_synced(kept->directory_fd, name, text);

	return r < 0 ? error_set(error, r, "cannot be kept for the next start in %s: %s",
			       kept->path, strerror(-r))
		     : 0;
}

int kept_file_rename(
	struct kept_policies *kept, const char *from, const char *to, struct error *error)
{
	if (renameat(kept->directory_fd, from, kept->directory_fd, to) < 0)
		return error_set(error, -errno, "cannot be kept for the next start in %s: %s",
			kept->path, strerror(errno));
	(void)fsync(kept->directory_fd);
	return 0;
}

int kept_policies_prepare(struct kept_policies *kept, const struct policy_entry *entry,
	char **ret_file, struct error *error)
{
	_cleanup_free_ char *file = file_name(entry), *pending = NULL;
	_cleanup_buf_ struct buf text = {0};
	int r;

	if (!file || asprintf(&pending, "%s" PENDING, file) < 0) {
		pending = NULL;
		return error_set(error, -ENOMEM, "no memory");
	}
	buf_printf(&text, SOURCE_PREFIX "%s\n", entry->source);
	buf_append(&text, entry->document->text, entry->document->length);
	r = kept_file_write(kept, pending, &text, error);
	if (r < 0)
		return r;
	*ret_file = TAKE_PTR(file);
	return 0;
}

int kept_policies_commit(struct kept_policies *kept, const char *file, struct error *error)
{
	char pending[NAME_MAX + 1];

	snprintf(pending, sizeof(pending), "%s" PENDING, file);
	return kept_file_rename(kept, pending, file, error);
}

void kept_policies_abort(struct kept_policies *kept, const char *file)
{
	char pending[NAME_MAX + 1];

	snprintf(pending, sizeof(pending), "%s" PENDING, file);
	(void)unlinkat(kept->directory_fd, pending, 0);
}

void kept_policies_remove(struct kept_policies *kept, const char *file)
{
	if (kept->directory_fd >= 0)
		(void)unlinkat(kept->directory_fd, file, 0);
}

static char *source_of(const struct buf *text)
{
	const size_t prefix = strlen(SOURCE_PREFIX);
	const char *end = text->length ? memchr(text->data, '\n', text->length) : NULL;

	if (!end || text->length < prefix || memcmp(text->data, SOURCE_PREFIX, prefix) != 0)
		return strdup("the state directory");
	return strndup(text->data + prefix, (size_t)(end - text->data) - prefix);
}

static int take_file(
	const struct kept_policies *kept, const char *name, kept_policy take, void *data)
{
	_cleanup_buf_ struct buf text = {0};
	_cleanup_free_ char *path = NULL, *source = NULL;
	struct error error = {0};
	int r;

	if (asprintf(&path, "%s/%s", kept->path, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = policy_file_read(kept->directory_fd, name, &text, &error);
	if (r < 0)
		error_wrap(&error, "%s", path);
	source = r < 0 ? strdup(path) : source_of(&text);
	if (!source)
		return -ENOMEM;
	take(data, name, path, source, &text, r < 0 ? &error : NULL);
	return 0;
}

int kept_policies_read_all(
	const struct kept_policies *kept, kept_policy take, void *data, struct error *error)
{
	struct policy_file_names names;
	int r;

	if (kept->directory_fd < 0)
		return 0;
	r = policy_file_names_read(kept->directory_fd, &names);
	for (size_t i = 0; !r && i < names.count; i++)
		r = take_file(kept, names.items[i], take, data);
	policy_file_names_done(&names);
	return r < 0 ? error_set(error, r, "%s: %s", kept->path, strerror(-r)) : 0;
}
