/* SPDX-License-Identifier: Apache-2.0 */
/* What of policies outlives the daemon: the texts that came over the control socket, a file each,
 * and which policies were disabled or given another mode, wherever they are from. Policy thread
 * only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/policy/policy_entry.h"
#include "lib/error.h"

struct policy_state {
	struct policy_state *next;
	char *name, *namespace;
	bool enabled, mode_is_set;
	enum policy_mode mode;
};

struct kept_policies {
	char *path;
	int directory_fd; /* -1: nothing can be kept */
	struct policy_state *states;
};

/* Makes `path`, 0700, if it is not there. On failure nothing can be kept, and the calls below say
 * so. */
int kept_policies_open(const char *path, struct kept_policies *ret_kept, struct error *error);
void kept_policies_close(struct kept_policies *kept);

/* NULL: enabled, and in the mode it has by itself. */
const struct policy_state *kept_policies_state(
	const struct kept_policies *kept, const char *namespace, const char *name);
/* Kept in memory when it cannot be written, which is the error. */
int kept_policies_set_state(
	struct kept_policies *kept, const struct policy_entry *entry, struct error *error);
int kept_policies_forget_state(
	struct kept_policies *kept, const char *namespace, const char *name, struct error *error);

/* Write a text beside its place, synced to disk; *ret_file is its name once it is committed. One
 * document may stand there. */
int kept_policies_prepare(struct kept_policies *kept, const struct policy_entry *entry,
	char **ret_file, struct error *error);
/* Put it in its place, where an older one may be. */
int kept_policies_commit(struct kept_policies *kept, const char *file, struct error *error);
void kept_policies_abort(struct kept_policies *kept, const char *file);
void kept_policies_remove(struct kept_policies *kept, const char *file);

/* In the order of names. `source` is who added it; a file that cannot be read has no text. */
typedef void (*kept_policy)(void *data, const char *file, const char *path, const char *source,
	const struct buf *text, const struct error *error);
int kept_policies_read_all(
	const struct kept_policies *kept, kept_policy take, void *data, struct error *error);

/* --- between kept_policies.c and kept_states.c --- */
int kept_states_read(struct kept_policies *kept, struct error *error);
void kept_states_done(struct kept_policies *kept);
int kept_file_write(
	struct kept_policies *kept, const char *name, const struct buf *text, struct error *error);
int kept_file_rename(
	struct kept_policies *kept, const char *from, const char *to, struct error *error);
