/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/bpf/arguments-harness.h"

#define TCP_STATE_ESTABLISHED 1

union any_address {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
	struct sockaddr_un un;
};

static const struct hit_socket *seen_socket(const struct reading *reading, size_t index)
{
	static const struct hit_socket none;

	return reading->slot.record.arguments[index].length == sizeof(struct hit_socket)
		       ? (const void *)argument_bytes(reading, index)
		       : &none;
}

/* A connected pair on the loopback. */
static bool connect_pair(int family, int type, int *ret_client, int *ret_server)
{
	union any_address address = {.any.sa_family = family};
	socklen_t length = sizeof(address.ipv6);

	if (family == AF_INET)
		address.ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		address.ipv6.sin6_addr = in6addr_loopback;
	*ret_server = socket(family, type | SOCK_CLOEXEC, 0);
	*ret_client = socket(family, type | SOCK_CLOEXEC, 0);
	return !bind(*ret_server, &address.any, family == AF_INET ? 16 : 28) &&
	       (type == SOCK_DGRAM || !listen(*ret_server, 1)) &&
	       !getsockname(*ret_server, &address.any, &length) &&
	       !connect(*ret_client, &address.any, length);
}

static uint16_t port_of(int fd)
{
	union any_address address;
	socklen_t length = sizeof(address);

	return getsockname(fd, &address.any, &length) ? 0 : ntohs(address.ipv4.sin_port);
}

static void test_sock(int family, int type, const char *name)
{
	struct reading *reading = new_reading(ARGUMENT_SOCKET);
	const struct hit_socket *seen;
	struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
	int client = -1, server = -1, mark = 77;
	const void *address = family == AF_INET ? (void *)&loopback : (void *)&in6addr_loopback;
	size_t size = family == AF_INET ? 4 : 16;

	ok(connect_pair(family, type, &client, &server), "%s can be connected", name);
	setsockopt(client, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	reading->count = 2;
	resolve_private_data(reading, 0, client);
	resolve_private_data(reading, 1, client);
	resolve_pointer(reading, 1, "socket", "sk");
	reading->arguments[1].reader = ARGUMENT_SOCK;
	read_given(reading);
	seen = seen_socket(reading, 1);
	ok(seen->family == family && seen->type == type &&
			seen->protocol == (type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP) &&
			seen->state == TCP_STATE_ESTABLISHED && seen->mark == 77,
		"%s: family %u, type %u, protocol %u, state %u, mark %u", name, seen->family,
		seen->type, seen->protocol, seen->state, seen->mark);
	ok(seen->source_port == port_of(client) && seen->destination_port == port_of(server) &&
			!memcmp(seen->source, address, size) &&
			!memcmp(seen->destination, address, size),
		"%s: addresses and ports", name);
	ok(!memcmp(seen, seen_socket(reading, 0), sizeof(*seen)) && seen->family,
		"%s: the same of its struct socket", name);
	close(client);
	close(server);
	free(reading);
}

static void test_unix(void)
{
	struct reading *reading = new_reading(ARGUMENT_SOCKET);
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair))
		return;
	resolve_private_data(reading, 0, pair[0]);
	read_given(reading);
	ok(is_status(reading, 0, ARGUMENT_READ) && seen_socket(reading, 0)->family == AF_UNIX &&
			seen_socket(reading, 0)->type == SOCK_DGRAM &&
			!seen_socket(reading, 0)->source_port,
		"a unix socket has a family and a type");
	close(pair[0]);
	close(pair[1]);
	free(reading);
}

static void connect_again(void *context)
{
	int *fds = context;

	connect_pair(AF_INET, SOCK_STREAM, &fds[0], &fds[1]);
}

static void test_tracepoint(void)
{
	struct reading *reading = new_reading(ARGUMENT_SOCK);
	int fds[2] = {-1, -1};

	reading->only_pid = getpid();
	reading->count = 2;
	reading->arguments[1] = (struct hook_argument){ARGUMENT_INTEGER, .raw = 2, .size = 4};
	ok(read_in_tracepoint(reading, "read_inet_sock_set_state", connect_again, fds) &&
			seen_socket(reading, 0)->family == AF_INET &&
			seen_socket(reading, 0)->type == SOCK_STREAM,
		"a struct sock of a tracepoint");
	close(fds[0]);
	close(fds[1]);
	free(reading);
}

void test_sockets(void)
{
	test_sock(AF_INET, SOCK_STREAM, "TCP");
	test_sock(AF_INET, SOCK_DGRAM, "UDP");
	test_sock(AF_INET6, SOCK_STREAM, "TCP on IPv6");
	test_unix();
	test_tracepoint();
}

static void test_socket_address(bool in_kernel)
{
	const char *where = in_kernel ? "the kernel's" : "the user's";
	struct reading *reading = new_reading(ARGUMENT_SOCKADDR);
	union any_address addresses[3] = {
		{.ipv4 = {AF_INET, htons(8080), {htonl(0xc0000201)}}},
		{.ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(53), .sin6_flowinfo = ~0U}},
		{.any.sa_family = AF_UNIX},
	};
	/* one that ends with its page */
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(page + 4096, 4096);
	memcpy(page + 4096 - sizeof(struct sockaddr_in), &addresses[0], sizeof(struct sockaddr_in));
	inet_pton(AF_INET6, "2001:db8::7", &addresses[1].ipv6.sin6_addr);
	memcpy(reading->memory, addresses, sizeof(addresses));
	reading->count = 3;
	reading->memory_raws = in_kernel ? 7 : 0;
	for (size_t i = 0; i < 3; i++) {
		reading->arguments[i].raw = i;
		reading->raw[i] = in_kernel ? i * sizeof(*addresses) : (uintptr_t)&addresses[i];
	}
	if (!in_kernel)
		reading->raw[0] = (uintptr_t)page + 4096 - sizeof(struct sockaddr_in);
	read_given(reading);
	ok(seen_socket(reading, 0)->family == AF_INET &&
			seen_socket(reading, 0)->source_port == 8080 &&
			!memcmp(seen_socket(reading, 0)->source, &addresses[0].ipv4.sin_addr, 4),
		"an IPv4 address in %s memory", where);
	ok(seen_socket(reading, 1)->family == AF_INET6 &&
			seen_socket(reading, 1)->source_port == 53 &&
			!memcmp(seen_socket(reading, 1)->source, &addresses[1].ipv6.sin6_addr, 16),
		"an IPv6 address in %s memory", where);
	ok(seen_socket(reading, 2)->family == AF_UNIX, "another family in %s memory", where);
	munmap(page, 4096);
	free(reading);
}

static void test_unix_address(
	const char *name, size_t length, bool sized, const char *expected, const char *what)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	for (int in_kernel = 0; in_kernel < 2; in_kernel++) {
		struct reading *reading = new_reading(ARGUMENT_SOCKADDR_UN);

		memset(address.sun_path, '!', sizeof(address.sun_path));
		memcpy(address.sun_path, name, length);
		memcpy(reading->memory, &address, sizeof(address));
		reading->raw[0] = in_kernel ? 0 : (uintptr_t)&address;
		reading->memory_raws = in_kernel;
		reading->raw[1] = offsetof(struct sockaddr_un, sun_path) + length;
		if (sized)
			reading->arguments[0].size_raw = 1;
		read_given(reading);
		ok(is_text(reading, 0, expected), "%s in %s memory%s", what,
			in_kernel ? "the kernel's" : "the user's", sized ? ", with a size" : "");
		free(reading);
	}
}

void test_addresses(void)
{

	test_socket_address(false);
	test_socket_address(true);
	for (int sized = 0; sized < 2; sized++) {
		test_unix_address("/run/x.sock", 12, sized, "/run/x.sock", "the path of a socket");
		test_unix_address("\0name", sized ? 5 : 6, sized, "@name", "an abstract name");
	}
	test_unix_address("", 0, true, "", "no name");
}
