/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bpf/arguments-harness.h"

static const char directory_pattern[] = "/tmp/tallyman-arguments.XXXXXX";
static char directory[sizeof(directory_pattern)];

static void read_descriptor(struct reading *reading, int fd)
{
	reading->raw[0] = (uint32_t)fd;
	read_given(reading);
}

static void test_descriptors(void)
{
	struct reading *reading = new_reading(ARGUMENT_FD);
	const struct hit_argument *argument = &reading->slot.record.arguments[0];
	char path[100], current[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/file", directory);
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0640);
	read_descriptor(reading, fd);
	ok(is_text(reading, 0, path) && argument->integer == (S_IFREG | 0640) && !argument->flags,
		"the path and mode of an open file");
	unlink(path);
	read_descriptor(reading, fd);
	ok(is_text(reading, 0, path) && argument->flags == PATH_DELETED, "… when it was deleted");
	close(fd);
	read_descriptor(reading, 900); /* within the table, or beyond it */
	ok(is_status(reading, 0, ARGUMENT_UNREADABLE), "no open file");
	read_descriptor(reading, 1 << 30);
	ok(is_status(reading, 0, ARGUMENT_UNREADABLE), "no such descriptor");
	read_descriptor(reading, AT_FDCWD);
	ok(getcwd(current, sizeof(current)) && is_text(reading, 0, current) &&
			S_ISDIR(argument->integer),
		"the current directory for AT_FDCWD");
	fd = open("/", O_PATH | O_CLOEXEC);
	read_descriptor(reading, fd);
	ok(is_text(reading, 0, "/") && argument->flags == PATH_ROOT, "the root");
	close(fd);
	fd = memfd_create("evil", MFD_CLOEXEC);
	read_descriptor(reading, fd);
	ok(is_text(reading, 0, "memfd:evil") && argument->flags == PATH_KERNEL_MOUNT, "a memfd");
	close(fd);
	fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/status", getpid());
	read_descriptor(reading, fd);
	ok(is_text(reading, 0, path), "over a mount point");
	close(fd);
	free(reading);
}

/* Go down until the path has `length` bytes. */
static void make_deep(size_t length)
{
	char name[200], current[8192];
	size_t used = 0;

	while ((used = strlen(getcwd(current, sizeof(current)))) < length) {
		size_t part = length - used - 1;

		part = part < sizeof(name) ? part : sizeof(name) - 1;
		if (length - used - 1 - part == 1) /* a '/' alone is no component */
			part--;
		memset(name, 'd', part);
		name[part] = 0;
		if (mkdir(name, 0755) || chdir(name)) {
			diag("cannot go down");
			return;
		}
	}
}

static void test_deep(void)
{
	struct reading *reading = new_reading(ARGUMENT_FD);
	const struct hit_argument *argument = &reading->slot.record.arguments[0];
	static char current[8192];
	int before = open(".", O_PATH | O_CLOEXEC);

	if (chdir(directory))
		return;
	make_deep(4094);
	read_descriptor(reading, AT_FDCWD);
	ok(getcwd(current, sizeof(current)) && strlen(current) == 4094 &&
			is_text(reading, 0, current) && !argument->flags,
		"a path of 4094 bytes");
	if (mkdir("deeper", 0755) || chdir("deeper"))
		return;
	read_descriptor(reading, AT_FDCWD);
	ok(argument->flags == PATH_CUT && argument->length < PATH_LENGTH_MAX &&
			!memcmp(argument_bytes(reading, 0) + argument->length - 7, "/deeper", 7),
		"a longer one is cut at its front");
	if (fchdir(before))
		exit(1);
	close(before);
	free(reading);
}

static void test_many_components(void)
{
	struct reading *reading = new_reading(ARGUMENT_FD);
	const struct hit_argument *argument = &reading->slot.record.arguments[0];
	static char current[8192];
	int before = open(".", O_PATH | O_CLOEXEC);

	if (chdir(directory))
		return;
	for (int i = 0; i < PATH_COMPONENTS_MAX - 10; i++)
		if ((mkdir("c", 0755) && access("c", X_OK)) || chdir("c"))
			return;
	read_descriptor(reading, AT_FDCWD);
	ok(getcwd(current, sizeof(current)) && is_text(reading, 0, current) && !argument->flags,
		"a path of %d components", PATH_COMPONENTS_MAX - 10);
	if (fchdir(before))
		exit(1);
	close(before);
	free(reading);
}

static void test_file_objects(void)
{
	struct reading *reading = new_reading(ARGUMENT_FILE);
	int fd = open("/sys/kernel/mm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char exe[4096] = "";

	reading->count = 4;
	resolve_pointer(reading, 0, "task_struct", "mm");
	resolve_pointer(reading, 0, "mm_struct", "exe_file");
	resolve_file(reading, 1, fd);
	resolve_member(reading, 1, "file", "f_path");
	reading->arguments[1].reader = ARGUMENT_PATH;
	resolve_file(reading, 2, fd);
	resolve_member(reading, 2, "file", "f_path");
	resolve_pointer(reading, 2, "path", "dentry");
	reading->arguments[2].reader = ARGUMENT_DENTRY;
	reading->arguments[3].reader = ARGUMENT_FILE; /* raw[0]: NULL */
	read_given(reading);
	ok(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0 && is_text(reading, 0, exe),
		"a struct file");
	ok(is_text(reading, 1, "/sys/kernel/mm"), "a struct path");
	ok(is_text(reading, 2, "/kernel/mm") && S_ISDIR(reading->slot.record.arguments[2].integer),
		"a dentry, from its filesystem's root");
	ok(is_status(reading, 3, ARGUMENT_UNREADABLE), "no file");
	close(fd);
	free(reading);
}

/* A child that goes on when the other end of the pipe is closed. */
static pid_t start_true(int ret_pipe[2])
{
	pid_t child;
	char byte;

	if (pipe2(ret_pipe, O_CLOEXEC))
		exit(1);
	child = fork();
	if (!child) {
		close(ret_pipe[1]);
		if (!read(ret_pipe[0], &byte, 1))
			execl("/bin/true", "true", NULL);
		_exit(127);
	}
	return child;
}

static void let_go(void *context)
{
	close(*(int *)context);
	wait(NULL);
}

static void test_binprm(void)
{
	struct reading *reading = new_reading(ARGUMENT_LINUX_BINPRM);
	char path[4096] = "";
	int pipe[2];

	reading->only_pid = (uint32_t)start_true(pipe);
	reading->arguments[0].raw = 2;
	ok(read_in_tracepoint(reading, "read_sched_process_exec", let_go, &pipe[1]) &&
			realpath("/bin/true", path) && is_text(reading, 0, path) &&
			S_ISREG(reading->slot.record.arguments[0].integer),
		"the program of a linux_binprm");
	close(pipe[0]);
	free(reading);
}

static void test_strings_of_objects(void)
{
	struct reading *reading = new_reading(ARGUMENT_FILENAME);
	static const char name[] = "/etc/shadow";

	/* struct filename, and its name behind it */
	*(uint64_t *)(reading->memory + member_offset("filename", "name")) = 1024;
	reading->memory_words[reading->memory_words_count++] =
		member_offset("filename", "name") / 8;
	memcpy(reading->memory + 1024, name, sizeof(name));
	/* a tracepoint's record with a __data_loc */
	memcpy(reading->memory + 2048 + 24, "loc", 4);
	reading->raw[1] = 4U << 16 | 24;
	reading->raw[2] = 2048;
	reading->arguments[1] = (struct hook_argument){
		.reader = ARGUMENT_DATA_LOC,
		.raw = 1,
		.size_raw = 2,
	};
	reading->memory_raws = 1 << 0 | 1 << 2;
	reading->count = 2;
	read_given(reading);
	ok(is_text(reading, 0, name), "a struct filename");
	ok(is_text(reading, 1, "loc"), "a data_loc");
	free(reading);
}

static void remove_directory(void)
{
	pid_t child = fork();

	if (!child) {
		execlp("rm", "rm", "-rf", directory, NULL);
		_exit(127);
	}
	waitpid(child, NULL, 0);
}

void test_paths(void)
{
	memcpy(directory, directory_pattern, sizeof(directory));
	if (!mkdtemp(directory))
		exit(1);
	test_descriptors();
	test_deep();
	test_many_components();
	test_file_objects();
	test_binprm();
	test_strings_of_objects();
	remove_directory();
}
