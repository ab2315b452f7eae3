/* SPDX-License-Identifier: ISC */
/*
 * The system's store on Linux: a directory of files and a program that makes the
 * store anew from them, by distribution; or p11-kit's trust(1), which knows itself
 * where. CLI; root.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/file.h"
#include "cli/anchors.h"
#include "cli/tool.h"

#define SAID_BYTES_MAX (64u * 1024)

static const struct store {
	const char *directory, *ending;
	const char *program, *argument; /* the latter or NULL */
} stores[] = {
    /* Fedora, RHEL and their kin; they have an update-ca-certificates too. */
    {"/etc/pki/ca-trust/source/anchors", ".pem", "update-ca-trust", "extract"},
    {"/etc/pki/trust/anchors", ".pem", "update-ca-certificates", NULL}, /* SUSE */
    {"/etc/ca-certificates/trust-source/anchors", ".pem", "update-ca-trust",
        NULL}, /* Arch */
    /* Debian, Ubuntu, Alpine. */
    {"/usr/local/share/ca-certificates", ".crt", "update-ca-certificates", NULL},
};

static bool
is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static const struct store *
find_store(char program[PATH_MAX])
{
	for (size_t i = 0; i < ARRAY_LENGTH(stores); i++) {
		if (is_directory(stores[i].directory) &&
		    tool_find(stores[i].program, program))
			return &stores[i];
	}
	return NULL;
}

/* What it says is shown only when it fails. The arguments end with NULL. */
static bool
run(const char *path, const char *name, const char *first, const char *second,
    const char *third)
{
	char *const argv[] = {(char *)name, (char *)first, (char *)second,
	    (char *)third, NULL};
	struct buf said;

	buf_init(&said, SAID_BYTES_MAX);
	bool good = tool_run(path, argv, NULL, &said);
	if (!good)
		diag_error("%s failed: %.*s", name, (int)buf_length(&said),
		    buf_length(&said) > 0 ? (const char *)buf_data(&said) : "");
	buf_free(&said);
	return good;
}

static bool
write_file(int fd, const struct buf *pem, const char *path)
{
	bool good = fd >= 0 &&
	    file_write(fd, buf_data(pem), buf_length(pem)) == 0;

	if (!good)
		diag_error("%s: %s", path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return good;
}

/* --- a directory and a program --- */

static void
anchor_path(const struct store *s, const char *name, char path[PATH_MAX])
{
	(void)snprintf(path, PATH_MAX, "%s/%s%s", s->directory, name, s->ending);
}

static bool
refresh(const struct store *s, const char *program)
{
	return run(program, s->program, s->argument, NULL, NULL);
}

static bool
add_to_directory(const struct store *s, const char *program,
    const struct anchors *a)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < a->count; i++) {
		anchor_path(s, a->items[i].name, path);
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		    0644);
		if (!write_file(fd, &a->items[i].pem, path))
			return false;
	}
	if (!refresh(s, program))
		return false;
	for (size_t i = 0; i < a->count; i++) {
		anchor_path(s, a->items[i].name, path);
		(void)printf("trusted by the system: %s\n", path);
	}
	return true;
}

/* E.g. sightglass-0123456789abcdef.crt. */
static bool
is_ours(const struct store *s, const char *file, const struct anchors *a)
{
	size_t length = strcspn(file, ".");

	if (!anchor_is_name(file, length) || strcmp(file + length, s->ending) != 0)
		return false;
	for (size_t i = 0; a != NULL && i < a->count; i++) {
		if (strncmp(a->items[i].name, file, length) == 0)
			return true;
	}
	return a == NULL;
}

static bool
remove_file(const struct store *s, const char *file, unsigned *removed)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", s->directory, file);
	if (unlink(path) != 0) {
		diag_error("%s: %s", path, strerror(errno));
		return false;
	}
	(void)printf("no longer trusted by the system: %s\n", path);
	(*removed)++;
	return true;
}

static bool
remove_from_directory(const struct store *s, const char *program,
    const struct anchors *a)
{
	DIR *directory = opendir(s->directory);
	unsigned removed = 0;
	bool good = directory != NULL;

	for (struct dirent *e; good && (e = readdir(directory)) != NULL;) {
		if (is_ours(s, e->d_name, a))
			good = remove_file(s, e->d_name, &removed);
	}
	if (directory != NULL)
		(void)closedir(directory);
	return (removed == 0 || refresh(s, program)) && good;
}

/* --- p11-kit --- */

static bool
tell_p11_kit(const char *trust, const char *action, const struct anchor *one)
{
	char path[] = "/tmp/sightglass-XXXXXX";
	int fd = mkstemp(path);
	bool good = write_file(fd, &one->pem, path) &&
	    run(trust, "trust", "anchor", action, path);

	if (fd >= 0)
		(void)unlink(path);
	return good;
}

static bool
all_in_p11_kit(const char *trust, const char *action, const struct anchors *a)
{
	bool good = true;

	for (size_t i = 0; good && i < a->count; i++)
		good = tell_p11_kit(trust, action, &a->items[i]);
	return good;
}

/* --- either --- */

static void
count(bool good, struct anchors_report *report)
{
	if (good)
		report->done++;
	else
		report->failed++;
}

static void
without_store(struct anchors_report *report)
{
	diag_error("this system has neither update-ca-certificates nor update-ca-trust "
	    "nor p11-kit's trust: install ca-certificates, or add what 'sightglass "
	    "ca export' prints as the system wants it");
	report->failed++;
}

void
anchors_add_to_system(const struct anchors *a, struct anchors_report *report)
{
	char program[PATH_MAX];
	const struct store *store = find_store(program);

	if (store != NULL) {
		count(add_to_directory(store, program, a), report);
	} else if (tool_find("trust", program)) {
		bool good = all_in_p11_kit(program, "--store", a);
		if (good)
			(void)printf("trusted by the system: p11-kit\n");
		count(good, report);
	} else {
		without_store(report);
	}
}

void
anchors_remove_from_system(const struct anchors *a, struct anchors_report *report)
{
	char program[PATH_MAX];
	const struct store *store = find_store(program);

	if (store != NULL) {
		count(remove_from_directory(store, program, a), report);
	} else if (!tool_find("trust", program)) {
		without_store(report);
	} else if (a == NULL) {
		diag_error("p11-kit does not tell which roots are ours: 'sightglass ca "
		    "untrust' without --all, where their CA is");
		report->failed++;
	} else {
		bool good = all_in_p11_kit(program, "--remove", a);
		if (good)
			(void)printf("no longer trusted by the system: p11-kit\n");
		count(good, report);
	}
}
