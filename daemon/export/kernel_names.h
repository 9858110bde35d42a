/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's own names of its numbers, as Tetragon writes them. NULL for a number without one. */
#pragma once

#include <stddef.h>
#include <stdint.h>

const char *address_family_name(uint32_t family); /* "AF_INET" */
const char *socket_type_name(uint32_t type);	  /* "SOCK_STREAM" */
const char *ip_protocol_name(uint32_t protocol);  /* "IPPROTO_TCP" */
const char *tcp_state_name(uint32_t state);	  /* "TCP_ESTABLISHED" */
const char *bpf_program_type_name(uint32_t type); /* "BPF_PROG_TYPE_KPROBE" */
const char *bpf_map_type_name(uint32_t type);	  /* "BPF_MAP_TYPE_HASH" */
const char *bpf_command_name(uint32_t command);	  /* "BPF_MAP_CREATE" */
const char *perf_event_type_name(uint32_t type);  /* "PERF_TYPE_TRACEPOINT" */
const char *module_taint_name(unsigned int bit);  /* "TAINT_OUT_OF_TREE_MODULE" */
/* "sha256", as in /proc/crypto, and how many bytes its digest has. */
const char *hash_algorithm_name(uint32_t algorithm, size_t *ret_length);
