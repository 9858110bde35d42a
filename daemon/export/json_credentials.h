/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials, capabilities, namespaces and properties of the executed file, in Tetragon's shapes.
 */
#pragma once

#include "daemon/enrich/process.h"
#include "lib/buf.h"

/* `{"permitted":[…],"effective":[…],"inheritable":[…]}` */
void json_capabilities_format(const struct credentials *credentials, struct buf *buf);
void json_namespaces_format(
	const struct namespaces *namespaces, const uint32_t host[10], struct buf *buf);
void json_credentials_format(const struct credentials *credentials,
	const struct namespaces *namespaces, const uint32_t host[10], struct buf *buf);
/* Append `"binary_properties":{…}` if there is something notable; else nothing. */
void json_binary_properties_format(const struct exec_image *image, struct buf *buf);
/* "CAP_CHOWN" …; NULL beyond those known. */
const char *capability_name(unsigned capability);
