/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/crio_annotations.h"

#include <errno.h>

#include "tests/unit/store.h"
#include "tests/unit/unit.h"

static struct container_metadata metadata;

static struct json_document *parse(const char *text)
{
	struct json_document *document = NULL;
	struct error error = {0};

	ck_assert_msg(
		json_parse(text, strlen(text), NULL, &document, &error) == 0, "%s", error.message);
	return document;
}

static struct json_document *parse_fixture(const char *name)
{
	_cleanup_buf_ struct buf text = {0};

	store_read_fixture(name, &text);
	return parse(buf_string(&text));
}

static void check_pod(void)
{
	/* the capture's flat keys, which are labels that anybody sets, say "webpod" and 1111… */
	ck_assert_str_eq(metadata.pod_name, "webpod2");
	ck_assert_str_eq(metadata.pod_namespace, "prod");
	ck_assert_str_eq(metadata.pod_uid, "21111111-2222-3333-4444-555555555555");
	ck_assert_str_eq(metadata.pod_id,
		"b6fa8b879fc2a0b72abdbfb025402149a8cb724d8ff463c01078aba2a0215eeb");
}

START_TEST(test_container)
{
	_cleanup_json_ struct json_document *state = parse_fixture("crio-state.json");
	const struct json_value *annotations = json_get(json_root(state), "annotations");

	ck_assert(crio_annotations_match(annotations));
	ck_assert_int_eq(crio_annotations_read(annotations, &metadata), 0);
	check_pod();
	ck_assert_str_eq(metadata.pod_container, "nginx");
	ck_assert_str_eq(
		metadata.name, "k8s_nginx_webpod2_prod_21111111-2222-3333-4444-555555555555_0");
	ck_assert_str_eq(metadata.image_name, "localhost/ocitest:1");
	ck_assert_str_eq(metadata.image_id,
		"26691b109ada1a1ff8a119f8ae6dfdebd64e6e05c155f2704d5c7754188ff80e");
	ck_assert_str_eq(metadata.image_digest,
		"sha256:bc6b51d2ec2884af99a0d0a5bf0a3e7500a6447156832d38548610c17df3072c");
	ck_assert_uint_eq(metadata.label_count, 4);
	ck_assert_str_eq(label_value(metadata.labels, 4, "io.kubernetes.container.name"), "nginx");
	ck_assert_uint_eq(metadata.pod_label_count, 0);
	ck_assert_int_eq(metadata.source, LABELS_SOURCE_ANNOTATION);
	container_metadata_done(&metadata);
}
END_TEST

START_TEST(test_pod_labels_from_sandbox)
{
	_cleanup_json_ struct json_document *state = parse_fixture("crio-state.json");
	_cleanup_json_ struct json_document *sandbox = parse_fixture("crio-sandbox-config.json");

	ck_assert_int_eq(crio_sandbox_annotations_read(
				 json_get(json_root(sandbox), "annotations"), &metadata),
		0);
	ck_assert_int_eq(
		crio_annotations_read(json_get(json_root(state), "annotations"), &metadata), 0);
	check_pod();
	ck_assert_str_eq(metadata.pod_container, "nginx");
	ck_assert_uint_eq(metadata.label_count, 4);
	ck_assert_uint_eq(metadata.pod_label_count, 5);
	ck_assert_str_eq(label_value(metadata.pod_labels, metadata.pod_label_count, "app"), "web");
	container_metadata_done(&metadata);
}
END_TEST

START_TEST(test_sandbox_itself)
{
	_cleanup_json_ struct json_document *sandbox = parse_fixture("crio-sandbox-config.json");

	ck_assert_int_eq(
		crio_annotations_read(json_get(json_root(sandbox), "annotations"), &metadata), 0);
	check_pod();
	ck_assert_str_eq(
		metadata.name, "k8s_POD_webpod2_prod_21111111-2222-3333-4444-555555555555_0");
	ck_assert_str_eq(metadata.pod_container, "POD");
	ck_assert_uint_eq(metadata.pod_label_count, 5);
	ck_assert_uint_eq(metadata.label_count, 5);
	container_metadata_done(&metadata);
}
END_TEST

#define KEY(name) "\"io.kubernetes.cri-o." name "\":"

START_TEST(test_wrong_types)
{
	static const char *const texts[] = {
		"{" KEY("Labels") "{\"a\":\"b\"}," KEY("Metadata") "7," KEY("Name") "[]," KEY(
			"SandboxID") "null," KEY("SandboxName") "{}," KEY("Image") "1}",
		"{" KEY("Labels") "\"[]\"," KEY("Metadata") "\"[]\"}",
		"{" KEY("Labels") "\"{\"," KEY("Metadata") "\"\"," KEY("SandboxName") "\"\"}",
		"{" KEY("Labels") "\"null\"," KEY("Metadata") "\"{\\\"name\\\":{}}\"," KEY(
			"SandboxName") "\"k8s____\"," KEY("ContainerType") "7}",
		"[]",
		"\"text\"",
		"null",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_json_ struct json_document *document = parse(texts[i]);

		ck_assert_int_eq(crio_annotations_read(json_root(document), &metadata), 0);
		ck_assert_int_eq(crio_sandbox_annotations_read(json_root(document), &metadata), 0);
		ck_assert_uint_eq(metadata.label_count, 0);
		ck_assert_ptr_null(metadata.name);
		ck_assert_ptr_null(metadata.pod_name);
		ck_assert_ptr_null(metadata.pod_container);
		ck_assert_ptr_null(metadata.image_name);
		container_metadata_done(&metadata);
	}
}
END_TEST

START_TEST(test_sandbox_name)
{
	static const struct {
		const char *name, *pod;
	} names[] = {
		{"k8s_web_default_1-2_0", "web"},
		{"k8s_web_default_1-2", NULL},
		{"k8s_web_default_1-2_0_x", NULL},
		{"web_default_1-2_0_x", NULL},
		{"k8s", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_json_ struct json_document *document = NULL;
		char text[128];

		snprintf(text, sizeof(text), "{" KEY("SandboxName") "\"%s\"}", names[i].name);
		document = parse(text);
		ck_assert_int_eq(crio_annotations_read(json_root(document), &metadata), 0);
		ck_assert_pstr_eq(metadata.pod_name, names[i].pod);
		ck_assert_pstr_eq(metadata.pod_uid, names[i].pod ? "1-2" : NULL);
		container_metadata_done(&metadata);
	}
}
END_TEST

#define HEX "26691b109ada1a1ff8a119f8ae6dfdebd64e6e05c155f2704d5c7754188ff80e"

/* The kubelet asks by id; older CRI-O has a digest reference in ImageRef. */
START_TEST(test_image_forms)
{
	static const struct {
		const char *image, *image_name, *reference, *name, *id, *digest;
	} forms[] = {
		{"docker.io/library/nginx:1", "", HEX, "docker.io/library/nginx:1", HEX, NULL},
		{HEX, "docker.io/library/nginx:1", HEX, "docker.io/library/nginx:1", HEX, NULL},
		{"sha256:" HEX, "", "sha256:" HEX, NULL, HEX, NULL},
		{HEX, "nginx:1", "docker.io/library/nginx@sha256:" HEX, "nginx:1", NULL,
			"sha256:" HEX},
		{"nginx@sha256:" HEX, "nginx:1", HEX, "nginx@sha256:" HEX, HEX, "sha256:" HEX},
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		_cleanup_json_ struct json_document *document = NULL;
		char text[1024];

		snprintf(text, sizeof(text),
			"{" KEY("Image") "\"%s\"," KEY("ImageName") "\"%s\"," KEY(
				"ImageRef") "\"%s\"}",
			forms[i].image, forms[i].image_name, forms[i].reference);
		document = parse(text);
		ck_assert_int_eq(crio_annotations_read(json_root(document), &metadata), 0);
		ck_assert_pstr_eq(metadata.image_name, forms[i].name);
		ck_assert_pstr_eq(metadata.image_id, forms[i].id);
		ck_assert_pstr_eq(metadata.image_digest, forms[i].digest);
		container_metadata_done(&metadata);
	}
}
END_TEST

START_TEST(test_graph_root)
{
	static const struct {
		const char *path, *root, *driver;
	} paths[] = {
		{"/var/lib/containers/storage/overlay/abc/merged", "/var/lib/containers/storage",
			"overlay"},
		{"/s/vfs/dir/abc", "/s", "vfs"},
		{"/vfs/dir/abc", NULL, NULL},
		{"/s/vfs/dir/", NULL, NULL},
		{"s/t/vfs/dir/abc", NULL, NULL},
		{"///", NULL, NULL},
		{"", NULL, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_json_ struct json_document *document = NULL;
		_cleanup_free_ char *root = NULL, *driver = NULL;
		char text[256];

		snprintf(text, sizeof(text), "{" KEY("MountPoint") "\"%s\"}", paths[i].path);
		document = parse(text);
		ck_assert_int_eq(crio_graph_root(json_root(document), &root, &driver),
			paths[i].root ? 0 : -EINVAL);
		ck_assert_pstr_eq(root, paths[i].root);
		ck_assert_pstr_eq(driver, paths[i].driver);
	}
}
END_TEST

RUN_SUITE("crio_annotations", test_container, test_pod_labels_from_sandbox, test_sandbox_itself,
	test_wrong_types, test_sandbox_name, test_image_forms, test_graph_root)
