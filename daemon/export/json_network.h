/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets, packets and addresses as JSON, in Tetragon's shapes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/include/policy.h"
#include "lib/buf.h"

#define NETWORK_ADDRESS_MAX 46 /* INET6_ADDRSTRLEN */

/* A number's name, or the number itself as a string, as Tetragon writes what it has no name for. */
void json_name_or_number(struct buf *buf, const char *name, uint32_t number);
/* Each appends one object. */
void json_socket_format(const struct hit_socket *socket, struct buf *buf);
void json_packet_format(const struct hit_socket *packet, struct buf *buf);
void json_address_format(const struct hit_socket *address, struct buf *buf);
/* `path`: an abstract one begins with @ and is bytes, NULs among them. */
void json_unix_address_format(uint32_t family, const char *path, size_t length, struct buf *buf);
/* "10.0.0.1", "2001:db8::1"; false (and "") for a family that has no such address. */
bool network_address_text(
	uint32_t family, const uint8_t address[16], char ret_text[NETWORK_ADDRESS_MAX]);
