/* SPDX-License-Identifier: ISC */
/*
 * The way to the real server: the TCP connection (each address of the name in
 * turn), its TLS handshake with what the client offers, and the verification of
 * its chain, all before a word is said to the client. Worker only.
 */
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "mitm/flow_parts.h"
#include "mitm/tls.h"

/* --- CONNECT --- */

static const struct sockaddr_storage *
address_at(const struct flow *flow, size_t index)
{
	const struct flow_header *h = flow->header;

	if (index == 0)
		return &h->destination;
	return index - 1 < h->alternate_count ? &h->alternates[index - 1] : NULL;
}

static socklen_t
address_length(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET ? sizeof(struct sockaddr_in)
	                                     : sizeof(struct sockaddr_in6);
}

/* Starts a connection to the next address. False: there is none left, or none
 * could be tried (connect_error says why). */
bool
upstream_next_address(struct flow *flow)
{
	const struct sockaddr_storage *address;

	side_renew(&flow->server);
	while ((address = address_at(flow, flow->next_address)) != NULL) {
		flow->next_address++;
		int fd = socket(address->ss_family, SOCK_STREAM, 0);
		if (fd < 0) {
			flow->connect_error = errno;
			continue;
		}
		if (side_replace(&flow->server, fd) == 0 &&
		    flow_bind_server(flow, address->ss_family) == 0 &&
		    (connect(fd, (const struct sockaddr *)address,
		        address_length(address)) == 0 || errno == EINPROGRESS)) {
			flow_set_deadline(flow,
			    flow->host->conf->flow_connect_timeout_ms);
			return true;
		}
		flow->connect_error = errno;
		side_close(&flow->server, false);
	}
	return false;
}

/* 1: connected; 0: not yet; -1: failed with flow->connect_error. */
static int
connect_outcome(struct flow *flow)
{
	int error = 0;
	socklen_t length = sizeof(error);
	struct sockaddr_storage peer;
	socklen_t peer_length = sizeof(peer);

	if (getsockopt(flow->server.fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
		error = errno;
	if (error != 0) {
		flow->connect_error = error;
		return -1;
	}
	return getpeername(flow->server.fd, (struct sockaddr *)&peer,
	           &peer_length) == 0;
}

void
upstream_again(struct flow *flow)
{
	assert(flow->starttls == NULL);
	judgement_release(flow->judgement);
	flow->judgement = NULL;
	session_release(flow->session);
	flow->session = NULL;
	flow->next_address--;
	flow->connect_began_us = flow->connected_us = 0;
	flow_set_state(flow, FLOW_STATE_CONNECT);
}

void
upstream_anew(struct flow *flow)
{
	struct tls_event *event = &flow->tls;

	event->verified = false;
	event->verification = event->invalid = event->invalid_reason = NULL;
	event->server_certificate.present = false;
	event->client_certificate = NULL;
	flow->mirror_invalid = false;
	upstream_again(flow);
}

void
upstream_connected(struct flow *flow)
{
	const struct conf *conf = flow->host->conf;

	if (flow->verdict.decision == DECIDE_INSPECT && flow->hello != NULL) {
		flow_set_state(flow, FLOW_STATE_UPSTREAM_TLS);
		flow_set_deadline(flow, conf->flow_handshake_timeout_ms);
		return;
	}
	flow_make_facts(flow);
	if (flow->answer == NULL) /* else when it is known how the server answers */
		flow_report_tls(flow);
	dialogue_begin(flow);
	flow_set_state(flow, flow->dialogue != NULL ? FLOW_STATE_DIALOGUE
	                                            : FLOW_STATE_RELAY);
	flow_set_idle_deadline(flow);
}

bool
upstream_connect(struct flow *flow)
{
	if (flow->connect_began_us == 0) {
		flow->connect_began_us = flow->host->now_us;
		if (!upstream_next_address(flow)) {
			flow_close(flow, CLOSE_CONNECT_FAILED,
			    strerror(flow->connect_error));
			return false;
		}
	}
	switch (connect_outcome(flow)) {
	case 0:
		flow->server.want_write = true;
		return false;
	case 1:
		flow->connected_us = flow->host->now_us;
		if (flow->client_silent) {
			flow_set_state(flow, FLOW_STATE_SNIFF);
			flow_set_idle_deadline(flow);
		} else {
			upstream_connected(flow);
		}
		return true;
	default:
		if (upstream_next_address(flow))
			return true;
		flow_close(flow, CLOSE_CONNECT_FAILED, strerror(flow->connect_error));
		return false;
	}
}

/* --- UPSTREAM_TLS --- */

/* The same name or none, the same ALPN list, at most the same version as the
 * client's, and of its suites, groups and schemes what we stand for. */
static int
start_tls(struct flow *flow)
{
	const struct hello *hello = flow->hello;
	struct offer offer;
	struct side_tls_options options = {
	    .offer = &offer,
	    .keylog = flow->host->keylog,
	    .server_name = hello->server_name[0] != '\0' ? hello->server_name : NULL,
	    .alpn = flow->alpn,
	    .session_tickets = hello->session_tickets,
	    .least = MBEDTLS_SSL_VERSION_TLS1_2,
	    .most = hello->offers_tls13 && !flow->only_tls12
	        ? MBEDTLS_SSL_VERSION_TLS1_3 : MBEDTLS_SSL_VERSION_TLS1_2,
	};

	if (!hello->offers_tls12)
		options.least = MBEDTLS_SSL_VERSION_TLS1_3;
	offer_mirror(hello, flow->host->conf->upstream_cbc, &offer);
	upstream_offer_session(flow, &options);
	return side_tls_start(&flow->server, &options);
}

static void
note_judgement(struct flow *flow)
{
	flow->tls.server_certificate = flow->judgement->server;
	flow->tls.verified = flow->judgement->trusted;
	flow->tls.verification = flow->judgement->identifier;
}

/* E_NOMEM. */
static int
verify(struct flow *flow, const mbedtls_x509_crt *chain)
{
	const struct flow_host *host = flow->host;
	char text[INET6_ADDRSTRLEN];

	judgement_release(flow->judgement);
	flow->judgement = NULL;
	flow->tls.verified = false;
	if (chain == NULL || chain->raw.p == NULL) {
		flow->tls.verification = "no_certificate";
		return 0;
	}
	/* The chain must speak for the host. */
	flow->judgement = chains_judge(host->chains, chain, host->trust,
	    host->own_ca, flow_host_name(flow, text),
	    (int64_t)(host->now_us / 1000000), NULL);
	if (flow->judgement == NULL)
		return E_NOMEM;
	flow->verified_s = (int64_t)(host->now_us / 1000000);
	note_judgement(flow);
	return 0;
}

/* False: the flow is closed. */
static bool
obey_invalid(struct flow *flow)
{
	struct invalid_verdict v = invalid_ask(flow->host->invalid,
	    flow_server_name(flow), &flow->header->destination);

	flow->tls.invalid = invalid_name(v.action);
	flow->tls.invalid_reason = v.reason;
	flow->mirror_invalid = v.action == CONF_INVALID_MIRROR;
	if (v.action != CONF_INVALID_REFUSE)
		return true;
	side_refuse(&flow->client, ALERT_BAD_CERTIFICATE);
	flow->tls.client.alert_sent = ALERT_BAD_CERTIFICATE;
	flow_close(flow, CLOSE_UPSTREAM_INVALID, flow->tls.verification);
	return false;
}

/* A server that goes on with a session has shown no chain: it has proved, by the
 * session's secret, to be the one whose chain was seen then. E_NOMEM. */
static int
identify(struct flow *flow)
{
	if (!side_tls_resumed(&flow->server))
		return verify(flow, side_tls_peer(&flow->server));
	upstream_use_session(flow);
	note_judgement(flow);
	return 0;
}

/* False: the flow is closed. */
static bool
judge_peer(struct flow *flow)
{
	if (identify(flow) != 0) {
		flow_close(flow, CLOSE_SYSTEM_ERROR, err_text(E_NOMEM));
		return false;
	}
	return flow->tls.verified || obey_invalid(flow);
}

static void
go_to_leaf(struct flow *flow)
{
	flow_set_state(flow, FLOW_STATE_LEAF);
	flow_set_deadline(flow, flow->host->conf->flow_handshake_timeout_ms);
}

static bool
judge(struct flow *flow)
{
	if (!judge_peer(flow))
		return false;
	upstream_keep_tls12_session(flow);
	session_release(flow->session);
	flow->session = NULL;
	go_to_leaf(flow);
	return true;
}

/* --- a server that asks who the client is --- */

/* False: no certificate is configured for the host. */
static bool
present(struct flow *flow)
{
	struct client_certificate *c = client_certificates_find(
	    flow->host->client_certificates, flow_server_name(flow),
	    &flow->header->destination);

	client_certificate_release(flow->client_certificate);
	flow->client_certificate = c;
	flow->tls.client_certificate = c == NULL ? NULL : &c->facts;
	if (c != NULL &&
	    side_tls_present(&flow->server, &c->chain, &c->key) != 0)
		flow_close(flow, CLOSE_SYSTEM_ERROR, err_text(E_NOMEM));
	return c != NULL;
}

/* The server's chain is judged before anything is said of the client: whoever only
 * claims to be the server is shown no certificate, and teaches no bypass. When
 * there is none to show, the client's own may do; else the server gets none. */
static bool
answer_who_asks(struct flow *flow)
{
	if (!judge_peer(flow))
		return false;
	if (!flow->mirror_invalid && !present(flow))
		bypass_certificate_wanted(flow);
	return flow->state != FLOW_STATE_CLOSED;
}

/* Having offered TLS 1.3, mbedTLS takes no RSASSA-PSS signature in a handshake
 * that the server brings down to 1.2, where such a server signs with it since it
 * was offered. A server that speaks 1.2 is therefore asked once more, for 1.2
 * alone. */
static bool
ask_for_tls12(struct flow *flow, int error)
{
	const struct hello *hello = flow->hello;
	struct tls_leg leg;

	side_tls_describe(&flow->server, &leg);
	if (error != E_CRYPTO || leg.alert_received >= 0 || flow->only_tls12 ||
	    !hello->offers_tls12 || !hello->offers_tls13 ||
	    side_tls_version(&flow->server) != MBEDTLS_SSL_VERSION_TLS1_2)
		return false;
	if (flow->starttls != NULL) {
		bypass_next_time(flow);
		return false;
	}
	flow->only_tls12 = true;
	upstream_anew(flow);
	return true;
}

/* What speaks against going on with a server, as its hello has it: what it chose,
 * or that it could have spoken TLS 1.3 with the client and does not, so that it was
 * asked by someone on the way. Where TLS 1.3 was on offer the library fails at that
 * by itself; not where the server was asked once more. NULL: nothing. */
static const char *
weakness(const struct flow *flow)
{
	const struct server_hello *answer = side_tls_server_hello(&flow->server);

	if (answer == NULL)
		return NULL;
	return answer->downgraded && flow->hello->offers_tls13
	    ? "downgrade" : offer_weakness(answer,
	        flow->host->conf->upstream_cbc);
}

bool
upstream_answers_client(int alert)
{
	return alert == ALERT_PROTOCOL_VERSION ||
	    alert == ALERT_INSUFFICIENT_SECURITY ||
	    alert == ALERT_UNRECOGNIZED_NAME ||
	    alert == ALERT_NO_APPLICATION_PROTOCOL;
}

/* What the server said to the client's own offers, the client is told in the
 * server's word; whatever else went wrong is between the server and us. */
static uint8_t
alert_for_client(const struct flow *flow)
{
	struct tls_leg leg;

	side_tls_describe(&flow->server, &leg);
	return upstream_answers_client(leg.alert_received)
	    ? (uint8_t)leg.alert_received : ALERT_HANDSHAKE_FAILURE;
}

static void
give_up(struct flow *flow, const char *why)
{
	uint8_t alert = alert_for_client(flow);

	flow->tls.failure = weakness(flow);
	side_refuse(&flow->client, alert);
	flow->tls.client.alert_sent = alert;
	flow_close(flow, CLOSE_UPSTREAM_TLS, why);
}

/* What was found to be wrong with certificates at which the handshake failed is
 * wrong whosoever they are: the server has not proved yet that it has their key. */
static bool
judge_failed(struct flow *flow)
{
	if (!obey_invalid(flow))
		return false;
	if (!flow->mirror_invalid) { /* allowed, but there is nothing to allow */
		give_up(flow, flow->tls.verification);
		return false;
	}
	flow->server_failed = true;
	go_to_leaf(flow);
	return true;
}

/* Whether it was at the server's certificates that the handshake failed: then
 * they are read here, and when nothing is wrong with them but that the library
 * cannot take them, the client's own hello may do better. *again as upstream_tls's
 * result. */
static bool
failed_at_chain(struct flow *flow, bool *again)
{
	mbedtls_x509_crt chain;

	mbedtls_x509_crt_init(&chain);
	int error = side_tls_read_chain(&flow->server, &chain);
	if (error == 0)
		error = verify(flow, &chain);
	else if (error == E_SYNTAX)
		flow->tls.verification = verify_identifier(VERIFY_MALFORMED);
	mbedtls_x509_crt_free(&chain);
	if (error == E_NOTFOUND || error == E_NOMEM)
		return false;
	if ((error == 0 && !flow->tls.verified) || error == E_SYNTAX) {
		*again = judge_failed(flow);
		return true;
	}
	flow->tls.verified = false;
	flow->tls.verification = NULL;
	flow->tls.server_certificate.present = false;
	*again = bypass_unread_chain(flow);
	return *again;
}

bool
upstream_tls(struct flow *flow)
{
	bool again;
	int error = flow->server.tls == NULL ? start_tls(flow) : 0;

	if (error == 0)
		error = side_tls_handshake(&flow->server);
	if (error == SIDE_ASKED && weakness(flow) == NULL)
		return answer_who_asks(flow);
	if (error == E_AGAIN)
		return false;
	if (upstream_in_full(flow, error))
		return true;
	if ((error == 0 || error == SIDE_ASKED) && weakness(flow) != NULL) {
		give_up(flow, weakness(flow));
		return false;
	}
	if (error != 0 && flow->mirror_invalid) { /* it got no certificate from us */
		flow->server_failed = true;
		go_to_leaf(flow);
		return true;
	}
	if (error != 0 && failed_at_chain(flow, &again))
		return again;
	if (error != 0 && weakness(flow) == NULL &&
	    (ask_for_tls12(flow, error) || bypass_turned_away(flow, error)))
		return true;
	if (error != 0)
		give_up(flow, err_text(error));
	else if (side_tls_resumed(&flow->server) && flow->session == NULL)
		give_up(flow, "it goes on with a session that was not offered");
	else
		return (!downstream_choose_key(flow) &&
		           bypass_splice(flow, "client_no_key")) || judge(flow);
	return false;
}
