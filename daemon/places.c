/* SPDX-License-Identifier: ISC */
/* Directories, listening sockets, the trust store. Parent only. */
#include "daemon/places.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/path.h"
#include "daemon/privileges.h"

#define LISTEN_QUEUE 1024

/* --- directories --- */

static int
make(const char *key, const char *path, mode_t mode, uid_t uid, gid_t gid,
    char error[256])
{
	bool made;

	if (path_make(path, mode, &made) != 0 ||
	    (made && geteuid() == 0 && chown(path, uid, gid) != 0)) {
		(void)snprintf(error, 256, "%s: cannot make the directory '%s': %s", key,
		    path, strerror(errno));
		return E_SYS;
	}
	return 0;
}

int
places_make(const struct conf *conf, char error[256])
{
	uid_t uid;
	gid_t gid, log_gid;

	if (privileges_of(conf->user, &uid, &gid) != 0) {
		(void)snprintf(error, 256, "user: there is no user '%s'", conf->user);
		return E_NOTFOUND;
	}
	bool grouped = conf->log_group[0] != '\0' &&
	    privileges_group(conf->log_group, &log_gid) == 0;
	int outcome = make("paths.ca", conf->ca_dir, 0700, geteuid(), getegid(), error);
	if (outcome == 0)
		outcome = make("paths.log", conf->log_dir, grouped ? 0750 : 0700, uid,
		    grouped ? log_gid : gid, error);
	if (outcome == 0)
		outcome = make("paths.run", conf->run_dir, geteuid() == 0 ? 0755 : 0700,
		    geteuid(), getegid(), error);
	return outcome;
}

/* --- sockets --- */

static int
socket_address(const struct conf *conf, const char *name,
    struct sockaddr_un *out, char error[256])
{
	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	int length = snprintf(out->sun_path, sizeof(out->sun_path), "%s/%s",
	    conf->run_dir, name);
	if (length < 0 || (size_t)length >= sizeof(out->sun_path)) {
		(void)snprintf(error, 256,
		    "paths.run: '%.120s/%s' is longer than a socket's path may be "
		    "(%zu bytes): choose a shorter directory",
		    conf->run_dir, name, sizeof(out->sun_path) - 1);
		return E_LIMIT;
	}
	return 0;
}

/* A socket that nobody serves is left over and may go. */
static int
clear_stale(const struct sockaddr_un *address, char error[256])
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0)
		return E_SYS;
	int alive = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	(void)close(fd);
	if (alive == 0) {
		(void)snprintf(error, 256, "another sightglassd serves '%s' already",
		    address->sun_path);
		return E_DENIED;
	}
	(void)unlink(address->sun_path);
	return 0;
}

/* Root's socket may be handed to a group of forwarders. */
static int
set_access(const struct conf *conf, const char *path)
{
	gid_t gid;

	if (conf->bridge_group[0] == '\0')
		return chmod(path, 0600) == 0 ? 0 : E_SYS;
	if (privileges_group(conf->bridge_group, &gid) != 0)
		return E_NOTFOUND;
	if (chown(path, (uid_t)-1, gid) != 0 || chmod(path, 0660) != 0)
		return E_SYS;
	return 0;
}

static int
bind_listen(const struct conf *conf, const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0)
		return E_SYS;
	mode_t old = umask(0177);
	int bound = bind(fd, (const struct sockaddr *)address, sizeof(*address));
	(void)umask(old);
	if (bound != 0 || set_access(conf, address->sun_path) != 0 ||
	    listen(fd, LISTEN_QUEUE) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		int saved = errno;
		(void)close(fd);
		errno = saved;
		return E_SYS;
	}
	return fd;
}

int
places_listen(const struct conf *conf, const char *name, char error[256])
{
	struct sockaddr_un address;
	int outcome = socket_address(conf, name, &address, error);

	if (outcome == 0)
		outcome = clear_stale(&address, error);
	if (outcome != 0)
		return outcome;
	int fd = bind_listen(conf, &address);
	if (fd < 0)
		(void)snprintf(error, 256, "cannot listen on '%s': %s",
		    address.sun_path, strerror(errno));
	return fd;
}

void
places_remove(const struct conf *conf, const char *name)
{
	struct sockaddr_un address;
	char error[256];

	if (socket_address(conf, name, &address, error) == 0)
		(void)unlink(address.sun_path);
}

/* --- trust --- */

int
places_open_trust(const struct conf *conf, char error[256])
{
	static const char *const stores[] = {
	    "/etc/ssl/certs/ca-certificates.crt",     /* Debian, Ubuntu */
	    "/etc/pki/tls/certs/ca-bundle.crt",       /* Fedora, RHEL */
	    "/etc/ssl/ca-bundle.pem",                 /* openSUSE */
	    "/etc/ssl/cert.pem",                      /* Alpine, macOS */
	};

	if (strcmp(conf->upstream_trust, "system") != 0) {
		int fd = open(conf->upstream_trust, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		(void)snprintf(error, 256, "upstream.trust: cannot open '%.150s': %s",
		    conf->upstream_trust, strerror(errno));
		return E_NOTFOUND;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(stores); i++) {
		int fd = open(stores[i], O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			return fd;
	}
	(void)snprintf(error, 256, "upstream.trust: the system has no store of roots "
	    "that we know: install ca-certificates, or name a PEM file");
	return E_NOTFOUND;
}
