/* SPDX-License-Identifier: ISC */
/*
 * The log: whether its directory and its segments are whose they should be and
 * closed to others, and whether there is room for more. CLI.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "cli/doctor.h"
#include "log/segment.h"

/* Whom the log is to be readable by: its owner, and log.group where one is set. */
struct wanted {
	uid_t uid;
	gid_t gid;
	bool has_user, has_group; /* uid, gid are known */
	bool grouped;             /* log.group is set */
};

/* The user is the daemon's affair (sightglass.yaml(5), log.user, and its own options);
 * without one that runs it is not known. */
static struct wanted
wanted_of(const struct doctor *d)
{
	struct wanted w = {.has_user = d->has_log_uid, .uid = d->log_uid,
	    .grouped = d->conf->log_group[0] != '\0'};
	const struct group *gr = w.grouped ? getgrnam(d->conf->log_group) : NULL;

	w.has_group = gr != NULL;
	w.gid = gr != NULL ? gr->gr_gid : 0;
	return w;
}

/* What is root's is handed over at the next start. */
static bool
is_owner(const struct wanted *w, uid_t uid)
{
	return !w->has_user || uid == w->uid || uid == 0;
}

/* The bits by which others than the settings want can read or write it. */
static mode_t
open_to_others(const struct wanted *w, mode_t mode, mode_t of_group)
{
	return mode & 0777 & (w->grouped ? (mode_t)(077 & ~of_group) : (mode_t)077);
}

static void
judge_group(struct doctor *d, const struct wanted *w, const struct stat *st)
{
	const char *path = d->conf->log_dir, *group = d->conf->log_group;

	if (!w->has_group) {
		finding_warning(&d->found, FINDING_LOG, "%s: log.group '%s' is no "
		    "group", path, group);
		finding_remedy(&d->found, "make it, or name another");
	} else if (st->st_gid != w->gid || (st->st_mode & 050) != 050) {
		finding_warning(&d->found, FINDING_LOG, "%s, mode %04o: log.group '%s' "
		    "cannot read it", path, (unsigned)(st->st_mode & 07777), group);
		finding_remedy(&d->found, "chgrp %s %s; chmod 750 %s", group, path, path);
	} else {
		finding_ok(&d->found, FINDING_LOG, "%s, for group '%s'", path, group);
	}
}

static void
judge_directory(struct doctor *d, const struct wanted *w, const struct stat *st)
{
	const char *path = d->conf->log_dir;
	unsigned mode = st->st_mode & 07777;

	if (open_to_others(w, st->st_mode, 050) != 0) {
		finding_failure(&d->found, FINDING_LOG, "%s has mode %04o: others can "
		    "reach what was logged", path, mode);
		finding_remedy(&d->found, "chmod %s %s", w->grouped ? "750" : "700",
		    path);
	} else if (!is_owner(w, st->st_uid)) {
		finding_failure(&d->found, FINDING_LOG, "%s belongs to user %ju, the "
		    "logger is %ju", path, (uintmax_t)st->st_uid, (uintmax_t)w->uid);
		finding_remedy(&d->found, "chown it, or name another directory "
		    "(paths.log)");
	} else if (w->grouped) {
		judge_group(d, w, st);
	} else {
		finding_ok(&d->found, FINDING_LOG, "%s, mode %04o", path, mode);
	}
}

/* --- segments --- */

struct census {
	unsigned sealed, growing, open_to_others, of_strangers;
	char open_name[NAME_MAX + 1], strange_name[NAME_MAX + 1]; /* one each */
};

static void
count_segment(struct census *c, const struct wanted *w, int directory,
    const char *name)
{
	unsigned long number;
	struct stat st;
	bool growing;

	if (!segment_parse_name(name, &number, &growing) ||
	    fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	c->growing += growing;
	c->sealed += !growing;
	if (!S_ISREG(st.st_mode) || open_to_others(w, st.st_mode, 040) != 0) {
		c->open_to_others++;
		(void)snprintf(c->open_name, sizeof(c->open_name), "%s", name);
	}
	if (!is_owner(w, st.st_uid)) {
		c->of_strangers++;
		(void)snprintf(c->strange_name, sizeof(c->strange_name), "%s", name);
	}
}

static void
judge_segments(struct doctor *d, const struct wanted *w, const struct census *c)
{
	const char *path = d->conf->log_dir;

	if (c->open_to_others > 0) {
		finding_failure(&d->found, FINDING_SEGMENTS, "%u can be read by others, "
		    "%s for one", c->open_to_others, c->open_name);
		finding_remedy(&d->found, "chmod %s %s/*", w->grouped ? "640" : "600",
		    path);
	}
	if (c->of_strangers > 0) {
		finding_failure(&d->found, FINDING_SEGMENTS, "%u belong to another user, "
		    "%s for one: nobody removes them when room is short",
		    c->of_strangers, c->strange_name);
		finding_remedy(&d->found, "chown them to the owner of %s", path);
	}
	if (c->open_to_others + c->of_strangers == 0)
		finding_ok(&d->found, FINDING_SEGMENTS, "%u sealed, %u growing",
		    c->sealed, c->growing);
}

static void
look_into(struct doctor *d, const struct wanted *w)
{
	DIR *directory = opendir(d->conf->log_dir);
	struct census c = {.sealed = 0};
	const struct dirent *entry;

	if (directory == NULL) {
		finding_failure(&d->found, FINDING_SEGMENTS, "%s: %s", d->conf->log_dir,
		    strerror(errno));
		finding_remedy(&d->found, "ask as root, or set log.group");
		return;
	}
	while ((entry = readdir(directory)) != NULL)
		count_segment(&c, w, dirfd(directory), entry->d_name);
	(void)closedir(directory);
	judge_segments(d, w, &c);
}

void
doctor_log(struct doctor *d)
{
	const struct wanted w = wanted_of(d);
	struct stat st;

	if (stat(d->conf->log_dir, &st) == 0) {
		judge_directory(d, &w, &st);
		look_into(d, &w);
	} else if (errno == ENOENT) {
		finding_ok(&d->found, FINDING_LOG, "none yet in %s", d->conf->log_dir);
	} else {
		finding_failure(&d->found, FINDING_LOG, "%s: %s", d->conf->log_dir,
		    strerror(errno));
		finding_remedy(&d->found, "ask as root, or set log.group");
	}
}

/* --- room --- */

void
doctor_disk(struct doctor *d)
{
	uint64_t want = d->conf->log_keep_free_bytes;
	struct statvfs fs;

	if (statvfs(d->conf->log_dir, &fs) != 0)
		return;
	uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (free_bytes >= 2 * want) {
		finding_ok(&d->found, FINDING_DISK, "%llu MiB are free where the "
		    "log is", (unsigned long long)(free_bytes / MIB));
		return;
	}
	finding_warning(&d->found, FINDING_DISK, "%llu MiB are free where the log "
	    "is: below log.keep_free (%llu MiB) old segments are removed",
	    (unsigned long long)(free_bytes / MIB), (unsigned long long)(want / MIB));
	finding_remedy(&d->found, "make room, or ship the log and lower log.keep_size");
}
