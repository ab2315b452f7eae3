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

/* The list of a store, as text. */
static bool
list(const char *certutil, const char *store, struct buf *out)
{
	char *const argv[] = {(char *)"certutil", (char *)"-L", (char *)"-d",
	    (char *)store, NULL};

	buf_init(out, LIST_BYTES_MAX);
	return tool_run(certutil, argv, NULL, out) && buf_append(out, "", 1) == 0;
}

static bool
take_out(const char *certutil, const char *store, const struct anchors *a)
{
	struct buf names;
	bool good = list(certutil, store, &names) &&
	    remove_listed(certutil, store, a, (char *)buf_data(&names));

	buf_free(&names);
	return good;
}

/* --- all of them --- */

/* "sql:" and the directory of a database. */
static void
name_store(const char *database, char store[PATH_MAX + 8])
{
	const char *slash = strrchr(database, '/');

	(void)snprintf(store, PATH_MAX + 8, "sql:%.*s", (int)(slash - database),
	    database);
}

static void
in_store(const char *certutil, const char *database, nss_step *step,
    const struct anchors *a, const char *what, struct anchors_report *report)
{
	char store[PATH_MAX + 8];

	name_store(database, store);
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

/* Of a list that cannot be had nothing is known, so nothing is told. */
static bool
has_all(const char *certutil, const char *store, const struct anchors *a, bool *has)
{
	struct buf names;
	bool known = list(certutil, store, &names);

	*has = known;
	for (size_t i = 0; *has && i < a->count; i++)
		*has = strstr((char *)buf_data(&names), a->items[i].name) != NULL;
	buf_free(&names);
	return known;
}

void
anchors_look_into_nss(const struct anchors *a,
    void (*found)(void *context, const char *store, bool has_all), void *context)
{
	char certutil[PATH_MAX], store[PATH_MAX + 8];
	glob_t stores;
	bool has;

	find(&stores);
	for (size_t i = 0; i < stores.gl_pathc; i++) {
		name_store(stores.gl_pathv[i], store);
		if (tool_find("certutil", certutil) &&
		    has_all(certutil, store, a, &has))
			found(context, store + strlen("sql:"), has);
	}
	globfree(&stores);
}
