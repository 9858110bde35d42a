/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments that are sockets or their addresses. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "policy/argument_types.h"
#include "tests/bpf/selectors-sample.h"

static void near_address(const struct policy_value *value, uint16_t *family, uint8_t address[16])
{
	uint64_t bits[2] = {random_bits(), random_bits()};
	uint32_t bit;

	memcpy(address, bits, 16);
	if (!value || value->kind != POLICY_VALUE_ADDRESS || one_in(4))
		return;
	*family = value->address.family;
	memcpy(address, value->address.bytes, 16);
	if (one_in(2))
		return;
	bit = value->address.prefix_length + random_below(4) - 2;
	if (bit < (*family == AF_INET ? 32 : 128))
		address[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
}

static uint16_t near_port(const struct policy_value *value)
{
	if (value && value->kind == POLICY_VALUE_RANGE && !one_in(4))
		return (uint16_t)((one_in(2) ? value->range.minimum : value->range.maximum) +
				  random_below(3) - 1);
	return (uint16_t)(one_in(2) ? 1022 + random_below(4) : random_below(65536));
}

static void sample_endpoints(const struct policy_hook *hook, const struct policy_argument *argument,
	struct observed_argument *observed)
{
	static const uint16_t families[] = {AF_INET, AF_INET, AF_INET6, AF_INET6, AF_UNIX, 16};
	static const uint16_t protocols[] = {6, 17, 1, 100, 262, 300, 301};

	observed->socket.family = families[random_below(6)];
	near_address(any_value(hook, argument), &observed->socket.family, observed->socket.source);
	near_address(
		any_value(hook, argument), &observed->socket.family, observed->socket.destination);
	observed->socket.source_port = near_port(any_value(hook, argument));
	observed->socket.destination_port = near_port(any_value(hook, argument));
	observed->socket.protocol = protocols[random_below(7)];
	observed->socket.state = (uint8_t)(1 + random_below(12));
}

static size_t make_sock(const struct observed_argument *observed)
{
	const __typeof__(observed->socket) *from = &observed->socket;
	uint16_t port = htons(from->destination_port);
	size_t sock = object_new(2048);

	object_put(sock, "sock_common", "skc_family", &from->family, 2);
	object_put(sock, "sock_common", "skc_state", &from->state, 1);
	object_put(sock, "sock_common", "skc_num", &from->source_port, 2);
	object_put(sock, "sock_common", "skc_dport", &port, 2);
	object_put(sock, "sock", "sk_protocol", &from->protocol, 2);
	if (from->family == AF_INET) {
		object_put(sock, "sock_common", "skc_rcv_saddr", from->source, 4);
		object_put(sock, "sock_common", "skc_daddr", from->destination, 4);
	} else {
		object_put(sock, "sock_common", "skc_v6_rcv_saddr", from->source, 16);
		object_put(sock, "sock_common", "skc_v6_daddr", from->destination, 16);
	}
	return sock;
}

static uint64_t sample_sockaddr(struct observed_argument *observed)
{
	struct sockaddr_in ipv4 = {.sin_family = observed->socket.family,
		.sin_port = htons(observed->socket.source_port)};
	struct sockaddr_in6 ipv6 = {.sin6_family = observed->socket.family,
		.sin6_port = htons(observed->socket.source_port)};

	observed->socket.protocol = 0;
	memcpy(&ipv4.sin_addr, observed->socket.source, 4);
	memcpy(&ipv6.sin6_addr, observed->socket.source, 16);
	if (observed->socket.family == AF_INET)
		return place_bytes(&ipv4, sizeof(ipv4), false);
	return place_bytes(&ipv6, sizeof(ipv6), false);
}

uint64_t sample_socket(const struct policy_hook *hook, const struct policy_argument *argument,
	struct observed_argument *observed)
{
	uint64_t sock;

	sample_endpoints(hook, argument, observed);
	if (argument->type == POLICY_TYPE_SOCKADDR)
		return sample_sockaddr(observed);
	sock = object_address(make_sock(observed));
	switch (argument->type) {
	case POLICY_TYPE_SOCKET:
		return in_object("socket", "sk", sock, 256);
	case POLICY_TYPE_SKB:
		return in_object("sk_buff", "sk", sock, 512);
	default:
		return sock;
	}
}

uint64_t sample_unix_address(const struct policy_value *value, struct observed_argument *observed)
{
	struct sockaddr_un address = {.sun_family = one_in(8) ? AF_INET : AF_UNIX};
	char text[TEXT_MAX + 1];
	size_t length = without_nul(text, sample_text(value, text, 107));

	observed->socket.family = address.sun_family;
	memcpy(address.sun_path, text, length);
	if (!length) /* an abstract one without a name */
		memcpy(text, "@", ++length);
	else if (text[0] == '@' && one_in(2))
		address.sun_path[0] = '\0';
	if (address.sun_family != AF_UNIX)
		length = 0;
	see_text(observed, text, length, STRING_LENGTH_MAX);
	return place_bytes(&address, sizeof(address), false);
}
