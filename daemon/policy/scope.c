/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/scope.h"

#include <string.h>

#include "daemon/policy/label_selector.h"

/* Cilium's way to say where a label is from. */
#define LABEL_SOURCE_PREFIX "k8s:"

struct scope scope_of_policy(const struct policy *policy)
{
	const struct policy_text *namespace = &policy->metadata.namespace;

	return (struct scope){
		.pod = &policy->spec.pod_selector,
		.container = &policy->spec.container_selector,
		.host = &policy->spec.host_selector,
		.namespace = policy->kind != POLICY_TRACING_POLICY_NAMESPACED ? NULL
			     : namespace->length			      ? namespace->data
						 : SCOPE_NAMESPACE_DEFAULT,
	};
}

struct scope scope_of_workloads(const struct policy_match_workloads *workloads)
{
	return (struct scope){
		.pod = &workloads->pod_selector,
		.container = &workloads->container_selector,
		.host = &workloads->host_selector,
	};
}

static bool chooses_containers(const struct scope *scope)
{
	return scope->pod->source || scope->container->source || scope->namespace;
}

bool scope_is_everything(const struct scope *scope)
{
	return !chooses_containers(scope) && !scope->host->source;
}

bool scope_has_host(const struct scope *scope)
{
	return scope->host->source || !chooses_containers(scope);
}

static size_t one_value(const char *text, struct label_value ret_values[LABEL_VALUES_MAX])
{
	if (!text)
		return 0;
	ret_values[0] = (struct label_value){text, strlen(text)};
	return 1;
}

static bool key_is(const struct label_value *key, const char *name)
{
	return key->length == strlen(name) && !memcmp(key->data, name, key->length);
}

static size_t find_label(const struct label *labels, size_t count, const struct label_value *key,
	struct label_value ret_values[LABEL_VALUES_MAX])
{
	for (size_t i = 0; i < count; i++)
		if (key_is(key, labels[i].key))
			return one_value(labels[i].value, ret_values);
	return 0;
}

static const char *namespace_of(const struct container_metadata *metadata)
{
	return metadata->pod_namespace ? metadata->pod_namespace : SCOPE_NAMESPACE_DEFAULT;
}

static const char *pod_name_of(const struct container_metadata *metadata)
{
	return metadata->pod_name ? metadata->pod_name : metadata->name;
}

static size_t pod_values(const void *subject, const struct policy_text *text,
	struct label_value ret_values[LABEL_VALUES_MAX])
{
	const struct container_metadata *metadata = subject;
	const size_t prefix = strlen(LABEL_SOURCE_PREFIX);
	struct label_value key = {text->data, text->length};
	size_t count;

	if (key.length > prefix && !memcmp(key.data, LABEL_SOURCE_PREFIX, prefix)) {
		key.data += prefix;
		key.length -= prefix;
	}
	if (key_is(&key, "io.kubernetes.pod.namespace"))
		return one_value(namespace_of(metadata), ret_values);
	if (key_is(&key, "io.kubernetes.pod.name"))
		return one_value(pod_name_of(metadata), ret_values);
	if (key_is(&key, "io.kubernetes.pod.uid"))
		return one_value(metadata->pod_uid, ret_values);
	/* Kubernetes keeps a pod's labels and its containers' apart. podman's pods rarely have any,
	 * and its users label containers. */
	count = find_label(metadata->pod_labels, metadata->pod_label_count, &key, ret_values);
	if (count || metadata->pod_uid)
		return count;
	return find_label(metadata->labels, metadata->label_count, &key, ret_values);
}

/* registry:5000/name:tag@sha256:… without the tag and what follows. */
static struct label_value repository_of(const char *image)
{
	size_t length = strcspn(image, "@");
	const char *colon = memrchr(image, ':', length), *slash = memrchr(image, '/', length);

	if (colon && (!slash || colon > slash))
		length = (size_t)(colon - image);
	return (struct label_value){image, length};
}

static size_t image_values(
	const struct container_metadata *metadata, struct label_value ret_values[LABEL_VALUES_MAX])
{
	size_t count = one_value(metadata->image_name, ret_values);

	if (count)
		ret_values[count++] = repository_of(metadata->image_name);
	count += one_value(metadata->image_id, ret_values + count);
	return count + one_value(metadata->image_digest, ret_values + count);
}

static size_t container_values(const void *subject, const struct policy_text *text,
	struct label_value ret_values[LABEL_VALUES_MAX])
{
	const struct container_metadata *metadata = subject;
	const struct label_value key = {text->data, text->length};

	if (key_is(&key, "name")) /* CRI-O's own names begin with k8s_ and end in numbers */
		return one_value(metadata->pod_container ? metadata->pod_container : metadata->name,
			ret_values);
	if (key_is(&key, "repo")) {
		if (!metadata->image_name)
			return 0;
		ret_values[0] = repository_of(metadata->image_name);
		return 1;
	}
	if (key_is(&key, "image"))
		return image_values(metadata, ret_values);
	return find_label(metadata->labels, metadata->label_count, &key, ret_values);
}

static bool is_empty(const struct policy_label_selector *selector)
{
	return !selector->match_labels.count && !selector->match_expressions.count;
}

bool scope_has_container(const struct scope *scope, const struct container_metadata *metadata)
{
	if (!chooses_containers(scope))
		return !scope->host->source;
	if (!metadata)
		return !scope->namespace && is_empty(scope->pod) && is_empty(scope->container);
	if (scope->namespace && strcmp(scope->namespace, namespace_of(metadata)) != 0)
		return false;
	if (scope->pod->source && !policy_label_selector_matches(scope->pod, pod_values, metadata))
		return false;
	return !scope->container->source ||
	       policy_label_selector_matches(scope->container, container_values, metadata);
}
