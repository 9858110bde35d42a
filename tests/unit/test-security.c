/* SPDX-License-Identifier: Apache-2.0 */
/* The filter and the dropped capabilities, each in a process of its own: both are for good. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>

#include "daemon/security/capabilities.h"
#include "daemon/security/security_status.h"
#include "daemon/security/syscall_filter.h"
#include "daemon/security/syscall_list.h"
#include "lib/util.h"

#define BIT(n) (1ULL << (n))

/* In the child: fail with the line's number. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition,         \
				strerror(errno));                                                  \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void in_child(void (*function)(void))
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		function();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && !WEXITSTATUS(status), "wait status 0x%x", status);
}

static void install(void)
{
	struct error error = {};

	CHECK(syscall_filter_install(&error) == 0);
}

#define REFUSED(call) CHECK((errno = 0, (long)(call) == -1 && errno == ENOSYS))

static void processes_are_refused(void)
{
	char *const arguments[] = {(char *)"true", NULL};

	install();
	REFUSED(execve("/bin/true", arguments, NULL));
	REFUSED(syscall(SYS_execveat, AT_FDCWD, "/bin/true", arguments, NULL, 0));
	REFUSED(fork());
	REFUSED(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL));
	REFUSED(syscall(SYS_clone3, NULL, 0));
	REFUSED(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	REFUSED(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
	REFUSED(kill(getppid(), SIGTERM));
	REFUSED(syscall(SYS_tgkill, getppid(), getppid(), SIGTERM));
	REFUSED(syscall(SYS_pidfd_send_signal, -1, SIGKILL, NULL, 0));
	CHECK(kill(getppid(), 0) == 0);
	CHECK(syscall(SYS_tgkill, getpid(), gettid(), 0) == 0);
}

static void the_system_is_refused(void)
{
	install();
	REFUSED(syscall(SYS_mount, "a", "/", "tmpfs", 0, NULL));
	REFUSED(syscall(SYS_umount2, "/proc", 0));
	REFUSED(unshare(CLONE_NEWNS));
	REFUSED(syscall(SYS_setns, 0, 0));
	REFUSED(syscall(SYS_chroot, "/"));
	REFUSED(syscall(SYS_setuid, 0));
	REFUSED(syscall(SYS_setgroups, 0, NULL));
	REFUSED(syscall(SYS_capset, NULL, NULL));
	REFUSED(syscall(SYS_seccomp, 0, 0, NULL));
	REFUSED(syscall(SYS_init_module, NULL, 0, ""));
	REFUSED(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
	REFUSED(syscall(SYS_userfaultfd, 0));
	REFUSED(syscall(SYS_io_uring_setup, 1, NULL));
	REFUSED(syscall(SYS_open_by_handle_at, 0, NULL, 0));
	REFUSED(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	REFUSED(ioctl(0, TIOCSTI, "x"));
	REFUSED(socket(AF_INET, SOCK_STREAM, 0));
	REFUSED(socket(AF_INET6, SOCK_DGRAM, 0));
	REFUSED(socket(AF_PACKET, SOCK_RAW, 0));
}

static void executable_memory_is_refused(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(page != MAP_FAILED);
	install();
	REFUSED(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		-1, 0));
	REFUSED(mprotect(page, 4096, PROT_READ | PROT_EXEC));
	CHECK(mprotect(page, 4096, PROT_READ) == 0);
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
		MAP_FAILED);
}

static int pipe_fds[2];

/* One that was there before the filter is held too. */
static void *earlier_thread(void *data)
{
	char byte;

	CHECK(read(pipe_fds[0], &byte, 1) == 1);
	REFUSED(unshare(CLONE_NEWNS));
	return NULL;
}

static void *later_thread(void *data)
{
	REFUSED(unshare(CLONE_NEWNS));
	return NULL;
}

static void threads_are_held(void)
{
	struct security_status status;
	pthread_t earlier, later;

	CHECK(pipe(pipe_fds) == 0);
	CHECK(pthread_create(&earlier, NULL, earlier_thread, NULL) == 0);
	install();
	CHECK(security_status_get(&status) == 0 && status.seccomp && status.no_new_privs);
	CHECK(write(pipe_fds[1], "", 1) == 1);
	CHECK(pthread_join(earlier, NULL) == 0);
	CHECK(pthread_create(&later, NULL, later_thread, NULL) == 0);
	CHECK(pthread_join(later, NULL) == 0);
}

static void what_is_needed_works(void)
{
	struct perf_event_attr attributes = {.size = sizeof(attributes)};
	char name[] = "/tmp/tallyman-security-XXXXXX", other[64];
	int fd;

	install();
	/* not allowed, or nonsense, but known */
	CHECK(syscall(SYS_bpf, 0, NULL, 0) < 0 && errno != ENOSYS);
	CHECK(syscall(SYS_perf_event_open, &attributes, -2, -2, -1, 0) < 0 && errno != ENOSYS);
	CHECK(ioctl(0, PERF_EVENT_IOC_ENABLE, 0) < 0 && errno != ENOSYS);
	fd = mkstemp(name);
	CHECK(fd >= 0);
	snprintf(other, sizeof(other), "%s.1", name);
	CHECK(rename(name, other) == 0 && fchmod(fd, 0640) == 0 && unlink(other) == 0);
	CHECK(ftruncate(fd, 10) == 0 && pwrite(fd, "x", 1, 3) == 1 && fdatasync(fd) == 0);
	CHECK(socket(AF_UNIX, SOCK_SEQPACKET, 0) >= 0);
	CHECK(socket(AF_NETLINK, SOCK_RAW, 9) >= 0);
	CHECK(syscall(SYS_pidfd_open, getpid(), 0) >= 0);
}

START_TEST(test_refused)
{
	in_child(processes_are_refused);
	in_child(the_system_is_refused);
	in_child(executable_memory_is_refused);
}
END_TEST

START_TEST(test_threads)
{
	in_child(threads_are_held);
}
END_TEST

START_TEST(test_needed)
{
	in_child(what_is_needed_works);
}
END_TEST

/* A name that no library knows is passed over without a word: it must not be a misspelt one. */
START_TEST(test_names)
{
	static const char *const newer[] = {
		"fchmodat2", "futex_requeue", "futex_wait", "futex_wake", "mseal"};

	for (size_t i = 0; i < syscall_count; i++) {
		const char *name = syscall_list[i].name;
		bool known = seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;

		for (size_t n = 0; n < ARRAY_SIZE(newer); n++)
			known |= !strcmp(name, newer[n]);
		ck_assert_msg(known, "%s is no system call", name);
	}
}
END_TEST

static struct config *config;

START_TEST(test_capability_names)
{
	char *names[] = {(char *)"CAP_SYS_ADMIN", (char *)"Cap_Net_Admin", (char *)"cap_syslog"};
	char *wrong[] = {(char *)"CAP_SYS_ADMIN", (char *)"CAP_EVERYTHING"};
	struct string_list list = {.items = names, .count = 3};
	struct error error = {};
	uint64_t mask = 0;

	ck_assert_int_eq(capabilities_parse(&list, &mask, &error), 0);
	ck_assert_uint_eq(mask, BIT(CAP_SYS_ADMIN) | BIT(CAP_NET_ADMIN) | BIT(CAP_SYSLOG));
	list = (struct string_list){.items = wrong, .count = 2};
	ck_assert_int_eq(capabilities_parse(&list, &mask, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.message, "CAP_EVERYTHING"));
}
END_TEST

START_TEST(test_capability_need)
{
	const uint64_t sensor = BIT(CAP_BPF) | BIT(CAP_PERFMON) | BIT(CAP_DAC_READ_SEARCH);
	struct error error = {};

	ck_assert_int_eq(config_new(&config, &error), 0);
	ck_assert_uint_eq(
		capabilities_needed(config), sensor | BIT(CAP_AUDIT_WRITE) | BIT(CAP_AUDIT_READ));
	config->audit_enabled = false;
	ck_assert_uint_eq(capabilities_needed(config), sensor);
	ck_assert_int_eq(
		config_set(config, "daemon", "extra_capabilities", "CAP_NET_ADMIN", &error), 0);
	ck_assert_uint_eq(capabilities_needed(config), sensor | BIT(CAP_NET_ADMIN));
	ck_assert_int_eq(config_set(config, "daemon", "extra_capabilities", "CAP_X", &error), 0);
	ck_assert_int_eq(config_finish(config, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.message, "daemon.extra_capabilities"));
	config = config_free(config);
}
END_TEST

static void drop(void)
{
	struct security_status before, after;
	struct error error = {};

	CHECK(security_status_get(&before) == 0);
	CHECK(capabilities_drop(config, &error) == 0);
	CHECK(security_status_get(&after) == 0);
	CHECK(after.capabilities == (before.capabilities & capabilities_needed(config)));
	CHECK(after.no_new_privs);
	/* the bounding set too, for whoever could change it */
	CHECK(!(before.capabilities & BIT(CAP_SETPCAP)) ||
		prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) == 0);
}

START_TEST(test_capability_drop)
{
	struct error error = {};

	ck_assert_int_eq(config_new(&config, &error), 0);
	in_child(drop);
	config = config_free(config);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("security");
	TCase *tests = tcase_create("security");
	SRunner *runner;
	int failed;

	tcase_add_test(tests, test_refused);
	tcase_add_test(tests, test_threads);
	tcase_add_test(tests, test_needed);
	tcase_add_test(tests, test_names);
	tcase_add_test(tests, test_capability_names);
	tcase_add_test(tests, test_capability_need);
	tcase_add_test(tests, test_capability_drop);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
