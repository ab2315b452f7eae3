/* SPDX-License-Identifier: ISC */
/*
 * What the files of a flow call of each other; flow.h is for others. A state of a flow is
 * a step in intake.c, upstream.c, downstream.c, dialogue.c, relay.c or datagrams.c.
 * Worker only.
 */
#ifndef SIGHTGLASS_MITM_FLOW_PARTS_H
#define SIGHTGLASS_MITM_FLOW_PARTS_H

#include "mitm/flow.h"

/* --- flow.c --- */

void flow_set_state(struct flow *flow, enum flow_state state) NONNULL(1);
/* ... or sooner: when flow.total_timeout ends. */
void flow_set_deadline(struct flow *flow, uint64_t in_ms) NONNULL(1);
/* Until flow.idle_timeout has passed without a byte. */
void flow_set_idle_deadline(struct flow *flow) NONNULL(1);
/* Makes flow->facts, once server name and addresses are known. */
void flow_make_facts(struct flow *flow) NONNULL(1);
/* Notes bytes that no tap reads: the first 64 go into the flow record. */
void flow_note_first(struct flow *flow, enum direction direction,
    const uint8_t *bytes, size_t length) NONNULL(1, 3);
/* Writes the tls record, once. */
void flow_report_tls(struct flow *flow) NONNULL(1);

/* The name the flow is for: SNI, else AUTHORITY, else NULL. */
const char *flow_server_name(const struct flow *flow) NONNULL(1);
/* The address that the client connected to, in `text` (INET6_ADDRSTRLEN bytes).
 * Until the relay begins. */
const char *flow_destination(const struct flow *flow, char *text)
    NONNULL(1, 2);
/* ... and its port. */
uint16_t flow_destination_port(const struct flow *flow) NONNULL(1);
/* Holds the socket towards the server, of that family and not connected yet, to the
 * interface that the header names, if it does. 0, or -1 with errno. */
int flow_bind_server(const struct flow *flow, sa_family_t family) WUNRES NONNULL(1);
/* The name, else that address. */
const char *flow_host_name(const struct flow *flow, char *text) NONNULL(1, 2);

/* An empty text of the forwarder's header is none. */
static inline const char *
text_or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

/* --- intake.c. Of the steps, here and below: true: the state changed, step again;
 * false: wait. --- */

bool intake_header(struct flow *flow) WUNRES NONNULL(1);
bool intake_sniff(struct flow *flow) WUNRES NONNULL(1);
bool intake_decide(struct flow *flow) WUNRES NONNULL(1);
void intake_sniff_expired(struct flow *flow) NONNULL(1);
/* What is to be done with what goes to `address`; until the relay begins. */
struct verdict intake_ask_policy(const struct flow *flow,
    const struct sockaddr_storage *address) WUNRES NONNULL(1, 2);

/* --- upstream.c --- */

bool upstream_connect(struct flow *flow) WUNRES NONNULL(1);
bool upstream_next_address(struct flow *flow) WUNRES NONNULL(1);
/* From UPSTREAM_TLS back to CONNECT, to the address that had answered. */
void upstream_again(struct flow *flow) NONNULL(1);
/* ... to be opened: nothing that this connection told of the server is taken to be
 * true of the next. */
void upstream_anew(struct flow *flow) NONNULL(1);
/* The connection stands and the decision is made: TLS, a dialogue or the relay comes
 * next. */
void upstream_connected(struct flow *flow) NONNULL(1);
/* Whether a server's alert is about what the client itself offered. */
bool upstream_answers_client(int alert) WUNRES;
bool upstream_tls(struct flow *flow) WUNRES NONNULL(1);

/* --- upstream_session.c --- */

/* Adds a session to what is offered to the server, when there
 * is one to go on with, and has what the server gives kept. */
void upstream_offer_session(struct flow *flow, struct side_tls_options *options)
    NONNULL(1, 2);
/* When the handshake with the server is done or has failed with `error`: true when
 * the session offered is not to be gone on with; it is asked again without, on a
 * new connection. */
bool upstream_in_full(struct flow *flow, int error) WUNRES NONNULL(1);
/* The session's verdict is the flow's: the server went on with it. */
void upstream_use_session(struct flow *flow) NONNULL(1);
/* Keeps what the server gave to go on with: at each ticket of TLS 1.3, and when a
 * handshake of TLS 1.2 is done. */
void upstream_keep_session(struct flow *flow) NONNULL(1);
void upstream_keep_tls12_session(struct flow *flow) NONNULL(1);

/* --- bypass_flow.c --- */

/* Where a new connection would be tried and a dialogue came before: it is counted, so
 * that flows to come may be relayed. */
void bypass_next_time(struct flow *flow) NONNULL(1);
/* Relays the flow after all, on a new connection; only from UPSTREAM_TLS. False:
 * bypass.never forbids it, or a dialogue came before. */
bool bypass_splice(struct flow *flow, const char *reason) WUNRES NONNULL(1, 2);
/* A decision to inspect becomes splice when the pair has a bypass. */
void bypass_decide(struct flow *flow) NONNULL(1);
/* The server asks for a certificate of the client and we have none: unless it may
 * not be, or a dialogue came before, the flow is now to be relayed, on a new
 * connection, else it is given none; that is learned when the server verified. */
void bypass_certificate_wanted(struct flow *flow) NONNULL(1);
/* The upstream handshake failed with `error`: true when the same is to be. */
bool bypass_turned_away(struct flow *flow, int error) WUNRES NONNULL(1);
/* The server's certificates are more than mbedTLS can take, and nothing is known
 * to be wrong with them: likewise. */
bool bypass_unread_chain(struct flow *flow) WUNRES NONNULL(1);
/* The server's bytes while flow->answer is there, before they go on. False: it
 * chose, with the client, what is too old or too weak. */
bool bypass_answer_stands(struct flow *flow, const uint8_t *bytes,
    size_t length) WUNRES NONNULL(1, 2);
/* The flow is opened: if it is the control connection of FTP, what its server says is
 * read, and that it turns data connections away for their sessions is counted like
 * any failure behind a dialogue. Before the tls record is written. */
void bypass_watch_data(struct flow *flow) NONNULL(1);
void bypass_read_reply(struct flow *flow, const uint8_t *bytes, size_t length)
    NONNULL(1);
/* The client's handshake failed: perhaps it does not believe our leaf. */
void bypass_client_failed(struct flow *flow) NONNULL(1);

/* --- downstream.c --- */

/* Sets flow->leaf_kind, once the server's version is known. False: the client
 * takes no key of ours in that version. */
bool downstream_choose_key(struct flow *flow) WUNRES NONNULL(1);
bool downstream_leaf(struct flow *flow) WUNRES NONNULL(1);
bool downstream_tls(struct flow *flow) WUNRES NONNULL(1);

/* --- dialogue.c --- */

/* Has the relay that is about to begin watched, when there may be such
 * a dialogue in it: flow->dialogue is there then. */
void dialogue_begin(struct flow *flow) NONNULL(1);
bool dialogue_step(struct flow *flow) WUNRES NONNULL(1);
/* As side_read into the scratch buffer, of what may pass. */
int dialogue_read(struct flow *flow, enum direction direction) WUNRES NONNULL(1);
/* It is known what the client's next bytes are, or that TLS does not begin. */
void dialogue_end(struct flow *flow) NONNULL(1);

/* --- relay.c --- */

bool relay_step(struct flow *flow) WUNRES NONNULL(1);
/* Passes bytes in one direction until it must wait. False: the flow ended. */
bool relay_pump(struct flow *flow, enum direction direction) WUNRES NONNULL(1);
bool relay_drain(struct flow *flow) WUNRES NONNULL(1);
/* Shows the tap what passes. */
void relay_show_tap(struct flow *flow, enum direction direction,
    const uint8_t *bytes, size_t length) NONNULL(1, 3);
void relay_start_tap(struct flow *flow, enum tap_protocol protocol) NONNULL(1);
void relay_finish_taps(struct flow *flow) NONNULL(1);
/* Sets flow->tap_ms; and what is to be done then. */
void relay_set_tick(struct flow *flow) NONNULL(1);
void relay_tick(struct flow *flow) NONNULL(1);

/* --- datagrams.c --- */

bool datagrams_step(struct flow *flow) WUNRES NONNULL(1);

/* --- flow_ech.c --- */

/* A tap begins to read: makes flow->ech where it is to be. */
void flow_ech_begin(struct flow *flow) NONNULL(1);
void flow_ech_free(struct flow *flow) NONNULL(1);
/* Whether the client gets the message that the tap reads now without "ech". */
bool flow_ech_changes(const struct flow *flow) WUNRES NONNULL(1);
/* Of a datagram from a server: before the tap sees it, and after. */
void flow_ech_look(struct flow *flow, const uint8_t *message, size_t length)
    NONNULL(1);
void flow_ech_change(struct flow *flow, uint8_t *message, size_t length) NONNULL(1);
/* From the tap: see tap_sink; and an exchange is over. */
void flow_ech_bytes(struct flow *flow, uint64_t serial, uint64_t offset,
    struct bytes in) NONNULL(1);
void flow_ech_exchange(struct flow *flow, const struct http_exchange *exchange)
    NONNULL(1, 2);
/* At most so many of `most` bytes of a stream are to be read from the server... */
size_t flow_ech_turn_bytes(const struct flow *flow, size_t most) WUNRES NONNULL(1);
/* ...which with flow->ech are shown to the tap here, and go on to the client when they
 * need not wait any more. They may be changed. Errors as side_write. */
int flow_ech_pass(struct flow *flow, uint8_t *bytes, size_t length) WUNRES NONNULL(1);
/* What waits goes on as it is. */
int flow_ech_let_go(struct flow *flow) WUNRES NONNULL(1);
/* When something has waited long enough, of host->tick_ms; 0: nothing waits. Then
 * flow_ech_expire is true, once, and flow_ech_is_late until it has gone. */
uint64_t flow_ech_wakes_ms(const struct flow *flow) WUNRES NONNULL(1);
bool flow_ech_expire(struct flow *flow) WUNRES NONNULL(1);
bool flow_ech_is_late(const struct flow *flow) WUNRES NONNULL(1);

/* --- flow_process.c --- */

/* The header is there: what the kernel says of the process stands in it
 * from now on. Before anything asks who it is. */
void flow_find_process(struct flow *flow) NONNULL(1);
/* Has the client's end looked for, once, where the forwarder could not tell it: when the
 * client spoke or is known to wait, so that its connection stands. */
void flow_find_source(struct flow *flow) NONNULL(1);

/* --- flow_names.c --- */

/* The header is there: which names its destination was resolved from. */
void flow_find_names(struct flow *flow) NONNULL(1);
/* Who had announced HTTP/3, among them. */
void flow_find_announcement(struct flow *flow) NONNULL(1);
/* Keeps that an answer of HTTP announces it (RFC 7838). */
void flow_keep_service(struct flow *flow, const struct http_exchange *exchange)
    NONNULL(1, 2);
/* Keeps what an answer says of names, for flows to come. */
void flow_keep_names(const struct flow *flow, const struct dns_transaction *t)
    NONNULL(1, 2);

#endif
