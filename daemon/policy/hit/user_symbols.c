/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/hit/user_symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/elf_file.h"
#include "lib/fd.h"
#include "lib/thread.h"
#include "lib/util.h"

/* The kernel's dev_t */
#define DEVICE_MINOR_BITS 20

enum file_state {
	FILE_UNUSED,
	FILE_WANTED, /* the thread will read it */
	FILE_BEING_READ,
	FILE_READ /* perhaps without any symbols */
};

struct symbol_file {
	enum file_state state;
	uint64_t inode;
	uint32_t device;
	uint64_t read_at;   /* CLOCK_MONOTONIC ns */
	uint64_t last_used; /* number of the call */
	char path[STACK_MODULE_PATH_MAX];
	struct elf_symbols symbols; /* addresses are places in the file */
};

struct user_symbols {
	pthread_t thread;
	bool started, tried;
	uint64_t calls;

	pthread_mutex_t lock;
	pthread_cond_t wanted, read;
	bool stopping;
	bool slow; /* the last wait was for nothing */
	struct symbol_file files[USER_SYMBOLS_FILES_MAX];
};

struct user_symbols *user_symbols_new(void)
{
	struct user_symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	pthread_mutex_init(&symbols->lock, NULL);
	pthread_cond_init(&symbols->wanted, NULL);
	pthread_cond_init(&symbols->read, NULL);
	return symbols;
}

struct user_symbols *user_symbols_free(struct user_symbols *symbols)
{
	if (!symbols)
		return NULL;
	if (symbols->started) {
		pthread_mutex_lock(&symbols->lock);
		symbols->stopping = true;
		pthread_cond_signal(&symbols->wanted);
		pthread_mutex_unlock(&symbols->lock);
		pthread_join(symbols->thread, NULL);
	}
	for (size_t i = 0; i < USER_SYMBOLS_FILES_MAX; i++)
		elf_symbols_done(&symbols->files[i].symbols);
	pthread_cond_destroy(&symbols->wanted);
	pthread_cond_destroy(&symbols->read);
	pthread_mutex_destroy(&symbols->lock);
	free(symbols);
	return NULL;
}

/* ---- the thread ---- */

/* Only the file that was mapped: the path can be another file by now, or a container's. */
static int open_same(const struct symbol_file *file)
{
	_cleanup_close_ int fd = open_regular(AT_FDCWD, file->path, (uid_t)-1);
	struct stat status;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_ino != file->inode ||
		(major(status.st_dev) << DEVICE_MINOR_BITS | minor(status.st_dev)) != file->device)
		return -ESTALE;
	return TAKE_FD(fd);
}

/* By their place in the file, which is what a mapping tells. */
static void to_offsets(const struct elf_file *file, struct elf_symbols *symbols)
{
	size_t kept = 0;

	for (size_t i = 0; i < symbols->count; i++) {
		struct elf_symbol symbol = symbols->items[i];

		if (elf_file_offset(file, symbol.address, &symbol.address) == 0)
			symbols->items[kept++] = symbol;
	}
	symbols->count = kept;
	elf_symbols_sort(symbols);
}

static void read_symbols(const struct symbol_file *file, struct elf_symbols *ret_symbols)
{
	_cleanup_close_ int fd = open_same(file);
	_cleanup_elf_file_ struct elf_file *elf = NULL;
	struct error error;

	if (fd < 0 || elf_file_open(fd, &elf, &error) < 0 ||
		elf_file_symbols(elf, USER_SYMBOLS_FILE_BYTES_MAX, ret_symbols) < 0)
		return;
	to_offsets(elf, ret_symbols);
}

static struct symbol_file *next_wanted(struct user_symbols *symbols)
{
	for (size_t i = 0; i < USER_SYMBOLS_FILES_MAX; i++)
		if (symbols->files[i].state == FILE_WANTED)
			return &symbols->files[i];
	return NULL;
}

static void *run(void *data)
{
	struct user_symbols *symbols = data;

	pthread_mutex_lock(&symbols->lock);
	while (!symbols->stopping) {
		struct symbol_file *file = next_wanted(symbols), copy;
		struct elf_symbols read = {};

		if (!file) {
			pthread_cond_wait(&symbols->wanted, &symbols->lock);
			continue;
		}
		file->state = FILE_BEING_READ;
		copy = *file;
		pthread_mutex_unlock(&symbols->lock);
		read_symbols(&copy, &read);
		pthread_mutex_lock(&symbols->lock);
		file->symbols = read;
		file->read_at = clock_ns(CLOCK_MONOTONIC);
		file->state = FILE_READ;
		symbols->slow = false;
		pthread_cond_signal(&symbols->read);
	}
	pthread_mutex_unlock(&symbols->lock);
	return NULL;
}

/* ---- the main thread ---- */

static bool is_running(struct user_symbols *symbols)
{
	if (!symbols->tried) {
		symbols->tried = true;
		symbols->started = !thread_start(&symbols->thread, "symbols", 0, run, symbols);
	}
	return symbols->started;
}

/* What the call before this one found may still be in use. */
static bool can_go(const struct user_symbols *symbols, const struct symbol_file *file)
{
	return file->state == FILE_READ && file->last_used + 2 <= symbols->calls;
}

static void forget(struct symbol_file *file)
{
	elf_symbols_done(&file->symbols);
	file->state = FILE_UNUSED;
}

/* The one that was not used for longest. */
static struct symbol_file *oldest(struct user_symbols *symbols)
{
	struct symbol_file *result = NULL;

	for (size_t i = 0; i < USER_SYMBOLS_FILES_MAX; i++) {
		struct symbol_file *file = &symbols->files[i];

		if (can_go(symbols, file) && (!result || file->last_used < result->last_used))
			result = file;
	}
	return result;
}

static void make_room(struct user_symbols *symbols)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	struct symbol_file *file;
	size_t bytes = 0;

	for (size_t i = 0; i < USER_SYMBOLS_FILES_MAX; i++) {
		file = &symbols->files[i];
		if (can_go(symbols, file) && now - file->read_at > USER_SYMBOLS_KEPT_NS)
			forget(file);
		if (file->state == FILE_READ)
			bytes += file->symbols.bytes;
	}
	while (bytes > USER_SYMBOLS_BYTES_MAX && (file = oldest(symbols))) {
		bytes -= file->symbols.bytes;
		forget(file);
	}
}

static struct symbol_file *find_file(
	struct user_symbols *symbols, const struct stack_module *module)
{
	for (size_t i = 0; i < USER_SYMBOLS_FILES_MAX; i++) {
		struct symbol_file *file = &symbols->files[i];

		if (file->state != FILE_UNUSED && file->inode == module->inode &&
			file->device == module->device && !strcmp(file->path, module->path))
			return file;
	}
	return NULL;
}

static struct symbol_file *want_file(
	struct user_symbols *symbols, const struct stack_module *module)
{
	struct symbol_file *file = NULL;

	for (size_t i = 0; i < USER_SYMBOLS_FILES_MAX && !file; i++)
		if (symbols->files[i].state == FILE_UNUSED)
			file = &symbols->files[i];
	if (!file) {
		file = oldest(symbols);
		if (!file)
			return NULL;
		forget(file);
	}
	file->state = FILE_WANTED;
	file->inode = module->inode;
	file->device = module->device;
	memcpy(file->path, module->path, sizeof(file->path));
	pthread_cond_signal(&symbols->wanted);
	return file;
}

static bool is_file(const struct stack_module *module)
{
	return *module->path == '/' && !(module->path_flags & ~PATH_ROOT);
}

static void get_module(const struct hit_record *record, size_t index, struct stack_module *ret)
{
	const char *modules =
		(const char *)(record + 1) + record->data_length +
		(size_t)(record->kernel_stack_depth + record->user_stack_depth) * sizeof(uint64_t);

	memcpy(ret, modules + index * sizeof(*ret), sizeof(*ret));
}

/* Have all files of the stack read, as far as that takes no longer than it may. */
static void await_files(struct user_symbols *symbols, const struct hit_record *record)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + USER_SYMBOLS_WAIT_NS;
	bool waits = true;

	while (waits) {
		waits = false;
		for (size_t i = 0; i < record->module_count; i++) {
			struct stack_module module;
			struct symbol_file *file;

			get_module(record, i, &module);
			if (!is_file(&module))
				continue;
			file = find_file(symbols, &module);
			if (!file)
				file = want_file(symbols, &module);
			if (file) {
				file->last_used = symbols->calls;
				waits |= file->state != FILE_READ;
			}
		}
		if (symbols->slow)
			return;
		if (waits && !condition_wait_until(&symbols->read, &symbols->lock, until)) {
			symbols->slow = true;
			return;
		}
	}
}

/* A frame below the first is where a call returns to, which may be in the next function already. */
static void name_frame(
	const struct symbol_file *file, struct stack_frame *frame, uint64_t place, bool returns)
{
	const struct elf_symbol *symbol =
		elf_symbols_at(&file->symbols, returns && place ? place - 1 : place);

	if (!symbol)
		return;
	frame->symbol = symbol->name;
	frame->offset = place - symbol->address;
}

static void resolve_frame(struct user_symbols *symbols, const struct hit_record *record,
	struct stack_frame *frame, bool returns)
{
	const char *modules =
		(const char *)(record + 1) + record->data_length +
		(size_t)(record->kernel_stack_depth + record->user_stack_depth) * sizeof(uint64_t);

	for (size_t i = 0; i < record->module_count; i++) {
		struct stack_module module;
		const struct symbol_file *file;

		get_module(record, i, &module);
		if (frame->address < module.begin || frame->address >= module.end)
			continue;
		frame->module = modules + i * sizeof(module) + offsetof(struct stack_module, path);
		frame->offset = frame->address - module.begin + module.offset;
		file = is_file(&module) ? find_file(symbols, &module) : NULL;
		if (file && file->state == FILE_READ)
			name_frame(file, frame, frame->offset, returns);
		return;
	}
}

void user_symbols_resolve(struct user_symbols *symbols, const struct hit_record *record,
	struct stack_frame *frames, size_t depth)
{
	if (!depth || !record->module_count || !is_running(symbols))
		return;
	pthread_mutex_lock(&symbols->lock);
	symbols->calls++;
	make_room(symbols);
	await_files(symbols, record);
	for (size_t i = 0; i < depth; i++)
		resolve_frame(symbols, record, &frames[i], i > 0);
	pthread_mutex_unlock(&symbols->lock);
}
