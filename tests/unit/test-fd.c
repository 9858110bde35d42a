/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "tests/unit/unit.h"

/* Each test runs in a process of its own, with a directory of its own. */
static char directory[] = "/tmp/tallyman-test-XXXXXX";
static int directory_fd;

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
	directory_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(directory_fd, 0);
}

static void tear_down(void)
{
	char command[64];

	close(directory_fd);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	ck_assert_int_eq(system(command), 0);
}

static void make_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static void assert_content(const char *name, const char *expected)
{
	_cleanup_buf_ struct buf buf = {0};

	ck_assert_int_eq(read_file_limited(name, 1 << 20, &buf), 0);
	ck_assert_str_eq(buf_string(&buf), expected);
}

START_TEST(opens_regular_files)
{
	_cleanup_buf_ struct buf buf = {0};
	char path[128];
	int fd;

	ck_assert_int_eq(mkdir("sub", 0700), 0);
	make_file("sub/file", "text");
	fd = open_regular(directory_fd, "sub/file", (uid_t)-1);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(read_fd_limited(fd, 100, &buf), 0);
	ck_assert_str_eq(buf_string(&buf), "text");
	close(fd);
	snprintf(path, sizeof(path), "%s/sub/file", directory);
	fd = open_regular(AT_FDCWD, path, getuid());
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(open_regular(directory_fd, "missing", (uid_t)-1), -ENOENT);
	ck_assert_int_eq(open_regular(directory_fd, "", (uid_t)-1), -ENOENT);
}
END_TEST

START_TEST(opens_nothing_else)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	alarm(20); /* a FIFO nobody writes to holds up who opens it the ordinary way */
	ck_assert_int_eq(open_regular(directory_fd, "fifo", (uid_t)-1), -ENOTSUP);
	ck_assert_int_eq(open_regular(directory_fd, "socket", (uid_t)-1), -ENOTSUP);
	ck_assert_int_eq(open_regular(directory_fd, ".", (uid_t)-1), -ENOTSUP);
	ck_assert_int_eq(open_regular(AT_FDCWD, "/dev/null", (uid_t)-1), -ENOTSUP);
	ck_assert_int_eq(open_regular(AT_FDCWD, "/dev/tty", (uid_t)-1), -ENOTSUP);
	close(fd);
}
END_TEST

START_TEST(follows_no_link)
{
	ck_assert_int_eq(mkdir("sub", 0700), 0);
	make_file("sub/file", "text");
	ck_assert_int_eq(symlink("sub/file", "link"), 0);
	ck_assert_int_eq(symlink("sub", "linked"), 0);
	ck_assert_int_eq(symlink("missing", "dangling"), 0);
	ck_assert_int_eq(open_regular(directory_fd, "link", (uid_t)-1), -ELOOP);
	ck_assert_int_eq(open_regular(directory_fd, "linked/file", (uid_t)-1), -ELOOP);
	ck_assert_int_eq(open_regular(directory_fd, "dangling", (uid_t)-1), -ELOOP);
	ck_assert_int_eq(open_regular(AT_FDCWD, "/proc/self/exe", (uid_t)-1), -ELOOP);
	ck_assert_int_eq(open_regular(AT_FDCWD, "/proc/self/root/etc/passwd", (uid_t)-1), -ELOOP);
}
END_TEST

START_TEST(stays_below_its_directory)
{
	int sub;

	ck_assert_int_eq(mkdir("sub", 0700), 0);
	make_file("file", "text");
	sub = open("sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(open_regular(sub, "../file", (uid_t)-1), -EXDEV);
	ck_assert_int_eq(open_regular(sub, "/etc/passwd", (uid_t)-1), -EXDEV);
	close(sub);
}
END_TEST

START_TEST(looks_at_the_owner)
{
	uid_t other = getuid() + 1234;
	int fd;

	make_file("file", "text");
	/* root's files are fine for everybody */
	fd = open_regular(AT_FDCWD, "/etc/passwd", other);
	ck_assert_int_ge(fd, 0);
	close(fd);
	if (getuid() == 0)
		ck_assert_int_eq(chown("file", other + 1, (gid_t)-1), 0);
	ck_assert_int_eq(open_regular(directory_fd, "file", other), -EPERM);
	fd = open_regular(directory_fd, "file", getuid() ? getuid() : other + 1);
	ck_assert_int_ge(fd, 0);
	close(fd);
}
END_TEST

START_TEST(reads_up_to_the_limit)
{
	_cleanup_buf_ struct buf buf = {0};
	char text[20000];
	size_t limit;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	make_file("file", text);
	buf_append_literal(&buf, "before");
	for (limit = sizeof(text) - 10; limit < sizeof(text) - 1; limit++) {
		ck_assert_int_eq(read_file_limited("file", limit, &buf), -EFBIG);
		ck_assert_uint_eq(buf.length, 6);
	}
	ck_assert_int_eq(read_file_limited("file", 0, &buf), -EFBIG);
	ck_assert_int_eq(read_file_limited("file", sizeof(text) - 1, &buf), 0);
	ck_assert_uint_eq(buf.length, 6 + sizeof(text) - 1);
	ck_assert_mem_eq(buf.data, "beforexxx", 9);
	ck_assert_int_eq(read_file_limited("file", SIZE_MAX, &buf), 0);
	ck_assert_int_eq(read_file_limited("missing", 1, &buf), -ENOENT);
	ck_assert_int_eq(read_file_limited("/", 1, &buf), -EISDIR);
	make_file("empty", "");
	ck_assert_int_eq(read_file_limited("empty", 0, &buf), 0);
	buf_clear(&buf);
	buf.limit = 100;
	buf_done(&buf);
	ck_assert_int_eq(read_file_limited("file", 1 << 20, &buf), -ENOMEM);
	ck_assert_uint_eq(buf.length, 0);
}
END_TEST

static void ignore(int number)
{
}

/* A pipe that is too small, read slowly, while signals interrupt the writer. */
START_TEST(writes_all_of_it)
{
	struct sigaction action = {.sa_handler = ignore}; /* no SA_RESTART */
	static char data[300000], back[sizeof(data)];
	size_t i, have = 0;
	int pipes[2];
	pid_t writer;
	ssize_t n;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 31 + i / 256);
	ck_assert_int_eq(pipe(pipes), 0);
	sigaction(SIGUSR1, &action, NULL);
	writer = fork();
	if (!writer)
		_exit(-write_all(pipes[1], data, sizeof(data)));
	close(pipes[1]);
	while ((n = read(pipes[0], back + have, MIN(sizeof(back) - have, (size_t)5000))) > 0) {
		have += (size_t)n;
		kill(writer, SIGUSR1);
	}
	ck_assert_uint_eq(have, sizeof(data));
	ck_assert_mem_eq(back, data, sizeof(data));
	close(pipes[0]);
}
END_TEST

START_TEST(says_when_it_cannot_write)
{
	int full = open("/dev/full", O_WRONLY);

	ck_assert_int_eq(write_all(full, "x", 1), -ENOSPC);
	ck_assert_int_eq(write_all(full, "", 0), 0);
	ck_assert_int_eq(write_all(-1, "x", 1), -EBADF);
	close(full);
}
END_TEST

static mode_t mode_of(const char *name)
{
	struct stat st;

	ck_assert_int_eq(lstat(name, &st), 0);
	return st.st_mode & 07777;
}

START_TEST(replaces_files)
{
	char command[96];

	ck_assert_int_eq(write_file_atomic(directory_fd, "file", "one", 3, 0), 0);
	assert_content("file", "one");
	ck_assert_uint_eq(mode_of("file"), 0600);
	umask(077);
	ck_assert_int_eq(write_file_atomic(directory_fd, "file", "twice", 5, 0644), 0);
	assert_content("file", "twice");
	ck_assert_uint_eq(mode_of("file"), 0644);
	ck_assert_int_eq(write_file_atomic(directory_fd, "file", "", 0, 0), 0);
	assert_content("file", "");
	/* a link is replaced, not followed */
	make_file("target", "kept");
	ck_assert_int_eq(symlink("target", "link"), 0);
	ck_assert_int_eq(write_file_atomic(directory_fd, "link", "new", 3, 0), 0);
	assert_content("link", "new");
	assert_content("target", "kept");
	/* nothing else is left */
	snprintf(command, sizeof(command), "test \"$(ls -A %s | xargs)\" = 'file link target'",
		directory);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(a_failed_replacement_leaves_no_trace)
{
	char name[300], command[96];

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(write_file_atomic(directory_fd, name, "x", 1, 0), -ENAMETOOLONG);
	ck_assert_int_eq(write_file_atomic(directory_fd, "a/b", "x", 1, 0), -EINVAL);
	ck_assert_int_eq(write_file_atomic(-1, "name", "x", 1, 0), -EBADF);
	ck_assert_int_eq(mkdir("directory", 0700), 0);
	ck_assert_int_eq(write_file_atomic(directory_fd, "directory", "x", 1, 0), -EISDIR);
	snprintf(command, sizeof(command), "test \"$(ls -A %s)\" = directory", directory);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(makes_directories)
{
	umask(077);
	ck_assert_int_eq(make_directory("new", 0755), 0);
	ck_assert_uint_eq(mode_of("new"), 0755);
	ck_assert_int_eq(make_directory("new", 0700), 0);
	ck_assert_uint_eq(mode_of("new"), 0755);
	ck_assert_int_eq(make_directory("a/b", 0700), -ENOENT);
	make_file("file", "");
	ck_assert_int_eq(make_directory("file", 0700), -ENOTDIR);
	ck_assert_int_eq(symlink("new", "link"), 0);
	ck_assert_int_eq(make_directory("link", 0700), -ENOTDIR);
}
END_TEST

RUN_SUITE_IN(set_up, tear_down, "fd", opens_regular_files, opens_nothing_else, follows_no_link,
	stays_below_its_directory, looks_at_the_owner, reads_up_to_the_limit, writes_all_of_it,
	says_when_it_cannot_write, replaces_files, a_failed_replacement_leaves_no_trace,
	makes_directories)
