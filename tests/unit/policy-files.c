/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/policy-files.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t for_each_policy_file(const char *directory, void (*take)(const char *path))
{
	char *const directories[] = {(char *)directory, NULL};
	FTS *walk = fts_open(directories, FTS_LOGICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;
	size_t count = 0;

	if (!walk)
		return 0;
	while ((entry = fts_read(walk))) {
		size_t length = strlen(entry->fts_path);

		if (entry->fts_info != FTS_F || length < 5 ||
			strcmp(entry->fts_path + length - 5, ".yaml") != 0)
			continue;
		take(entry->fts_path);
		count++;
	}
	fts_close(walk);
	return count;
}

const char *source_path(const char *name, char path[4096])
{
	const char *source_dir = getenv("top_srcdir");

	snprintf(path, 4096, "%s/%s", source_dir ? source_dir : ".", name);
	return path;
}
