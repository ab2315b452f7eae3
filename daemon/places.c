/* SPDX-License-Identifier: ISC */
/*
 * Directories, listening sockets, single files. Parent only, and as root when
 * the daemon is started so: it makes over to the logger's user what that writes,
 * never through a link and never what is not root's own.
 */
#include "daemon/places.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/path.h"
#include "daemon/os.h"
#include "daemon/privileges.h"
#include "log/segment.h"

#define LISTEN_QUEUE 1024

/* --- directories --- */

/* A directory, and to whom it belongs. */
struct place {
	const char *key, *path;
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

static int
cannot(const struct place *place, const char *what, char error[256])
{
	(void)snprintf(error, 256, "%s: cannot %s '%.150s': %s", place->key, what,
	    place->path, strerror(errno));
	return E_SYS;
}

static const char *
user_name(uid_t uid)
{
	static char number[24];
	const struct passwd *pw = getpwuid(uid);

	(void)snprintf(number, sizeof(number), "%ju", (uintmax_t)uid);
	return pw != NULL ? pw->pw_name : number;
}

/* A segment that root wrote, as when the user of the settings has changed, or
 * when systemd gave the directory with all that is in it back to root. */
static int
hand_over_segment(int directory, const char *name, const struct place *place)
{
	struct stat st;
	int fd = openat(directory, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : E_SYS;
	int error = fstat(fd, &st) != 0 ? E_SYS : 0;
	if (error == 0 && S_ISREG(st.st_mode) && st.st_uid == 0 &&
	    fchown(fd, place->uid, (gid_t)-1) != 0)
		error = E_SYS;
	(void)close(fd);
	return error;
}

/* Whatever is not a segment could be the system's own: paths.log may have been
 * set to /var/log. */
static int
hand_over_content(DIR *listing, const struct place *place, char error[256])
{
	const struct dirent *entry;

	while ((entry = readdir(listing)) != NULL) {
		unsigned long number;
		bool open;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (!segment_parse_name(entry->d_name, &number, &open)) {
			(void)snprintf(error, 256, "%s: '%.80s' is root's and holds more "
			    "than segments ('%.30s'): chown it to '%.32s', or name a "
			    "directory of its own", place->key, place->path,
			    entry->d_name, user_name(place->uid));
			return E_DENIED;
		}
		if (hand_over_segment(dirfd(listing), entry->d_name, place) != 0)
			return cannot(place, "hand over a segment in", error);
	}
	return 0;
}

/* Root's directory becomes the user's, after what is in it: until then nobody
 * but root can have put anything there. */
static int
hand_over(int fd, const struct place *place, char error[256])
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	DIR *listing = copy < 0 ? NULL : fdopendir(copy);

	if (listing == NULL)
		return cannot(place, "read the directory", error);
	int outcome = hand_over_content(listing, place, error);
	(void)closedir(listing);
	if (outcome == 0 && (fchown(fd, place->uid, place->gid) != 0 ||
	        fchmod(fd, place->mode) != 0))
		outcome = cannot(place, "hand over the directory", error);
	return outcome;
}

/* The owner, where root starts the daemon and the roles are somebody else. */
static int
settle_owner(int fd, const struct place *place, char error[256])
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return cannot(place, "look at the directory", error);
	if (st.st_uid == place->uid)
		return 0;
	if (st.st_uid == 0)
		return hand_over(fd, place, error);
	char owner[33];
	(void)snprintf(owner, sizeof(owner), "%.32s", user_name(st.st_uid));
	(void)snprintf(error, 256, "%s: '%.80s' belongs to '%s' and not to '%.32s': "
	    "chown it, or name another directory", place->key, place->path, owner,
	    user_name(place->uid));
	return E_DENIED;
}

/* A link could lead what root hands over to anywhere. */
static int
open_place(const struct place *place, char error[256])
{
	int fd = open(place->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno != ELOOP && errno != ENOTDIR && errno != EMLINK)
		return cannot(place, "open the directory", error);
	(void)snprintf(error, 256, "%s: '%.150s' is a link or no directory: name "
	    "the directory itself", place->key, place->path);
	return E_DENIED;
}

static int
make(const struct place *place, char error[256])
{
	if (path_make(place->path, place->mode, NULL) != 0)
		return cannot(place, "make the directory", error);
	if (geteuid() != 0)
		return 0;
	int fd = open_place(place, error);
	if (fd < 0)
		return fd;
	int outcome = settle_owner(fd, place, error);
	(void)close(fd);
	return outcome;
}

int
places_make(const struct conf *conf, char error[256])
{
	uid_t uid, own = geteuid();
	gid_t gid, log_gid;

	const char *key;
	const char *logger = privileges_user(conf, PRIVILEGES_LOGGER, &key);

	if (privileges_of(logger, &uid, &gid) != 0) {
		(void)snprintf(error, 256, "%s: there is no user '%.200s'", key, logger);
		return E_NOTFOUND;
	}
	bool grouped = conf->log_group[0] != '\0' &&
	    privileges_group(conf->log_group, &log_gid) == 0;
	const struct place places[] = {
	    {"paths.ca", conf->ca_dir, 0700, own, getegid()},
	    {"paths.log", conf->log_dir, grouped ? 0750 : 0700, uid,
	        grouped ? log_gid : gid},
	    {"paths.run", conf->run_dir, own == 0 ? 0755 : 0700, own, getegid()},
	};
	int outcome = 0;

	for (size_t i = 0; outcome == 0 && i < ARRAY_LENGTH(places); i++)
		outcome = make(&places[i], error);
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

static int
take_given(int fd, const char *name, char error[256])
{
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
		return fd;
	(void)snprintf(error, 256, "cannot take over '%s': %s", name, strerror(errno));
	(void)close(fd);
	return E_SYS;
}

int
places_listen(const struct conf *conf, const char *name, char error[256])
{
	struct sockaddr_un address;
	int given = os_given_socket(name);

	if (given >= 0)
		return take_given(given, name, error);
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

	if (!os_was_given_sockets() &&
	    socket_address(conf, name, &address, error) == 0)
		(void)unlink(address.sun_path);
}

/* --- other files --- */

/* Another name of a file is as good as a link to it, and may be anybody's. */
static int
check_only_name(int fd, char words[256])
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		(void)snprintf(words, 256, "%s", strerror(errno));
		return E_SYS;
	}
	if (st.st_nlink == 1)
		return 0;
	(void)snprintf(words, 256, "it has another name too (a hard link): name a "
	    "file that has not");
	return E_DENIED;
}

int
places_open_keylog(const char *path, bool make, char error[256])
{
	char words[256];

	if (path[0] != '/') {
		(void)snprintf(error, 256, "keylog: '%.150s' is not an absolute path",
		    path);
		return E_SYNTAX;
	}
	int fd = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC |
	    (make ? O_CREAT : 0), 0600);
	if (fd < 0) {
		int outcome = errno == ENOENT ? E_NOTFOUND : E_SYS;
		(void)snprintf(error, 256, "keylog: cannot open '%.150s': %s", path,
		    errno == ELOOP ? "it is a link" : strerror(errno));
		return outcome;
	}
	int outcome = file_check_secret(fd, words);
	if (outcome == 0)
		outcome = check_only_name(fd, words);
	if (outcome == 0)
		return fd;
	(void)close(fd);
	(void)snprintf(error, 256, "keylog: '%.120s': %.110s", path, words);
	return outcome;
}

int
places_open_crl(const char *path, char error[256])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	(void)snprintf(error, 256, "upstream.crl: cannot open '%.150s': %s", path,
	    strerror(errno));
	return E_NOTFOUND;
}
