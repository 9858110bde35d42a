/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/sqlite_vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/util.h"

/* Where SQLite puts its locks; part of its file format (sqlite.org/lockingv3.html). */
#define PENDING_BYTE  0x40000000
#define RESERVED_BYTE (PENDING_BYTE + 1)
#define SHARED_FIRST  (PENDING_BYTE + 2)
#define SHARED_SIZE   510

struct vfs_file {
	sqlite3_file base;
	int fd;
	int lock; /* SQLITE_LOCK_NONE or SQLITE_LOCK_SHARED */
};

static struct sqlite_vfs *own(sqlite3_vfs *vfs)
{
	return vfs->pAppData;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int file_close(sqlite3_file *base)
{
	struct vfs_file *file = (struct vfs_file *)base;

	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *data, int amount, sqlite3_int64 offset)
{
	struct vfs_file *file = (struct vfs_file *)base;
	size_t done = 0, wanted = amount;

	while (done < wanted) {
		ssize_t n = pread(file->fd, (char *)data + done, wanted - done, offset + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return SQLITE_IOERR_READ;
		if (n == 0)
			break;
		done += n;
	}
	if (done == wanted)
		return SQLITE_OK;
	memset((char *)data + done, 0, wanted - done); /* SQLite relies on it */
	return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *base, const void *data, int amount, sqlite3_int64 offset)
{
	return SQLITE_READONLY;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	return SQLITE_READONLY;
}

static int file_sync(sqlite3_file *base, int flags)
{
	return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
	struct vfs_file *file = (struct vfs_file *)base;
	struct stat status;

	if (fstat(file->fd, &status) < 0)
		return SQLITE_IOERR_FSTAT;
	*ret_size = status.st_size;
	return SQLITE_OK;
}

static int set_lock(int fd, short type, off_t start, off_t length)
{
	struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return SQLITE_OK;
	return errno == EAGAIN || errno == EACCES ? SQLITE_BUSY : SQLITE_IOERR_RDLOCK;
}

static int file_lock(sqlite3_file *base, int level)
{
	struct vfs_file *file = (struct vfs_file *)base;
	int result;

	if (level > SQLITE_LOCK_SHARED)
		return SQLITE_READONLY;
	if (file->lock >= level)
		return SQLITE_OK;
	/* The pending byte is held while the shared lock is taken: a writer that waits for the
	 * readers to go holds it, and lets no new ones in. */
	result = set_lock(file->fd, F_RDLCK, PENDING_BYTE, 1);
	if (result != SQLITE_OK)
		return result;
	result = set_lock(file->fd, F_RDLCK, SHARED_FIRST, SHARED_SIZE);
	set_lock(file->fd, F_UNLCK, PENDING_BYTE, 1);
	if (result == SQLITE_OK)
		file->lock = SQLITE_LOCK_SHARED;
	return result;
}

static int file_unlock(sqlite3_file *base, int level)
{
	struct vfs_file *file = (struct vfs_file *)base;

	if (level < file->lock) {
		set_lock(file->fd, F_UNLCK, PENDING_BYTE, 2 + SHARED_SIZE);
		file->lock = SQLITE_LOCK_NONE;
	}
	return SQLITE_OK;
}

/* A journal is only hot when no writer is at work, which is what this asks. */
static int file_check_reserved_lock(sqlite3_file *base, int *ret_reserved)
{
	struct vfs_file *file = (struct vfs_file *)base;
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = RESERVED_BYTE, .l_len = 1};

	if (fcntl(file->fd, F_OFD_GETLK, &lock) < 0)
		return SQLITE_IOERR_CHECKRESERVEDLOCK;
	*ret_reserved = lock.l_type != F_UNLCK;
	return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int operation, void *argument)
{
	return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *base)
{
	return 4096;
}

static int file_characteristics(sqlite3_file *base)
{
	return 0;
}

/* Version 1: no shared memory (so no WAL) and no memory mapping (a file that its owner makes
 * shorter would kill the process). */
static const sqlite3_io_methods file_methods = {
	.iVersion = 1,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_check_reserved_lock,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_characteristics,
};

static int vfs_open(
	sqlite3_vfs *base, const char *path, sqlite3_file *base_file, int flags, int *ret_flags)
{
	struct vfs_file *file = (struct vfs_file *)base_file;
	struct sqlite_vfs *vfs = own(base);
	struct stat status;
	int fd;

	file->base.pMethods = NULL;
	if (!path || !(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL)))
		return SQLITE_CANTOPEN; /* temporary files, WAL */
	fd = open_regular(vfs->directory_fd, base_name(path), vfs->owner);
	if (fd < 0) {
		vfs->open_error = fd;
		return fd == -ENOMEM ? SQLITE_NOMEM : SQLITE_CANTOPEN;
	}
	if (fstat(fd, &status) < 0 || status.st_size > vfs->file_max) {
		vfs->open_error = -EFBIG;
		close(fd);
		return SQLITE_CANTOPEN;
	}
	file->fd = fd;
	file->lock = SQLITE_LOCK_NONE;
	file->base.pMethods = &file_methods;
	if (ret_flags)
		*ret_flags = SQLITE_OPEN_READONLY | (flags & 0x00ffff00);
	return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *base, const char *path, int sync_directory)
{
	return SQLITE_READONLY;
}

static int vfs_access(sqlite3_vfs *base, const char *path, int flags, int *ret_result)
{
	struct stat status;

	if (flags == SQLITE_ACCESS_READWRITE)
		*ret_result = 0;
	else
		*ret_result = fstatat(own(base)->directory_fd, base_name(path), &status,
				      AT_SYMLINK_NOFOLLOW) == 0;
	return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *base, const char *path, int size, char *ret_path)
{
	int length = snprintf(ret_path, size, "/%s", base_name(path));

	return length < 0 || length >= size ? SQLITE_CANTOPEN : SQLITE_OK;
}

int sqlite_vfs_register(struct sqlite_vfs *vfs, int directory_fd, uid_t owner, int64_t file_max)
{
	sqlite3_vfs *standard = sqlite3_vfs_find(NULL);

	if (!standard)
		return SQLITE_ERROR;
	memset(vfs, 0, sizeof(*vfs));
	vfs->directory_fd = directory_fd;
	vfs->owner = owner;
	vfs->file_max = file_max;
	snprintf(vfs->name, sizeof(vfs->name), "tallyman-%p", (void *)vfs);
	vfs->base = (sqlite3_vfs){
		.iVersion = 2,
		.szOsFile = sizeof(struct vfs_file),
		.mxPathname = 255 + sizeof("/-journal"),
		.zName = vfs->name,
		.pAppData = vfs,
		.xOpen = vfs_open,
		.xDelete = vfs_delete,
		.xAccess = vfs_access,
		.xFullPathname = vfs_full_path,
		.xRandomness = standard->xRandomness,
		.xSleep = standard->xSleep,
		.xCurrentTime = standard->xCurrentTime,
		.xGetLastError = standard->xGetLastError,
		.xCurrentTimeInt64 = standard->xCurrentTimeInt64,
	};
	return sqlite3_vfs_register(&vfs->base, 0);
}

void sqlite_vfs_unregister(struct sqlite_vfs *vfs)
{
	sqlite3_vfs_unregister(&vfs->base);
}
