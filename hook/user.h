/* SPDX-License-Identifier: Apache-2.0 */
/* Who the hook is, and whom it believes. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define TALLYMAN_USER "tallyman" /* what the daemon runs as */

struct hook_user {
	bool initial_namespace; /* false: rootless, uid 0 is somebody else's number */
	uid_t uid;		/* in the initial user namespace as far as it can be told */
};

void hook_user_read(struct hook_user *ret_user);
/* Root outside of any user namespace: the only one who may write to the spool. */
bool hook_user_is_root(const struct hook_user *user);
/* Whether a file or socket of this owner, as seen from here, is root's or the daemon's. From inside
 * a user namespace both look like nobody: there, any owner from outside is taken. */
bool hook_user_trusts(const struct hook_user *user, uid_t owner);

/* Parse one uid_map: the id outside of `inside`, and whether the map is that of the initial
 * namespace. false for a text that is no map or does not map `inside`. */
bool uid_map_lookup(const char *text, uid_t inside, uid_t *ret_outside, bool *ret_initial);
/* The uid of `name` in text of the form of /etc/passwd. */
bool passwd_lookup(const char *text, const char *name, uid_t *ret_uid);
