/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/lines_backward.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/clock.h"
#include "lib/util.h"

int lines_backward_begin(struct lines_backward *lines, int fd, size_t line_max, off_t search_max,
	uint64_t deadline_ns)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	*lines = (struct lines_backward){
		.fd = fd,
		.window_size = line_max + 2, /* a line between two newlines */
		.start = status.st_size,
		.stop = status.st_size > search_max ? status.st_size - search_max : 0,
		.deadline_ns = deadline_ns,
		.skipping = true, /* what follows the last newline is no whole line */
	};
	lines->window = malloc(lines->window_size);
	return lines->window ? 0 : -ENOMEM;
}

/* Read the window that ends where the last one's first whole line began. */
static int read_window(struct lines_backward *lines, off_t end)
{
	size_t size = MIN((off_t)lines->window_size, end - lines->stop), done = 0;

	while (done < size) {
		ssize_t n = pread(lines->fd, lines->window + done, size - done, end - size + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ESTALE; /* the file became shorter */
		done += n;
	}
	lines->start = end - size;
	lines->length = size;
	return 0;
}

/* Drop what is left of a line whose end was in a later window. */
static void skip_line_end(struct lines_backward *lines)
{
	const char *newline = memrchr(lines->window, '\n', lines->length);

	lines->length = newline ? newline + 1 - lines->window : 0;
	lines->skipping = newline == NULL;
}

int lines_backward_next(struct lines_backward *lines, const char **ret_line, size_t *ret_length)
{
	for (;;) {
		const char *newline;
		size_t kept;
		int r;

		/* length > 0: the last byte is the newline of the next line */
		if (lines->length) {
			newline = memrchr(lines->window, '\n', lines->length - 1);
			if (newline || lines->start == 0) {
				const char *line = newline ? newline + 1 : lines->window;

				*ret_line = line;
				*ret_length = lines->window + lines->length - 1 - line;
				lines->length = line - lines->window;
				return 1;
			}
		}
		if (lines->start <= lines->stop)
			return 0;
		if (clock_ns(CLOCK_MONOTONIC) >= lines->deadline_ns)
			return -ETIMEDOUT;
		kept = lines->length;
		if (kept == lines->window_size) {
			lines->skipping = true; /* longer than a line may be */
			kept = 0;
		}
		r = read_window(lines, lines->start + kept);
		if (r < 0)
			return r;
		if (lines->skipping)
			skip_line_end(lines);
	}
}

void lines_backward_done(struct lines_backward *lines)
{
	free(lines->window);
	lines->window = NULL;
}
