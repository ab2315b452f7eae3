/* SPDX-License-Identifier: ISC */
/*
 * The table of sessions with servers. Worker only. What a session is made of is
 * mbedTLS's business: here it is bytes, wiped when they go.
 */
#include "mitm/sessions.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/platform_util.h>

struct sessions {
	struct recent kept;
};

static struct session *
session_of(struct recent_entry *entry)
{
	return (struct session *)entry; /* its first member */
}

void
session_release(struct session *session)
{
	if (session == NULL || --session->references > 0)
		return;
	judgement_release(session->judgement);
	client_certificate_release(session->shown);
	mbedtls_platform_zeroize(session->bytes, session->length);
	free(session);
}

static void
drop(struct recent_entry *entry)
{
	session_of(entry)->kept = false;
	session_release(session_of(entry));
}

struct sessions *
sessions_new(size_t limit)
{
	struct sessions *s = malloc(sizeof(*s));

	if (s != NULL)
		recent_init(&s->kept, limit, drop);
	return s;
}

void
sessions_free(struct sessions *s)
{
	if (s == NULL)
		return;
	recent_clear(&s->kept);
	free(s);
}

void
sessions_keep(struct sessions *s, const uint8_t id[RECENT_ID_BYTES],
    const struct session_basis *basis, bool once, const uint8_t *bytes,
    size_t length)
{
	struct session *session = length > SESSION_BYTES_MAX
	    ? NULL : calloc(1, sizeof(*session) + length);

	if (session == NULL)
		return;
	memcpy(session->entry.id, id, RECENT_ID_BYTES);
	session->references = 1;
	session->judgement = judgement_hold(basis->judgement);
	session->shown = client_certificate_hold(basis->shown);
	session->verified_s = basis->verified_s;
	session->once = once;
	session->kept = true;
	session->length = length;
	memcpy(session->bytes, bytes, length);
	recent_trim(&s->kept, id, once ? SESSIONS_OF_ONE_KEY - 1 : 0);
	recent_add(&s->kept, &session->entry);
}

bool
session_holds(const struct session *session, const struct trust *trust,
    int64_t now_s, int64_t life_s)
{
	return judgement_holds(session->judgement, trust, now_s) &&
	    now_s >= session->verified_s && now_s - session->verified_s <= life_s;
}

void
sessions_forget(struct sessions *s, struct session *session)
{
	if (!session->kept)
		return;
	recent_take(&s->kept, &session->entry);
	drop(&session->entry);
}

/* The table's own reference, or one more. */
static struct session *
give(struct sessions *s, struct session *session)
{
	if (session->once) {
		recent_take(&s->kept, &session->entry);
		session->kept = false;
	} else {
		session->references++;
	}
	return session;
}

struct session *
sessions_find(struct sessions *s, const uint8_t id[RECENT_ID_BYTES],
    const struct trust *trust, int64_t now_s, int64_t life_s)
{
	struct recent_entry *entry;

	while ((entry = recent_find(&s->kept, id)) != NULL) {
		struct session *session = session_of(entry);
		if (session_holds(session, trust, now_s, life_s))
			return give(s, session);
		sessions_forget(s, session);
	}
	return NULL;
}
