/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/proc.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/cgroup_fs.h"
#include "lib/proc_text.h"
#include "tests/unit/unit.h"

/* ---- text ---- */

static const struct {
	const char *text, *path; /* NULL: `result` */
	int result;
} cgroups[] = {
	{"0::/\n", "/"},
	{"0::/machine.slice/libpod-1.scope\n", "/machine.slice/libpod-1.scope"},
	{"0::/no/newline", "/no/newline"},
	/* hybrid, with v2 last or first */
	{"12:cpu,cpuacct:/user.slice\n1:name=systemd:/a\n0::/b c\n", "/b c"},
	{"0::/b\n1:name=systemd:/a\n", "/b"},
	{"0::/gone (deleted)\n", "/gone"},
	{"0::/../../outside\n", "/../../outside"},
	{"0::/a:b:c\n", "/a:b:c"},
	/* lines that only look like it */
	{"1:name=0::/x:/y\n0::/z\n", "/z"},
	{"10::/x\n0::/z\n", "/z"},
	{"", NULL, -ENODATA},
	{"1:name=systemd:/a\n", NULL, -ENODATA},
	{"0::\n", NULL, -ENODATA},
	{"0:/\n", NULL, -ENODATA},
	{"0::/0123456789012345678901234567890123456789\n", NULL, -ENAMETOOLONG},
};

START_TEST(reads_cgroup_text)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cgroups); i++) {
		char path[40] = "untouched";
		int r = proc_text_cgroup(
			cgroups[i].text, strlen(cgroups[i].text), path, sizeof(path));

		ck_assert_msg(r == cgroups[i].result, "%s: %d", cgroups[i].text, r);
		ck_assert_str_eq(path, cgroups[i].path ? cgroups[i].path : "untouched");
	}
}
END_TEST

#define STATUS_TEXT                                                                                \
	"Umask:\t0022\nState:\tS (sleeping)\nTgid:\t12\nNgid:\t0\nPid:\t13\nPPid:\t4\n"            \
	"TracerPid:\t0\nUid:\t1000\t0\t4294967295\t7\nGid:\t5\t6\t7\t8\nFDSize:\t64\n"

START_TEST(reads_status_text)
{
	static const char text[] = "Name:\tUid:\\n\\t0 x\n" STATUS_TEXT;
	struct proc_status status;

	ck_assert_int_eq(proc_text_status(text, strlen(text), &status), 0);
	ck_assert_str_eq(status.name, "Uid:\\n\\t0 x");
	ck_assert_int_eq(status.tgid, 12);
	ck_assert_int_eq(status.ppid, 4);
	ck_assert_uint_eq(status.uid, 1000);
	ck_assert_uint_eq(status.euid, 0);
	ck_assert_uint_eq(status.suid, 4294967295);
	ck_assert_uint_eq(status.fsuid, 7);
	ck_assert_uint_eq(status.gid, 5);
}
END_TEST

START_TEST(cuts_a_long_name)
{
	char text[1024];
	struct proc_status status;

	snprintf(text, sizeof(text), "Name:\t%0200d\n%s", 0, STATUS_TEXT);
	ck_assert_int_eq(proc_text_status(text, strlen(text), &status), 0);
	ck_assert_uint_eq(strlen(status.name), sizeof(status.name) - 1);
}
END_TEST

START_TEST(refuses_broken_status_text)
{
	static const char whole[] = "Name:\tx\n" STATUS_TEXT;
	static const char *const broken[] = {
		"Name:\tx\nTgid:\t-1\nPPid:\t4\nUid:\t0\t0\t0\t0\nGid:\t0\n",
		"Name:\tx\nTgid:\t1\nPPid:\t99999999999\nUid:\t0\t0\t0\t0\nGid:\t0\n",
		"Name:\tx\nTgid:\t1\nPPid:\t4\nUid:\t0\t0\t0\nGid:\t0\n",
		"Name:\tx\nTgid:\t1\nPPid:\t4\nUid:\t0\t0\t0\t4294967296\nGid:\t0\n",
		"Name:\tx\nTgid:\t1\nPPid:\t4\nUid:\t0\t0\t0\tx\nGid:\t0\n",
		"Name:\tx\nTgid:\t1\nPPid:\t4\nUid:\t0\t0\t0\t0\nGid:\t\n",
	};
	struct proc_status status = {.tgid = 99};
	size_t i, complete = (size_t)(strstr(whole, "\nGid:\t") - whole) + strlen("\nGid:\t5");

	for (i = 0; i < ARRAY_SIZE(broken); i++)
		ck_assert_msg(proc_text_status(broken[i], strlen(broken[i]), &status) == -EBADMSG,
			"%s", broken[i]);
	for (i = 0; i < complete; i++)
		ck_assert_int_eq(proc_text_status(whole, i, &status), -EBADMSG);
	ck_assert_int_eq(status.tgid, 99);
	ck_assert_int_eq(proc_text_status(whole, complete, &status), 0);
}
END_TEST

START_TEST(reads_start_ticks_text)
{
	static const char *const names[] = {
		"(cat)", "(a b)", "()", "()))", "() R 1 2 3 4)", "((\n)"};
	char text[512];
	uint64_t ticks = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(text, sizeof(text),
			"128 %s R 12854 12854 7171 0 -1 4194304 100 0 0 0 0 0 0 0 20 0 1 0 126639 "
			"3133440 393 18446744073709551615 0\n",
			names[i]);
		ck_assert_msg(proc_text_start_ticks(text, strlen(text), &ticks) == 0, "%s", text);
		ck_assert_uint_eq(ticks, 126639);
	}
	ck_assert_int_eq(proc_text_start_ticks("", 0, &ticks), -EBADMSG);
	ck_assert_int_eq(proc_text_start_ticks("1 (a) R 1 2", 11, &ticks), -EBADMSG);
	ck_assert_int_eq(
		proc_text_start_ticks("1 (a) R 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 x", 45, &ticks),
		-EBADMSG);
}
END_TEST

START_TEST(reads_number_text)
{
	static const char *const wrong[] = {
		"", "\n", "x", "1x", "-1", "1\n\n", "4294967296", "99999999999999999999"};
	uint32_t value = 9;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		ck_assert_msg(proc_text_u32(wrong[i], strlen(wrong[i]), &value) == -EBADMSG,
			"\"%s\"", wrong[i]);
	ck_assert_uint_eq(value, 9);
	ck_assert_int_eq(proc_text_u32("4294967295", 10, &value), 0);
	ck_assert_uint_eq(value, 4294967295);
	ck_assert_int_eq(proc_text_u32("0\n", 2, &value), 0);
	ck_assert_uint_eq(value, 0);
}
END_TEST

START_TEST(reads_pidfd_text)
{
	static const struct {
		const char *text;
		int result;
	} texts[] = {
		{"pos:\t0\nflags:\t02000002\nmnt_id:\t15\nPid:\t77\nNSpid:\t77\n", 0},
		{"pos:\t0\nPid:\t-1\n", -ESRCH},
		{"pos:\t0\nPid:\t0\n", -ESRCH},
		{"pos:\t0\nflags:\t02\n", -EBADMSG},
		{"Pid:\tx\n", -EBADMSG},
		{"Pid:\t99999999999\n", -EBADMSG},
	};
	pid_t pid = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		ck_assert_msg(proc_text_pidfd(texts[i].text, strlen(texts[i].text), &pid) ==
				      texts[i].result,
			"%s", texts[i].text);
	ck_assert_int_eq(pid, 77);
}
END_TEST

/* ---- processes ---- */

static int pidfd_open_of(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static uint32_t number_in(const char *path)
{
	FILE *file = fopen(path, "re");
	uint32_t number;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%u", &number), 1);
	fclose(file);
	return number;
}

START_TEST(reads_itself)
{
	char path[PROC_CGROUP_MAX];
	struct proc_status status;
	uint32_t auid = 0, session = 0;
	uint64_t ticks, inode;
	struct stat st;

	ck_assert_int_eq(proc_cgroup_path(getpid(), path, sizeof(path)), 0);
	ck_assert(path[0] == '/');
	prctl(PR_SET_NAME, ") \n0 name");
	ck_assert_int_eq(proc_read_status(getpid(), &status), 0);
	ck_assert_str_eq(status.name, ") \\n0 name");
	ck_assert_int_eq(status.tgid, getpid());
	ck_assert_int_eq(status.ppid, getppid());
	ck_assert_uint_eq(status.uid, getuid());
	ck_assert_uint_eq(status.euid, geteuid());
	ck_assert_uint_eq(status.gid, getgid());
	ck_assert_int_eq(proc_login(getpid(), &auid, &session), 0);
	ck_assert_uint_eq(auid, number_in("/proc/self/loginuid"));
	ck_assert_uint_eq(session, number_in("/proc/self/sessionid"));
	ck_assert_int_eq(proc_start_ticks(getpid(), &ticks), 0);
	ck_assert_uint_gt(ticks, 0);
	ck_assert_int_eq(proc_namespace(getpid(), "mnt", &inode), 0);
	ck_assert_int_eq(stat("/proc/self/ns/mnt", &st), 0);
	ck_assert_uint_eq(inode, st.st_ino);
}
END_TEST

START_TEST(a_child_starts_no_earlier_and_has_other_namespaces)
{
	uint64_t own, child, own_inode, child_inode;
	int pipes[2];
	pid_t pid;
	char c;

	ck_assert_int_eq(pipe(pipes), 0);
	pid = fork();
	if (!pid) {
		/* as root at once, otherwise by way of a user namespace */
		c = unshare(CLONE_NEWUTS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWUTS) < 0 ? 'n'
											   : 'y';
		ck_assert_int_eq(write(pipes[1], &c, 1), 1);
		pause();
	}
	ck_assert_int_eq(read(pipes[0], &c, 1), 1);
	ck_assert_int_eq(proc_start_ticks(getpid(), &own), 0);
	ck_assert_int_eq(proc_start_ticks(pid, &child), 0);
	ck_assert_uint_ge(child, own);
	ck_assert_int_eq(proc_namespace(getpid(), "uts", &own_inode), 0);
	ck_assert_int_eq(proc_namespace(pid, "uts", &child_inode), 0);
	ck_assert((own_inode != child_inode) == (c == 'y'));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
END_TEST

/* The child calls itself by an argument list with everything in it. */
START_TEST(reads_command_lines)
{
	_cleanup_buf_ struct buf buf = {0};
	static const char expected[] = "sh\0-c\0read x # \xff\n\0\0last";
	int pipes[2], i;
	pid_t pid;

	ck_assert_int_eq(pipe(pipes), 0);
	pid = fork();
	if (!pid) {
		dup2(pipes[0], 0);
		close(pipes[1]);
		execl("/bin/sh", "sh", "-c", "read x # \xff\n", "", "last", NULL);
		_exit(127);
	}
	for (i = 0; i < 10000; i++) { /* until it has called exec */
		buf_clear(&buf);
		ck_assert_int_eq(proc_cmdline(pid, PROC_CMDLINE_MAX, &buf), 0);
		if (buf.length == sizeof(expected))
			break;
		usleep(1000);
	}
	ck_assert_uint_eq(buf.length, sizeof(expected));
	ck_assert_mem_eq(buf.data, expected, sizeof(expected));
	ck_assert_int_eq(proc_cmdline(pid, 4, &buf), 0);
	ck_assert_uint_eq(buf.length, sizeof(expected) + 4);
	ck_assert_mem_eq(buf.data + sizeof(expected), "sh\0-", 4);
	close(pipes[1]);
	waitpid(pid, NULL, 0);
}
END_TEST

START_TEST(says_when_a_process_is_gone)
{
	_cleanup_buf_ struct buf buf = {0};
	char path[PROC_CGROUP_MAX];
	struct proc_status status;
	uint32_t auid, session;
	uint64_t number;
	pid_t pids[] = {fork(), 0, -1};
	size_t i;

	if (!pids[0])
		_exit(0);
	waitpid(pids[0], NULL, 0);
	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		ck_assert_int_eq(proc_cgroup_path(pids[i], path, sizeof(path)), -ESRCH);
		ck_assert_int_eq(proc_read_status(pids[i], &status), -ESRCH);
		ck_assert_int_eq(proc_login(pids[i], &auid, &session), -ESRCH);
		ck_assert_int_eq(proc_start_ticks(pids[i], &number), -ESRCH);
		ck_assert_int_eq(proc_namespace(pids[i], "mnt", &number), -ESRCH);
		ck_assert_int_eq(proc_cmdline(pids[i], 100, &buf), -ESRCH);
	}
}
END_TEST

START_TEST(follows_a_pidfd)
{
	pid_t pid = fork(), found = 0;
	int pidfd;

	if (!pid)
		pause();
	pidfd = pidfd_open_of(pid);
	ck_assert_int_ge(pidfd, 0);
	ck_assert(pidfd_alive(pidfd));
	ck_assert_int_eq(pidfd_pid(pidfd, &found), 0);
	ck_assert_int_eq(found, pid);
	kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT);
	ck_assert(!pidfd_alive(pidfd)); /* a zombie runs no more */
	waitpid(pid, NULL, 0);
	ck_assert(!pidfd_alive(pidfd));
	ck_assert_int_eq(pidfd_pid(pidfd, &found), -ESRCH);
	close(pidfd);
	ck_assert(!pidfd_alive(-1));
	ck_assert_int_eq(pidfd_pid(-1, &found), -EBADF);
	ck_assert_int_eq(pidfd_pid(pidfd, &found), -EBADF);
}
END_TEST

START_TEST(takes_no_other_descriptor_for_a_pidfd)
{
	int pipes[2];
	pid_t pid;

	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_eq(pidfd_pid(pipes[0], &pid), -EBADMSG);
}
END_TEST

START_TEST(knows_the_boot)
{
	char id[33] = "", again[33] = "";

	ck_assert_int_eq(boot_id(id), 0);
	ck_assert_uint_eq(strlen(id), 32);
	ck_assert_uint_eq(strspn(id, "0123456789abcdef"), 32);
	ck_assert_int_eq(boot_id(again), 0);
	ck_assert_str_eq(id, again);
}
END_TEST

START_TEST(finds_cgroups)
{
	char mount_point[64], path[PROC_CGROUP_MAX];
	uint64_t root, own;
	int r;

	ck_assert_int_eq(cgroup_id_of_path("/sys", "kernel/../kernel", &root), -EINVAL);
	ck_assert_int_eq(cgroup_id_of_path("/sys", "..", &root), -EINVAL);
	ck_assert_int_eq(cgroup_id_of_path("/sys", "not..there", &root), -ENOENT);
	ck_assert_int_eq(cgroup_id_of_path("/sys", "x.", &root), -ENOENT);
	ck_assert_int_eq(cgroup_id_of_path("/sys", ".x", &root), -ENOENT);
	ck_assert_int_eq(cgroup_id_of_path("/sys", "...", &root), -ENOENT);
	ck_assert_int_eq(cgroup_id_of_path("/proc", "version", &root), -ENOTDIR);
	memset(mount_point, 'x', sizeof(mount_point));
	r = cgroup2_mount_point(mount_point, sizeof(mount_point));
	if (r == -ENOENT) /* a host with cgroup v1 alone */
		return;
	ck_assert_int_eq(r, 0);
	snprintf(path, sizeof(path), "%s/cgroup.procs", mount_point);
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert_int_eq(cgroup2_mount_point(path, 5), -ENAMETOOLONG);
	ck_assert_int_eq(cgroup_id_of_path(mount_point, "/", &root), 0);
	ck_assert_int_eq(proc_cgroup_path(getpid(), path, sizeof(path)), 0);
	ck_assert_int_eq(cgroup_id_of_path(mount_point, path, &own), 0);
	ck_assert((own == root) == !strcmp(path, "/"));
}
END_TEST

RUN_SUITE("proc", reads_cgroup_text, reads_status_text, cuts_a_long_name,
	refuses_broken_status_text, reads_start_ticks_text, reads_number_text, reads_pidfd_text,
	reads_itself, a_child_starts_no_earlier_and_has_other_namespaces, reads_command_lines,
	says_when_a_process_is_gone, follows_a_pidfd, takes_no_other_descriptor_for_a_pidfd,
	knows_the_boot, finds_cgroups)
