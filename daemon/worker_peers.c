/* SPDX-License-Identifier: ISC */
/*
 * Who may hand over flows and commands: by user, and where bridge.signed_by says so, by
 * signature. Worker only. A forwarder connects for each of its flows, so the last one
 * that was found to be signed is known again for a moment by its token alone.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/err.h"
#include "daemon/os.h"
#include "daemon/process.h"
#include "daemon/signed_by.h"
#include "daemon/worker.h"

#define ADMITTED_MS 1000u /* a signature may cease to hold */
#define WARN_AGAIN_MS 60000u

/* The sockets' mode keeps others out as well, where the system honours it. */
static bool
is_user_welcome(const struct worker *w, int fd)
{
	uid_t uid;
	gid_t gid;

	return os_peer(fd, &uid, &gid) == 0 &&
	    (uid == 0 || uid == geteuid() || w->role.conf->bridge_group[0] != '\0');
}

/* Once a minute: whoever tries may try often. */
static void
warn(struct worker *w, uint32_t pid, int error, const struct process_signature *s)
{
	const char *why = error != 0 ? err_text(error)
	    : !s->valid ? "its signature does not hold"
	                : "it is signed by somebody else";

	if (w->host.tick_ms < w->peers.warn_after_ms)
		return;
	w->peers.warn_after_ms = w->host.tick_ms + WARN_AGAIN_MS;
	diag_warning("bridge.signed_by: a connection of process %u ('%s' of team '%s') "
	    "was closed: %s", (unsigned)pid, s->signing_id, s->team_id, why);
}

static bool
is_signed(struct worker *w, int fd)
{
	const struct conf_list *by = &w->role.conf->bridge_signed_by;
	struct process_signature signature = {.valid = false};
	uint8_t token[FLOW_AUDIT_TOKEN_BYTES];
	uint32_t pid = 0;

	if (by->count == 0)
		return true;
	int error = os_peer_token(fd, &pid, token);
	if (error == 0 && w->host.tick_ms < w->peers.admitted_until_ms &&
	    memcmp(token, w->peers.admitted, sizeof(token)) == 0)
		return true;
	if (error == 0)
		error = process_signature(pid, token, &signature);
	if (error != 0 || !signed_by_admits(by, &signature)) {
		warn(w, pid, error, &signature);
		return false;
	}
	memcpy(w->peers.admitted, token, sizeof(token));
	w->peers.admitted_until_ms = w->host.tick_ms + ADMITTED_MS;
	return true;
}

bool
worker_welcomes(struct worker *w, int fd)
{
	bool welcome = is_user_welcome(w, fd) && is_signed(w, fd);

	if (!welcome)
		counter_add(&w->counters->unwelcome, 1);
	return welcome;
}

void
peers_configure(struct worker *w)
{
	w->peers.admitted_until_ms = 0;
}
