/* SPDX-License-Identifier: Apache-2.0 */
/* Journal files are made by systemd-journal-remote (package of that name) from the export format.
 */
#include "oci/podman_journal.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/store.h"
#include "tests/unit/unit.h"

#define ID    "36dbab22e956fa758ce165f43fd66fd7b7fd9e94aed616783a5cbe4310242482"
#define OTHER "d5729aecd056fd1620869e50264e9cf8b2962b95254a6191115824b61df3597d"
#define POD   "b6fedcf6bea4b84f6410de78ba241ad40e53ff91e95e43470840886f7d5ef8a8"

static struct store store;
static struct container_metadata metadata;
static struct error failure;
static unsigned entry_number;
static FILE *journal;

static void begin(void)
{
	char command[256];

	store_begin(&store);
	store_directory(&store, "journal");
	memset(&metadata, 0, sizeof(metadata));
	entry_number = 0;
	snprintf(command, sizeof(command),
		"PATH=$PATH:/lib/systemd:/usr/lib/systemd exec systemd-journal-remote"
		" -o %s/journal/test.journal - 2>&1 | grep -v Finishing",
		store.root);
	journal = popen(command, "w");
	ck_assert_ptr_nonnull(journal);
}

/* One entry: `fields` are lines. */
static void entry(const char *fields)
{
	entry_number++;
	fprintf(journal,
		"__CURSOR=s=1;i=%u\n__REALTIME_TIMESTAMP=%lu\n__MONOTONIC_TIMESTAMP=%u\n"
		"_BOOT_ID=0123456789abcdef0123456789abcdef\n%s\n",
		entry_number, 1764000000000000 + entry_number, entry_number, fields);
}

static int read_journal(uid_t owner)
{
	if (journal) {
		pclose(journal);
		journal = NULL;
		ck_assert_msg(entry_number == 0 ||
				      access(store_path(&store, "journal/test.journal"), F_OK) == 0,
			"systemd-journal-remote is installed and makes a journal");
	}
	container_metadata_done(&metadata);
	return podman_journal_read(
		store_path(&store, "journal"), owner, ID, deadline_in(60000), &metadata, &failure);
}

static void end(void)
{
	container_metadata_done(&metadata);
	store_end(&store);
}

#define EVENT(id, type, event, name)                                                               \
	"PODMAN_ID=" id "\nPODMAN_TYPE=" type "\nPODMAN_EVENT=" event "\nPODMAN_NAME=" name "\n"

START_TEST(test_container_in_pod)
{
	begin();
	entry("_UID=0\n" EVENT(OTHER, "container", "create", "other"));
	entry("_UID=0\n" EVENT(ID, "container", "create", "web") "PODMAN_IMAGE=localhost/shop:1\n"
								 "PODMAN_POD_ID=" POD "\n"
								 "PODMAN_LABELS={\"app\":\"shop\","
								 "\"odd\":\"a\\\"b\"}\n");
	entry("_UID=0\n" EVENT(POD, "pod", "create", "till"));
	entry("_UID=0\n" EVENT(ID, "container", "exec", "not-this"));
	ck_assert_int_eq(read_journal(0), 0);
	ck_assert_str_eq(metadata.name, "web");
	ck_assert_str_eq(metadata.image_name, "localhost/shop:1");
	ck_assert_str_eq(metadata.pod_id, POD);
	ck_assert_str_eq(metadata.pod_name, "till");
	ck_assert_uint_eq(metadata.label_count, 2);
	ck_assert_str_eq(label_value(metadata.labels, 2, "odd"), "a\"b");
	ck_assert_int_eq(metadata.source, LABELS_SOURCE_JOURNAL);
	end();
}
END_TEST

/* The newest event counts: it has the name the container has now. */
START_TEST(test_newest)
{
	begin();
	entry("_UID=0\n" EVENT(ID, "container", "create", "old"));
	entry("_UID=0\n" EVENT(ID, "container", "start", "new"));
	ck_assert_int_eq(read_journal(0), 0);
	ck_assert_str_eq(metadata.name, "new");
	ck_assert_uint_eq(metadata.label_count, 0);
	end();
}
END_TEST

/* Anybody can write to the journal; who it was is journald's to say. */
START_TEST(test_forged)
{
	begin();
	entry("_UID=1000\n" EVENT(ID, "container", "create", "of-a-user"));
	entry("_UID=0\n_SYSTEMD_CGROUP=/machine.slice/libpod-" OTHER
	      ".scope/container\n" EVENT(ID, "container", "create", "of-a-container"));
	entry("_UID=0\n" EVENT(ID, "image", "create", "of-an-image"));
	entry(EVENT(ID, "container", "create", "of-nobody"));
	ck_assert_int_eq(read_journal(0), -EAGAIN);
	ck_assert_ptr_null(metadata.name);
	ck_assert_int_eq(read_journal(1000), 0);
	ck_assert_str_eq(metadata.name, "of-a-user");
	end();
}
END_TEST

START_TEST(test_true_one_among_forged)
{
	begin();
	entry("_UID=0\n_SYSTEMD_CGROUP=/machine.slice/libpod-conmon-" ID
	      ".scope\n" EVENT(ID, "container", "create", "web"));
	for (int i = 0; i < 20; i++)
		entry("_UID=0\n_SYSTEMD_CGROUP=/libpod_parent/libpod-" OTHER
		      "\n" EVENT(ID, "container", "create", "forged"));
	ck_assert_int_eq(read_journal(0), 0);
	ck_assert_str_eq(metadata.name, "web");
	end();
}
END_TEST

START_TEST(test_odd_values)
{
	static const char *const labels[] = {"[]", "{", "", "null", "{\"a\":1}"};

	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		char fields[512];

		begin();
		snprintf(fields, sizeof(fields),
			"_UID=0\n" EVENT(ID, "container", "create", "web") "PODMAN_LABELS=%s\n",
			labels[i]);
		entry(fields);
		ck_assert_int_eq(read_journal(0), 0);
		ck_assert_str_eq(metadata.name, "web");
		ck_assert_uint_eq(metadata.label_count, 0);
		ck_assert_uint_eq(metadata.truncated, labels[i][0] != '\0');
		end();
	}
}
END_TEST

START_TEST(test_no_journal)
{
	begin();
	ck_assert_int_eq(read_journal(0), -ENOENT);
	end();
}
END_TEST

START_TEST(test_deadline)
{
	begin();
	entry("_UID=0\n" EVENT(ID, "container", "create", "web"));
	ck_assert_int_eq(read_journal(0), 0);
	container_metadata_done(&metadata);
	ck_assert_int_eq(
		podman_journal_read(store_path(&store, "journal"), 0, ID, 0, &metadata, &failure),
		-ETIMEDOUT);
	end();
}
END_TEST

RUN_SUITE("podman_journal", test_container_in_pod, test_newest, test_forged,
	test_true_one_among_forged, test_odd_values, test_no_journal, test_deadline)
