/* SPDX-License-Identifier: Apache-2.0 */
/* A path, and after a newline the id to look for in it. */
#include "lib/cgroup_path.h"

#include "tests/fuzz/fuzz.h"

static void check_end(const char *path, size_t end)
{
	FUZZ_ASSERT(end > 0 && end <= strlen(path));
	FUZZ_ASSERT(path[end] == '\0' || path[end] == '/');
	FUZZ_ASSERT(path[end - 1] != '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cgroup_container container = {0};
	char *path = fuzz_string(data, size), *newline = strchr(path, '\n');
	const char *id = "libpod";
	size_t end;

	if (newline) {
		*newline = '\0';
		id = newline + 1;
	}
	if (cgroup_path_container(path, &container)) {
		FUZZ_ASSERT(container.engine != CGROUP_ENGINE_NONE);
		FUZZ_ASSERT(cgroup_engine_name(container.engine)[0]);
		FUZZ_ASSERT(strlen(container.id) < CONTAINER_ID_MAX);
		check_end(path, container.component_end);
	}
	end = cgroup_path_find_id(path, id);
	if (end) {
		check_end(path, end);
		path[end] = '\0';
		FUZZ_ASSERT(strstr(path, id));
	}
	free(path);
	return 0;
}
