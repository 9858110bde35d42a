/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bpf/arguments-harness.h"

struct sending {
	int family;
	uint16_t source_port, destination_port;
	uint32_t mark;
};

static void send_packet(void *context)
{
	struct sending *sending = context;
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	struct sockaddr_in ipv4 = {.sin_family = AF_INET};
	struct sockaddr *to = sending->family == AF_INET ? (void *)&ipv4 : (void *)&address;
	socklen_t length = sending->family == AF_INET ? sizeof(ipv4) : sizeof(address);
	int fd = socket(sending->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ipv4.sin_port = address.sin6_port = htons(sending->destination_port);
	setsockopt(fd, SOL_SOCKET, SO_MARK, &sending->mark, sizeof(sending->mark));
	sendto(fd, "tally", 5, 0, to, length);
	length = sizeof(address);
	getsockname(fd, to, &length);
	sending->source_port = ntohs(((struct sockaddr_in *)to)->sin_port);
	close(fd);
}

static void test_packet(int family, const char *name)
{
	struct sending sending = {.family = family, .destination_port = 9, .mark = 5};
	struct reading *reading = new_reading(ARGUMENT_SKB);
	struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
	const void *address = family == AF_INET ? (void *)&loopback : (void *)&in6addr_loopback;
	size_t size = family == AF_INET ? 4 : 16;
	const struct hit_socket *seen;
	bool reached;

	reading->only_pid = getpid();
	reading->count = 2;
	reading->arguments[1].reader = ARGUMENT_NET_DEVICE;
	resolve_pointer(reading, 1, "sk_buff", "dev");
	reading->arguments[1].source = ARGUMENT_OF_CALL;
	reached = read_in_tracepoint(reading, "read_net_dev_queue", send_packet, &sending);
	seen = (const void *)argument_bytes(reading, 0);
	ok(reached && is_status(reading, 0, ARGUMENT_READ), "%s: a packet", name);
	ok(seen->family == family && seen->protocol == IPPROTO_UDP && seen->mark == 5 &&
			seen->length >= 8 + 5 && seen->source_port == sending.source_port &&
			seen->destination_port == 9,
		"%s: family %u, protocol %u, length %u, ports %u and %u, mark %u", name,
		seen->family, seen->protocol, seen->length, seen->source_port,
		seen->destination_port, seen->mark);
	ok(!memcmp(seen->source, address, size) && !memcmp(seen->destination, address, size),
		"%s: addresses", name);
	ok(is_text(reading, 1, "lo"), "%s: the device's name", name);
	free(reading);
}

/* Headers made here, in memory of the kernel. */
static void test_headers(const char *name, const void *headers, size_t size, uint16_t protocol,
	struct hit_socket expected)
{
	struct reading *reading = new_reading(ARGUMENT_SKB);
	const struct hit_socket *seen = (const void *)reading->slot.data;
	uint32_t head = member_offset("sk_buff", "head");

	*(uint64_t *)(reading->memory + head) = 1024;
	*(uint16_t *)(reading->memory + member_offset("sk_buff", "network_header")) = 14;
	*(uint16_t *)(reading->memory + member_offset("sk_buff", "protocol")) = htons(protocol);
	memcpy(reading->memory + 1024 + 14, headers, size);
	reading->memory_raws = 1;
	reading->memory_words[reading->memory_words_count++] = head / 8;
	read_given(reading);
	ok(seen->family == expected.family && seen->protocol == expected.protocol &&
			seen->source_port == expected.source_port &&
			seen->destination_port == expected.destination_port,
		"%s: family %u, protocol %u, ports %u and %u", name, seen->family, seen->protocol,
		seen->source_port, seen->destination_port);
	free(reading);
}

void test_packets(void)
{
	static const uint8_t options[] = {0x46, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 1, 2, 3, 4, 5, 6,
		7, 8, 0, 0, 0, 0, 0x12, 0x34, 0x56, 0x78};
	static const uint8_t fragment[] = {0x45, 0, 0, 40, 0, 0, 0, 9, 64, 17, 0, 0, 1, 2, 3, 4, 5,
		6, 7, 8, 0x12, 0x34, 0x56, 0x78};
	static const uint8_t extensions[40 + 8 + 8 + 4] = {
		[0] = 0x60,
		[6] = 0,   /* hop by hop */
		[40] = 44, /* fragment */
		[48] = 17, /* UDP */
		[56] = 0x12,
		0x34,
		0x56,
		0x78,
	};

	test_packet(AF_INET, "IPv4");
	test_packet(AF_INET6, "IPv6");
	test_headers("IPv4 with options", options, sizeof(options), 0x0800,
		(struct hit_socket){.family = AF_INET,
			.protocol = 6,
			.source_port = 0x1234,
			.destination_port = 0x5678});
	test_headers("a further fragment has no ports", fragment, sizeof(fragment), 0x0800,
		(struct hit_socket){.family = AF_INET, .protocol = 17});
	test_headers("IPv6 with extensions, without a protocol yet", extensions, sizeof(extensions),
		0,
		(struct hit_socket){.family = AF_INET6,
			.protocol = 17,
			.source_port = 0x1234,
			.destination_port = 0x5678});
	test_headers("ARP is nobody's", options, sizeof(options), 0x0806, (struct hit_socket){});
}
