/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/containers_storage.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/store_directory.h"
#include "tests/unit/store.h"
#include "tests/unit/unit.h"

#define ID    "dc16f662fab2a04b96fa844adc8054f135e6041d1dd8907775caab4502c86c97"
#define IMAGE "698ff5a3de194da060eed02e0347a0f1e23fd90787fcf641a8cd65b64033581d"

static struct store store;
static struct container_metadata metadata;
static struct error failure;

static void begin(void)
{
	store_begin(&store);
	store_directory(&store, "overlay-containers");
	store_directory(&store, "overlay-images");
	memset(&metadata, 0, sizeof(metadata));
}

static void end(void)
{
	container_metadata_done(&metadata);
	store_end(&store);
}

static int read_container(void)
{
	container_metadata_done(&metadata);
	return containers_storage_read_container(
		store.root, "overlay", getuid(), ID, &metadata, &failure);
}

START_TEST(test_container_and_image)
{
	static const char *const lists[] = {"containers.json", "volatile-containers.json"};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		char name[64];

		begin();
		snprintf(name, sizeof(name), "overlay-containers/%s", lists[i]);
		store_write_text(&store, "overlay-containers/containers.json", "[]");
		store_copy(&store, name, "podman-5-containers.json");
		store_copy(&store, "overlay-images/images.json", "podman-5-images.json");
		ck_assert_int_eq(read_container(), 0);
		ck_assert_str_eq(metadata.name, "sqc");
		ck_assert_str_eq(metadata.image_name, "localhost/ocitest:1");
		ck_assert_str_eq(metadata.image_id, IMAGE);
		ck_assert_int_eq(metadata.source, LABELS_SOURCE_STORAGE);
		ck_assert_int_eq(containers_storage_read_image(
					 store.root, "overlay", getuid(), &metadata, &failure),
			0);
		ck_assert_str_eq(metadata.image_digest,
			"sha256:"
			"426c6dcc0a9b632d818e664241b135400721c4df9d592e1f2efddef837d82142");
		end();
	}
}
END_TEST

/* An image that lost its name to a newer one has none in the list; the container still knows. */
START_TEST(test_image_without_name)
{
	begin();
	metadata.image_id = strdup(IMAGE);
	store_write_text(&store, "overlay-images/images.json",
		"[{\"id\":\"x\"},{\"id\":\"" IMAGE "\",\"digest\":\"sha256:1\"}]");
	ck_assert_int_eq(
		containers_storage_read_image(store.root, "overlay", getuid(), &metadata, &failure),
		0);
	ck_assert_str_eq(metadata.image_digest, "sha256:1");
	ck_assert_ptr_null(metadata.image_name);
	end();
}
END_TEST

START_TEST(test_not_there)
{
	begin();
	ck_assert_int_eq(read_container(), -ENOENT);
	store_write_text(&store, "overlay-containers/containers.json", "[]");
	ck_assert_int_eq(read_container(), -ENOENT);
	ck_assert_int_eq(containers_storage_read_container(
				 store.root, "vfs", getuid(), ID, &metadata, &failure),
		-ENOENT);
	end();
}
END_TEST

START_TEST(test_garbage)
{
	static const char *const texts[] = {
		"",
		"{}",
		"null",
		"[",
		"[[[[[[",
		"[1, \"" ID "\", null, [], {}]",
		"[{\"id\": [\"" ID "\"]}]",
		"{\"id\": \"" ID "\"}",
	};
	static char garbage[10 << 20];

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		store_write_text(&store, "overlay-containers/containers.json", texts[i]);
		ck_assert_int_lt(read_container(), 0);
		ck_assert_ptr_null(metadata.name);
	}
	memset(garbage, '[', sizeof(garbage));
	store_write(&store, "overlay-containers/containers.json", garbage, sizeof(garbage));
	ck_assert_int_eq(read_container(), -EFBIG);
	store_write(
		&store, "overlay-containers/containers.json", garbage, CONTAINERS_STORAGE_LIST_MAX);
	ck_assert_int_lt(read_container(), 0);

	/* garbage in the one list does not hide the other */
	store_copy(
		&store, "overlay-containers/volatile-containers.json", "podman-5-containers.json");
	ck_assert_int_eq(read_container(), 0);
	ck_assert_str_eq(metadata.name, "sqc");
	end();
}
END_TEST

START_TEST(test_wrong_types)
{
	begin();
	store_write_text(&store, "overlay-containers/containers.json",
		"[{\"id\":\"" ID "\",\"names\":\"web\",\"image\":5,\"metadata\":\"{[\"}]");
	ck_assert_int_eq(read_container(), 0);
	ck_assert_ptr_null(metadata.name);
	ck_assert_ptr_null(metadata.image_id);
	ck_assert_ptr_null(metadata.image_name);
	store_write_text(&store, "overlay-containers/containers.json",
		"[{\"id\":\"" ID "\",\"names\":[7],\"metadata\":\"{\\\"image-name\\\":{}}\"}]");
	ck_assert_int_eq(read_container(), 0);
	ck_assert_ptr_null(metadata.image_name);
	end();
}
END_TEST

START_TEST(test_directory_is_a_link)
{
	begin();
	store_copy(&store, "overlay-containers/containers.json", "podman-5-containers.json");
	ck_assert_int_eq(symlink("overlay-containers", store_path(&store, "vfs-containers")), 0);
	/* root may use links on the way, as in /var/run; others must not lead a reader anywhere */
	if (getuid() == 0) {
		int fd = store_directory_open(store_path(&store, "vfs-containers"), 0);

		ck_assert_int_ge(fd, 0);
		close(fd);
		ck_assert_int_eq(
			store_directory_open(store_path(&store, "vfs-containers"), 12345), -ELOOP);
		ck_assert_int_eq(
			store_directory_open(store_path(&store, "overlay-containers"), 12345),
			-EPERM);
	} else {
		ck_assert_int_eq(
			store_directory_open(store_path(&store, "vfs-containers"), getuid()),
			-ELOOP);
	}
	ck_assert_int_eq(store_directory_open("relative", getuid()), -EINVAL);
	end();
}
END_TEST

RUN_SUITE("containers_storage", test_container_and_image, test_image_without_name, test_not_there,
	test_garbage, test_wrong_types, test_directory_is_a_link)
