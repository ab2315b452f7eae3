/* SPDX-License-Identifier: ISC */
/*
 * The CA's two files. A file appears under its name whole and on the disk, or
 * not at all: written under another name in the same directory, then linked,
 * which never replaces one that is there. The key is 0600 from its first
 * instant. Signer and CLI. It refuses to read a key that others could read or
 * could have written.
 */
#include "ca/key_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mbedtls/pem.h>
#include <mbedtls/platform_util.h>

#include "base/err.h"
#include "base/file.h"
#include "base/path.h"
#include "base/sync.h"
#include "ca/key.h"

#define FILE_BYTES_MAX (64u * 1024)
#define KEY_PEM_BYTES 8192 /* RSA 8192 too */
#define MODE_SECRET 0600
#define MODE_PUBLIC 0644
#define MODE_DIRECTORY 0700

/* --- reading --- */

/* The rest of the file and a NUL. */
static int
read_text(int fd, struct buf *out)
{
	int error = file_read_rest(fd, out);

	return error != 0 ? error : buf_append(out, "", 1);
}

static int
open_in(int directory, const char *name, int *fd)
{
	/* Not blocking, should someone have put a FIFO there. */
	*fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd >= 0)
		return 0;
	return errno == ENOENT || errno == ENOTDIR ? E_NOTFOUND : E_SYS;
}

/* Locked until it is closed, so that nobody sees one of the two files only. A
 * file system without locks is lived with. */
static int
open_directory(const char *path, int lock, int *fd)
{
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? E_NOTFOUND : E_SYS;
	(void)flock(*fd, lock);
	return 0;
}

/* Whether nobody else can read the key, or could have put it there. */
static int
check_secret(int fd, const char *path, char error[256])
{
	char why[256];
	int result = file_check_secret(fd, why);

	if (result == E_DENIED)
		(void)snprintf(error, 256, "%.150s: %.100s", path, why);
	return result;
}

/* `path` is for messages. */
static int
read_key(int directory, const char *name, const char *path, struct buf *out,
    char error[256])
{
	uint8_t *room;
	int fd;

	/* Room for all of it: growing would leave copies of the key behind. */
	int result = buf_reserve(out, FILE_BYTES_MAX, &room);
	if (result == 0)
		result = open_in(directory, name, &fd);
	if (result != 0)
		return result;
	result = check_secret(fd, path, error);
	if (result == 0)
		result = read_text(fd, out);
	(void)close(fd);
	return result;
}

static int
read_public(int directory, const char *name, struct buf *out)
{
	int fd, result = open_in(directory, name, &fd);

	if (result != 0)
		return result;
	result = read_text(fd, out);
	(void)close(fd);
	return result;
}

/* The names of a CA's two files. */
struct pair {
	const char *certificate, *key;
};

static const struct pair current = {CA_CERTIFICATE_FILE, CA_KEY_FILE};
static const struct pair next = {CA_NEXT_CERTIFICATE_FILE, CA_NEXT_KEY_FILE};

/* A new CA would have to replace the key, which others may still trust. */
static int
read_own_certificate(int directory_fd, const struct pair *pair,
    const char *directory, struct buf *out, char error[256])
{
	int result = read_public(directory_fd, pair->certificate, out);

	if (result != E_NOTFOUND)
		return result;
	(void)snprintf(error, 256, "%.100s holds a key but not its certificate: put "
	    "%s back, or move %s away so that a new CA is made", directory,
	    pair->certificate, pair->key);
	return E_DENIED;
}

static void
begin(struct key_files *files, const char *certificate, const char *key)
{
	buf_init(&files->key, FILE_BYTES_MAX);
	buf_init(&files->certificate, FILE_BYTES_MAX);
	(void)snprintf(files->certificate_path, PATH_BYTES, "%s", certificate);
	(void)snprintf(files->key_path, PATH_BYTES, "%s", key);
}

static int
read_pair(struct key_files *files, const struct pair *pair, const char *directory,
    char error[256])
{
	char certificate[PATH_BYTES], key[PATH_BYTES];
	const char *path = directory;
	int fd;

	error[0] = '\0';
	(void)snprintf(certificate, PATH_BYTES, "%s/%s", directory,
	    pair->certificate);
	(void)snprintf(key, PATH_BYTES, "%s/%s", directory, pair->key);
	begin(files, certificate, key);
	int result = open_directory(directory, LOCK_SH, &fd);
	if (result == 0) {
		path = key;
		result = read_key(fd, pair->key, key, &files->key, error);
		if (result == 0) {
			path = certificate;
			result = read_own_certificate(fd, pair, directory,
			    &files->certificate, error);
		}
		int saved = errno;
		(void)close(fd);
		errno = saved;
	}
	if (result != 0 && error[0] == '\0')
		(void)snprintf(error, 256, "%.200s: %s", path, err_text(result));
	return result;
}

int
key_files_read(struct key_files *files, const char *directory, char error[256])
{
	return read_pair(files, &current, directory, error);
}

int
key_files_read_next(struct key_files *files, const char *directory,
    char error[256])
{
	return read_pair(files, &next, directory, error);
}

/* Adds a PEM text, and a newline should it end without one. */
static int
add_text(const char *path, struct buf *out)
{
	int fd, result = open_in(AT_FDCWD, path, &fd);

	if (result != 0)
		return result;
	result = file_read_rest(fd, out);
	(void)close(fd);
	return result == 0 ? buf_puts(out, "\n") : result;
}

int
key_files_read_public(struct buf *text, const char *certificate,
    const char *chain)
{
	buf_init(text, FILE_BYTES_MAX);
	int error = add_text(certificate, text);
	if (error == 0 && chain[0] != '\0')
		error = add_text(chain, text);
	return error == 0 ? buf_append(text, "", 1) : error;
}

static int
add_file(const char *setting, const char *path, struct buf *out, char error[256])
{
	int result = add_text(path, out);

	if (result != 0)
		(void)snprintf(error, 256, "%s: cannot read '%.150s': %s", setting,
		    path, err_text(result));
	return result;
}

int
key_files_read_provided(struct key_files *files, const struct ca_files *provided,
    char error[256])
{
	error[0] = '\0';
	begin(files, provided->certificate, provided->key);
	int result = add_file("ca.certificate", provided->certificate,
	    &files->certificate, error);
	if (result == 0 && provided->chain[0] != '\0')
		result = add_file("ca.chain", provided->chain, &files->certificate,
		    error);
	if (result == 0)
		result = buf_append(&files->certificate, "", 1);
	if (result == 0)
		result = read_key(AT_FDCWD, provided->key, provided->key, &files->key,
		    error);
	if (result != 0 && error[0] == '\0')
		(void)snprintf(error, 256, "ca.private_key: cannot read '%.150s': %s",
		    provided->key, err_text(result));
	return result;
}

void
key_files_free(struct key_files *files)
{
	if (files->key.data != NULL)
		mbedtls_platform_zeroize(files->key.data, files->key.capacity);
	buf_free(&files->key);
	buf_free(&files->certificate);
}

static int
read_certificate(struct buf *text, const char *directory, const char *name)
{
	int fd;

	buf_init(text, FILE_BYTES_MAX);
	int error = open_directory(directory, LOCK_SH, &fd);
	if (error != 0)
		return error;
	error = read_public(fd, name, text);
	(void)close(fd);
	return error;
}

int
key_files_read_certificate(struct buf *text, const char *directory)
{
	return read_certificate(text, directory, CA_CERTIFICATE_FILE);
}

int
key_files_read_next_certificate(struct buf *text, const char *directory)
{
	return read_certificate(text, directory, CA_NEXT_CERTIFICATE_FILE);
}

bool
key_files_has_ended(const char *directory)
{
	struct buf text;
	mbedtls_x509_crt crt;

	mbedtls_x509_crt_init(&crt);
	bool ended = key_files_read_certificate(&text, directory) == 0 &&
	    ca_parse_certificates(&crt, (const char *)buf_data(&text)) == 0 &&
	    mbedtls_x509_time_is_past(&crt.valid_to);
	mbedtls_x509_crt_free(&crt);
	buf_free(&text);
	return ended;
}

/* --- writing --- */

/* Writes text to a new file under a name of our process's own. */
static int
write_temporary(int directory, const char *name, const char *text, mode_t mode,
    char temporary[64])
{
	(void)snprintf(temporary, 64, ".%s.%jd", name, (intmax_t)getpid());
	(void)unlinkat(directory, temporary, 0); /* a dead namesake's */
	int fd = openat(directory, temporary,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return E_SYS;
	int error = fchmod(fd, mode) == 0 ? file_write(fd, text, strlen(text))
	                                  : E_SYS;
	if (error == 0)
		error = sync_whole(fd);
	int saved = errno;
	(void)close(fd);
	if (error != 0)
		(void)unlinkat(directory, temporary, 0);
	errno = saved;
	return error;
}

/* The file under its name; E_DENIED when there is one. */
static int
write_file(int directory, const char *name, const char *text, mode_t mode)
{
	char temporary[64];

	int error = write_temporary(directory, name, text, mode, temporary);
	if (error != 0)
		return error;
	if (linkat(directory, temporary, directory, name, 0) != 0)
		error = errno == EEXIST ? E_DENIED : E_SYS;
	int saved = errno;
	(void)unlinkat(directory, temporary, 0);
	errno = saved;
	return error;
}

static int
write_files(int directory, const struct pair *pair, const char *key,
    const char *certificate)
{
	int error = write_file(directory, pair->key, key, MODE_SECRET);

	if (error != 0)
		return error;
	error = write_file(directory, pair->certificate, certificate, MODE_PUBLIC);
	if (error == 0)
		error = sync_whole(directory);
	if (error != 0) {
		/* The key that we have just written; nobody has used it yet. */
		int saved = errno;
		(void)unlinkat(directory, pair->key, 0);
		errno = saved;
	}
	return error;
}

static int
certificate_pem(const mbedtls_x509_crt *crt, struct buf *out)
{
	uint8_t *room;
	size_t need = crt->raw.len * 2 + 128, used;
	int error = buf_reserve(out, need, &room);

	if (error != 0)
		return error;
	if (mbedtls_pem_write_buffer("-----BEGIN CERTIFICATE-----\n",
	        "-----END CERTIFICATE-----\n", crt->raw.p, crt->raw.len, room, need,
	        &used) != 0)
		return E_CRYPTO;
	buf_commit(out, used);
	return 0;
}

static int
make_directory(const char *path, int *fd)
{
	if (path_make(path, MODE_DIRECTORY, NULL) != 0)
		return E_SYS;
	int error = open_directory(path, LOCK_EX, fd);
	return error == E_NOTFOUND ? E_SYS : error;
}

/* A next key without its certificate was never given out to anyone. */
static void
clear_half(int directory, const struct pair *pair)
{
	if (pair == &next && faccessat(directory, pair->certificate, F_OK, 0) != 0 &&
	    errno == ENOENT)
		(void)unlinkat(directory, pair->key, 0);
}

static int
store(const struct ca *ca, const struct pair *pair, const char *directory)
{
	unsigned char key[KEY_PEM_BYTES];
	struct buf certificate;
	int fd;

	buf_init(&certificate, FILE_BYTES_MAX);
	int error = certificate_pem(&ca->certificate, &certificate);
	if (error == 0 && mbedtls_pk_write_key_pem(&ca->key, key, sizeof(key)) != 0)
		error = E_CRYPTO;
	if (error == 0)
		error = make_directory(directory, &fd);
	if (error == 0) {
		clear_half(fd, pair);
		error = write_files(fd, pair, (const char *)key,
		    (const char *)buf_data(&certificate));
		int saved = errno;
		(void)close(fd);
		errno = saved;
	}
	mbedtls_platform_zeroize(key, sizeof(key));
	buf_free(&certificate);
	return error;
}

int
ca_store(const struct ca *ca, const char *directory)
{
	return store(ca, &current, directory);
}

int
ca_store_next(const struct ca *ca, const char *directory)
{
	return store(ca, &next, directory);
}

/* --- the next CA takes over --- */

/* The file's time becomes now: who keeps something made from it sees that it is
 * another. */
static int
promote_certificate(int directory)
{
	if (renameat(directory, CA_NEXT_CERTIFICATE_FILE, directory,
	        CA_CERTIFICATE_FILE) != 0 ||
	    utimensat(directory, CA_CERTIFICATE_FILE, NULL, 0) != 0)
		return E_SYS;
	return sync_whole(directory);
}

int
key_files_promote(const char *directory)
{
	int fd, error = open_directory(directory, LOCK_EX, &fd);

	if (error != 0)
		return error;
	/* The key first: that the next certificate has none tells how far it came. */
	if (renameat(fd, CA_NEXT_KEY_FILE, fd, CA_KEY_FILE) != 0)
		error = errno == ENOENT ? E_NOTFOUND : E_SYS;
	else
		error = promote_certificate(fd);
	int saved = errno;
	(void)close(fd);
	errno = saved;
	return error;
}

void
key_files_finish(const char *directory)
{
	int fd;

	if (open_directory(directory, LOCK_EX, &fd) != 0)
		return;
	if (faccessat(fd, CA_NEXT_CERTIFICATE_FILE, F_OK, 0) == 0 &&
	    faccessat(fd, CA_NEXT_KEY_FILE, F_OK, 0) != 0 && errno == ENOENT &&
	    promote_certificate(fd) != 0) {
		/* Then the key does not belong to the certificate, as will be said. */
	}
	(void)close(fd);
}
