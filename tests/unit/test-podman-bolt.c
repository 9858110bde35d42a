/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/podman_bolt.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "oci/bolt.h"
#include "tests/unit/store.h"
#include "tests/unit/unit.h"

/* The fixture is a store of podman 4.3.1 with containers web and member, the latter in pod till;
 * pages that nothing refers to are zeroed. */
#define WEB    "eb302b1d59f58b93e0c256fa0bfe024adf71d30a4014a79172bd89873480f80f"
#define POD    "d4f75c227f9147f18a845a5d249528230c3efe4c3af5e9efa456a6348a7f55b3"
#define MEMBER "294a5903b564b703267dfab66c2397becfb0c8cd60c49a77295d1745972d1d3f"
#define IMAGE  "1f48d5074dceed163238afe83ed4feb96d53e720529633f1c16af7645081f836"

#define PAGE 4096

static struct store store;
static struct container_metadata metadata;
static struct error failure;

static void begin(void)
{
	store_begin(&store);
	store_directory(&store, "libpod");
	memset(&metadata, 0, sizeof(metadata));
}

static void end(void)
{
	container_metadata_done(&metadata);
	store_end(&store);
}

static int read_container(const char *id)
{
	container_metadata_done(&metadata);
	return podman_bolt_read(store.root, getuid(), id, &metadata, &failure);
}

START_TEST(test_real_database)
{
	begin();
	store_copy(&store, "libpod/bolt_state.db", "podman-4-bolt_state.db");
	ck_assert_int_eq(read_container(WEB), 0);
	ck_assert_str_eq(metadata.name, "web");
	ck_assert_str_eq(metadata.image_name, "localhost/shop:1");
	ck_assert_str_eq(metadata.image_id, IMAGE);
	ck_assert_uint_eq(metadata.label_count, 2);
	ck_assert_str_eq(label_value(metadata.labels, 2, "app"), "shop");
	ck_assert_str_eq(label_value(metadata.labels, 2, "odd"), " a\"b");
	ck_assert_ptr_null(metadata.pod_id);
	ck_assert_int_eq(metadata.source, LABELS_SOURCE_DATABASE);

	ck_assert_int_eq(read_container(MEMBER), 0);
	ck_assert_str_eq(metadata.name, "member");
	ck_assert_str_eq(label_value(metadata.labels, metadata.label_count, "in"), "pod");
	ck_assert_str_eq(metadata.pod_id, POD);
	ck_assert_str_eq(metadata.pod_name, "till");
	ck_assert_uint_eq(metadata.pod_label_count, 0);

	ck_assert_int_eq(read_container(POD), -ENOENT);
	ck_assert_int_eq(read_container("all-ctrs"), -ENOENT);
	end();
}
END_TEST

START_TEST(test_not_there)
{
	begin();
	ck_assert_int_eq(read_container(WEB), -ENOENT);
	ck_assert_int_eq(mkfifo(store_path(&store, "libpod/bolt_state.db"), 0600), 0);
	ck_assert_int_eq(read_container(WEB), -ENOTSUP);
	unlink(store_path(&store, "libpod/bolt_state.db"));
	store_write_text(&store, "libpod/bolt_state.db", "");
	ck_assert_int_eq(read_container(WEB), -EINVAL);
	store_write_text(&store, "libpod/bolt_state.db",
		"not a database, but long enough for "
		"the header of one, if it were one at all");
	ck_assert_int_eq(read_container(WEB), -EINVAL);
	end();
}
END_TEST

/* ---- databases made here ---- */

struct image { /* of a file */
	uint8_t data[64 * PAGE];
	size_t pages;
};

static void put(struct image *image, size_t offset, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		image->data[offset + i] = value >> (8 * i);
}

static uint64_t fnv1a(const uint8_t *data, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ data[i]) * 0x100000001b3;
	return hash;
}

static void put_page(
	struct image *image, uint64_t id, unsigned flags, unsigned count, unsigned overflow)
{
	put(image, id * PAGE, id, 8);
	put(image, id * PAGE + 8, flags, 2);
	put(image, id * PAGE + 10, count, 2);
	put(image, id * PAGE + 12, overflow, 4);
	if (image->pages < id + 1 + overflow)
		image->pages = id + 1 + overflow;
}

static void put_meta(struct image *image, unsigned page, uint64_t root, uint64_t transaction)
{
	size_t offset = page * PAGE + 16;

	put_page(image, page, 4, 0, 0);
	put(image, offset, 0xED0CDAED, 4);
	put(image, offset + 4, 2, 4);
	put(image, offset + 8, PAGE, 4);
	put(image, offset + 16, root, 8);
	put(image, offset + 48, transaction, 8);
	put(image, offset + 56, fnv1a(image->data + offset, 56), 8);
}

/* A leaf of keys first … first+count-1 as "key%04u", values "value%u". */
static void put_leaf(struct image *image, uint64_t id, unsigned first, unsigned count)
{
	size_t data = id * PAGE + 16 + count * 16;

	put_page(image, id, 2, count, 0);
	for (unsigned i = 0; i < count; i++) {
		size_t element = id * PAGE + 16 + i * 16;
		char text[64];
		int length = snprintf(text, sizeof(text), "key%04uvalue%u", first + i, first + i);

		put(image, element + 4, data - element, 4);
		put(image, element + 8, 7, 4);
		put(image, element + 12, length - 7, 4);
		memcpy(image->data + data, text, length);
		data += length;
	}
}

/* A branch whose i-th child begins with key first + i * step. */
static void put_branch(struct image *image, uint64_t id, uint64_t first_child, unsigned first,
	unsigned step, unsigned count)
{
	size_t data = id * PAGE + 16 + count * 16;

	put_page(image, id, 1, count, 0);
	for (unsigned i = 0; i < count; i++) {
		size_t element = id * PAGE + 16 + i * 16;
		char text[64];

		snprintf(text, sizeof(text), "key%04u", first + i * step);
		put(image, element, data - element, 4);
		put(image, element + 4, 7, 4);
		put(image, element + 8, first_child + i, 8);
		memcpy(image->data + data, text, 7);
		data += 7;
	}
}

static int get(const struct image *image, const char *key, struct buf *value)
{
	const char *const keys[] = {key};
	int fd, r;

	store_write(&store, "bolt", image->data, image->pages * PAGE);
	fd = open(store_path(&store, "bolt"), O_RDONLY | O_CLOEXEC);
	buf_clear(value);
	r = bolt_get(fd, keys, 1, value, &failure);
	close(fd);
	return r;
}

/* Three levels: pages 2 (root), 3-5, 10-39; each leaf has nine of ten keys. */
static void make_tree(struct image *image)
{
	memset(image, 0, sizeof(*image));
	put_meta(image, 0, 2, 8);
	put_meta(image, 1, 60, 7); /* older: its root is nowhere */
	put_branch(image, 2, 3, 0, 100, 3);
	for (unsigned i = 0; i < 3; i++)
		put_branch(image, 3 + i, 10 + i * 10, i * 100, 10, 10);
	for (unsigned i = 0; i < 30; i++)
		put_leaf(image, 10 + i, i * 10, 9); /* key …9 is in none */
}

START_TEST(test_tree)
{
	static struct image image;
	_cleanup_buf_ struct buf value = {0};

	begin();
	make_tree(&image);
	for (unsigned i = 0; i < 305; i++) {
		char key[64], wanted[64];
		int r;

		snprintf(key, sizeof(key), "key%04u", i);
		snprintf(wanted, sizeof(wanted), "value%u", i);
		r = get(&image, key, &value);
		if (i % 10 == 9 || i >= 300) {
			ck_assert_msg(r == -ENOENT, "%s: %d", key, r);
			continue;
		}
		ck_assert_msg(r == 0, "%s: %d", key, r);
		ck_assert_str_eq(buf_string(&value), wanted);
	}
	ck_assert_int_eq(get(&image, "", &value), -ENOENT);
	ck_assert_int_eq(get(&image, "key", &value), -ENOENT);
	ck_assert_int_eq(get(&image, "key00010", &value), -ENOENT);
	ck_assert_int_eq(get(&image, "zzz", &value), -ENOENT);
	end();
}
END_TEST

/* The newest meta page is being written right now: the older one counts. */
START_TEST(test_metas)
{
	static struct image image;
	_cleanup_buf_ struct buf value = {0};

	begin();
	make_tree(&image);
	put_meta(&image, 1, 60, 9); /* newer, with a broken tree */
	ck_assert_int_eq(get(&image, "key0000", &value), -EINVAL);
	image.data[PAGE + 70] ^= 1; /* its checksum */
	ck_assert_int_eq(get(&image, "key0000", &value), 0);
	make_tree(&image);
	put_meta(&image, 1, 2, 9);
	image.data[70] ^= 1; /* the first one's, whose page size is needed to find the second */
	ck_assert_int_eq(get(&image, "key0000", &value), 0);
	image.data[PAGE + 70] ^= 1;
	ck_assert_int_eq(get(&image, "key0000", &value), -EINVAL);
	end();
}
END_TEST

START_TEST(test_hostile_tree)
{
	static struct image image;
	_cleanup_buf_ struct buf value = {0};

	begin();
	make_tree(&image);
	put_branch(&image, 3, 3, 0, 100, 1); /* its own child */
	ck_assert_int_eq(get(&image, "key0000", &value), -E2BIG);
	make_tree(&image);
	put(&image, 10 * PAGE + 12, 0xffffffff, 4); /* overflow */
	ck_assert_int_eq(get(&image, "key0000", &value), -E2BIG);
	make_tree(&image);
	put(&image, 10 * PAGE + 12, 100, 4); /* beyond the end of the file */
	ck_assert_int_eq(get(&image, "key0000", &value), -EINVAL);
	make_tree(&image);
	put(&image, 10 * PAGE + 10, 0xffff, 2); /* count */
	ck_assert_int_eq(get(&image, "key0000", &value), -EINVAL);
	make_tree(&image);
	put(&image, 2 * PAGE + 10, 0, 2); /* a branch without children */
	ck_assert_int_eq(get(&image, "key0000", &value), -EINVAL);
	make_tree(&image);
	put(&image, 2 * PAGE + 16 + 8, UINT64_MAX, 8); /* a page far away */
	ck_assert_int_eq(get(&image, "key0000", &value), -EINVAL);
	make_tree(&image);
	put(&image, 10 * PAGE + 8, 0x10, 2); /* a freelist */
	ck_assert_int_eq(get(&image, "key0000", &value), -EINVAL);
	end();
}
END_TEST

/* Each byte of the real one that anything refers to, damaged in turn. */
START_TEST(test_damaged)
{
	_cleanup_buf_ struct buf original = {0};
	int fd;

	begin();
	store_read_fixture("podman-4-bolt_state.db", &original);
	store_write(&store, "libpod/bolt_state.db", original.data, original.length);
	fd = open(store_path(&store, "libpod/bolt_state.db"), O_WRONLY | O_CLOEXEC);
	for (size_t i = 0; i < original.length; i += (i % PAGE) < 300 ? 1 : 97) {
		char damaged = ~original.data[i];

		if (original.data[i] == 0 && i % 7)
			continue;
		ck_assert_int_eq(pwrite(fd, &damaged, 1, i), 1);
		read_container(MEMBER);
		ck_assert_int_eq(pwrite(fd, &original.data[i], 1, i), 1);
	}
	ck_assert_int_eq(read_container(MEMBER), 0);
	for (size_t length = original.length; length > 0; length -= length > 511 ? 511 : length) {
		ck_assert_int_eq(ftruncate(fd, length), 0);
		read_container(MEMBER);
	}
	close(fd);
	end();
}
END_TEST

/* A bucket in place of a value, and the other way round. */
START_TEST(test_wrong_kind)
{
	static const char *const paths[][3] = {{"ctr", NULL, NULL}, {"ctr", WEB, NULL},
		{"ctr", WEB, "config"}, {"id-registry", WEB, "config"}};
	static const int results[] = {-EINVAL, -EINVAL, 0, -EINVAL};
	int fd;

	begin();
	store_copy(&store, "bolt", "podman-4-bolt_state.db");
	fd = open(store_path(&store, "bolt"), O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_buf_ struct buf value = {0};
		size_t count = !paths[i][1] ? 1 : !paths[i][2] ? 2 : 3;

		ck_assert_int_eq(bolt_get(fd, paths[i], count, &value, &failure), results[i]);
		ck_assert_uint_eq(value.length > 0, results[i] == 0);
	}
	close(fd);
	end();
}
END_TEST

RUN_SUITE("podman_bolt", test_real_database, test_not_there, test_tree, test_metas,
	test_hostile_tree, test_damaged, test_wrong_kind)
