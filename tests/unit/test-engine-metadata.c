/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/engine_metadata.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/failing-memory.h"
#include "tests/unit/store.h"
#include "tests/unit/unit.h"

#define ID5	"dc16f662fab2a04b96fa844adc8054f135e6041d1dd8907775caab4502c86c97"
#define ID4	"d5729aecd056fd1620869e50264e9cf8b2962b95254a6191115824b61df3597d"
#define CRIO	"9f1bed3c3da2836108b37a62d4c0edc3d5832128b8df3980596ae35f04c75864"
#define SANDBOX "b6fa8b879fc2a0b72abdbfb025402149a8cb724d8ff463c01078aba2a0215eeb"
#define DIGEST	"sha256:426c6dcc0a9b632d818e664241b135400721c4df9d592e1f2efddef837d82142"

static struct store store;
static struct container_metadata metadata;
static enum metadata_completeness completeness;
static struct error failure;
static char bundle[512], tmp_directory[512];
static struct json_document *state;
static int memory_limit = -1; /* allocations that succeed */
static bool memory_refused;

static void begin(void)
{
	store_begin(&store);
	store_directory(&store, "overlay-containers");
	store_directory(&store, "overlay-images");
	store_directory(&store, "tmp/events");
	snprintf(tmp_directory, sizeof(tmp_directory), "%s", store_path(&store, "tmp"));
	memset(&metadata, 0, sizeof(metadata));
	state = NULL;
}

static void end(void)
{
	container_metadata_done(&metadata);
	state = json_document_free(state);
	store_end(&store);
}

/* Read for `id`, whose conmon is podman's and says `name` and where the tmpdir is. */
static int read_engine(
	const char *id, enum cgroup_engine engine, const char *name, const char *annotations)
{
	const char *const conmon[] = {"conmon", "-c", id, name ? "-n" : "-t", name ? name : "-i",
		"--exit-command", "/usr/bin/podman", "--exit-command-arg", "--tmpdir",
		"--exit-command-arg", tmp_directory};
	struct metadata_request request = {
		.id = id,
		.bundle = bundle,
		.conmon_arguments = conmon,
		.conmon_argument_count = engine == CGROUP_ENGINE_PODMAN ? ARRAY_SIZE(conmon) : 0,
		.owner = getuid(),
		.engine = engine,
		.deadline_ns = deadline_in(60000),
	};
	int r;

	snprintf(bundle, sizeof(bundle), "%s/overlay-containers/%s/userdata", store.root, id);
	state = json_document_free(state);
	if (annotations) {
		ck_assert_int_eq(
			json_parse(annotations, strlen(annotations), NULL, &state, &failure), 0);
		request.annotations = json_root(state);
	}
	container_metadata_done(&metadata);
	memset(&failure, 0, sizeof(failure));
	memory_refused = false;
	if (memory_limit >= 0)
		memory_fail_after(memory_limit);
	r = engine_metadata_read(&request, &metadata, &completeness, &failure);
	if (memory_limit >= 0)
		memory_refused = memory_restore();
	return r;
}

static int read_podman(const char *id)
{
	return read_engine(id, CGROUP_ENGINE_PODMAN, NULL, "{}");
}

START_TEST(test_podman_5)
{
	begin();
	store_database_from(&store, "db.sql", "podman-5-db.sql.dump");
	store_copy(&store, "overlay-images/images.json", "podman-5-images.json");
	ck_assert_int_eq(read_podman(ID5), 0);
	ck_assert_str_eq(metadata.name, "sqc");
	ck_assert_str_eq(metadata.image_name, "localhost/ocitest:1");
	ck_assert_str_eq(metadata.image_digest, DIGEST);
	ck_assert_uint_eq(metadata.label_count, 2);
	ck_assert_str_eq(metadata.labels[0].key, "img.label"); /* sorted */
	ck_assert_str_eq(metadata.labels[1].key, "k");
	ck_assert_str_eq(metadata.runtime, "podman");
	ck_assert_int_eq(metadata.source, LABELS_SOURCE_DATABASE);
	ck_assert_int_eq(completeness, METADATA_COMPLETE);
	ck_assert_int_eq(failure.code, 0);
	end();
}
END_TEST

/* transient_store: the database is below the run root */
START_TEST(test_podman_5_transient)
{
	begin();
	store_directory(&store, "run");
	store_database_from(&store, "run/db.sql", "podman-5-db.sql.dump");
	{
		char run[512];
		const char *const conmon[] = {"conmon", "-c", ID5, "--exit-command", "podman",
			"--exit-command-arg", "--runroot", "--exit-command-arg", run};
		struct metadata_request request = {
			.id = ID5,
			.conmon_arguments = conmon,
			.conmon_argument_count = ARRAY_SIZE(conmon),
			.owner = getuid(),
			.deadline_ns = deadline_in(60000),
		};

		snprintf(run, sizeof(run), "%s", store_path(&store, "run"));
		ck_assert_int_eq(
			engine_metadata_read(&request, &metadata, &completeness, &failure), 0);
	}
	ck_assert_str_eq(metadata.name, "sqc");
	ck_assert_int_eq(completeness, METADATA_COMPLETE);
	end();
}
END_TEST

START_TEST(test_podman_4)
{
	begin();
	store_copy(&store, "tmp/events/events.log", "podman-4-events.jsonl");
	store_write_text(&store, "overlay-containers/containers.json",
		"[{\"id\":\"" ID4 "\",\"names\":[\"ocix3\"],\"image\":"
		"\"698ff5a3de194da060eed02e0347a0f1e23fd90787fcf641a8cd65b64033581d\"}]");
	store_copy(&store, "overlay-images/images.json", "podman-5-images.json");
	ck_assert_int_eq(read_podman(ID4), 0);
	ck_assert_str_eq(metadata.name, "ocix3");
	ck_assert_str_eq(metadata.image_name, "localhost/ocitest:1");
	ck_assert_str_eq(metadata.image_digest, DIGEST);
	ck_assert_str_eq(metadata.pod_name, "mypod");
	ck_assert_uint_eq(metadata.label_count, 2);
	ck_assert_int_eq(metadata.source, LABELS_SOURCE_EVENT);
	ck_assert_int_eq(completeness, METADATA_COMPLETE);
	end();
}
END_TEST

/* An events file that the configuration names, and one that is nowhere. */
START_TEST(test_event_files)
{
	char other[512];
	const char *const files[] = {"relative", "/nowhere/at/all", other};
	struct metadata_request request = {
		.id = ID4,
		.owner = getuid(),
		.engine = CGROUP_ENGINE_PODMAN,
		.event_files = files,
		.event_file_count = ARRAY_SIZE(files),
		.deadline_ns = deadline_in(60000),
	};

	begin();
	store_copy(&store, "podman.events", "podman-4-events.jsonl");
	snprintf(other, sizeof(other), "%s", store_path(&store, "podman.events"));
	ck_assert_int_eq(engine_metadata_read(&request, &metadata, &completeness, &failure), 0);
	ck_assert_str_eq(metadata.name, "ocix3");
	ck_assert_int_eq(metadata.source, LABELS_SOURCE_EVENT);
	end();
}
END_TEST

/* podman rename: conmon is started with the new name, the event keeps the old one. */
START_TEST(test_renamed)
{
	begin();
	store_copy(&store, "tmp/events/events.log", "podman-4-events.jsonl");
	ck_assert_int_eq(read_engine(ID4, CGROUP_ENGINE_PODMAN, "renamed", "{}"), 0);
	ck_assert_str_eq(metadata.name, "renamed");
	ck_assert_int_eq(metadata.source, LABELS_SOURCE_EVENT);
	end();
}
END_TEST

START_TEST(test_only_conmon)
{
	begin();
	ck_assert_int_eq(read_engine(ID4, CGROUP_ENGINE_PODMAN, "web", "{}"), 0);
	ck_assert_str_eq(metadata.name, "web");
	ck_assert_int_eq(metadata.source, LABELS_SOURCE_CONMON);
	ck_assert_int_ne(completeness, METADATA_COMPLETE);
	ck_assert_int_ne(failure.code, 0);
	/* another container's conmon */
	{
		const char *const conmon[] = {"conmon", "-c", ID5, "-n", "other"};
		struct metadata_request request = {
			.id = ID4,
			.conmon_arguments = conmon,
			.conmon_argument_count = ARRAY_SIZE(conmon),
			.owner = getuid(),
			.engine = CGROUP_ENGINE_PODMAN,
			.deadline_ns = deadline_in(60000),
		};

		container_metadata_done(&metadata);
		ck_assert_int_eq(
			engine_metadata_read(&request, &metadata, &completeness, &failure), 0);
		ck_assert_ptr_null(metadata.name);
		ck_assert_int_eq(metadata.source, LABELS_SOURCE_NONE);
	}
	end();
}
END_TEST

/* What is planted in place of the database costs its owner the database, and nothing else. */
START_TEST(test_hostile_database)
{
	static const char *const sql[] = {
		NULL, /* a FIFO */
		"CREATE VIEW ContainerConfig(ID, Name, PodID, JSON) AS WITH RECURSIVE n(i) AS"
		" (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i,i,i,i FROM n WHERE i<0;"
		"CREATE TABLE PodConfig(ID, Name);",
		"CREATE TABLE x(y);",
	};

	for (size_t i = 0; i < ARRAY_SIZE(sql); i++) {
		begin();
		if (sql[i])
			store_database(&store, "db.sql", sql[i]);
		else
			ck_assert_int_eq(mkfifo(store_path(&store, "db.sql"), 0600), 0);
		store_copy(&store, "tmp/events/events.log", "podman-4-events.jsonl");
		ck_assert_int_eq(read_podman(ID4), 0);
		ck_assert_str_eq(metadata.name, "ocix3");
		ck_assert_int_eq(metadata.source, LABELS_SOURCE_EVENT);
		ck_assert_int_eq(completeness, METADATA_COMPLETE);
		end();
	}
}
END_TEST

START_TEST(test_locked_database)
{
	sqlite3 *handle;

	begin();
	store_database_from(&store, "db.sql", "podman-5-db.sql.dump");
	store_copy(&store, "overlay-containers/containers.json", "podman-5-containers.json");
	ck_assert_int_eq(sqlite3_open(store_path(&store, "db.sql"), &handle), SQLITE_OK);
	/* open file description locks see the locks of their own process, too */
	ck_assert_int_eq(sqlite3_exec(handle, "BEGIN EXCLUSIVE;", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(read_podman(ID5), 0);
	ck_assert_str_eq(metadata.name, "sqc");
	ck_assert_int_eq(metadata.source, LABELS_SOURCE_STORAGE);
	ck_assert_int_eq(completeness, METADATA_PENDING);
	ck_assert_int_eq(failure.code, -EBUSY);
	sqlite3_close(handle);
	end();
}
END_TEST

/* podman run --annotation io.container.manager=cri-o … : anybody can. */
#define CLAIMS                                                                                     \
	"{\"io.container.manager\":\"cri-o\",\"io.kubernetes.cri-o.Name\":\"evil\","               \
	"\"io.kubernetes.cri-o.Labels\":\"{\\\"app\\\":\\\"evil\\\"}\","                           \
	"\"io.kubernetes.cri-o.SandboxName\":\"k8s_evil_evil_evil_0\"}"

START_TEST(test_claims_of_annotations)
{
	begin();
	store_database_from(&store, "db.sql", "podman-5-db.sql.dump");
	ck_assert_int_eq(read_engine(ID5, CGROUP_ENGINE_PODMAN, "sqc", CLAIMS), 0);
	ck_assert_str_eq(metadata.runtime, "podman");
	ck_assert_str_eq(metadata.name, "sqc");
	ck_assert_ptr_null(metadata.pod_name);
	ck_assert_ptr_null(label_value(metadata.labels, metadata.label_count, "app"));
	end();
}
END_TEST

/* The same without a cgroup to go by (--cgroups=disabled): who started conmon decides. */
START_TEST(test_claims_without_cgroup)
{
	const char *const conmon[] = {"conmon", "-c", ID5, "--exit-command", "/usr/bin/podman"};
	struct metadata_request request = {
		.id = ID5,
		.bundle = bundle,
		.conmon_arguments = conmon,
		.conmon_argument_count = ARRAY_SIZE(conmon),
		.owner = getuid(),
		.deadline_ns = deadline_in(60000),
	};

	begin();
	ck_assert_int_eq(json_parse(CLAIMS, strlen(CLAIMS), NULL, &state, &failure), 0);
	request.annotations = json_root(state);
	snprintf(bundle, sizeof(bundle), "%s/overlay-containers/" ID5 "/userdata", store.root);
	store_database_from(&store, "db.sql", "podman-5-db.sql.dump");
	ck_assert_int_eq(engine_metadata_read(&request, &metadata, &completeness, &failure), 0);
	ck_assert_str_eq(metadata.runtime, "podman");
	ck_assert_str_eq(metadata.name, "sqc");
	end();
}
END_TEST

static void make_crio_store(void)
{
	store_directory(&store, "overlay-containers/" CRIO "/userdata");
	store_directory(&store, "overlay-containers/" SANDBOX "/userdata");
	store_copy(&store, "overlay-containers/" SANDBOX "/userdata/config.json",
		"crio-sandbox-config.json");
	/* a state's annotations are where config.json has them */
	store_copy(&store, "overlay-containers/" CRIO "/userdata/config.json", "crio-state.json");
}

START_TEST(test_crio)
{
	if (getuid() != 0)
		return; /* CRI-O's files are root's */
	begin();
	make_crio_store();
	ck_assert_int_eq(read_engine(CRIO, CGROUP_ENGINE_CRIO, NULL, NULL), 0);
	ck_assert_str_eq(metadata.runtime, "cri-o");
	ck_assert_str_eq(metadata.pod_name, "webpod2");
	ck_assert_str_eq(metadata.pod_container, "nginx");
	ck_assert_str_eq(label_value(metadata.pod_labels, metadata.pod_label_count, "app"), "web");
	ck_assert_int_eq(metadata.source, LABELS_SOURCE_ANNOTATION);
	ck_assert_int_eq(completeness, METADATA_COMPLETE);
	/* the sandbox itself, of which no hook is told */
	ck_assert_int_eq(read_engine(SANDBOX, CGROUP_ENGINE_CRIO, NULL, NULL), 0);
	ck_assert_str_eq(metadata.pod_container, "POD");
	ck_assert_str_eq(metadata.pod_id, SANDBOX);
	end();
}
END_TEST

START_TEST(test_crio_sandbox_missing)
{
	if (getuid() != 0)
		return;
	begin();
	make_crio_store();
	unlink(store_path(&store, "overlay-containers/" SANDBOX "/userdata/config.json"));
	ck_assert_int_eq(read_engine(CRIO, CGROUP_ENGINE_CRIO, NULL, NULL), 0);
	ck_assert_str_eq(metadata.pod_name, "webpod2");
	ck_assert_uint_eq(metadata.pod_label_count, 0);
	ck_assert_int_eq(completeness, METADATA_INCOMPLETE);
	ck_assert_int_eq(failure.code, -ENOENT);
	end();
}
END_TEST

START_TEST(test_crio_of_a_user)
{
	static const enum cgroup_engine engines[] = {CGROUP_ENGINE_CRIO, CGROUP_ENGINE_NONE};

	if (getuid() != 0)
		return; /* only root can give files away */
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
		struct metadata_request request = {
			.id = CRIO,
			.owner = 12345,
			.engine = engines[i],
			.deadline_ns = deadline_in(60000),
		};

		begin();
		ck_assert_int_eq(json_parse(CLAIMS, strlen(CLAIMS), NULL, &state, &failure), 0);
		request.annotations = json_root(state);
		ck_assert_int_eq(
			engine_metadata_read(&request, &metadata, &completeness, &failure), 0);
		ck_assert_str_ne(metadata.runtime, "cri-o");
		ck_assert_str_eq(metadata.name, CRIO);
		ck_assert_ptr_null(metadata.pod_name);
		end();
	}
}
END_TEST

/* A sandbox id that would lead out of the store, and one that is another container. */
START_TEST(test_crio_sandbox_elsewhere)
{
	static const char *const ids[] = {"../../etc", "..", "/etc", "", CRIO};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		char annotations[512];

		begin();
		make_crio_store();
		snprintf(annotations, sizeof(annotations),
			"{\"io.container.manager\":\"cri-o\",\"io.kubernetes.cri-o.SandboxID\":\"%"
			"s\"}",
			ids[i]);
		ck_assert_int_eq(read_engine(CRIO, CGROUP_ENGINE_CRIO, NULL, annotations), 0);
		ck_assert_uint_eq(metadata.pod_label_count, 0);
		ck_assert_ptr_null(metadata.pod_name);
		end();
	}
}
END_TEST

/* runc alone: annotations are labels, the id is the name. */
START_TEST(test_plain_runtime)
{
	struct metadata_request request = {
		.id = "my-container",
		.bundle = store.root,
		.owner = getuid(),
		.runtime = "crun",
		.deadline_ns = deadline_in(60000),
	};

	begin();
	store_write_text(&store, "config.json",
		"{\"annotations\":{\"b\":\"2\",\"a\":\"1\",\"c\":3,"
		"\"org.opencontainers.image.ref.name\":\"shop:1\"}}");
	ck_assert_int_eq(engine_metadata_read(&request, &metadata, &completeness, &failure), 0);
	ck_assert_str_eq(metadata.name, "my-container");
	ck_assert_str_eq(metadata.runtime, "crun");
	ck_assert_str_eq(metadata.image_name, "shop:1");
	ck_assert_uint_eq(metadata.label_count, 3);
	ck_assert_str_eq(metadata.labels[0].key, "a");
	ck_assert_str_eq(metadata.labels[1].value, "2");
	ck_assert_int_eq(metadata.source, LABELS_SOURCE_ANNOTATION);
	ck_assert_int_eq(completeness, METADATA_COMPLETE);

	request.runtime = NULL;
	unlink(store_path(&store, "config.json"));
	container_metadata_done(&metadata);
	ck_assert_int_eq(engine_metadata_read(&request, &metadata, &completeness, &failure), 0);
	ck_assert_str_eq(metadata.name, "my-container");
	ck_assert_str_eq(metadata.runtime, "runc");
	ck_assert_int_eq(metadata.source, LABELS_SOURCE_NONE);
	end();
}
END_TEST

START_TEST(test_buildah)
{
	begin();
	ck_assert_int_eq(
		read_engine("buildah-buildah2033477514", CGROUP_ENGINE_NONE, NULL, "{}"), 0);
	ck_assert_str_eq(metadata.runtime, "buildah");
	ck_assert_str_eq(metadata.name, "buildah-buildah2033477514");
	ck_assert_uint_eq(metadata.label_count, 0);
	end();
}
END_TEST

/* Every allocation refused in turn: it fails as a whole, or all is there; nothing leaks. */
static void check_no_memory(const char *id, enum cgroup_engine engine, const char *annotations)
{
	bool refused = true;

	for (unsigned i = 0; refused; i++) {
		int r;

		ck_assert_uint_lt(i, 100000);
		memory_limit = (int)i;
		r = read_engine(id, engine, "web", annotations);
		memory_limit = -1;
		refused = memory_refused;
		ck_assert_msg(r == 0 || (refused && r == -ENOMEM), "%u: %d", i, r);
		ck_assert(r < 0 || metadata.name);
		ck_assert(r == 0 || !metadata.name);
	}
}

START_TEST(test_no_memory)
{
	begin();
	store_database_from(&store, "db.sql", "podman-5-db.sql.dump");
	store_copy(&store, "overlay-images/images.json", "podman-5-images.json");
	store_copy(&store, "tmp/events/events.log", "podman-4-events.jsonl");
	store_copy(&store, "overlay-containers/containers.json", "podman-5-containers.json");
	check_no_memory(ID5, CGROUP_ENGINE_PODMAN, "{}");
	check_no_memory(ID4, CGROUP_ENGINE_PODMAN, "{}");
	make_crio_store();
	check_no_memory(CRIO, CGROUP_ENGINE_CRIO, NULL);
	end();
}
END_TEST

START_TEST(test_bad_id)
{
	static const char *const ids[] = {"", ".", "..", "a/b", "a b", "\xff"};

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		ck_assert_int_eq(read_engine(ids[i], CGROUP_ENGINE_PODMAN, NULL, "{}"), -EINVAL);
	end();
}
END_TEST

START_TEST(test_labels_limits)
{
	struct label *labels = NULL;
	size_t count = 0;
	char key[32], value[METADATA_LABEL_MAX + 2];

	memset(value, 'v', sizeof(value));
	value[METADATA_LABEL_MAX + 1] = '\0';
	ck_assert_int_eq(container_metadata_add_label(&labels, &count, "long", value), -E2BIG);
	ck_assert_int_eq(container_metadata_add_label(&labels, &count, value, "long"), -E2BIG);
	ck_assert_uint_eq(count, 0);
	for (int i = 0; i < METADATA_LABELS_MAX; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		ck_assert_int_eq(container_metadata_add_label(&labels, &count, key, "v"), 0);
	}
	ck_assert_int_eq(container_metadata_add_label(&labels, &count, "key3", "w"), 0);
	ck_assert_str_eq(label_value(labels, count, "key3"), "v");
	ck_assert_int_eq(container_metadata_add_label(&labels, &count, "more", "v"), -E2BIG);
	ck_assert_uint_eq(count, METADATA_LABELS_MAX);
	labels_free(labels, count);

	labels = NULL;
	count = 0;
	value[METADATA_LABEL_MAX] = '\0';
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		container_metadata_add_label(&labels, &count, key, value);
	}
	ck_assert_uint_eq(count, METADATA_LABELS_BYTES / (METADATA_LABEL_MAX + 5));
	labels_free(labels, count);
}
END_TEST

RUN_SUITE("engine_metadata", test_podman_5, test_podman_5_transient, test_podman_4,
	test_event_files, test_renamed, test_only_conmon, test_hostile_database,
	test_locked_database, test_claims_of_annotations, test_claims_without_cgroup, test_crio,
	test_crio_sandbox_missing, test_crio_of_a_user, test_crio_sandbox_elsewhere,
	test_plain_runtime, test_buildah, test_no_memory, test_bad_id, test_labels_limits)
