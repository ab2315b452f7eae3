/* SPDX-License-Identifier: ISC */
/*
 * Both directions of a flow that stands: read, show the tap a copy, write. What
 * the tap makes of it changes nothing here. Back-pressure is not reading;
 * half-close and resets are carried through. Worker only.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "mitm/flow_parts.h"
#include "mitm/http_fields.h"
#include "mitm/tls.h"

/* Reads of one direction in one step; then other flows have their turn. */
#define ROUNDS_PER_STEP 8
#define MESSAGE_BYTES_MAX ((size_t)1024 * 1024) /* of a WebSocket, in one record */

/* --- the tap --- */

static void
on_http(void *context, const struct http_exchange *exchange)
{
	struct flow *flow = context;

	bool is_over = exchange->incomplete != HTTP_CONTINUES;

	if (is_over) {
		flow_ech_exchange(flow, exchange);
		flow_keep_service(flow, exchange);
	}
	flow->exchanges += is_over;
	if (exchange->capture != CAPTURE_COUNT)
		flow->host->on_http(flow->host->context, flow, exchange);
	else
		flow->exchanges_counted += is_over;
}

static void
on_body(void *context, const struct body_part *part)
{
	struct flow *flow = context;

	flow->host->on_body(flow->host->context, flow, part);
}

static void
on_websocket(void *context, const struct websocket_message *message)
{
	struct flow *flow = context;

	if (message->capture == CAPTURE_COUNT)
		flow->messages_counted++;
	else
		flow->host->on_websocket(flow->host->context, flow, message);
}

static struct capture_verdict
on_capture(void *context, const struct http_exchange *e, bool answered)
{
	const struct flow *flow = context;
	const struct capture_subject subject = {
	    .host = record_http_host(&flow->facts, e),
	    .method = e->method,
	    .answered = answered,
	    .status = e->status,
	    .type = http_fields_find(e->response.fields, e->response.field_count,
	        "content-type"),
	};

	return capture_rules_ask(flow->capture_rules, &flow->capture, &subject);
}

/* The rules that hold for all of the flow, and what they ask of it; the header knows
 * that. */
static void
take_capture_rules(struct flow *flow)
{
	const struct flow_header *h = flow->header;
	const struct policy_subject subject = {.address = &h->destination,
	    .executable = text_or_null(h->executable),
	    .signing_id = text_or_null(h->signing_id),
	    .team_id = text_or_null(h->team_id)};

	flow->capture_rules = capture_rules_hold(flow->host->capture_rules);
	if (flow->capture_rules != NULL)
		flow->capture = capture_rules_flow(flow->capture_rules, &subject);
}

static void
on_dns_bytes(void *context, uint64_t serial, uint64_t offset, struct bytes in)
{
	flow_ech_bytes(context, serial, offset, in);
}

static const char *
transport_of(const struct flow *flow, const struct dns_transaction *t)
{
	if (t->serial != 0)
		return flow->facts.tls ? "https" : "http";
	if (flow->header != NULL && flow->header->transport == FLOW_DATAGRAM)
		return "udp";
	return flow->facts.tls ? "tls" : "tcp";
}

static void
on_dns(void *context, const struct dns_transaction *transaction)
{
	struct flow *flow = context;
	struct dns_transaction t = *transaction;

	flow->exchanges += t.serial == 0; /* else it was counted as one of HTTP */
	t.transport = transport_of(flow, &t);
	t.ech_stripped = t.response != NULL && flow_ech_changes(flow);
	flow_keep_names(flow, &t);
	flow->host->on_dns(flow->host->context, flow, &t);
}

/* Of what could be read only the name is told: its first bytes are not for a record
 * that nothing is redacted in. */
static void
leave_out(struct flow *flow, enum tap_protocol protocol)
{
	flow->protocol = tap_protocol_name(protocol);
	flow->unread = true;
	flow->first_length[FROM_CLIENT] = flow->first_length[FROM_SERVER] = 0;
}

static size_t
smaller(uint64_t a, uint64_t b)
{
	return (size_t)(a < b ? a : b);
}

void
relay_start_tap(struct flow *flow, enum tap_protocol protocol)
{
	const struct conf *conf = flow->host->conf;
	uint64_t body_bytes = conf->capture_body_bytes;
	const struct tap_limits limits = {
	    .head_bytes = conf->capture_head_bytes,
	    .bodies = {
		.inline_bytes = smaller(body_bytes, conf->capture_inline_bytes),
		.body_bytes = body_bytes,
		.content_bytes = conf->capture_decoded_bytes,
		.as_sent_bytes = conf->capture_as_sent_bytes,
		.interval_us = conf->capture_interval_ms * 1000,
		.budget = &flow->host->bodies,
		.redact = &flow->host->redact_rules,
	    },
	    .message_bytes = smaller(body_bytes, MESSAGE_BYTES_MAX),
	    .pipelined = 1024,
	    .streams = 16384,
	    .pending_bytes = (size_t)8 * 1024 * 1024,
	    .dns_questions = 1024,
	    .dns_timeout_us = conf->dns_timeout_ms * 1000,
	    .dns_memory = &flow->host->dns_memory,
	};
	struct tap_sink sink = {.context = flow, .http = on_http,
	    .body = on_body, .websocket = on_websocket, .dns = on_dns,
	    .capture = flow->capture_rules == NULL ? NULL : on_capture};

	if (flow->left_out) {
		leave_out(flow, protocol);
		return;
	}
	flow_ech_begin(flow);
	if (flow->ech != NULL)
		sink.dns_bytes = on_dns_bytes;
	flow->tap = tap_new(protocol, &limits, &sink);
	flow->protocol = tap_protocol_name(protocol);
}

/* By ALPN and the client's first bytes, up to the 64 that the flow keeps. */
static void
choose_tap(struct flow *flow)
{
	size_t seen = flow->first_length[FROM_CLIENT];
	int protocol = flow->verdict.decision != DECIDE_INSPECT ? TAP_NOTHING
	    : tap_choose(flow->client_alpn[0], flow->facts.port,
	          flow->first[FROM_CLIENT], seen);

	if (protocol > TAP_NOTHING)
		relay_start_tap(flow, (enum tap_protocol)protocol);
	flow->tap_decided = protocol != E_MORE || seen == sizeof(flow->first[0]);
}

static void
feed_tap(struct flow *flow, enum direction direction, const uint8_t *bytes,
    size_t length)
{
	if (flow->tap == NULL)
		return;
	bool reads = tap_feed(flow->tap, direction, bytes, length,
	    flow->host->now_us);
	flow->protocol = tap_protocol_name(tap_reads(flow->tap));
	if (reads)
		return;
	flow->gave_up.why = tap_ended(flow->tap);
	memcpy(flow->gave_up.from, flow->bytes, sizeof(flow->bytes));
	tap_free(flow->tap);
	flow->tap = NULL;
}

/* Bytes seen before it was chosen are in `first`. */
void
relay_show_tap(struct flow *flow, enum direction direction, const uint8_t *bytes,
    size_t length)
{
	flow->bytes[direction] += length;
	if (direction == FROM_SERVER)
		bypass_read_reply(flow, bytes, length);
	if (flow->tap_decided) {
		if (flow->tap != NULL)
			feed_tap(flow, direction, bytes, length);
		else if (flow->exchanges == 0 && flow->starttls == NULL &&
		    !flow->unread)
			flow_note_first(flow, direction, bytes, length);
		return;
	}
	size_t seen = flow->first_length[FROM_CLIENT];
	flow_note_first(flow, direction, bytes, length);
	choose_tap(flow);
	if (direction == FROM_SERVER)
		flow->tap_decided = true; /* it spoke first: by ALPN or never */
	else
		feed_tap(flow, direction, flow->first[FROM_CLIENT], seen);
	feed_tap(flow, direction, bytes, length);
}

void
relay_finish_taps(struct flow *flow)
{
	if (flow->tap == NULL)
		return;
	tap_finish(flow->tap, flow->host->now_us);
	tap_free(flow->tap);
	flow->tap = NULL;
}

/* Of host->tick_ms, which no one sets back. While the log is full nothing is told. */
static void
set_tap_tick(struct flow *flow)
{
	const struct flow_host *host = flow->host;
	const struct conf *conf = host->conf;
	uint64_t most_ms = conf->capture_interval_ms > conf->dns_timeout_ms
	    ? conf->capture_interval_ms : conf->dns_timeout_ms;
	uint64_t due_us = flow->tap == NULL || host->paused ? BODY_NEVER
	                                                    : tap_due_us(flow->tap);

	flow->tap_ms = 0;
	if (due_us == BODY_NEVER)
		return;
	uint64_t in_us = due_us > host->now_us ? due_us - host->now_us : 0;
	flow->tap_ms = host->tick_ms +
	    smaller((in_us + 999) / 1000, most_ms);
}

/* That, or sooner when something waits for a message of DNS to be whole. */
void
relay_set_tick(struct flow *flow)
{
	uint64_t at_ms = flow_ech_wakes_ms(flow);

	set_tap_tick(flow);
	if (at_ms != 0 && (flow->tap_ms == 0 || at_ms < flow->tap_ms))
		flow->tap_ms = at_ms;
}

void
relay_tick(struct flow *flow)
{
	if (flow->tap != NULL && !flow->host->paused)
		tap_tick(flow->tap, flow->host->now_us);
	if (flow_ech_expire(flow) && flow->state == FLOW_STATE_RELAY)
		flow_step(flow);
	else
		relay_set_tick(flow);
}

/* --- the bytes --- */

static void
close_for(struct flow *flow, enum direction direction, const struct side *side,
    int error)
{
	switch (error) {
	case E_CLOSED:
		flow_close(flow,
		    direction == FROM_CLIENT ? CLOSE_RESET_BY_CLIENT
		                             : CLOSE_RESET_BY_SERVER,
		    NULL);
		break;
	case E_DENIED:
		side_refuse(&flow->client, ALERT_HANDSHAKE_FAILURE);
		flow_close(flow, CLOSE_UPSTREAM_TLS,
		    "the server chose what is too old or too weak");
		break;
	case E_CRYPTO:
		flow_close(flow, CLOSE_TLS_ERROR,
		    side_tls_error(side, flow->tls_error));
		break;
	default:
		flow_close(flow, CLOSE_SYSTEM_ERROR,
		    side->system_error != 0 ? strerror(side->system_error)
		                            : err_text(error));
		break;
	}
}

static struct side *
side_of(struct flow *flow, enum direction direction)
{
	return direction == FROM_CLIENT ? &flow->client : &flow->server;
}

static enum direction
other(enum direction direction)
{
	return direction == FROM_CLIENT ? FROM_SERVER : FROM_CLIENT;
}

/* The end of one direction goes on to the other side as it came: with or
 * without TLS's own end. */
static int
carry_end(struct flow *flow, enum direction direction)
{
	struct side *from = side_of(flow, direction);
	struct side *to = side_of(flow, other(direction));

	if (flow->tap != NULL)
		tap_eof(flow->tap, direction, flow->host->now_us);
	return side_end(to, from->close_notify || from->tls == NULL);
}

static int
read_some(struct flow *flow, enum direction direction)
{
	const struct flow_host *host = flow->host;
	size_t most = side_turn_bytes(&host->io);

	if (flow->dialogue != NULL)
		return dialogue_read(flow, direction);
	if (direction == FROM_SERVER)
		most = flow_ech_turn_bytes(flow, most);
	return side_read(side_of(flow, direction), host->scratch, most);
}

/* Of what was read, to the tap and to the other side. */
static int
pass_on(struct flow *flow, enum direction direction, size_t length)
{
	uint8_t *bytes = flow->host->scratch;

	if (direction == FROM_SERVER && flow->ech != NULL)
		return flow_ech_pass(flow, bytes, length);
	relay_show_tap(flow, direction, bytes, length);
	return side_write(side_of(flow, other(direction)), bytes, length);
}

/* Nothing came, now or ever: what waits for more may go on. */
static int
let_go(struct flow *flow, enum direction direction, int n)
{
	bool is_over = n != E_AGAIN || flow_ech_is_late(flow);

	return direction == FROM_SERVER && is_over ? flow_ech_let_go(flow) : 0;
}

/* One read and one write. 1: there may be more; 0: wait; else the error, with
 * *culprit the direction of the side it came from. */
static int
pass_some(struct flow *flow, enum direction direction, enum direction *culprit)
{
	struct flow_host *host = flow->host;

	*culprit = direction;
	int n = read_some(flow, direction);
	int error = n > 0 ? 0 : let_go(flow, direction, n);
	if (error != 0) {
		*culprit = other(direction);
		return error;
	}
	if (n == E_AGAIN)
		return 0;
	if (n < 0)
		return n;
	flow->active_ms = host->tick_ms;
	host->now_us = clock_wall_us(); /* a step may take a while by now */
	*culprit = other(direction);
	if (n == 0)
		return carry_end(flow, direction);
	if (direction == FROM_SERVER && flow->answer != NULL &&
	    !bypass_answer_stands(flow, host->scratch, (size_t)n))
		return E_DENIED;
	error = pass_on(flow, direction, (size_t)n);
	return error != 0 ? error : 1;
}

bool
relay_pump(struct flow *flow, enum direction direction)
{
	struct side *to = side_of(flow, other(direction));
	enum direction culprit = other(direction);
	int outcome = side_flush(to);

	for (int round = 0; outcome == 0 || outcome == 1; round++) {
		if (side_blocked(to) || to->end_wanted || flow->host->paused)
			return true;
		if (round == ROUNDS_PER_STEP) {
			flow->again = true;
			return true;
		}
		outcome = pass_some(flow, direction, &culprit);
		if (outcome == 0)
			return true;
	}
	close_for(flow, culprit, side_of(flow, culprit), outcome);
	return false;
}

bool
relay_step(struct flow *flow)
{
	if (flow->header != NULL) {
		take_capture_rules(flow);
		/* Nothing below asks the header again. */
		free(flow->header);
		flow->header = NULL;
	}
	if (!relay_pump(flow, FROM_CLIENT) || !relay_pump(flow, FROM_SERVER))
		return false;
	if (!flow->client.end_wanted || !flow->server.end_wanted)
		return false;
	flow_set_state(flow, FLOW_STATE_DRAIN);
	return true;
}

bool
relay_drain(struct flow *flow)
{
	int error = side_flush(&flow->client);

	if (error == 0)
		error = side_flush(&flow->server);
	if (error != 0)
		close_for(flow, flow->client.reset ? FROM_CLIENT : FROM_SERVER,
		    flow->client.reset ? &flow->client : &flow->server, error);
	else if (!side_blocked(&flow->client) && !side_blocked(&flow->server))
		flow_close(flow, CLOSE_FINISHED, NULL);
	return false;
}
