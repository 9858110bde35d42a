/* SPDX-License-Identifier: Apache-2.0 */
/* In place of libFuzzer's main(): give each file of each directory named on the command line to the
 * target once. So an ordinary build runs the corpus as a test. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fd.h"
#include "tests/fuzz/fuzz.h"

#define CORPUS_FILE_MAX (1 << 20)

static int replay_file(const char *directory, const char *name)
{
	_cleanup_buf_ struct buf buf = {0};
	_cleanup_free_ char *path = NULL;
	uint8_t *copy;
	int r;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		return -ENOMEM;
	r = read_file_limited(path, CORPUS_FILE_MAX, &buf);
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(-r));
		return r;
	}
	/* exactly as much memory as there is input, for the address sanitizer */
	copy = malloc(buf.length ? buf.length : 1);
	if (!copy)
		return -ENOMEM;
	if (buf.length)
		memcpy(copy, buf.data, buf.length);
	LLVMFuzzerTestOneInput(copy, buf.length);
	free(copy);
	return 0;
}

static int replay_directory(const char *directory)
{
	struct dirent *entry;
	DIR *stream = opendir(directory);
	int r = 0, count = 0;

	if (!stream) {
		perror(directory);
		return -1;
	}
	while (r == 0 && (entry = readdir(stream))) {
		if (entry->d_name[0] == '.')
			continue;
		r = replay_file(directory, entry->d_name);
		count++;
	}
	closedir(stream);
	printf("%s: %d inputs\n", directory, count);
	return r == 0 && count ? 0 : -1;
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 2) {
		fprintf(stderr, "Usage: %s CORPUS…\n", argv[0]);
		return 2;
	}
	for (i = 1; i < argc; i++)
		if (replay_directory(argv[i]) < 0)
			return 1;
	return 0;
}
