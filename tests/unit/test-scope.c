/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a policy looks at, by its selectors and a container's metadata. */
#include "daemon/policy/scope.h"

#include <stdio.h>
#include <string.h>

#include "policy/policy.h"
#include "tests/unit/unit.h"

#define LABELS(...)                                                                                \
	.labels = (struct label[]){__VA_ARGS__},                                                   \
	.label_count = sizeof((struct label[]){__VA_ARGS__}) / sizeof(struct label)
#define LABEL(key_, value_)                                                                        \
	{                                                                                          \
		.key = (char *)(key_), .value = (char *)(value_)                                   \
	}
#define TEXT(text) ((char *)(text))

/* What the cases are asked about, in the order of their letters. */
enum subject {
	HOST,
	UNKNOWN,
	WEB,
	PLAIN,
	POD,
	SUBJECTS
};
static const char letters[SUBJECTS + 1] = "huwpk";

static const struct container_metadata web = {
	.name = TEXT("web"),
	.image_name = TEXT("registry.example:5000/shop/web:1.2@sha256:00ff"),
	.image_id = TEXT("0123abcd"),
	.image_digest = TEXT("sha256:00ff"),
	LABELS(LABEL("app", "shop"), LABEL("tier", ""), LABEL("name", "label")),
};
static const struct container_metadata plain = {.name = TEXT("plain"), .runtime = TEXT("podman")};
static struct label pod_labels[] = {LABEL("app", "pods"), LABEL("only", "pod")};
static const struct container_metadata pod = {
	.name = TEXT("k8s_main_shop-1_prod_7_0"),
	.image_name = TEXT("quay.io/shop/api"),
	LABELS(LABEL("app", "containers"), LABEL("mine", "yes")),
	.pod_id = TEXT("77"),
	.pod_name = TEXT("shop-1"),
	.pod_namespace = TEXT("prod"),
	.pod_uid = TEXT("7"),
	.pod_container = TEXT("main"),
	.pod_labels = pod_labels,
	.pod_label_count = ARRAY_SIZE(pod_labels),
};

static void ask(const struct scope *scope, char ret_answer[SUBJECTS + 1])
{
	const struct container_metadata *const containers[SUBJECTS] = {
		[WEB] = &web, [PLAIN] = &plain, [POD] = &pod};
	size_t length = 0;

	for (int i = 0; i < SUBJECTS; i++)
		if (i == HOST ? scope_has_host(scope) : scope_has_container(scope, containers[i]))
			ret_answer[length++] = letters[i];
	ret_answer[length] = '\0';
}

static struct policy_set *parse(const char *kind, const char *namespace, const char *spec)
{
	struct policy_set *set;
	char text[4096];
	int length = snprintf(text, sizeof(text),
		"apiVersion: cilium.io/v1alpha1\nkind: %s\nmetadata: {name: x%s%s}\n"
		"spec:\n%s  kprobes:\n  - {call: sys_read%s%s}\n",
		kind, *namespace ? ", namespace: " : "", namespace, *spec == '-' ? "" : spec,
		*spec == '-' ? ", selectors: [{matchWorkloads: " : "",
		*spec == '-' ? spec + 1 : "");

	ck_assert_int_eq(policy_set_parse(text, (size_t)length, &set), 0);
	ck_assert_msg(!set->report.errors, "%s: %s", text,
		set->report.count ? set->report.problems[0].message : "");
	return set;
}

static void check(const char *kind, const char *namespace, const char *spec, const char *expected)
{
	struct policy_set *set = parse(kind, namespace, spec);
	struct scope scope = scope_of_policy(set->policies);
	char answer[SUBJECTS + 1];

	ask(&scope, answer);
	ck_assert_msg(!strcmp(answer, expected), "%s (%s): got \"%s\", expected \"%s\"", spec,
		namespace, answer, expected);
	ck_assert_msg(scope_is_everything(&scope) ? !strcmp(expected, letters) : true, "%s", spec);
	policy_set_free(set);
}

#define CONTAINERS(text) "  containerSelector: {" text "}\n"
#define PODS(text)	 "  podSelector: {" text "}\n"
#define IN(key, values)	 "matchExpressions: [{key: " key ", operator: In, values: [" values "]}]"
#define NOT_IN(key, values)                                                                        \
	"matchExpressions: [{key: " key ", operator: NotIn, values: [" values "]}]"
#define EXISTS(key)	"matchExpressions: [{key: " key ", operator: Exists}]"
#define MISSING(key)	"matchExpressions: [{key: " key ", operator: DoesNotExist}]"
#define LABEL_IS(label) "matchLabels: {" label "}"

START_TEST(test_selectors)
{
	static const struct {
		const char *spec, *expected;
	} cases[] = {
		/* which of them is there at all */
		{"", "huwpk"},
		{"  hostSelector: {}\n", "h"},
		{"  podSelector: {}\n", "uwpk"},
		{"  containerSelector: {}\n", "uwpk"},
		{"  podSelector: {}\n  hostSelector: {}\n", "huwpk"},
		{"  podSelector: null\n", "huwpk"},
		{"  hostSelector: {}\n" CONTAINERS(LABEL_IS("name: web")), "hw"},
		/* the container's name, image and labels */
		{CONTAINERS(LABEL_IS("name: web")), "w"},
		{CONTAINERS(IN("name", "web, main")), "wk"},
		{CONTAINERS(IN("name", "k8s_main_shop-1_prod_7_0")), ""},
		{CONTAINERS(NOT_IN("name", "web")), "pk"},
		{CONTAINERS(LABEL_IS("repo: 'registry.example:5000/shop/web'")), "w"},
		{CONTAINERS(LABEL_IS("repo: quay.io/shop/api")), "k"},
		{CONTAINERS(LABEL_IS("repo: shop/web")), ""},
		{CONTAINERS(EXISTS("repo")), "wk"},
		{CONTAINERS(MISSING("repo")), "p"},
		{CONTAINERS(LABEL_IS("image: 'registry.example:5000/shop/web:1.2@sha256:00ff'")),
			"w"},
		{CONTAINERS(LABEL_IS("image: quay.io/shop/api")), "k"},
		{CONTAINERS(LABEL_IS("image: 'sha256:00ff'")), "w"},
		{CONTAINERS(LABEL_IS("image: 0123abcd")), "w"},
		{CONTAINERS(NOT_IN("image", "0123abcd")), "pk"},
		{CONTAINERS(LABEL_IS("app: shop")), "w"},
		{CONTAINERS(LABEL_IS("app: containers")), "k"},
		{CONTAINERS(LABEL_IS("app: shop, name: web")), "w"},
		{CONTAINERS(LABEL_IS("app: shop, name: api")), ""},
		{CONTAINERS(LABEL_IS("app: shop") ", " NOT_IN("name", "web")), ""},
		{CONTAINERS(EXISTS("tier")), "w"},
		{CONTAINERS(LABEL_IS("tier: ''")), "w"},
		{CONTAINERS(IN("tier", "a, ''")), "w"},
		{CONTAINERS(MISSING("tier")), "pk"},
		{CONTAINERS(LABEL_IS("App: shop")), ""},
		/* the pod's labels where there are such, else the container's */
		{PODS(LABEL_IS("app: shop")), "w"},
		{PODS(LABEL_IS("app: pods")), "k"},
		{PODS(LABEL_IS("app: containers")), ""},
		{PODS(LABEL_IS("'k8s:app': pods")), "k"},
		{PODS(NOT_IN("app", "shop")), "pk"},
		{PODS(EXISTS("mine")), ""},
		{PODS(MISSING("only")), "wp"},
		{PODS(LABEL_IS("'k8s:io.kubernetes.pod.namespace': prod")), "k"},
		{PODS(LABEL_IS("io.kubernetes.pod.namespace: default")), "wp"},
		{PODS(LABEL_IS("io.kubernetes.pod.name: shop-1")), "k"},
		{PODS(IN("io.kubernetes.pod.name", "plain")), "p"},
		{PODS(EXISTS("io.kubernetes.pod.uid")), "k"},
		/* both have to match */
		{PODS(LABEL_IS("app: pods")) CONTAINERS(LABEL_IS("name: main")), "k"},
		{PODS(LABEL_IS("app: pods")) CONTAINERS(LABEL_IS("name: web")), ""},
		{PODS("") CONTAINERS(LABEL_IS("name: web")), "w"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check("TracingPolicy", "", cases[i].spec, cases[i].expected);
}
END_TEST

START_TEST(test_namespaces)
{
	check("TracingPolicyNamespaced", "prod", "", "k");
	check("TracingPolicyNamespaced", "default", "", "wp");
	check("TracingPolicyNamespaced", "", "", "wp");
	check("TracingPolicyNamespaced", "other", "", "");
	check("TracingPolicyNamespaced", "prod", PODS(LABEL_IS("app: pods")), "k");
	check("TracingPolicyNamespaced", "default", PODS(LABEL_IS("app: pods")), "");
	check("TracingPolicyNamespaced", "default", CONTAINERS(LABEL_IS("name: web")), "w");
	/* of a TracingPolicy it says nothing */
	check("TracingPolicy", "prod", "", "huwpk");
}
END_TEST

/* podman's pods may have labels; a key that the pod has not is looked up in the container's. */
START_TEST(test_podman_pods)
{
	const struct container_metadata member = {
		.name = TEXT("till"),
		.runtime = TEXT("podman"),
		LABELS(LABEL("app", "containers"), LABEL("mine", "yes")),
		.pod_id = TEXT("77"),
		.pod_name = TEXT("shop"),
		.pod_labels = pod_labels,
		.pod_label_count = ARRAY_SIZE(pod_labels),
	};
	static const struct {
		const char *spec;
		bool expected;
	} cases[] = {
		{PODS(LABEL_IS("app: pods")), true},
		{PODS(LABEL_IS("app: containers")), false},
		{PODS(LABEL_IS("only: pod, mine: 'yes'")), true},
		{PODS(MISSING("mine")), false},
		{PODS(LABEL_IS("io.kubernetes.pod.name: shop")), true},
		{CONTAINERS(LABEL_IS("app: containers")), true},
		{CONTAINERS(EXISTS("only")), false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct policy_set *set = parse("TracingPolicy", "", cases[i].spec);
		struct scope scope = scope_of_policy(set->policies);

		ck_assert_msg(scope_has_container(&scope, &member) == cases[i].expected, "%s",
			cases[i].spec);
		policy_set_free(set);
	}
}
END_TEST

START_TEST(test_workloads)
{
	static const struct {
		const char *spec, *expected;
	} cases[] = {
		{"-{podSelector: {}}}]", "uwpk"},
		{"-{hostSelector: {}}}]", "h"},
		{"-{containerSelector: {matchLabels: {name: web}}}}]", "w"},
		{"-{podSelector: {matchLabels: {app: pods}}, hostSelector: {}}}]", "hk"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct policy_set *set = parse("TracingPolicy", "", cases[i].spec);
		struct scope scope = scope_of_workloads(&set->policies->spec.hooks[POLICY_KPROBE]
								 .items[0]
								 .selectors.items[0]
								 .match_workloads);
		char answer[SUBJECTS + 1];

		ask(&scope, answer);
		ck_assert_str_eq(answer, cases[i].expected);
		policy_set_free(set);
	}
}
END_TEST

RUN_SUITE("scope", test_selectors, test_namespaces, test_podman_pods, test_workloads)
