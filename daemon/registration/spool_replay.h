/* SPDX-License-Identifier: Apache-2.0 */
/* The messages that hooks left in RUNTIME_DIR/spool while no daemon took them. */
#pragma once

#include "daemon/registration/registration_internal.h"

#define SPOOL_REPLAY_FILES_MAX 4096 /* looked at in one pass; hooks stop at a quarter of that */

/* Register what still runs, in the order of the files' names, and remove every file. */
void spool_replay(struct registration *registration);
