/* SPDX-License-Identifier: ISC */
/*
 * The worker's own parts, between worker.c (flows and the poller),
 * worker_records.c (events into the ring), worker_leafs.c (the signer),
 * worker_trust.c (what servers are verified against), worker_sources.c (clients'
 * ends), worker_peers.c (who may connect) and control.c (control.sock).
 */
#ifndef SIGHTGLASS_DAEMON_WORKER_H
#define SIGHTGLASS_DAEMON_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/attr.h"
#include "base/buf.h"
#include "daemon/forwarders.h"
#include "daemon/role.h"
#include "daemon/sink.h"
#include "mitm/flow.h"
#include "mitm/rsa_maker.h"

/* One side's registration with the poller. */
struct watch {
	struct event event;
	bool added;
	short what; /* EV_READ | EV_WRITE, as added */
};

struct worker_flow {
	TAILQ_ENTRY(worker_flow) all;
	struct worker *worker;
	struct flow *flow; /* owned */
	struct watch watches[2];
	struct event timer;
	uint64_t timer_ms; /* when it fires, of the host's tick; 0: not set */
	struct mint *mint; /* the leaf it waits for, or NULL */
	TAILQ_ENTRY(worker_flow) waiting;
	uint64_t source_ticket; /* asked of the parent; 0: not, or answered */
	TAILQ_ENTRY(worker_flow) unsourced;
};

/* A leaf asked of the signer, for all flows that wait for the same. */
struct mint {
	TAILQ_ENTRY(mint) all;
	uint64_t ticket;
	struct leaf_id id;
	struct leaf_key *key; /* counted reference */
	struct buf request; /* the message, to be sent again to a new signer */
	bool limited; /* over the signer's rate: to be asked again */
	TAILQ_HEAD(leaf_waiters, worker_flow) waiters;
};

TAILQ_HEAD(worker_flows, worker_flow);
TAILQ_HEAD(mints, mint);

struct worker {
	struct role role;
	struct flow_host host;
	struct board_worker *counters;
	struct forwarders forwarders;
	struct trust trust;
	struct keylog keylog;
	struct policy *policy;
	struct sample *sample;
	struct policy *never;     /* bypass.never */
	struct invalid *invalid;  /* upstream.invalid, by host too */
	struct client_certificates *client_certificates;
	struct dns_names names;   /* mapped; shared with the other workers */
	struct bypass *bypasses;  /* a copy of the parent's entries */
	char *rules;              /* of all lists, mapped: MSG_RULES */
	size_t rules_bytes;

	int flow_socket, control_socket;
	int first_signer; /* until there is a place for what it says, or -1 */
	struct event *accepting, *accept_again;
	struct worker_flows flows;
	size_t flow_count;
	struct worker_flows unsourced; /* in the order in which they asked */
	uint64_t last_source_ticket;
	struct {
		uint8_t admitted[FLOW_AUDIT_TOKEN_BYTES]; /* of the last one */
		uint64_t admitted_until_ms;               /* of the host's tick */
		uint64_t warn_after_ms;
	} peers;
	bool draining;
	struct event *drain_timer;

	struct sink sink;
	struct event *woken;

	struct channel signer;
	struct mints mints;
	struct event *ask_again; /* for those that are limited */
	mbedtls_x509_crt own_cas; /* the CA, and the one that is to follow */
	uint64_t next_ticket;
	struct rsa_maker *rsa_maker; /* while it makes a key */
	struct event *rsa_made;

	struct control *control;
};

/* Steps the flow, tells the poller what it waits for now, and frees it when it
 * has ended. */
void worker_step(struct worker_flow *wf) NONNULL(1);

/* Reads the clocks for what follows. */
void worker_tick(struct worker *w) NONNULL(1);

/* --- worker_records.c --- */
void records_on_header(void *context, const struct flow *flow);
void records_on_http(void *context, struct flow *flow,
    const struct http_exchange *exchange);
void records_on_body(void *context, struct flow *flow,
    const struct body_part *part);
void records_on_websocket(void *context, struct flow *flow,
    const struct websocket_message *message);
void records_on_dns(void *context, struct flow *flow,
    const struct dns_transaction *transaction);
void records_on_tls(void *context, struct flow *flow,
    const struct tls_event *event);
void records_on_flow(void *context, struct flow *flow,
    const struct flow_event *event);
/* Puts the backlog into the ring, as far as it goes. True: it is empty. */
bool records_flush(struct worker *w) WUNRES NONNULL(1);

/* --- worker_leafs.c --- */
int leafs_request(void *context, struct flow *flow, struct leaf_key *key,
    const struct names *names) WUNRES;
/* Begins to make an RSA key; the flows that wait are stepped when it is there. */
void leafs_make_rsa(void *context);
/* The flow ends and waits no more. */
void leafs_forget(struct worker_flow *wf) NONNULL(1);
/* Takes over the channel to a signer (fd); what is asked for is asked again. */
void leafs_connect(struct worker *w, int fd) NONNULL(1);

/* --- worker_trust.c --- */
/* MSG_TRUST. */
void trust_take_roots(struct worker *w, const struct msg *m) NONNULL(1, 2);
/* Takes over the descriptor and reads the file. */
void trust_take_crl(struct worker *w, int fd) NONNULL(1);
/* The lists that came count from now on. */
void trust_take_crls_done(struct worker *w) NONNULL(1);
/* Takes upstream.distrust from the settings. */
void trust_configure(struct worker *w) NONNULL(1);

/* --- worker_bypass.c --- */
void bypasses_report(void *context, const struct bypass_key *key,
    enum bypass_why why);
/* Asks the parent; control_answered follows. key may be NULL. */
int bypasses_ask(struct worker *w, const struct msg_bypass_ask *ask,
    const struct bypass_key *key) WUNRES NONNULL(1, 2);
/* MSG_BYPASS. */
void bypasses_take(struct worker *w, const struct msg *m) NONNULL(1, 2);

/* --- worker_peers.c --- */
/* Whether the peer of a connection is root, our own user or, where bridge.group
 * is set, whoever the sockets' mode lets in for it; and signed as bridge.signed_by
 * asks. */
bool worker_welcomes(struct worker *w, int fd) WUNRES NONNULL(1);
/* bridge.signed_by may be new. */
void peers_configure(struct worker *w) NONNULL(1);

/* --- worker_sources.c --- */
void sources_ask(void *context, struct flow *flow, const struct endpoint *remote);
/* The flow ends and waits no more. */
void sources_forget(struct worker_flow *wf) NONNULL(1);
/* MSG_SOURCE. */
void sources_take(struct worker *w, const struct msg *m) NONNULL(1, 2);

/* --- control.c --- */
struct control;
/* Serves control.sock's listening descriptor (borrowed). NULL: out of memory. */
struct control *control_new(struct worker *w, int listener) WUNRES NONNULL(1);
void control_free(struct control *c);
/* The parent's answer to MSG_RELOAD. */
void control_reloaded(struct control *c, const struct msg *m) NONNULL(1, 2);
/* ... and to MSG_BYPASS_ASK. */
void control_answered(struct control *c, const struct msg *m) NONNULL(1, 2);

#endif
