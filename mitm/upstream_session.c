/* SPDX-License-Identifier: ISC */
/*
 * What a flow does about sessions with servers: offers one where the client would
 * go on with one itself, asks again in full when that leads nowhere, and keeps
 * what a verified server gives. Worker only.
 *
 * A session is offered only under all that it was got under (session_id), and only
 * when the client's hello has a session too: so a server sees a client go on, or
 * begin anew, where the real one would have, and cannot link what the real one
 * keeps apart. For the same reason sessions are an application's own.
 */
#include <netinet/in.h>

#include <mbedtls/platform_util.h>

#include "base/err.h"
#include "mitm/digest.h"
#include "mitm/flow_parts.h"
#include "mitm/tls.h"

#define EXT_EXTENDED_MASTER_SECRET 23 /* RFC 7627 */

static int64_t
now_s(const struct flow *flow)
{
	return (int64_t)(flow->host->now_us / 1000000);
}

static int64_t
life_s(const struct flow *flow)
{
	return (int64_t)(flow->host->conf->upstream_session_life_ms / 1000);
}

static void
digest_address(struct digest *d, const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET)
		digest_bytes(d, &((const struct sockaddr_in *)a)->sin_addr,
		    sizeof(struct in_addr));
	else
		digest_bytes(d, &((const struct sockaddr_in6 *)a)->sin6_addr,
		    sizeof(struct in6_addr));
}

/* The machine is one thing that is known of who asks through a proxy. */
static void
digest_application(struct digest *d, const struct flow_header *h)
{
	digest_address(d, &h->source);
	digest_number(d, h->has_uid);
	digest_number(d, h->uid);
	digest_text(d, h->executable);
	digest_text(d, h->signing_id);
}

/* What the server would be shown if it asked: with another it would perhaps have
 * taken the client for another. */
static void
digest_certificate(struct digest *d, const struct flow *flow)
{
	struct client_certificate *c = client_certificates_find(
	    flow->host->client_certificates, flow_server_name(flow),
	    &flow->header->destination);

	digest_text(d, c == NULL ? NULL : c->facts.sha256);
	client_certificate_release(c);
}

/* Up to the 0 at the end, which is in it. */
static void
digest_numbers(struct digest *d, const uint16_t *numbers)
{
	do
		digest_number(d, *numbers);
	while (*numbers++ != 0);
}

static void
digest_offer(struct digest *d, const struct side_tls_options *o)
{
	digest_number(d, o->least);
	digest_number(d, o->most);
	digest_number(d, o->session_tickets);
	for (size_t i = 0; o->alpn != NULL && o->alpn[i] != NULL; i++)
		digest_text(d, o->alpn[i]);
	for (size_t i = 0; o->offer->suites[i] != 0; i++)
		digest_number(d, (uint64_t)o->offer->suites[i]);
	digest_numbers(d, o->offer->groups);
	digest_numbers(d, o->offer->schemes);
}

/* All that must be the same for a session to be offered: to whom, by whom, and
 * with what. */
static int
session_id(const struct flow *flow, const struct side_tls_options *options,
    uint8_t id[RECENT_ID_BYTES])
{
	char text[INET6_ADDRSTRLEN];
	struct digest d;

	digest_begin(&d);
	digest_text(&d, options->server_name);
	digest_text(&d, flow_host_name(flow, text));
	digest_number(&d, flow_destination_port(flow));
	digest_application(&d, flow->header);
	digest_certificate(&d, flow);
	digest_offer(&d, options);
	return digest_end(&d, id);
}

static void
on_ticket(void *context)
{
	upstream_keep_session(context);
}

void
upstream_offer_session(struct flow *flow, struct side_tls_options *options)
{
	const struct flow_host *host = flow->host;

	/* Behind a dialogue the server cannot be asked again without it. */
	flow->keeps_session = flow->starttls == NULL && life_s(flow) > 0 &&
	    session_id(flow, options, flow->session_id) == 0;
	if (!flow->keeps_session)
		return;
	options->on_ticket = on_ticket;
	options->context = flow;
	if (flow->in_full || !flow->hello->has_session)
		return;
	flow->session = sessions_find(host->sessions, flow->session_id, host->trust,
	    now_s(flow), life_s(flow));
	if (flow->session == NULL)
		return;
	options->session = flow->session->bytes;
	options->session_length = flow->session->length;
}

/* Whether the master secret of TLS 1.2 is bound to the whole handshake: without,
 * a session is not to go on (RFC 7627 section 5.3). */
static bool
has_bound_secret(const struct flow *flow)
{
	const struct server_hello *h = side_tls_server_hello(&flow->server);

	for (size_t i = 0; h != NULL && i < h->extension_count; i++)
		if (h->extensions[i] == EXT_EXTENDED_MASTER_SECRET)
			return true;
	return false;
}

/* A server that could have done better than the session's version would have with
 * the client (RFC 8446 section 4.1.3): with a session of TLS 1.2 we offered no
 * more than that. */
static bool
was_held_down(const struct flow *flow)
{
	const struct server_hello *h = side_tls_server_hello(&flow->server);

	return flow->hello->offers_tls13 && h != NULL && h->downgraded;
}

static bool
may_go_on(const struct flow *flow)
{
	return !was_held_down(flow) &&
	    (!side_tls_resumed(&flow->server) ||
	        ((side_tls_version(&flow->server) != MBEDTLS_SSL_VERSION_TLS1_2 ||
	             has_bound_secret(flow)) &&
	            session_holds(flow->session, flow->host->trust, now_s(flow),
	                life_s(flow))));
}

bool
upstream_in_full(struct flow *flow, int error)
{
	if (flow->session == NULL || (error == 0 && may_go_on(flow)))
		return false;
	sessions_forget(flow->host->sessions, flow->session);
	flow->in_full = true;
	upstream_anew(flow);
	return true;
}

void
upstream_use_session(struct flow *flow)
{
	judgement_release(flow->judgement);
	flow->judgement = judgement_hold(flow->session->judgement);
	flow->verified_s = flow->session->verified_s;
	client_certificate_release(flow->client_certificate);
	flow->client_certificate = client_certificate_hold(flow->session->shown);
	flow->tls.client_certificate = flow->client_certificate == NULL
	    ? NULL : &flow->client_certificate->facts;
}

void
upstream_keep_session(struct flow *flow)
{
	struct buf bytes;
	bool tls13 = side_tls_version(&flow->server) == MBEDTLS_SSL_VERSION_TLS1_3;

	if (!flow->keeps_session || flow->judgement == NULL ||
	    !judgement_holds(flow->judgement, flow->host->trust, now_s(flow)))
		return;
	buf_init(&bytes, SESSION_BYTES_MAX);
	if (side_tls_save_session(&flow->server, &bytes) == 0) {
		const struct session_basis basis = {flow->judgement,
		    flow->client_certificate, flow->verified_s};
		sessions_keep(flow->host->sessions, flow->session_id, &basis, tls13,
		    buf_data(&bytes), buf_length(&bytes));
		mbedtls_platform_zeroize(buf_data(&bytes), buf_length(&bytes));
	}
	buf_free(&bytes);
}

void
upstream_keep_tls12_session(struct flow *flow)
{
	if (side_tls_version(&flow->server) == MBEDTLS_SSL_VERSION_TLS1_2 &&
	    has_bound_secret(flow))
		upstream_keep_session(flow);
}
