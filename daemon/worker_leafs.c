/* SPDX-License-Identifier: ISC */
/*
 * The worker's questions to the signer. Flows that want the same leaf share one
 * question; a signer that is restarted is asked again; a flow that ends stops
 * waiting. And the RSA key, which is made when a client first needs one. Worker
 * only.
 */
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/err.h"
#include "daemon/worker.h"

#define REQUEST_BYTES_MAX (64u * 1024)
#define ASK_AGAIN_MS 50u
#define RATE_MET "the signer's rate, leaf.rate, was met"

static int
send_mint(struct worker *w, const struct mint *mint)
{
	return channel_send(&w->signer, MSG_MINT, buf_data(&mint->request),
	    buf_length(&mint->request), -1);
}

static struct mint *
find(struct worker *w, const struct leaf_id *id)
{
	struct mint *mint;

	TAILQ_FOREACH (mint, &w->mints, all)
		if (memcmp(&mint->id, id, sizeof(*id)) == 0)
			return mint;
	return NULL;
}

static void
drop(struct worker *w, struct mint *mint)
{
	TAILQ_REMOVE(&w->mints, mint, all);
	leaf_key_release(mint->key);
	buf_free(&mint->request);
	free(mint);
}

/* The message's bytes: head, public key, names. */
static int
write_request(struct mint *mint, const struct names *names)
{
	size_t key_length;
	const uint8_t *key = leaf_key_public(mint->key, &key_length);
	const struct msg_mint head = {.ticket = mint->ticket,
	    .key_length = (uint32_t)key_length};
	int error = buf_append(&mint->request, &head, sizeof(head));

	if (error == 0)
		error = buf_append(&mint->request, key, key_length);
	return error != 0 ? error : names_write(names, &mint->request);
}

static struct mint *
new_mint(struct worker *w, const struct leaf_id *id, struct leaf_key *key,
    const struct names *names)
{
	struct mint *mint = calloc(1, sizeof(*mint));

	if (mint == NULL)
		return NULL;
	mint->ticket = ++w->next_ticket;
	mint->id = *id;
	mint->key = leaf_key_hold(key);
	TAILQ_INIT(&mint->waiters);
	buf_init(&mint->request, REQUEST_BYTES_MAX);
	if (write_request(mint, names) != 0) {
		leaf_key_release(mint->key);
		buf_free(&mint->request);
		free(mint);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&w->mints, mint, all);
	/* With no signer just now it is sent when the next one comes. */
	if (w->signer.fd >= 0 && send_mint(w, mint) != 0)
		diag_warning("the signer does not listen: waiting for its restart");
	return mint;
}

int
leafs_request(void *context, struct flow *flow, struct leaf_key *key,
    const struct names *names)
{
	struct worker *w = context;
	struct worker_flow *wf = flow->attachment;
	struct leaf_id id;

	leafs_id(w->host.leafs, key, names, false, &id);
	struct mint *mint = find(w, &id);
	if (mint == NULL)
		mint = new_mint(w, &id, key, names);
	if (mint == NULL)
		return E_NOMEM;
	wf->mint = mint;
	TAILQ_INSERT_TAIL(&mint->waiters, wf, waiting);
	if (mint->limited)
		flow->leaf_trouble = RATE_MET;
	return 0;
}

void
leafs_forget(struct worker_flow *wf)
{
	struct mint *mint = wf->mint;

	if (mint == NULL)
		return;
	TAILQ_REMOVE(&mint->waiters, wf, waiting);
	wf->mint = NULL;
	/* The question stays: its answer goes into the cache. */
}

/* Gives the leaf (or the news that there is none) to all that wait. */
static void
settle(struct worker *w, struct mint *mint, struct leaf *leaf, const char *why)
{
	struct worker_flow *wf;

	while ((wf = TAILQ_FIRST(&mint->waiters)) != NULL) {
		leafs_forget(wf);
		if (leaf != NULL) {
			leaf->references++;
			flow_leaf_ready(wf->flow, leaf);
		} else {
			flow_leaf_failed(wf->flow, why);
		}
		worker_step(wf);
	}
	drop(w, mint);
}

/* --- the signer's rate --- */

static void
ask_again_later(struct worker *w)
{
	const struct timeval in = {.tv_usec = ASK_AGAIN_MS * 1000};

	if (!event_pending(w->ask_again, EV_TIMEOUT, NULL))
		(void)event_add(w->ask_again, &in);
}

/* As many as the rate lets pass, the oldest first. What nobody waits for any
 * more is given up. */
static void
on_ask_again(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct worker *w = context;
	uint64_t most = w->role.conf->leaf_rate * ASK_AGAIN_MS / 1000 + 1;
	struct mint *mint, *next;

	for (mint = TAILQ_FIRST(&w->mints); mint != NULL; mint = next) {
		next = TAILQ_NEXT(mint, all);
		if (!mint->limited)
			continue;
		if (TAILQ_EMPTY(&mint->waiters)) {
			drop(w, mint);
			continue;
		}
		if (most-- == 0) {
			ask_again_later(w);
			return;
		}
		mint->limited = false;
		if (w->signer.fd >= 0 && send_mint(w, mint) != 0)
			return; /* the next signer is asked for all */
	}
}

/* The flows wait on, and say why should their time run out. */
static void
wait_for_rate(struct worker *w, struct mint *mint)
{
	struct worker_flow *wf;

	mint->limited = true;
	TAILQ_FOREACH (wf, &mint->waiters, waiting)
		wf->flow->leaf_trouble = RATE_MET;
	ask_again_later(w);
}

/* --- answers --- */

static struct mint *
find_ticket(struct worker *w, uint64_t ticket)
{
	struct mint *mint;

	TAILQ_FOREACH (mint, &w->mints, all)
		if (mint->ticket == ticket)
			return mint;
	return NULL;
}

static void
take_leaf(struct worker *w, const struct msg *m)
{
	struct msg_leaf head;
	struct leaf *leaf = NULL;

	memcpy(&head, m->payload, sizeof(head));
	struct mint *mint = find_ticket(w, head.ticket);
	if (mint == NULL)
		return;
	if (head.error == E_LIMIT) {
		wait_for_rate(w, mint);
		return;
	}
	if (head.error == 0)
		leaf = leafs_add(w->host.leafs, &mint->id, mint->key,
		    m->payload + sizeof(head), m->length - sizeof(head),
		    w->host.now_us / 1000000);
	settle(w, mint, leaf, head.error != 0 ? err_name(head.error) : "bad leaf");
	leaf_release(leaf);
}

/* Not those above ours: others may have certificates from them too. */
static int
take_own(struct worker *w, const uint8_t *der, size_t length, bool first)
{
	if (first) {
		mbedtls_x509_crt_free(&w->own_cas);
		mbedtls_x509_crt_init(&w->own_cas);
	}
	return scope_parse_certificate(NULL, &w->own_cas, der, length);
}

static void
take_ca(struct worker *w, const struct msg *m)
{
	struct msg_ca head;
	const uint8_t *der = m->payload + sizeof(head);

	memcpy(&head, m->payload, sizeof(head));
	if ((uint64_t)head.chain_bytes + head.next_bytes !=
	        m->length - sizeof(head) ||
	    leafs_set_issuer(w->host.leafs, der, head.chain_bytes) != 0 ||
	    take_own(w, der, head.chain_bytes, true) != 0 ||
	    (head.next_bytes > 0 &&
	        take_own(w, der + head.chain_bytes, head.next_bytes, false) != 0))
		diag_fatal("the signer's CA certificate cannot be read");
	w->host.own_ca = &w->own_cas;
	trust_changed(&w->trust); /* no server may have a certificate of them */
}

static void
on_message(void *context, struct channel *c UNUSED, struct msg *m)
{
	struct worker *w = context;

	worker_tick(w);
	if (m->type == MSG_LEAF)
		take_leaf(w, m);
	else if (m->type == MSG_CA)
		take_ca(w, m);
}

static void
on_closed(void *context UNUSED, struct channel *c UNUSED)
{
	/* The parent restarts the signer and brings a new channel. */
}

void
leafs_connect(struct worker *w, int fd)
{
	struct mint *mint;

	if (w->signer.fd >= 0)
		channel_close(&w->signer);
	if (channel_open(&w->signer, w->role.base, fd, FROM_SIGNER) != 0)
		diag_fatal("cannot open the signer's channel");
	w->signer.on_message = on_message;
	w->signer.on_closed = on_closed;
	w->signer.context = w;
	if (w->ask_again == NULL)
		w->ask_again = evtimer_new(w->role.base, on_ask_again, w);
	if (w->ask_again == NULL)
		diag_fatal("out of memory");
	TAILQ_FOREACH (mint, &w->mints, all) {
		mint->limited = false;
		if (send_mint(w, mint) != 0)
			break;
	}
}

/* --- the RSA key --- */

static void
step_waiting(struct worker *w)
{
	struct worker_flow *wf, *next;

	for (wf = TAILQ_FIRST(&w->flows); wf != NULL; wf = next) {
		next = TAILQ_NEXT(wf, all);
		if (wf->flow->state == FLOW_STATE_LEAF)
			worker_step(wf);
	}
}

static void
on_rsa_made(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct worker *w = context;
	mbedtls_pk_context key;

	worker_tick(w);
	event_free(w->rsa_made);
	int error = rsa_maker_finish(w->rsa_maker, &key);
	w->rsa_maker = NULL;
	if (error != 0)
		leafs_rsa_failed(w->host.leafs);
	else
		error = leafs_put_rsa(w->host.leafs, &key, w->host.tick_ms);
	mbedtls_pk_free(&key); /* nothing is in it when it was taken */
	if (error != 0)
		diag_error("no RSA key could be made: %s", err_text(error));
	else
		step_waiting(w);
}

void
leafs_make_rsa(void *context)
{
	struct worker *w = context;
	int fd;

	w->rsa_maker = rsa_maker_start(&fd);
	if (w->rsa_maker == NULL) {
		diag_error("no thread is to be had for an RSA key");
		leafs_rsa_failed(w->host.leafs);
		return;
	}
	w->rsa_made = event_new(w->role.base, fd, EV_READ, on_rsa_made, w);
	if (w->rsa_made == NULL || event_add(w->rsa_made, NULL) != 0)
		diag_fatal("out of memory");
}
