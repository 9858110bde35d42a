/* SPDX-License-Identifier: Apache-2.0 */
/* A container as JSON: `process.container`, and Tetragon's `pod` for CRI-O's. */
#pragma once

#include "daemon/enrich/container.h"
#include "lib/buf.h"

/* Append `{"id":…}`. */
void json_container_format(const struct container *container, struct buf *buf);
/* Append Tetragon's `{"namespace":…}`; nothing for a container outside of Kubernetes' pods. */
void json_pod_format(const struct container *container, struct buf *buf);
