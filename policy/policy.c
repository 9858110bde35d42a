/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include <errno.h>
#include <string.h>

#include "lib/fd.h"
#include "policy/read.h"

struct policy_set *policy_set_free(struct policy_set *set)
{
	if (!set)
		return NULL;
	arena_done(&set->arena);
	free(set);
	return NULL;
}

static bool text_is(const struct yaml_value *value, const char *text)
{
	return value && value->kind == YAML_KIND_SCALAR && value->length == strlen(text) &&
	       !memcmp(value->text, text, value->length);
}

static bool is_scalar(const struct yaml_value *value)
{
	return value && value->kind == YAML_KIND_SCALAR && !yaml_value_is_null(value);
}

static bool has_prefix(const struct yaml_value *value, const char *prefix)
{
	return value->length >= strlen(prefix) && !memcmp(value->text, prefix, strlen(prefix));
}

/* Files that `kubectl apply` takes hold other things beside policies. Those are passed over, and
 * said to be; what could be a policy with a mistake in its head is not. */
static bool is_other_object(const struct yaml_value *document)
{
	const struct yaml_value *api_version = yaml_value_get(document, "apiVersion");
	const struct yaml_value *kind = yaml_value_get(document, "kind");
	int word;

	return is_scalar(api_version) && is_scalar(kind) &&
	       !has_prefix(api_version, "cilium.io/") &&
	       policy_word_parse_any_case(policy_kind_words, kind->text, kind->length, &word) < 0;
}

static void check_api_version(struct policy_set *set, const struct yaml_value *document)
{
	const struct yaml_value *api_version = yaml_value_get(document, "apiVersion");

	if (is_scalar(api_version) && !text_is(api_version, POLICY_API_VERSION))
		report_error(&set->report, api_version, "there is no %s of policies; allowed: %s",
			QUOTE(api_version->text, api_version->length), POLICY_API_VERSION);
}

static int read_policy(struct policy_set *set, const struct yaml_value *document)
{
	struct field_reader reader = {.arena = &set->arena, .report = &set->report};
	struct policy *policy = &set->policies[set->count];
	size_t errors = set->report.errors;
	int r;

	check_api_version(set, document);
	r = read_object(&reader, document, &read_policy_type, policy);
	if (r < 0)
		return r;
	set->count++;
	if (set->report.errors > errors)
		return 0;
	return check_policy(&(struct policy_checker){
		.arena = &set->arena, .report = &set->report, .policy = policy});
}

static bool text_equal(const struct policy_text *a, const struct policy_text *b)
{
	return a->length == b->length && (!a->length || !memcmp(a->data, b->data, a->length));
}

static void check_names(struct policy_set *set)
{
	for (size_t i = 1; i < set->count; i++) {
		const struct policy_metadata *metadata = &set->policies[i].metadata;

		for (size_t j = 0; j < i; j++) {
			const struct policy_metadata *other = &set->policies[j].metadata;

			if (!text_equal(&metadata->name, &other->name) ||
				!text_equal(&metadata->namespace, &other->namespace))
				continue;
			report_error(&set->report, metadata->name.source,
				"a policy of this name begins in line %u already",
				set->policies[j].source->line);
			break;
		}
	}
}

static int read_documents(
	struct policy_set *set, struct yaml_value *const documents[], size_t count)
{
	set->policies = arena_allocate(&set->arena, (count + 1) * sizeof(*set->policies));
	if (!set->policies)
		return -ENOMEM;
	memset(set->policies, 0, (count + 1) * sizeof(*set->policies));
	for (size_t i = 0; i < count; i++) {
		int r;

		if (is_other_object(documents[i])) {
			const struct yaml_value *kind = yaml_value_get(documents[i], "kind");

			set->passed_over++;
			report_warning(&set->report, documents[i],
				"this %s is no policy, and is passed over",
				QUOTE(kind->text, kind->length));
			continue;
		}
		r = read_policy(set, documents[i]);
		if (r < 0)
			return r;
	}
	if (!set->count)
		report_error_at(&set->report, NULL, 1, 1, "there is no policy in this file");
	if (!set->report.errors)
		check_names(set);
	return set->report.out_of_memory ? -ENOMEM : 0;
}

int policy_set_parse(const char *text, size_t length, struct policy_set **ret_set)
{
	_cleanup_policy_set_ struct policy_set *set = calloc(1, sizeof(*set));
	struct yaml_value *documents[YAML_DOCUMENTS_MAX];
	struct yaml_error error;
	int count, r;

	if (!set)
		return -ENOMEM;
	set->report.arena = &set->arena;
	count = yaml_documents_parse(&set->arena, text, length, documents, &error);
	if (count == -ENOMEM)
		return count;
	if (count < 0) {
		report_error_at(
			&set->report, error.value, error.line, error.column, "%s", error.message);
		r = set->report.out_of_memory ? -ENOMEM : 0;
	} else {
		r = read_documents(set, documents, (size_t)count);
	}
	if (r < 0)
		return r;
	*ret_set = TAKE_PTR(set);
	return 0;
}

int policy_set_read(const char *path, struct policy_set **ret_set, struct error *error)
{
	_cleanup_buf_ struct buf text = {0};
	int r;

	r = read_file_limited(path, YAML_BYTES_MAX, &text);
	if (r == -EFBIG)
		return error_set(error, r, "%s: more than %zu bytes", path, YAML_BYTES_MAX);
	if (r < 0)
		return error_set(error, r, "%s: %s", path, strerror(-r));
	r = policy_set_parse(text.data ? text.data : "", text.length, ret_set);
	if (r < 0)
		return error_set(error, r, "%s: %s", path, strerror(-r));
	return 0;
}

const char *policy_hook_noun(enum policy_hook_kind kind, size_t count)
{
	static const char *const singular[POLICY_HOOK_KINDS] = {
		[POLICY_KPROBE] = "kprobe",
		[POLICY_FENTRY] = "fentry",
		[POLICY_TRACEPOINT] = "tracepoint",
		[POLICY_UPROBE] = "uprobe",
		[POLICY_USDT] = "usdt",
		[POLICY_LSM_HOOK] = "lsmhook",
	};

	return count == 1 ? singular[kind] : policy_hook_sections[kind];
}

void policy_describe(struct buf *buf, const struct policy *policy)
{
	const struct policy_text *name = &policy->metadata.name;
	const char *separator = ": ";

	buf_printf(buf, "%s %s", policy_word(policy_kind_words, policy->kind),
		QUOTE(name->data, name->length));
	for (int kind = 0; kind < POLICY_HOOK_KINDS; kind++) {
		size_t count = policy->spec.hooks[kind].count;

		if (!count)
			continue;
		buf_printf(buf, "%s%zu %s", separator, count,
			policy_hook_noun((enum policy_hook_kind)kind, count));
		separator = ", ";
	}
	if (policy->spec.loader)
		buf_printf(buf, "%sloader", separator);
}
