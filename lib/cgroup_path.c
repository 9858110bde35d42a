/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/cgroup_path.h"

#include <string.h>

#include "lib/util.h"

#define ENGINE_ID_LENGTH 64 /* of every engine below: lower-case hex digits */

/* One name in a path, not NUL-terminated. */
struct component {
	const char *text;
	size_t length;
};

const char *cgroup_engine_name(enum cgroup_engine engine)
{
	switch (engine) {
	case CGROUP_ENGINE_PODMAN:
		return "podman";
	case CGROUP_ENGINE_CRIO:
		return "cri-o";
	case CGROUP_ENGINE_BUILDAH:
		return "buildah";
	case CGROUP_ENGINE_CONTAINERD:
		return "containerd";
	case CGROUP_ENGINE_DOCKER:
		return "docker";
	case CGROUP_ENGINE_NERDCTL:
		return "nerdctl";
	case CGROUP_ENGINE_LXC:
		return "lxc";
	case CGROUP_ENGINE_CONMON:
		return "conmon";
	case CGROUP_ENGINE_NONE:
		break;
	}
	return "";
}

/* Step to the next component; false at the end of the path. */
static bool next_component(const char **path, struct component *ret)
{
	*path += strspn(*path, "/");
	ret->text = *path;
	ret->length = strcspn(*path, "/");
	*path += ret->length;
	return ret->length;
}

static bool component_is(const struct component *component, const char *text)
{
	return component->length == strlen(text) &&
	       !memcmp(component->text, text, component->length);
}

static bool take_prefix(struct component *component, const char *prefix)
{
	size_t length = strlen(prefix);

	if (component->length < length || memcmp(component->text, prefix, length))
		return false;
	component->text += length;
	component->length -= length;
	return true;
}

static bool take_suffix(struct component *component, const char *suffix)
{
	size_t length = strlen(suffix);

	if (component->length < length ||
		memcmp(component->text + component->length - length, suffix, length))
		return false;
	component->length -= length;
	return true;
}

static bool is_lower_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_engine_id(const struct component *id)
{
	size_t i;

	if (id->length != ENGINE_ID_LENGTH)
		return false;
	for (i = 0; i < id->length; i++)
		if (!is_lower_hex(id->text[i]))
			return false;
	return true;
}

/* PREFIX-ID with the cgroupfs manager, PREFIX-ID.scope with systemd's. */
static const struct {
	const char *prefix;
	enum cgroup_engine engine;
} prefixes[] = {
	{"libpod-conmon-", CGROUP_ENGINE_CONMON},
	{"crio-conmon-", CGROUP_ENGINE_CONMON},
	{"libpod-payload-", CGROUP_ENGINE_PODMAN}, /* podman --cgroups=split, as quadlet does */
	{"libpod-", CGROUP_ENGINE_PODMAN},
	{"crio-", CGROUP_ENGINE_CRIO},
	{"cri-containerd-", CGROUP_ENGINE_CONTAINERD},
	{"docker-", CGROUP_ENGINE_DOCKER},
	{"nerdctl-", CGROUP_ENGINE_NERDCTL},
};

/* SLICE:PREFIX:ID, the systemd manager's notation, as a directory of that very name: what the
 * cgroupfs manager makes of it when engine and runtime are configured differently. */
static const struct {
	const char *prefix;
	enum cgroup_engine engine;
} notations[] = {
	{"libpod", CGROUP_ENGINE_PODMAN},
	{"crio", CGROUP_ENGINE_CRIO},
	{"cri-containerd", CGROUP_ENGINE_CONTAINERD},
	{"docker", CGROUP_ENGINE_DOCKER},
	{"nerdctl", CGROUP_ENGINE_NERDCTL},
};

static enum cgroup_engine match_prefix(struct component component, struct component *ret_id)
{
	size_t i;

	take_suffix(&component, ".scope");
	for (i = 0; i < ARRAY_SIZE(prefixes); i++) {
		*ret_id = component;
		if (take_prefix(ret_id, prefixes[i].prefix) && is_engine_id(ret_id))
			return prefixes[i].engine;
	}
	return CGROUP_ENGINE_NONE;
}

static enum cgroup_engine match_notation(struct component component, struct component *ret_id)
{
	const char *id = memrchr(component.text, ':', component.length);
	struct component rest = component;
	size_t i;

	if (!id)
		return CGROUP_ENGINE_NONE;
	ret_id->text = id + 1;
	ret_id->length = component.length - (size_t)(id + 1 - component.text);
	if (!is_engine_id(ret_id))
		return CGROUP_ENGINE_NONE;
	rest.length = (size_t)(id - component.text);
	for (i = 0; i < ARRAY_SIZE(notations); i++) {
		struct component slice = rest;

		if (take_suffix(&slice, notations[i].prefix) && take_suffix(&slice, ":"))
			return notations[i].engine;
	}
	return CGROUP_ENGINE_NONE;
}

/* buildah-buildahN: the container's id is the whole name. The systemd manager puts the runtime's
 * name before it, as buildah asks for no cgroup at all. */
static enum cgroup_engine match_buildah(struct component component, struct component *ret_id)
{
	struct component digits;
	size_t i;

	if (take_suffix(&component, ".scope") && !take_prefix(&component, "runc-"))
		take_prefix(&component, "crun-");
	digits = component;
	if (!take_prefix(&digits, "buildah-buildah") || !digits.length)
		return CGROUP_ENGINE_NONE;
	for (i = 0; i < digits.length; i++)
		if (digits.text[i] < '0' || digits.text[i] > '9')
			return CGROUP_ENGINE_NONE;
	*ret_id = component;
	return CGROUP_ENGINE_BUILDAH;
}

/* podUID in the cgroupfs manager's tree. A UID has 36 characters, a static pod's hash 32. */
static bool is_kubernetes_pod(struct component component)
{
	size_t i;

	if (!take_prefix(&component, "pod") || (component.length != 36 && component.length != 32))
		return false;
	for (i = 0; i < component.length; i++)
		if (!is_lower_hex(component.text[i]) && component.text[i] != '-')
			return false;
	return true;
}

/* Shapes that only the parent's name tells. */
static enum cgroup_engine match_parent(
	const struct component *parent, const struct component *component, struct component *ret_id)
{
	*ret_id = *component;
	if (component_is(parent, "libpod_parent") && component_is(component, "conmon")) {
		ret_id->length = 0; /* one for all containers */
		return CGROUP_ENGINE_CONMON;
	}
	if (!is_engine_id(component))
		return CGROUP_ENGINE_NONE;
	if (component_is(parent, "docker"))
		return CGROUP_ENGINE_DOCKER;
	/* podman's pods are bare ids too, below libpod_parent; CRI-O's containers have a prefix */
	return is_kubernetes_pod(*parent) ? CGROUP_ENGINE_CONTAINERD : CGROUP_ENGINE_NONE;
}

/* lxc.payload.NAME, before LXC 4 lxc.payload/NAME and lxc/NAME at the top. */
static enum cgroup_engine match_lxc(const struct component *parent, bool parent_is_top,
	const struct component *component, struct component *ret_id)
{
	*ret_id = *component;
	if (take_prefix(ret_id, "lxc.payload."))
		return ret_id->length ? CGROUP_ENGINE_LXC : CGROUP_ENGINE_NONE;
	if (parent_is_top && (component_is(parent, "lxc.payload") || component_is(parent, "lxc")))
		return CGROUP_ENGINE_LXC;
	return CGROUP_ENGINE_NONE;
}

static enum cgroup_engine match_component(const struct component *parent, bool parent_is_top,
	const struct component *component, struct component *ret_id)
{
	enum cgroup_engine engine;

	engine = match_prefix(*component, ret_id);
	if (!engine)
		engine = match_notation(*component, ret_id);
	if (!engine)
		engine = match_buildah(*component, ret_id);
	if (!engine)
		engine = match_parent(parent, component, ret_id);
	if (!engine)
		engine = match_lxc(parent, parent_is_top, component, ret_id);
	return engine;
}

bool cgroup_path_container(const char *path, struct cgroup_container *ret)
{
	struct component parent = {"", 0}, component, id;
	const char *p = path;
	size_t level;

	for (level = 0; next_component(&p, &component); level++, parent = component) {
		enum cgroup_engine engine = match_component(&parent, level == 1, &component, &id);

		if (!engine || id.length >= sizeof(ret->id))
			continue;
		*ret = (struct cgroup_container){
			.engine = engine,
			.component_end = (size_t)(p - path),
		};
		memcpy(ret->id, id.text, id.length);
		return true;
	}
	return false;
}

static bool is_word(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static bool contains_word(const struct component *component, const char *id, size_t id_length)
{
	const char *end = component->text + component->length, *p = component->text;

	for (; (size_t)(end - p) >= id_length; p++) {
		if (memcmp(p, id, id_length))
			continue;
		if ((p == component->text || !is_word(p[-1])) &&
			(p + id_length == end || !is_word(p[id_length])))
			return true;
	}
	return false;
}

/* What cannot be a container's own cgroup although its name may hold the id as a word: a container
 * may well be called "system" or "user", and its monitor's scope holds its id. */
static bool is_never_container(struct component component)
{
	struct component id;

	if (match_prefix(component, &id) == CGROUP_ENGINE_CONMON)
		return true;
	return take_suffix(&component, ".slice") || take_suffix(&component, ".service");
}

size_t cgroup_path_find_id(const char *path, const char *id)
{
	size_t id_length = strlen(id);
	struct component component;
	const char *p = path;

	if (!id_length)
		return 0;
	while (next_component(&p, &component))
		if (!is_never_container(component) && contains_word(&component, id, id_length))
			return (size_t)(p - path);
	return 0;
}
