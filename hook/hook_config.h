/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/tallyman/hook.conf: which containers must not start unless they are registered, and the
 * budget. Read by the hook itself, because the rules matter when there is no daemon to ask. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/error.h"

#define HOOK_CONFIG_BYTES_MAX (64u << 10)
#define HOOK_RULES_MAX	      256

enum hook_rule_kind {
	HOOK_RULE_ALL,	      /* all = yes */
	HOOK_RULE_UID,	      /* uid = N */
	HOOK_RULE_IMAGE,      /* image = PREFIX of the image's name */
	HOOK_RULE_ANNOTATION, /* annotation = KEY or KEY=VALUE */
};

struct hook_rule {
	enum hook_rule_kind kind;
	uid_t uid;
	char *text;  /* image prefix, annotation key */
	char *value; /* annotation value, NULL: any */
	unsigned line;
};

struct hook_config {
	uint32_t budget_ms; /* 0: not set */
	struct hook_rule *rules;
	size_t rule_count;
};

/* Every line that can be read is in force even when another cannot: *ret_config is set in any case
 * but -ENOMEM. Then -EINVAL, and `error` names the first bad line. */
int hook_config_parse(
	const char *text, const char *file, struct hook_config **ret_config, struct error *error);
/* A missing file is an empty one. */
int hook_config_read(const char *path, struct hook_config **ret_config, struct error *error);
struct hook_config *hook_config_free(struct hook_config *config);
static inline void hook_config_free_p(struct hook_config **config)
{
	hook_config_free(*config);
}
#define _cleanup_hook_config_ _cleanup_(hook_config_free_p)
