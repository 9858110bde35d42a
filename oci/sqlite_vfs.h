/* SPDX-License-Identifier: Apache-2.0 */
/* The file system layer under sqlite_read_only: see there. */
#pragma once

#include <sqlite3.h>
#include <stdint.h>
#include <sys/types.h>

struct sqlite_vfs { /* one per opened database; must not move while registered */
	sqlite3_vfs base;
	char name[40];
	int directory_fd; /* borrowed */
	uid_t owner;
	int64_t file_max; /* bytes; a larger file is refused */
	int open_error;	  /* negative errno of the last file that could not be opened */
};

/* Register under a name of its own, vfs->name. SQLITE_OK or an SQLite error. */
int sqlite_vfs_register(struct sqlite_vfs *vfs, int directory_fd, uid_t owner, int64_t file_max);
void sqlite_vfs_unregister(struct sqlite_vfs *vfs);
