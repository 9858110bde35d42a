/* SPDX-License-Identifier: Apache-2.0 */
/* The files of policy_dir and what became of each. A file that is refused leaves in force what was
 * in force from it. Policy thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/policy/directory.h"
#include "daemon/policy/policies.h"

struct policy_file {
	struct policy_file *next;
	char *name, *path;
	/* as it was when it was read */
	uint64_t inode, size;
	int64_t modified_ns, changed_ns;
	uint32_t mode;
	struct policy_document *document; /* NULL: could not be read */
	struct error error;		  /* why it was refused; code 0 when it was not */
	bool seen;
};

struct policy_files {
	struct policy_directory *directory;
	struct policies *policies;
	struct policy_file *files; /* in the order of names */
	const bool *stop;	   /* set by another thread: leave the rest */
};

/* Look at every file that has changed. One that takes a policy over from another that has gone or
 * no longer has it does so without a gap. */
void policy_files_update(struct policy_files *files);
/* A name may have been given up: those that were refused for it. */
void policy_files_retry(struct policy_files *files);
void policy_files_done(struct policy_files *files);
/* Append "path, error" objects of all refused files, with commas. */
void policy_files_errors_json(const struct policy_files *files, struct buf *json);
/* Append an object for each policy of a refused file that is not in force, or for the file if it
 * could not be read that far. `separator` stands after each. */
void policy_files_json(const struct policy_files *files, char separator, struct buf *json);
