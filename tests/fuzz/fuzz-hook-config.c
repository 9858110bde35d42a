/* SPDX-License-Identifier: Apache-2.0 */
/* hook.conf, uid_map, passwd and the files of kept containers, each reader on the same text. */
#include "hook/hook_config.h"

#include <errno.h>

#include "daemon/registration/state_json.h"
#include "daemon/registration/user_namespace.h"
#include "hook/user.h"
#include "tests/fuzz/fuzz.h"

#define BOOT "0123456789abcdef0123456789abcdef"

static void check_config(const char *text)
{
	struct hook_config *config = NULL;
	struct error error = {};
	int r = hook_config_parse(text, "f", &config, &error);

	FUZZ_ASSERT(r == 0 || (r == -EINVAL && error.message[0]));
	FUZZ_ASSERT(config && config->rule_count <= HOOK_RULES_MAX);
	hook_config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct container *container = NULL;
	struct error error = {};
	struct uid_map map;
	char *text = strndup((const char *)data, size);
	bool initial;
	uid_t uid;

	FUZZ_ASSERT(text);
	check_config(text);
	(void)uid_map_lookup(text, 0, &uid, &initial);
	(void)passwd_lookup(text, "tallyman", &uid);
	if (!uid_map_parse(text, &map)) {
		FUZZ_ASSERT(map.range_count <= UID_MAP_RANGES_MAX);
		(void)uid_map_contains(&map, 1000);
		/* a map whose ranges are empty holds nothing, and so is within anything */
		(void)uid_map_is_within(&map, &map);
	}
	if (!state_json_parse((const char *)data, size, BOOT, &container, &error)) {
		FUZZ_ASSERT(container->id[0]);
		FUZZ_ASSERT(container->has_cgroup == (container->cgroup_path != NULL));
		container_free(container);
	}
	free(text);
	return 0;
}
