/* SPDX-License-Identifier: ISC */
/*
 * The way back to the client, once the real server stands verified: a leaf for
 * the names it speaks for, then the client's TLS handshake, begun with the hello
 * that was held, offering what the server agreed to and nothing else. Worker
 * only.
 */
#include <netinet/in.h>
#include <stdlib.h>

#include "base/err.h"
#include "mitm/certificate.h"
#include "mitm/digest.h"
#include "mitm/flow_parts.h"

/* --- LEAF --- */

/* What the client asked for comes first. What the server's certificate also
 * speaks for follows, so that a client that shares connections between names
 * (RFC 9113 section 9.1.1) decides as it would have; not for an invalid one. */
static int
collect_names(struct flow *flow)
{
	const char *host = flow_server_name(flow);
	const struct judgement *server = flow->judgement;
	char text[INET6_ADDRSTRLEN];
	int error = E_SYNTAX;

	flow->names = calloc(1, sizeof(*flow->names));
	if (flow->names == NULL)
		return E_NOMEM;
	if (server != NULL && server->trusted) {
		error = names_read(flow->names, buf_data(&server->names),
		    buf_length(&server->names));
		/* The first one is in it, since the flow is opened (intake.c). */
		scope_filter(leafs_scope(flow->host->leafs), flow->names);
		return error < 0 ? error : 0;
	}
	if (host != NULL)
		error = names_add(flow->names, host);
	if (error != 0)
		error = names_add(flow->names, flow_destination(flow, text));
	return error;
}

/* The client is offered the version that the server agreed to, and no other. */
bool
downstream_choose_key(struct flow *flow)
{
	const struct hello *hello = flow->hello;
	const struct hello_keys *keys =
	    side_tls_version(&flow->server) == MBEDTLS_SSL_VERSION_TLS1_3
	    ? &hello->keys_tls13 : &hello->keys_tls12;

	flow->leaf_kind = keys->ecdsa ? LEAF_KEY_P256 : LEAF_KEY_RSA;
	return keys->ecdsa || keys->rsa;
}

/* Without a key yet the flow waits: the worker steps it when it is made. */
static void
find_leaf(struct flow *flow)
{
	struct flow_host *host = flow->host;
	uint64_t now_s = host->now_us / 1000000;
	struct leaf_key *key =
	    leafs_key(host->leafs, flow->leaf_kind, host->tick_ms);
	struct leaf_id id;

	flow->leaf_trouble = key == NULL ? "no RSA key could be made in time" : NULL;
	if (key == NULL)
		return;
	flow->leaf_wanted = true;
	leafs_id(host->leafs, key, flow->names, flow->mirror_invalid, &id);
	flow->leaf = leafs_find(host->leafs, &id, now_s);
	if (flow->leaf != NULL)
		return;
	if (flow->mirror_invalid) {
		flow->leaf =
		    leafs_mirror_invalid(host->leafs, &id, key, flow->names, now_s);
		if (flow->leaf == NULL)
			flow_leaf_failed(flow, "the throwaway CA could not sign");
	} else if (host->request_leaf(host->context, flow, key, flow->names) != 0) {
		flow_leaf_failed(flow, "the signer cannot be reached");
	}
}

void
flow_leaf_ready(struct flow *flow, struct leaf *leaf)
{
	flow->leaf = leaf;
}

void
flow_leaf_failed(struct flow *flow, const char *why)
{
	flow_close(flow, CLOSE_NO_LEAF, why);
}

bool
downstream_leaf(struct flow *flow)
{
	if (flow->names == NULL && collect_names(flow) != 0) {
		flow_leaf_failed(flow, "the server has no name to certify");
		return false;
	}
	if (!flow->leaf_wanted)
		find_leaf(flow);
	if (flow->leaf == NULL || flow->state == FLOW_STATE_CLOSED)
		return false;
	free(flow->names);
	flow->names = NULL;
	certificate_describe(&flow->leaf->chain, &flow->tls.leaf);
	flow_set_state(flow, FLOW_STATE_CLIENT_TLS);
	flow_set_deadline(flow, flow->host->conf->flow_handshake_timeout_ms);
	return true;
}

/* --- CLIENT_TLS --- */

/* Whatever the client was told, or could tell from our certificate, when it got
 * its ticket must be the same again: its session then stands for no more than a
 * full handshake now would. What it offers is in it too, since mbedTLS notes
 * neither its suites nor its extended master secret (RFC 7627 section 5.3). */
static int
set_terms(const struct flow *flow, struct ticket_terms *terms)
{
	const struct flow_host *host = flow->host;
	const struct hello *hello = flow->hello;
	char text[INET6_ADDRSTRLEN];
	struct digest d;

	*terms = (struct ticket_terms){.tickets = host->tickets,
	    .now_ms = host->tick_ms, .life_ms = host->conf->client_ticket_life_ms};
	digest_begin(&d);
	digest_text(&d, hello->server_name);
	digest_text(&d, flow_host_name(flow, text));
	digest_text(&d, side_tls_alpn(&flow->server));
	digest_number(&d, side_tls_version(&flow->server));
	digest_text(&d, flow->tls.verification);
	digest_number(&d, flow->mirror_invalid);
	digest_bytes(&d, flow->leaf->entry.id, sizeof(flow->leaf->entry.id));
	digest_bytes(&d, hello_values(hello, &hello->suites),
	    hello->suites.count * sizeof(uint16_t));
	digest_number(&d, hello->extended_master_secret);
	return digest_end(&d, terms->binding);
}

/* A client that sent early data, which nobody here can read, is to say hello once
 * more: what it sent until then is left out. One that has a key share for each of
 * its groups cannot be asked to, and fails. */
static void
ask_again(const struct flow *flow, struct offer *offer,
    struct side_tls_options *options)
{
	if (!flow->hello->early_data ||
	    options->most != MBEDTLS_SSL_VERSION_TLS1_3 ||
	    !offer_to_retry(flow->hello, offer))
		return;
	options->offer = offer;
	options->early_data_behind = flow->hello_bytes;
}

/* What the client's library cut into odd records, ours might not take. */
static void
join_hello(struct flow *flow)
{
	struct buf *held = &flow->client.input;
	size_t spare = hello_join(buf_data(held), flow->hello_bytes);

	buf_consume(held, spare);
	flow->hello_bytes -= spare;
}

static int
start_tls(struct flow *flow)
{
	struct ticket_terms terms;
	struct offer offer;
	struct side_tls_options options = {
	    .server = true,
	    .keylog = flow->host->keylog,
	    .alpn = flow->client_alpn,
	    .least = MBEDTLS_SSL_VERSION_TLS1_2,
	    .most = side_tls_version(&flow->server),
	    .certificate = &flow->leaf->chain,
	    .key = &flow->leaf->key->pk,
	};

	if (flow->host->conf->client_ticket_life_ms > 0 &&
	    set_terms(flow, &terms) == 0)
		options.tickets = &terms;
	join_hello(flow);
	ask_again(flow, &offer, &options);
	flow->client_alpn[0] = side_tls_alpn(&flow->server);
	return side_tls_start(&flow->client, &options);
}

bool
downstream_tls(struct flow *flow)
{
	int error = flow->client.tls == NULL ? start_tls(flow) : 0;

	if (error == 0)
		error = side_tls_handshake(&flow->client);
	if (error == E_AGAIN)
		return false;
	if (error != 0) {
		bypass_client_failed(flow);
		flow_close(flow, CLOSE_CLIENT_TLS, err_text(error));
		return false;
	}
	if (flow->server_failed) { /* the client did not mind the leaf */
		flow_close(flow, CLOSE_UPSTREAM_INVALID, flow->tls.verification);
		return false;
	}
	flow->tls_done_us = flow->host->now_us;
	flow_make_facts(flow);
	bypass_watch_data(flow);
	flow_report_tls(flow);
	flow_set_state(flow, FLOW_STATE_RELAY);
	flow_set_idle_deadline(flow);
	return true;
}
