/* SPDX-License-Identifier: Apache-2.0 */
/* The facts of a container, twice: one struct container for the main thread, one that stays here.
 */
#pragma once

#include "daemon/registration/admission.h"

/* From what was verified, with a generation of its own. NULL: no memory. */
struct container *record_new(struct registration *registration, const struct admission *admission);
/* The same facts, without metadata. NULL: no memory. */
struct container *record_copy(const struct container *facts);
