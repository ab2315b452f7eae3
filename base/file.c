/* SPDX-License-Identifier: ISC */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

#define READ_BYTES 4096u

int
file_read_rest(int fd, struct buf *out)
{
	uint8_t *room;
	ssize_t n;

	do {
		int error = buf_reserve(out, READ_BYTES, &room);
		if (error != 0)
			return error;
		n = read(fd, room, READ_BYTES);
		if (n > 0)
			buf_commit(out, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? E_SYS : 0;
}

static int
read_regular(int fd, struct buf *out)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return E_SYS;
	if (S_ISREG(st.st_mode))
		return file_read_rest(fd, out);
	errno = EINVAL;
	return E_SYS;
}

int
file_read(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return E_SYS;
	int error = read_regular(fd, out);
	int saved = errno;
	(void)close(fd);
	errno = saved;
	return error;
}

int
file_check_secret(int fd, char error[256])
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		(void)snprintf(error, 256, "%s", strerror(errno));
		return E_SYS;
	}
	if (!S_ISREG(st.st_mode)) {
		(void)snprintf(error, 256, "not a regular file");
		return E_DENIED;
	}
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		(void)snprintf(error, 256, "owned by uid %ju: chown %ju it",
		    (uintmax_t)st.st_uid, (uintmax_t)geteuid());
		return E_DENIED;
	}
	if ((st.st_mode & 077) != 0) {
		(void)snprintf(error, 256, "mode %04o lets others at the key: chmod 600 "
		    "it", (unsigned)(st.st_mode & 07777));
		return E_DENIED;
	}
	return 0;
}

int
file_write(int fd, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t n = write(fd, at, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return E_SYS;
		at += n;
		length -= (size_t)n;
	}
	return 0;
}

void
file_parent(const char *path, char out[PATH_MAX])
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	while (length > 0 && path[length - 1] != '/')
		length--;
	while (length > 1 && path[length - 1] == '/')
		length--;
	(void)snprintf(out, PATH_MAX, "%.*s", length == 0 ? 1 : (int)length,
	    length == 0 ? "." : path);
}
