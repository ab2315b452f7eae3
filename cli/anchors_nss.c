/* SPDX-License-Identifier: ISC */
/*
 * The NSS stores below a user's home, written by NSS's own certutil(1): those of
 * Chromium and its kin, and of each profile of Firefox and Thunderbird, also of
 * those that come as snap or flatpak. CLI. Makes no store.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "cli/anchors.h"
#include "cli/tool.h"

#define LIST_BYTES_MAX (1024u * 1024)
#define SSL_TRUST "C,," /* an issuer of servers' certificates, of nothing else */

static const char *const places[] = {".pki/nssdb",
    "snap/chromium/current/.pki/nssdb", ".mozilla/firefox/*",
    "snap/firefox/common/.mozilla/firefox/*",
    ".var/app/org.mozilla.firefox/.mozilla/firefox/*", ".thunderbird/*",
    "Library/Application Support/Firefox/Profiles/*",
    "Library/Application Support/Thunderbird/Profiles/*"};

/* What is done with one store: its "sql:" name, and certutil's path. */
typedef bool nss_step(const char *certutil, const char *store,
    const struct anchors *a);

/* --- one store --- */

static bool
run(const char *certutil, const char *store, const char *action,
    const char *nickname, const struct buf *pem)
{
	char *const argv[] = {(char *)"certutil", (char *)action, (char *)"-d",
	    (char *)store, (char *)"-n", (char *)nickname,
	    pem == NULL ? NULL : (char *)"-t", (char *)SSL_TRUST, (char *)"-a", NULL};
	struct buf said;

	buf_init(&said, LIST_BYTES_MAX);
	bool good = tool_run(certutil, argv, pem, &said);
	if (!good)
		diag_error("certutil %s -d %s: %.*s", action, store,
		    (int)buf_length(&said),
		    buf_length(&said) > 0 ? (const char *)buf_data(&said) : "failed");
	buf_free(&said);
	return good;
}

static bool
add(const char *certutil, const char *store, const struct anchors *a)
{
	bool good = true;

	for (size_t i = 0; good && i < a->count; i++)
		good = run(certutil, store, "-A", a->items[i].name, &a->items[i].pem);
	return good;
}

static bool
is_wanted(const struct anchors *a, const char *name, size_t length)
{
	if (!anchor_is_name(name, length))
		return false;
	for (size_t i = 0; a != NULL && i < a->count; i++) {
		if (strncmp(a->items[i].name, name, length) == 0)
			return true;
	}
	return a == NULL;
}

/* Each line of the list begins with a name. */
static bool
remove_listed(const char *certutil, const char *store, const struct anchors *a,
    char *list)
{
	char name[ANCHOR_NAME_BYTES];
	bool good = true;

	for (char *line; good && (line = strsep(&list, "\n")) != NULL;) {
		size_t length = strcspn(line, " ");
		if (!is_wanted(a, line, length))
			continue;
		(void)snprintf(name, sizeof(name), "%.*s", (int)length, line);
		good = run(certutil, store, "-D", name, NULL);
	}
	return good;
}

static bool
take_out(const char *certutil, const char *store, const struct anchors *a)
{
	char *const argv[] = {(char *)"certutil", (char *)"-L", (char *)"-d",
	    (char *)store, NULL};
	struct buf list;

	buf_init(&list, LIST_BYTES_MAX);
	bool good = tool_run(certutil, argv, NULL, &list) &&
	    buf_append(&list, "", 1) == 0 &&
	    remove_listed(certutil, store, a, (char *)buf_data(&list));
	buf_free(&list);
	return good;
}

/* --- all of them --- */

static void
in_store(const char *certutil, const char *database, nss_step *step,
    const struct anchors *a, const char *what, struct anchors_report *report)
{
	char store[PATH_MAX + 8];
	const char *slash = strrchr(database, '/');

	(void)snprintf(store, sizeof(store), "sql:%.*s", (int)(slash - database),
	    database);
	if (step(certutil, store, a)) {
		(void)printf("%s NSS store %s\n", what, store + strlen("sql:"));
		report->done++;
	} else {
		report->failed++;
	}
}

/* The databases that are there, one path each. */
static void
find(glob_t *found)
{
	const char *home = getenv("HOME");
	char pattern[PATH_MAX];
	int more = 0;

	*found = (glob_t){.gl_pathc = 0};
	for (size_t i = 0; home != NULL && i < ARRAY_LENGTH(places); i++) {
		(void)snprintf(pattern, sizeof(pattern), "%s/%s/cert9.db", home,
		    places[i]);
		if (glob(pattern, more, NULL, found) == 0)
			more = GLOB_APPEND;
	}
}

static void
in_all(nss_step *step, const struct anchors *a, const char *what,
    struct anchors_report *report)
{
	char certutil[PATH_MAX];
	glob_t found;

	find(&found);
	if (found.gl_pathc > 0 && !tool_find("certutil", certutil)) {
		diag_error("%s is an NSS store, and there is no certutil to change it: "
		    "install libnss3-tools (Debian), nss-tools (Fedora) or nss",
		    found.gl_pathv[0]);
		report->failed++;
	} else {
		for (size_t i = 0; i < found.gl_pathc; i++)
			in_store(certutil, found.gl_pathv[i], step, a, what, report);
	}
	globfree(&found);
}

void
anchors_add_to_nss(const struct anchors *a, struct anchors_report *report)
{
	in_all(add, a, "trusted in", report);
}

void
anchors_remove_from_nss(const struct anchors *a, struct anchors_report *report)
{
	in_all(take_out, a, "taken out of", report);
}
