/* SPDX-License-Identifier: ISC */
/*
 * Whether a daemon answers, of which release, and what it says of its forwarders and
 * of who never trusts it. CLI.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/err.h"
#include "cli/bypass.h"
#include "cli/control.h"
#include "cli/doctor.h"
#include "mitm/bypass.h"

#define ANSWER_BYTES_MAX (1024u * 1024)
#define APPLICATIONS_MAX 256u

/* --- bypasses --- */

struct distrust {
	struct application {
		char *name; /* owned */
		unsigned pinned;
	} applications[APPLICATIONS_MAX];
	size_t count;
};

static void
count_pinned(void *context, yyjson_val *entry)
{
	struct distrust *all = context;
	const char *name = yyjson_get_str(yyjson_obj_get(entry, "application"));
	size_t i = 0;

	if (name == NULL ||
	    !yyjson_equals_str(yyjson_obj_get(entry, "reason"), "pinned"))
		return;
	while (i < all->count && strcmp(all->applications[i].name, name) != 0)
		i++;
	if (i == APPLICATIONS_MAX)
		return;
	if (i == all->count) {
		all->applications[i].name = strdup(name);
		if (all->applications[i].name == NULL)
			return;
		all->count++;
	}
	all->applications[i].pinned++;
}

/* Who turns our certificate down everywhere was never told of the CA. */
static void
judge_bypasses(struct doctor *d, const char *place)
{
	struct distrust all = {.count = 0};
	unsigned distrusting = 0;

	bool known = bypass_walk(place, count_pinned, &all) == CLI_OK;
	for (size_t i = 0; i < all.count; i++) {
		const struct application *one = &all.applications[i];
		if (one->pinned >= BYPASS_DISTRUST) {
			distrusting++;
			finding_failure(&d->found, FINDING_BYPASS, "%s turns our "
			    "certificate down for %u names", one->name, one->pinned);
			finding_remedy(&d->found, "make it trust the CA (sightglass ca "
			    "export), or splice it by a rule");
		}
		free(one->name);
	}
	if (known && distrusting == 0)
		finding_ok(&d->found, FINDING_BYPASS, "nobody turns our certificates "
		    "down everywhere");
}

/* --- the daemon --- */

static void
judge_version(struct doctor *d, yyjson_val *answer, const char *place)
{
	const char *version = yyjson_get_str(yyjson_obj_get(answer, "version"));

	if (version == NULL) {
		finding_failure(&d->found, FINDING_DAEMON, "what answers at "
		    "%s/control.sock is not understood", place);
		finding_remedy(&d->found, "it may be another program, or a daemon of "
		    "another release: stop it, and start sightglassd");
	} else if (strcmp(version, SIGHTGLASS_VERSION) != 0) {
		finding_warning(&d->found, FINDING_DAEMON, "version %s answers at "
		    "%s/control.sock, and this is " SIGHTGLASS_VERSION, version, place);
		finding_remedy(&d->found, "restart the daemon after an update");
	} else {
		finding_ok(&d->found, FINDING_DAEMON, "version %s answers at "
		    "%s/control.sock", version, place);
	}
}

/* The daemon of an exec has the forwarder of that exec. */
static const char *
expected_at(const struct doctor *d, const char *place)
{
	return strcmp(place, d->conf->run_dir) == 0 ? doctor_forwarder : NULL;
}

static void
judge_answer(struct doctor *d, const struct buf *answer, const char *place)
{
	yyjson_doc *doc = yyjson_read((const char *)buf_data(answer),
	    buf_length(answer), 0);
	yyjson_val *root = yyjson_doc_get_root(doc);

	yyjson_val *uid = yyjson_obj_get(yyjson_obj_get(root, "logger"), "uid");

	judge_version(d, root, place);
	d->has_log_uid = yyjson_is_uint(uid);
	d->log_uid = (uid_t)yyjson_get_uint(uid);
	doctor_bridge(&d->found, root, expected_at(d, place), d->conf->profile_dns,
	    (int64_t)clock_wall_us());
	yyjson_doc_free(doc);
}

/* False: none runs there. */
static bool
ask(struct doctor *d, const char *place)
{
	struct buf answer;
	char error[256];

	buf_init(&answer, ANSWER_BYTES_MAX);
	int outcome = control_ask(place, "status", &answer, error);
	if (outcome == 0) {
		judge_answer(d, &answer, place);
		judge_bypasses(d, place);
	} else if (outcome != E_NOTFOUND) {
		finding_failure(&d->found, FINDING_DAEMON, "%s", error);
		finding_remedy(&d->found, "ask as root, or as the user whose daemon it "
		    "is; if it hangs, restart it");
	}
	buf_free(&answer);
	return outcome != E_NOTFOUND;
}

/* Else it looks as if none were there. */
static void
judge_path(struct doctor *d)
{
	size_t length = strlen(d->conf->run_dir) + strlen("/control.sock");
	size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;

	if (length <= most)
		return;
	finding_failure(&d->found, FINDING_SOCKET, "%s/control.sock: %zu bytes, and a "
	    "socket's path has %zu at most", d->conf->run_dir, length, most);
	finding_remedy(&d->found, "set a shorter paths.run, or -d DIR");
}

void
doctor_daemon(struct doctor *d)
{
	char places[CONTROL_PLACES_MAX][PATH_BYTES];
	char daemon[CLI_PLACE_BYTES], place[CLI_PLACE_BYTES];
	size_t count = control_places(d->conf->run_dir, places), running = 0;

	judge_path(d);
	for (size_t i = 0; i < count; i++)
		running += ask(d, places[i]);
	if (running > 0)
		return;
	finding_warning(&d->found, FINDING_DAEMON, "none runs at %s/control.sock",
	    d->conf->run_dir);
	cli_place(d->cli, true, daemon); /* which by itself is the machine's */
	cli_place(d->cli, false, place);
	finding_remedy(&d->found, "start sightglassd%s, or run a program with sightglass "
	    "exec%s", daemon, d->cli->file != NULL ? "" : place);
}
