/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call NAME [ARGUMENT…]: make one system call and report the process. Arguments are numbers, or
 *   s:TEXT          the address of a text
 *   e:TEXT          of a text that ends where memory does
 *   4:ADDRESS:PORT  of a struct sockaddr_in, 6:PORT of ::1's sockaddr_in6
 *   u:PATH          of a struct sockaddr_un; @ first: an abstract one
 *   z:BYTES         of so many zeros
 *   f:PATH          a descriptor of the file, opened to be read
 *   v:TEXT          of two struct iovec with a half of the text each
 * `call -n TIMES NAME …` makes it so often; on x86 `call -32 NAME …` gives the number to the ABI of
 * 32-bit programs, where it is another call's, `call -i386 NAME …` makes that ABI's call of this
 * name, with what it is given where such a program could have it, and `call -x32 NAME …` makes
 * x32's. The calls' result goes nowhere: what an observer sees of them is the point, so they may
 * fail.
 */
#include "actor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define CALL(name)                                                                                 \
	{                                                                                          \
#name, SYS_##name                                                                  \
	}
static const struct {
	const char *name;
	long number;
} calls[] = {CALL(access), CALL(bpf), CALL(capset), CALL(chdir), CALL(chmod), CALL(chroot),
	CALL(connect), CALL(delete_module), CALL(dup3), CALL(execveat), CALL(faccessat),
	CALL(fchmodat), CALL(finit_module), CALL(fsopen), CALL(fsync), CALL(getpriority),
	CALL(init_module), CALL(kexec_load), CALL(kill), CALL(link), CALL(lseek),
	CALL(memfd_create), CALL(mknod), CALL(mknodat), CALL(mount), CALL(move_mount),
	CALL(open_by_handle_at), CALL(open_tree), CALL(openat), CALL(perf_event_open),
	CALL(pivot_root), CALL(process_vm_writev), CALL(ptrace), CALL(read), CALL(readlink),
	CALL(rename), CALL(renameat2), CALL(sendto), CALL(setns), CALL(setresuid), CALL(setuid),
	CALL(setgid), CALL(setreuid), CALL(splice), CALL(symlink), CALL(umount2), CALL(unlink),
	CALL(unlinkat), CALL(unshare), CALL(write), CALL(bind), CALL(listen), CALL(truncate),
	CALL(userfaultfd), CALL(keyctl), CALL(writev)};

/* Of the ABI of 32-bit programs. */
static const struct {
	const char *name;
	long number;
} calls_i386[] = {{"access", 33}, {"connect", 362}, {"getpriority", 96}, {"lseek", 19},
	{"openat", 295}, {"unlink", 10}, {"write", 4}, {"writev", 146}};

enum abi {
	ABI_OWN,
	ABI_NUMBER_TO_I386,
	ABI_I386,
	ABI_X32
};
#define X32_BIT 0x40000000

static enum abi abi;

/* Where the call can point at it. */
static void *within_reach(void *data, size_t size)
{
#ifdef __x86_64__
	void *memory;

	if (abi != ABI_I386)
		return data;
	memory = mmap(
		NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (memory == MAP_FAILED)
		die("mmap");
	return memcpy(memory, data, size);
#else
	return data;
#endif
}

static long segments(char *text)
{
	size_t length = strlen(text), half = length / 2;
	char *bytes = within_reach(text, length + 1);
	unsigned narrow[] = {(unsigned)(unsigned long)bytes, (unsigned)half,
		(unsigned)(unsigned long)(bytes + half), (unsigned)(length - half)};
	static struct iovec wide[2];

	wide[0] = (struct iovec){bytes, half};
	wide[1] = (struct iovec){bytes + half, length - half};
	return (long)(abi == ABI_I386 ? within_reach(narrow, sizeof(narrow)) : wide);
}

#define PAGE 65536 /* on every machine a multiple of it */

static char *at_end_of_memory(const char *text)
{
	size_t length = strlen(text) + 1;
	char *memory =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED || length > PAGE || munmap(memory + PAGE, PAGE))
		die("mmap");
	return memcpy(memory + PAGE - length, text, length);
}

static long parse(char *text)
{
	struct sockaddr_in6 *ipv6;
	struct sockaddr_in *ipv4;
	struct sockaddr_un *path;
	char *port;
	int fd;

	if (text[0] && text[1] == ':')
		switch (text[0]) {
		case 's':
			return (long)within_reach(text + 2, strlen(text + 2) + 1);
		case 'v':
			return segments(text + 2);
		case 'e':
			return (long)at_end_of_memory(text + 2);
		case 'z':
			return (long)calloc(1, (size_t)parse_int(text + 2));
		case 'f':
			fd = open(text + 2, O_RDONLY | O_CLOEXEC);
			if (fd < 0)
				die(text + 2);
			return fd;
		case 'u':
			path = calloc(1, sizeof(*path));
			if (!path)
				die("calloc");
			path->sun_family = AF_UNIX;
			snprintf(path->sun_path, sizeof(path->sun_path), "%s", text + 2);
			if (text[2] == '@')
				path->sun_path[0] = '\0';
			return (long)path;
		case '4':
			ipv4 = calloc(1, sizeof(*ipv4));
			port = strrchr(text, ':');
			if (!ipv4)
				die("calloc");
			*port = '\0';
			ipv4->sin_family = AF_INET;
			ipv4->sin_port = htons((uint16_t)parse_int(port + 1));
			if (inet_pton(AF_INET, text + 2, &ipv4->sin_addr) != 1)
				die(text);
			return (long)within_reach(ipv4, sizeof(*ipv4));
		case '6':
			ipv6 = calloc(1, sizeof(*ipv6));
			if (!ipv6)
				die("calloc");
			ipv6->sin6_family = AF_INET6;
			ipv6->sin6_port = htons((uint16_t)parse_int(text + 2));
			ipv6->sin6_addr = in6addr_loopback;
			return (long)ipv6;
		}
	return (long)strtoull(text, NULL, 0);
}

static long call_of_32_bits(long number, const long arguments[6])
{
	long result = -1;

#ifdef __x86_64__
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(arguments[0]), "c"(arguments[1]), "d"(arguments[2]),
			 "S"(arguments[3]), "D"(arguments[4])
			 : "memory", "r8", "r9", "r10", "r11");
#endif
	return result;
}

static long number_of(const char *name)
{
	for (size_t i = 0; abi == ABI_I386 && i < sizeof(calls_i386) / sizeof(*calls_i386); i++)
		if (!strcmp(calls_i386[i].name, name))
			return calls_i386[i].number;
	for (size_t i = 0; abi != ABI_I386 && i < sizeof(calls) / sizeof(*calls); i++)
		if (!strcmp(calls[i].name, name))
			return calls[i].number | (abi == ABI_X32 ? X32_BIT : 0);
	return -1;
}

int main(int argc, char *argv[])
{
	long arguments[6] = {0}, number = -1;
	int times = 1, at = 1;

	if (argc > 3 && !strcmp(argv[1], "-n")) {
		times = parse_int(argv[2]);
		at = 3;
	} else if (argc > 2 && argv[1][0] == '-') {
		abi = !strcmp(argv[1], "-i386")	 ? ABI_I386
		      : !strcmp(argv[1], "-x32") ? ABI_X32
						 : ABI_NUMBER_TO_I386;
		at = 2;
	}
	if (at < argc)
		number = number_of(argv[at]);
	if (number < 0 || argc - at > 7) {
		dprintf(STDERR_FILENO,
			"Usage: call [-n TIMES | -32 | -i386 | -x32] NAME [ARGUMENT…]\n");
		return 2;
	}
	for (int i = at + 1; i < argc; i++)
		arguments[i - at - 1] = parse(argv[i]);
	report("call", &(struct report){.pid = getpid()});
	if (abi == ABI_I386 || abi == ABI_NUMBER_TO_I386)
		call_of_32_bits(number, arguments);
	else
		while (times--)
			syscall(number, arguments[0], arguments[1], arguments[2], arguments[3],
				arguments[4], arguments[5]);
	return 0;
}
