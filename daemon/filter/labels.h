/* SPDX-License-Identifier: Apache-2.0 */
/* Label selectors in Kubernetes' syntax: requirements separated by commas, all of which must hold:
 *   app  !app  app=web  app==web  app!=web  app in (a,b)  app notin (a,b)  size>3  size<10 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"
#include "oci/metadata.h"

#define LABEL_SELECTOR_MAX 4096 /* bytes */

struct label_selector;

int label_selector_parse(
	const char *text, size_t length, struct label_selector **ret_selector, struct error *error);
struct label_selector *label_selector_free(struct label_selector *selector);

/* Two sets, a container's and its pod's (each may be empty). A key may be in both: `=`,
 * `in`, `<`, `>` and `key` hold if one of its values fits, `!=`, `notin` and `!key` if none does.
 */
bool label_selector_matches(const struct label_selector *selector, const struct label *first,
	size_t first_count, const struct label *second, size_t second_count);
