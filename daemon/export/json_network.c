/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export/json_network.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/export/kernel_names.h"
#include "lib/json_writer.h"
#include "lib/util.h"

void json_name_or_number(struct buf *buf, const char *name, uint32_t number)
{
	if (name)
		json_string(buf, name);
	else
		json_u64_string(buf, number);
}

bool network_address_text(
	uint32_t family, const uint8_t address[16], char ret_text[NETWORK_ADDRESS_MAX])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	ret_text[0] = '\0';
	if (family == AF_INET)
		return inet_ntop(AF_INET, address, ret_text, NETWORK_ADDRESS_MAX) != NULL;
	if (family != AF_INET6)
		return false;
	/* as Go's net.IP has it: what is an IPv4 address is written as one */
	if (memcmp(address, mapped, sizeof(mapped)) == 0)
		return inet_ntop(AF_INET, address + sizeof(mapped), ret_text,
			       NETWORK_ADDRESS_MAX) != NULL;
	return inet_ntop(AF_INET6, address, ret_text, NETWORK_ADDRESS_MAX) != NULL;
}

static void put_number(struct buf *buf, const char *key, uint32_t value)
{
	if (!value)
		return;
	json_key_n(buf, key, strlen(key));
	json_unsigned(buf, value);
}

static void put_address(
	struct buf *buf, const char *key, uint32_t family, const uint8_t address[16])
{
	char text[NETWORK_ADDRESS_MAX];

	if (!network_address_text(family, address, text))
		return;
	json_key_n(buf, key, strlen(key));
	json_string(buf, text);
}

static void put_addresses(const struct hit_socket *socket, struct buf *buf)
{
	put_address(buf, "saddr", socket->family, socket->source);
	put_address(buf, "daddr", socket->family, socket->destination);
	put_number(buf, "sport", socket->source_port);
	put_number(buf, "dport", socket->destination_port);
}

void json_socket_format(const struct hit_socket *socket, struct buf *buf)
{
	json_open_object(buf);
	json_key(buf, "family");
	json_name_or_number(buf, address_family_name(socket->family), socket->family);
	json_key(buf, "type");
	json_name_or_number(buf, socket_type_name(socket->type), socket->type);
	json_key(buf, "protocol");
	json_name_or_number(buf, ip_protocol_name(socket->protocol), socket->protocol);
	put_number(buf, "mark", socket->mark);
	put_number(buf, "priority", socket->priority);
	put_addresses(socket, buf);
	if (socket->cookie)
		json_key_u64(buf, "cookie", socket->cookie);
	if (socket->state) {
		json_key(buf, "state");
		json_name_or_number(buf, tcp_state_name(socket->state), socket->state);
	}
	json_close_object(buf);
}

void json_packet_format(const struct hit_socket *packet, struct buf *buf)
{
	json_open_object(buf);
	put_number(buf, "hash", packet->hash);
	put_number(buf, "len", packet->length);
	put_number(buf, "priority", packet->priority);
	put_number(buf, "mark", packet->mark);
	put_addresses(packet, buf);
	put_number(buf, "proto", packet->protocol);
	put_number(buf, "sec_path_len", packet->sec_path_len);
	put_number(buf, "sec_path_olen", packet->sec_path_olen);
	json_key(buf, "protocol");
	json_name_or_number(buf, ip_protocol_name(packet->protocol), packet->protocol);
	json_key(buf, "family");
	json_name_or_number(buf, address_family_name(packet->family), packet->family);
	json_close_object(buf);
}

void json_address_format(const struct hit_socket *address, struct buf *buf)
{
	json_open_object(buf);
	json_key(buf, "family");
	json_name_or_number(buf, address_family_name(address->family), address->family);
	put_address(buf, "addr", address->family, address->source);
	put_number(buf, "port", address->source_port);
	json_close_object(buf);
}

void json_unix_address_format(uint32_t family, const char *path, size_t length, struct buf *buf)
{
	if (!length || path[0] != '@')
		length = strnlen(path, length);
	json_open_object(buf);
	json_key(buf, "family");
	json_name_or_number(buf, address_family_name(family), family);
	if (length) {
		json_key(buf, "path");
		if (json_string_n(buf, path, length)) {
			json_key(buf, "path_b64");
			json_base64(buf, path, length);
		}
	}
	json_close_object(buf);
}
