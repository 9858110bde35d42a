/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy, or a selector's matchWorkloads, looks at: the host, containers, which of them.
 * Nothing here changes anything or asks anybody. */
#pragma once

#include <stdbool.h>

#include "oci/metadata.h"
#include "policy/model.h"

/* Of an engine that has no namespaces, and of policies that name none. */
#define SCOPE_NAMESPACE_DEFAULT "default"

/* Borrowed from the policy. A selector that is not given has no `source`. */
struct scope {
	const struct policy_label_selector *pod, *container, *host;
	const char *namespace; /* of TracingPolicyNamespaced; else NULL */
};

struct scope scope_of_policy(const struct policy *policy);
struct scope scope_of_workloads(const struct policy_match_workloads *workloads);

/* Nothing is chosen: no bit is needed. */
bool scope_is_everything(const struct scope *scope);
/* Processes outside of containers. Without any selector, and with hostSelector: {}. */
bool scope_has_host(const struct scope *scope);
/* The pod's and the container's selectors both have to match; with nothing but a hostSelector no
 * container does. `metadata` NULL: not known yet; true when it would be whatever comes.
 *
 * podSelector: labels of the pod where the engine has such, else of the container: without
 * Kubernetes each container is a pod of its own. Besides them, with or without "k8s:",
 * io.kubernetes.pod.namespace, io.kubernetes.pod.name and io.kubernetes.pod.uid.
 * containerSelector: name, repo (the image without tag and digest), image (its whole name, with and
 * without its tag, its id, its digest); any other key is a label of the container. */
bool scope_has_container(const struct scope *scope, const struct container_metadata *metadata);
