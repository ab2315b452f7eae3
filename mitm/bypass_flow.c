/* SPDX-License-Identifier: ISC */
/*
 * What a flow does about bypasses: asks whether its pair has one, reports what
 * would make one, and, while the client has not been answered, turns from being
 * opened to being relayed. Worker only. It learns nothing itself: the parent
 * counts for all workers.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "mitm/bypass.h"
#include "mitm/flow_parts.h"
#include "mitm/ftp_data.h"
#include "mitm/tls.h"

static bool
key_of(const struct flow *flow, struct bypass_key *key)
{
	const struct flow_header *h = flow->header;
	const struct bypass_program program = {
	    .executable = text_or_null(h->executable),
	    .signing_id = text_or_null(h->signing_id),
	    .team_id = text_or_null(h->team_id),
	    .uid = h->has_uid ? &h->uid : NULL};
	char text[INET6_ADDRSTRLEN];

	return bypass_key_make(key, &program, flow_host_name(flow, text)) == 0;
}

/* Whether it was learned before a certificate was configured for the host. */
static bool
is_answered(const struct flow *flow, const struct bypass_entry *entry)
{
	if (entry->why != BYPASS_CLIENT_CERTIFICATE)
		return false;
	struct client_certificate *c = client_certificates_find(
	    flow->host->client_certificates, flow_server_name(flow),
	    &flow->header->destination);
	client_certificate_release(c);
	return c != NULL;
}

/* False: out of memory. */
static bool
watch_answer(struct flow *flow)
{
	flow->answer = calloc(1, sizeof(*flow->answer));
	return flow->answer != NULL;
}

void
bypass_decide(struct flow *flow)
{
	const struct flow_host *host = flow->host;
	struct bypass_key key;

	if (flow->verdict.decision != DECIDE_INSPECT || flow->hello == NULL ||
	    !key_of(flow, &key) || bypass_never_covers(host->never, key.name))
		return;
	const struct bypass_entry *entry =
	    bypass_find(host->bypass, &key, host->now_us);
	if (entry == NULL || is_answered(flow, entry) ||
	    (entry->why == BYPASS_HANDSHAKE && !watch_answer(flow)))
		return;
	flow->verdict = (struct verdict){DECIDE_SPLICE, bypass_why_name(entry->why)};
	host->on_bypass(host->context, entry->key, BYPASS_WHY_COUNT);
}

/* False: it may not be learned. */
static bool
report(struct flow *flow, enum bypass_why why)
{
	const struct flow_host *host = flow->host;
	struct bypass_key key;

	if (!key_of(flow, &key))
		return false;
	if (bypass_never_covers(host->never, key.name)) {
		flow->tls.bypass = "never";
		return false;
	}
	flow->tls.bypass = "counted";
	host->on_bypass(host->context, &key, why);
	return true;
}

struct ftp_control {
	struct bypass_key key; /* header and hello are gone when it is needed */
	struct ftp_data replies;
};

void
bypass_watch_data(struct flow *flow)
{
	if (flow->starttls == NULL ||
	    strcmp(flow->starttls, starttls_name(STARTTLS_FTP)) != 0)
		return;
	flow->ftp = calloc(1, sizeof(*flow->ftp));
	if (flow->ftp == NULL)
		return;
	if (!key_of(flow, &flow->ftp->key) ||
	    bypass_never_covers(flow->host->never, flow->ftp->key.name)) {
		free(flow->ftp);
		flow->ftp = NULL;
	}
}

void
bypass_read_reply(struct flow *flow, const uint8_t *bytes, size_t length)
{
	const struct flow_host *host = flow->host;

	if (flow->ftp != NULL &&
	    ftp_data_refused(&flow->ftp->replies, bytes, length))
		host->on_bypass(host->context, &flow->ftp->key, BYPASS_HANDSHAKE);
}

void
bypass_client_failed(struct flow *flow)
{
	struct tls_leg leg;

	side_tls_describe(&flow->client, &leg);
	/* Who is shown the throwaway CA's leaf is meant to turn it down. */
	if (tls_alert_is_distrust(leg.alert_received) && !flow->mirror_invalid)
		(void)report(flow, BYPASS_PINNED);
}

/* Whether it was the server that would not go on: then the client's own hello
 * may do better. Not when the server's word is about what the client offered
 * itself, and not when we turned the server down: those the client is to see
 * fail. */
static bool
turned_away(const struct flow *flow, int error)
{
	struct tls_leg leg;

	side_tls_describe(&flow->server, &leg);
	if (error == E_CLOSED || side_tls_hung_up(&flow->server))
		return true;
	return error == E_CRYPTO && leg.alert_received >= 0 &&
	    !upstream_answers_client(leg.alert_received);
}

static bool
may_splice(const struct flow *flow)
{
	char text[INET6_ADDRSTRLEN];
	const char *name = flow_host_name(flow, text);

	return name == NULL || !bypass_never_covers(flow->host->never, name);
}

/* The same protocol's text in the client's hello, which outlives the TLS. */
static const char *
as_offered(const struct flow *flow, const char *alpn)
{
	const char *const *offered = flow->alpn;

	while (alpn != NULL && *offered != NULL && strcmp(*offered, alpn) != 0)
		offered++;
	return alpn == NULL ? NULL : *offered;
}

/* What was seen of the connection that is given up stays for the record. */
static void
splice(struct flow *flow, const char *reason)
{
	struct tls_leg *leg = &flow->tls.server;

	side_tls_describe(&flow->server, leg);
	leg->alpn = as_offered(flow, leg->alpn);
	flow->tls.error = side_tls_error(&flow->server, flow->tls_error);
	flow->verdict = (struct verdict){DECIDE_SPLICE, reason};
	upstream_again(flow);
}

void
bypass_next_time(struct flow *flow)
{
	(void)report(flow, BYPASS_HANDSHAKE);
}

bool
bypass_splice(struct flow *flow, const char *reason)
{
	if (flow->starttls != NULL)
		bypass_next_time(flow);
	if (flow->starttls != NULL || !may_splice(flow))
		return false;
	splice(flow, reason);
	return true;
}

void
bypass_certificate_wanted(struct flow *flow)
{
	if (!may_splice(flow)) {
		flow->tls.bypass = "never";
		return;
	}
	if (flow->tls.verified)
		(void)report(flow, BYPASS_CLIENT_CERTIFICATE);
	if (flow->starttls == NULL)
		splice(flow, bypass_why_name(BYPASS_CLIENT_CERTIFICATE));
}

/* A server that turns us away may only have wanted what is too weak for us, and
 * what we would not open for that is not let through for it either. */
bool
bypass_answer_stands(struct flow *flow, const uint8_t *bytes, size_t length)
{
	int verdict = server_flight_read(flow->answer, bytes, length);

	if (flow->answer->seen)
		flow->tls.failure = offer_weakness(&flow->answer->hello,
		    flow->host->conf->upstream_cbc);
	if (flow->tls.failure != NULL)
		return false; /* what is closed is reported then */
	if (verdict != E_MORE) {
		free(flow->answer);
		flow->answer = NULL;
		flow_report_tls(flow);
	}
	return true;
}

static bool
relay_instead(struct flow *flow, const char *reason)
{
	if (flow->starttls != NULL)
		bypass_next_time(flow);
	if (flow->starttls != NULL || !may_splice(flow) || !watch_answer(flow))
		return false;
	splice(flow, reason);
	return true;
}

bool
bypass_turned_away(struct flow *flow, int error)
{
	return turned_away(flow, error) &&
	    relay_instead(flow, "upstream_handshake");
}

bool
bypass_unread_chain(struct flow *flow)
{
	return relay_instead(flow, "upstream_certificate");
}
