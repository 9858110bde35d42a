/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Not only what today's C library makes of a call: open() is open, openat or openat2 by library and
 * architecture. Where a name is unknown to this libseccomp or to this architecture it is passed
 * over. Not here, and why one might think so: execve (nothing is ever started), clone3 (its flags
 * are in memory, where no filter can look: refused so that the library falls back to clone), ptrace
 * and process_vm_readv (other processes are read by /proc and BPF alone), setns and unshare, mount,
 * the set*id family, and sockets of the internet families.
 */
#include "daemon/security/syscall_list.h"

#include <linux/nsfs.h>
#include <linux/perf_event.h>
#include <linux/prctl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "lib/util.h"

#ifndef PR_SET_VMA /* Linux 5.17: names of anonymous memory */
#define PR_SET_VMA 0x53564d41
#endif

#define ANY(name_)                                                                                 \
	{                                                                                          \
		.name = name_                                                                      \
	}
#define WHEN(name_, argument_, mask_, value_)                                                      \
	{                                                                                          \
		.name = name_, .argument = argument_, .mask = mask_, .value = value_               \
	}
#define IS(name_, argument_, value_) WHEN(name_, argument_, UINT32_MAX, value_)

#define IOCTL_TYPE_MASK	 (_IOC_TYPEMASK << _IOC_TYPESHIFT)
#define IOCTL_TYPE(type) ((uint32_t)(type) << _IOC_TYPESHIFT)
#define PERF_EVENT_TYPE	 '$' /* PERF_EVENT_IOC_ENABLE and so on */

const struct syscall_rule syscall_list[] = {
	/* sensors and policies */
	ANY("bpf"), ANY("perf_event_open"),
	/* files */
	ANY("read"), ANY("readv"), ANY("pread64"), ANY("preadv"), ANY("preadv2"), ANY("write"),
	ANY("writev"), ANY("pwrite64"), ANY("pwritev"), ANY("pwritev2"), ANY("close"),
	ANY("close_range"), ANY("open"), ANY("openat"), ANY("openat2"), ANY("creat"), ANY("lseek"),
	ANY("dup"), ANY("dup2"), ANY("dup3"), ANY("fcntl"), ANY("flock"), ANY("fsync"),
	ANY("fdatasync"), ANY("sync_file_range"), ANY("ftruncate"), ANY("fallocate"),
	ANY("fadvise64"), ANY("readahead"), ANY("copy_file_range"), ANY("sendfile"),
	ANY("memfd_create"), ANY("access"), ANY("faccessat"), ANY("faccessat2"), ANY("stat"),
	ANY("lstat"), ANY("fstat"), ANY("newfstatat"), ANY("statx"), ANY("statfs"), ANY("fstatfs"),
	ANY("getxattr"), ANY("lgetxattr"), ANY("fgetxattr"), ANY("getdents"), ANY("getdents64"),
	ANY("readlink"), ANY("readlinkat"), ANY("getcwd"), ANY("chdir"), ANY("fchdir"),
	ANY("mkdir"), ANY("mkdirat"), ANY("rmdir"), ANY("unlink"), ANY("unlinkat"), ANY("rename"),
	ANY("renameat"), ANY("renameat2"), ANY("link"), ANY("linkat"), ANY("symlink"),
	ANY("symlinkat"), ANY("chmod"), ANY("fchmod"), ANY("fchmodat"), ANY("fchmodat2"),
	ANY("chown"), ANY("lchown"), ANY("fchown"), ANY("fchownat"), ANY("utimensat"), ANY("umask"),
	ANY("name_to_handle_at"), ANY("inotify_init"), ANY("inotify_init1"),
	ANY("inotify_add_watch"), ANY("inotify_rm_watch"),
	/* the few that are asked for by libraries: is it a terminal, how much is there */
	IS("ioctl", 1, TCGETS), IS("ioctl", 1, TIOCGWINSZ), IS("ioctl", 1, FIONREAD),
	IS("ioctl", 1, FIONBIO), IS("ioctl", 1, FIOCLEX), IS("ioctl", 1, NS_GET_USERNS),
	IS("ioctl", 1, NS_GET_PARENT), IS("ioctl", 1, NS_GET_NSTYPE),
	IS("ioctl", 1, NS_GET_OWNER_UID),
	WHEN("ioctl", 1, IOCTL_TYPE_MASK, IOCTL_TYPE(PERF_EVENT_TYPE)),
	/* sockets */
	IS("socket", 0, AF_UNIX), IS("socket", 0, AF_NETLINK), IS("socketpair", 0, AF_UNIX),
	ANY("bind"), ANY("listen"), ANY("accept"), ANY("accept4"), ANY("connect"), ANY("sendto"),
	ANY("sendmsg"), ANY("sendmmsg"), ANY("recvfrom"), ANY("recvmsg"), ANY("recvmmsg"),
	ANY("shutdown"), ANY("getsockopt"), ANY("setsockopt"), ANY("getsockname"),
	ANY("getpeername"), ANY("pipe"), ANY("pipe2"),
	/* waiting */
	ANY("poll"), ANY("ppoll"), ANY("select"), ANY("pselect6"), ANY("epoll_create"),
	ANY("epoll_create1"), ANY("epoll_ctl"), ANY("epoll_wait"), ANY("epoll_pwait"),
	ANY("epoll_pwait2"), ANY("eventfd"), ANY("eventfd2"), ANY("timerfd_create"),
	ANY("timerfd_settime"), ANY("timerfd_gettime"), ANY("signalfd"), ANY("signalfd4"),
	ANY("nanosleep"), ANY("clock_nanosleep"), ANY("clock_gettime"), ANY("clock_getres"),
	ANY("gettimeofday"), ANY("time"), ANY("restart_syscall"),
	/* memory: nothing both writable and executable, nothing made executable later. Libraries
	 * may still be loaded: libsystemd does so with decompressors when it reads the journal. */
	WHEN("mmap", 2, PROT_WRITE | PROT_EXEC, 0),
	WHEN("mmap", 2, PROT_WRITE | PROT_EXEC, PROT_WRITE),
	WHEN("mmap", 2, PROT_WRITE | PROT_EXEC, PROT_EXEC), WHEN("mprotect", 2, PROT_EXEC, 0),
	ANY("brk"), ANY("munmap"), ANY("mremap"), ANY("madvise"), ANY("mincore"), ANY("msync"),
	ANY("membarrier"), ANY("mseal"),
	/* threads and signals; tgkill, to itself alone, is in syscall_filter.c */
	WHEN("clone", 0, CLONE_THREAD, CLONE_THREAD), ANY("exit"), ANY("exit_group"), ANY("futex"),
	ANY("futex_waitv"), ANY("futex_wait"), ANY("futex_wake"), ANY("futex_requeue"),
	ANY("set_robust_list"), ANY("get_robust_list"), ANY("rseq"), ANY("set_tid_address"),
	ANY("sched_yield"), ANY("sched_getaffinity"), ANY("sched_getparam"),
	ANY("sched_getscheduler"), ANY("getcpu"), ANY("rt_sigaction"), ANY("rt_sigprocmask"),
	ANY("rt_sigreturn"), ANY("rt_sigtimedwait"), ANY("rt_sigpending"), ANY("rt_sigsuspend"),
	ANY("sigaltstack"),
	/* other processes: whether they live */
	ANY("pidfd_open"), IS("pidfd_send_signal", 1, 0), IS("kill", 1, 0), ANY("waitid"),
	/* itself */
	ANY("getpid"), ANY("getppid"), ANY("gettid"), ANY("getuid"), ANY("geteuid"), ANY("getgid"),
	ANY("getegid"), ANY("getresuid"), ANY("getresgid"), ANY("getgroups"), ANY("getpgid"),
	ANY("getpgrp"), ANY("getsid"), ANY("capget"), ANY("getrandom"), ANY("getrlimit"),
	ANY("getrusage"), ANY("getpriority"), ANY("sysinfo"), ANY("times"), ANY("uname"),
	IS("prlimit64", 0, 0), IS("prctl", 0, PR_SET_NAME), IS("prctl", 0, PR_GET_NAME),
	IS("prctl", 0, PR_SET_VMA), IS("prctl", 0, PR_CAPBSET_READ), IS("prctl", 0, PR_GET_SECCOMP),
	IS("prctl", 0, PR_GET_NO_NEW_PRIVS), IS("prctl", 0, PR_GET_DUMPABLE)};
const size_t syscall_count = ARRAY_SIZE(syscall_list);
