/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/engine/binaries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/cleanup.h"
#include "lib/util.h"

enum binary_match {
	BINARY_EQUAL,
	BINARY_PREFIX,
	BINARY_POSTFIX,
	BINARY_MATCHES
};

/* One path, prefix or postfix, and the matchers that list it. */
struct binary_entry {
	char path[BINARY_PATH_MAX];
	uint32_t length;
	enum binary_match match;
	uint64_t words[BINARY_MATCHER_WORDS];
};

struct binary_matcher {
	uint32_t references;
	enum binary_match match;
	size_t count; /* of entries that it added */
	char *paths;  /* each with a NUL after it: to know the same list again */
	size_t paths_length;
};

struct binaries {
	struct base_sensor *sensor;
	struct base_sensor_policy_maps maps;
	struct binary_matcher matchers[BINARY_MATCHERS_MAX];
	struct binary_entry *entries;
	size_t entry_count, entries_allocated;
	uint64_t taken[BINARY_MATCHER_WORDS]; /* since the processes were looked at */
	bool stale;
};

int binaries_new(struct base_sensor *sensor, struct binaries **ret_binaries)
{
	struct binaries *binaries = calloc(1, sizeof(*binaries));

	if (!binaries)
		return -ENOMEM;
	binaries->sensor = sensor;
	binaries->maps = base_sensor_policy_maps(sensor);
	*ret_binaries = binaries;
	return 0;
}

struct binaries *binaries_free(struct binaries *binaries)
{
	if (!binaries)
		return NULL;
	for (size_t i = 0; i < BINARY_MATCHERS_MAX; i++)
		free(binaries->matchers[i].paths);
	free(binaries->entries);
	free(binaries);
	return NULL;
}

static enum binary_match match_of(const struct policy_match_binaries *match)
{
	switch (match->operation) {
	case POLICY_PREFIX:
	case POLICY_NOT_PREFIX:
		return BINARY_PREFIX;
	case POLICY_POSTFIX:
	case POLICY_NOT_POSTFIX:
		return BINARY_POSTFIX;
	default:
		return BINARY_EQUAL;
	}
}

static int update(int fd, const void *key, const uint64_t words[BINARY_MATCHER_WORDS])
{
	bool empty = true;

	for (int i = 0; i < BINARY_MATCHER_WORDS; i++)
		empty &= !words[i];
	if (!empty)
		return bpf_map_update_elem(fd, key, words, BPF_ANY) ? -errno : 0;
	return bpf_map_delete_elem(fd, key) && errno != ENOENT ? -errno : 0;
}

/* The longest one that fits is all that the kernel finds: it has the bits of the shorter ones. */
static void bits_of_shorter(const struct binaries *binaries, const struct binary_entry *entry,
	uint64_t ret_words[BINARY_MATCHER_WORDS])
{
	memcpy(ret_words, entry->words, sizeof(entry->words));
	for (size_t i = 0; i < binaries->entry_count; i++) {
		const struct binary_entry *other = &binaries->entries[i];
		const char *begin = entry->path;

		if (other->match != entry->match || other->length >= entry->length)
			continue;
		if (entry->match == BINARY_POSTFIX)
			begin += entry->length - other->length;
		if (memcmp(begin, other->path, other->length) != 0)
			continue;
		for (int j = 0; j < BINARY_MATCHER_WORDS; j++)
			ret_words[j] |= other->words[j];
	}
}

static int write_entry(const struct binaries *binaries, const struct binary_entry *entry)
{
	uint64_t words[BINARY_MATCHER_WORDS];
	struct {
		uint32_t bits;
		char path[BINARY_PATH_MAX];
	} key = {.bits = entry->length * 8};
	bool has_own = false;

	if (entry->match == BINARY_EQUAL)
		return update(binaries->maps.binaries_fd, entry->path, entry->words);
	for (int i = 0; i < BINARY_MATCHER_WORDS; i++)
		has_own |= entry->words[i] != 0;
	if (has_own)
		bits_of_shorter(binaries, entry, words);
	else
		memset(words, 0, sizeof(words));
	if (entry->match == BINARY_PREFIX) {
		memcpy(key.path, entry->path, entry->length);
		return update(binaries->maps.binary_prefixes_fd, &key, words);
	}
	for (uint32_t i = 0; i < entry->length; i++)
		key.path[i] = entry->path[entry->length - 1 - i];
	return update(binaries->maps.binary_postfixes_fd, &key, words);
}

static struct binary_entry *entry_get(
	struct binaries *binaries, enum binary_match match, const struct policy_text *path)
{
	struct binary_entry *entry;

	for (size_t i = 0; i < binaries->entry_count; i++) {
		entry = &binaries->entries[i];
		if (entry->match == match && entry->length == path->length &&
			!memcmp(entry->path, path->data, path->length))
			return entry;
	}
	if (binaries->entry_count == BINARIES_MAX)
		return NULL;
	if (binaries->entry_count == binaries->entries_allocated) {
		size_t count = binaries->entries_allocated ? 2 * binaries->entries_allocated : 16;
		struct binary_entry *entries =
			reallocarray(binaries->entries, count, sizeof(*entries));

		if (!entries)
			return NULL;
		binaries->entries = entries;
		binaries->entries_allocated = count;
	}
	entry = &binaries->entries[binaries->entry_count++];
	*entry = (struct binary_entry){.match = match, .length = (uint32_t)path->length};
	memcpy(entry->path, path->data, path->length);
	return entry;
}

/* All of one kind, since a new short one is in the longer ones too. */
static int write_all(struct binaries *binaries, enum binary_match match)
{
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; i < binaries->entry_count && r >= 0; i++)
		if (binaries->entries[i].match == match)
			r = write_entry(binaries, &binaries->entries[i]);
	for (size_t i = 0; i < binaries->entry_count; i++) {
		struct binary_entry *entry = &binaries->entries[i];
		bool used = false;

		for (int j = 0; j < BINARY_MATCHER_WORDS; j++)
			used |= entry->words[j] != 0;
		if (used)
			binaries->entries[kept++] = *entry;
	}
	binaries->entry_count = kept;
	return r;
}

static int add_paths(struct binaries *binaries, const struct policy_match_binaries *match, int bit,
	struct error *error)
{
	enum binary_match kind = match_of(match);
	size_t longest = kind == BINARY_POSTFIX ? BINARY_POSTFIX_MAX : BINARY_PATH_MAX - 1;

	for (size_t i = 0; i < match->values.count; i++) {
		const struct policy_text *path = &match->values.items[i];
		struct binary_entry *entry;

		if (path->length > longest)
			return error_set(error, -E2BIG,
				"a path of %zu bytes in matchBinaries: %zu can be compared",
				path->length, longest);
		entry = entry_get(binaries, kind, path);
		if (!entry)
			return error_set(error, -E2BIG,
				"all policies together list more than %d binaries", BINARIES_MAX);
		entry->words[bit / 64] |= 1ULL << (bit % 64);
	}
	return 0;
}

static int join_paths(
	const struct policy_match_binaries *match, char **ret_paths, size_t *ret_length)
{
	size_t length = 0;
	char *paths, *end;

	for (size_t i = 0; i < match->values.count; i++)
		length += match->values.items[i].length + 1;
	paths = end = malloc(length + 1);
	if (!paths)
		return -ENOMEM;
	for (size_t i = 0; i < match->values.count; i++) {
		memcpy(end, match->values.items[i].data, match->values.items[i].length);
		end += match->values.items[i].length;
		*end++ = '\0';
	}
	*ret_paths = paths;
	*ret_length = length;
	return 0;
}

int binaries_take(
	struct binaries *binaries, const struct policy_match_binaries *match, struct error *error)
{
	_cleanup_free_ char *paths = NULL;
	struct binary_matcher *matcher;
	size_t length;
	int bit = -1, r;

	if (join_paths(match, &paths, &length) < 0)
		return error_set(error, -ENOMEM, "out of memory");
	for (int i = 0; i < BINARY_MATCHERS_MAX; i++) {
		matcher = &binaries->matchers[i];
		if (!matcher->references) {
			bit = bit < 0 ? i : bit;
			continue;
		}
		if (matcher->match == match_of(match) && matcher->paths_length == length &&
			!memcmp(matcher->paths, paths, length)) {
			matcher->references++;
			return i;
		}
	}
	if (bit < 0)
		return error_set(error, -E2BIG,
			"all policies together have more than %d different matchBinaries",
			BINARY_MATCHERS_MAX);
	r = add_paths(binaries, match, bit, error);
	if (r >= 0) {
		r = write_all(binaries, match_of(match));
		if (r < 0)
			error_set(error, r, "cannot fill in matchBinaries: %s", strerror(-r));
	}
	matcher = &binaries->matchers[bit];
	matcher->references = 1;
	matcher->match = match_of(match);
	matcher->paths = TAKE_PTR(paths);
	matcher->paths_length = length;
	binaries->taken[bit / 64] |= 1ULL << (bit % 64);
	binaries->stale = true;
	if (r < 0) {
		binaries_give_back(binaries, bit);
		return r;
	}
	return bit;
}

void binaries_give_back(struct binaries *binaries, int bit)
{
	struct binary_matcher *matcher = &binaries->matchers[bit];

	if (--matcher->references)
		return;
	for (size_t i = 0; i < binaries->entry_count; i++)
		binaries->entries[i].words[bit / 64] &= ~(1ULL << (bit % 64));
	write_all(binaries, matcher->match);
	free(matcher->paths);
	memset(matcher, 0, sizeof(*matcher));
	/* Processes keep the bit; who takes it next has them looked at again. */
}

static int look_at_processes(struct binaries *binaries, struct error *error)
{
	_cleanup_close_ int fd = base_sensor_iterate(binaries->sensor);
	int r = fd;
	char bytes[4096];
	ssize_t n;

	if (fd >= 0) {
		do
			n = read(fd, bytes, sizeof(bytes));
		while (n > 0 || (n < 0 && errno == EAGAIN));
		r = n < 0 ? -errno : 0;
	}
	return r < 0 ? error_set(error, r, "cannot look at the running processes: %s", strerror(-r))
		     : 0;
}

int binaries_refresh(struct binaries *binaries, struct error *error)
{
	static const uint64_t none[BINARY_MATCHER_WORDS];
	int r;

	if (!binaries->stale)
		return 0;
	base_sensor_want_process_states(binaries->sensor);
	base_sensor_forget_binaries(binaries->sensor, binaries->taken);
	r = look_at_processes(binaries, error);
	base_sensor_forget_binaries(binaries->sensor, none);
	if (r < 0)
		return r;
	memset(binaries->taken, 0, sizeof(binaries->taken));
	binaries->stale = false;
	return 0;
}
