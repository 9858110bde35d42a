/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes' label selectors, as policies have them: every entry of matchLabels and every
 * expression has to hold, and without any all match. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy/model.h"

#define LABEL_VALUES_MAX 4

struct label_value {
	const char *data;
	size_t length;
};

/* The values of what `key` names, 0 when there is none. Some keys have several: an image has a name
 * and a digest. In holds when one of them is named, NotIn when none is. */
typedef size_t (*label_lookup)(const void *subject, const struct policy_text *key,
	struct label_value ret_values[LABEL_VALUES_MAX]);

bool policy_label_selector_matches(
	const struct policy_label_selector *selector, label_lookup lookup, const void *subject);
