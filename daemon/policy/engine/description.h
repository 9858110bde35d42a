/* SPDX-License-Identifier: Apache-2.0 */
/* Making struct hook_description (hit.h). */
#pragma once

#include "daemon/policy/hit/hit.h"
#include "daemon/policy/place/place.h"

/* NULL without memory. One reference: hook_description_unref(). */
struct hook_description *hook_description_new(const struct policy *policy,
	const struct policy_hook *hook, const struct hook_place *place, uint32_t id);
/* Of `loader: true`, which is no hook in the file. */
struct hook_description *hook_description_loader(const struct policy *policy, uint32_t id);
