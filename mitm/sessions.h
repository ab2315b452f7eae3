/* SPDX-License-Identifier: ISC */
/*
 * TLS sessions with servers, kept to go on with (RFC 5246 section 7.3, RFC 5077,
 * RFC 8446 section 2.2). Only those of servers that verified, each with the
 * verdict that it rests on, which it does not outlive: a session is not offered
 * when what the verdict turned on has changed or ended, nor after `life_s` from
 * the handshake in which the chain was seen, however often it went on since. In
 * the worker's memory alone. Worker only; reads no clock.
 */
#ifndef SIGHTGLASS_MITM_SESSIONS_H
#define SIGHTGLASS_MITM_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "mitm/chains.h"
#include "mitm/client_certificates.h"
#include "base/recent.h"

#define SESSION_BYTES_MAX (32u * 1024) /* ticket, and certificate before 1.3 */
#define SESSIONS_OF_ONE_KEY 4u

/* Counted references; never changed once it is made. */
struct session {
	struct recent_entry entry; /* its id: the digest of all that must be the same
	                            * for it to be offered */
	unsigned references;
	struct judgement *judgement; /* counted reference */
	struct client_certificate *shown; /* counted reference: what the server was
	                                   * shown then; NULL: nothing */
	int64_t verified_s; /* the handshake in which the chain was seen */
	bool once;          /* of TLS 1.3: for one use (RFC 8446 appendix C.4) */
	bool kept;          /* it is in the table */
	size_t length;
	uint8_t bytes[];    /* as mbedtls_ssl_session_save wrote it */
};

struct sessions;

/* Keeps `limit` sessions at most. NULL: out of memory. */
struct sessions *sessions_new(size_t limit) WUNRES;
void sessions_free(struct sessions *s);

/* What a session rests on: the verdict, and the certificate that the server was
 * shown (NULL: none), both borrowed; and when the chain was seen. */
struct session_basis {
	struct judgement *judgement;
	struct client_certificate *shown;
	int64_t verified_s;
};

/* Keeps a copy of the bytes, unless they are too many or there is no memory. One
 * that is not for one use takes the place of those with the same id. */
void sessions_keep(struct sessions *s, const uint8_t id[RECENT_ID_BYTES],
    const struct session_basis *basis, bool once, const uint8_t *bytes,
    size_t length) NONNULL(1, 2, 3, 5);

/* A reference to a session that may be offered now, or NULL. One for one use is
 * out of the table with that. */
struct session *sessions_find(struct sessions *s,
    const uint8_t id[RECENT_ID_BYTES], const struct trust *trust, int64_t now_s,
    int64_t life_s) WUNRES NONNULL(1, 2, 3);

/* Whether it may be relied on now. */
bool session_holds(const struct session *session, const struct trust *trust,
    int64_t now_s, int64_t life_s) WUNRES NONNULL(1, 2);

/* The server would not go on with it: nobody is to try again. */
void sessions_forget(struct sessions *s, struct session *session) NONNULL(1, 2);

void session_release(struct session *session);

#endif
