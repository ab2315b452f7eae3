/* SPDX-License-Identifier: ISC */
/*
 * The life of a flow: birth, the step that dispatches on the state, deadlines,
 * and the one close, which finishes the taps and writes the records. What each
 * state does is in intake.c, upstream.c, downstream.c, dialogue.c, relay.c and
 * datagrams.c. Worker only.
 */
#include "mitm/flow.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/endpoint.h"
#include "base/err.h"
#include "base/interface.h"
#include "mitm/fingerprint.h"
#include "mitm/flow_parts.h"
#include "mitm/greeting.h"

#define FLOW_MAGIC 0x464c4f57u /* "FLOW" */

static void
new_id(struct flow *flow)
{
	struct flow_host *host = flow->host;

	host->flow_count++;
	(void)snprintf(flow->id, sizeof(flow->id), "%s-%u-%llu",
	    host->writer.run_id, host->worker,
	    (unsigned long long)host->flow_count);
}

struct flow *
flow_new(struct flow_host *host, int fd)
{
	struct flow *flow = calloc(1, sizeof(*flow));
	uint8_t *bytes = malloc(FLOW_HEADER_BYTES_MAX);

	if (flow == NULL || bytes == NULL) {
		free(flow);
		free(bytes);
		(void)close(fd);
		return NULL;
	}
	flow->magic = FLOW_MAGIC;
	flow->host = host;
	flow->header_bytes = bytes;
	flow->passed_fd = -1;
	flow->verdict = (struct verdict){DECIDE_REFUSE, "none"};
	flow->tls.client.alert_received = flow->tls.client.alert_sent = -1;
	flow->tls.server.alert_received = flow->tls.server.alert_sent = -1;
	flow->started_us = host->now_us;
	flow->active_ms = flow->born_ms = host->tick_ms;
	side_init(&flow->client, &host->io);
	side_init(&flow->server, &host->io);
	flow->client.fd = fd;
	new_id(flow);
	flow_set_deadline(flow, host->conf->flow_header_timeout_ms);
	return flow;
}

void
flow_free(struct flow *flow)
{
	if (flow == NULL)
		return;
	assert(flow->magic == FLOW_MAGIC && flow->state == FLOW_STATE_CLOSED);
	if (flow->passed_fd >= 0)
		(void)close(flow->passed_fd);
	tap_free(flow->tap);
	flow_ech_free(flow);
	capture_rules_release(flow->capture_rules);
	leaf_release(flow->leaf);
	judgement_release(flow->judgement);
	client_certificate_release(flow->client_certificate);
	session_release(flow->session);
	process_release(flow->process);
	record_facts_free(&flow->facts);
	free(flow->header);
	free(flow->header_bytes);
	free(flow->resolved);
	free(flow->announced_name);
	free(flow->dialogue);
	free(flow->ftp);
	free(flow->hello);
	free(flow->names);
	free(flow->answer);
	flow->magic = 0;
	free(flow);
}

static const char *
state_name(enum flow_state state)
{
	static const char *const names[] = {"header", "sniff", "decide", "connect",
	    "upstream_tls", "leaf", "client_tls", "dialogue", "relay", "drain",
	    "datagrams", "closed"};

	return names[state];
}

/* Which states may follow which, as bits; CLOSED may follow any. */
#define BIT(state) (1u << (state))
static const unsigned may_follow[] = {
	[FLOW_STATE_HEADER] = BIT(FLOW_STATE_SNIFF) | BIT(FLOW_STATE_DATAGRAMS),
	[FLOW_STATE_SNIFF] = BIT(FLOW_STATE_DECIDE) | BIT(FLOW_STATE_CONNECT) |
	    BIT(FLOW_STATE_DIALOGUE),
	[FLOW_STATE_DECIDE] = BIT(FLOW_STATE_CONNECT) |
	    BIT(FLOW_STATE_UPSTREAM_TLS) | BIT(FLOW_STATE_DIALOGUE) |
	    BIT(FLOW_STATE_RELAY),
	[FLOW_STATE_CONNECT] = BIT(FLOW_STATE_UPSTREAM_TLS) |
	    BIT(FLOW_STATE_DIALOGUE) | BIT(FLOW_STATE_RELAY) |
	    BIT(FLOW_STATE_SNIFF),
	[FLOW_STATE_UPSTREAM_TLS] = BIT(FLOW_STATE_LEAF) |
	    BIT(FLOW_STATE_CONNECT),
	[FLOW_STATE_LEAF] = BIT(FLOW_STATE_CLIENT_TLS),
	[FLOW_STATE_CLIENT_TLS] = BIT(FLOW_STATE_RELAY),
	[FLOW_STATE_DIALOGUE] = BIT(FLOW_STATE_SNIFF) | BIT(FLOW_STATE_RELAY),
	[FLOW_STATE_RELAY] = BIT(FLOW_STATE_DRAIN),
	[FLOW_STATE_DRAIN] = 0,
	[FLOW_STATE_DATAGRAMS] = 0,
	[FLOW_STATE_CLOSED] = 0,
};

void
flow_set_state(struct flow *flow, enum flow_state state)
{
	assert(flow->magic == FLOW_MAGIC);
	assert(state == FLOW_STATE_CLOSED
	    ? flow->state != FLOW_STATE_CLOSED
	    : (may_follow[flow->state] & BIT(state)) != 0);
	flow->state = state;
}

/* When its whole time is over, of host->tick_ms; 0: never. */
static uint64_t
end_of_time(const struct flow *flow)
{
	uint64_t limit_ms = flow->host->conf->flow_total_timeout_ms;

	return limit_ms == 0 ? 0 : flow->born_ms + limit_ms;
}

void
flow_set_deadline(struct flow *flow, uint64_t in_ms)
{
	uint64_t end_ms = end_of_time(flow);

	flow->deadline_ms = flow->host->tick_ms + in_ms;
	if (end_ms != 0 && end_ms < flow->deadline_ms)
		flow->deadline_ms = end_ms;
}

void
flow_set_idle_deadline(struct flow *flow)
{
	flow->active_ms = flow->host->tick_ms;
	flow_set_deadline(flow, flow->host->conf->flow_idle_timeout_ms);
}

const char *
flow_server_name(const struct flow *flow)
{
	if (flow->hello != NULL && flow->hello->server_name[0] != '\0')
		return flow->hello->server_name;
	if (flow->header != NULL && flow->header->authority[0] != '\0')
		return flow->header->authority;
	return NULL;
}

const char *
flow_destination(const struct flow *flow, char *text)
{
	return endpoint_text_of(&flow->header->destination, text);
}

uint16_t
flow_destination_port(const struct flow *flow)
{
	return endpoint_port_of(&flow->header->destination);
}

int
flow_bind_server(const struct flow *flow, sa_family_t family)
{
	uint32_t interface = flow->header->interface;

	return interface == 0 ? 0 : interface_bind(flow->server.fd, family, interface);
}

const char *
flow_host_name(const struct flow *flow, char *text)
{
	const char *name = flow_server_name(flow);

	return name != NULL ? name : flow_destination(flow, text);
}

void
flow_make_facts(struct flow *flow)
{
	const struct flow_header *h = flow->header;
	struct flow_facts facts = {0};
	bool opened = flow->hello != NULL &&
	    flow->verdict.decision == DECIDE_INSPECT;

	if (flow->facts_made)
		return;
	memcpy(facts.id, flow->id, sizeof(facts.id));
	facts.domain = flow_server_name(flow);
	facts.names = flow->resolved;
	facts.name_count = flow->resolved_count;
	if (h != NULL) {
		facts.source = h->source;
		if (flow->source.port != 0)
			endpoint_write(&flow->source, &facts.source);
		facts.destination = h->destination;
		facts.datagram = h->transport == FLOW_DATAGRAM;
		facts.pid = h->has_pid ? &h->pid : NULL;
		facts.uid = h->has_uid ? &h->uid : NULL;
		facts.executable = text_or_null(h->executable);
		facts.signing_id = text_or_null(h->signing_id);
		facts.team_id = text_or_null(h->team_id);
		facts.forwarder = text_or_null(h->forwarder);
	}
	if (flow->process != NULL && flow->process->facts.responsible_pid != 0) {
		facts.responsible_pid = &flow->process->facts.responsible_pid;
		facts.responsible = text_or_null(flow->process->facts.responsible);
	}
	flow->facts_made =
	    record_facts_make(&flow->host->writer, &facts, opened, &flow->facts) == 0;
	free(flow->resolved);
	flow->resolved = NULL;
	flow->resolved_count = 0;
}

void
flow_note_first(struct flow *flow, enum direction direction,
    const uint8_t *bytes, size_t length)
{
	size_t have = flow->first_length[direction];
	size_t room = sizeof(flow->first[direction]) - have;

	if (length > room)
		length = room;
	memcpy(flow->first[direction] + have, bytes, length);
	flow->first_length[direction] = (uint8_t)(have + length);
}

static const char *
version_text(uint16_t version)
{
	switch (version) {
	case 0x0304:
		return "1.3";
	case 0x0303:
		return "1.2";
	case 0x0302:
		return "1.1";
	case 0x0301:
		return "1.0";
	case 0x0300:
		return "ssl3";
	default:
		return NULL;
	}
}

struct fingerprints {
	char ja3[33], ja4[37], ja3s[33];
};

/* A fingerprint that could not be made is left out of the record. */
static void
take_fingerprints(const struct flow *flow, struct fingerprints *f,
    struct tls_event *event)
{
	const struct server_hello *answer = side_tls_server_hello(&flow->server);

	event->ja3 = fingerprint_ja3(flow->hello, f->ja3) == 0 ? f->ja3 : NULL;
	event->ja4 = fingerprint_ja4(flow->hello, f->ja4) == 0 ? f->ja4 : NULL;
	if (answer != NULL && fingerprint_ja3s(answer, f->ja3s) == 0)
		event->ja3s = f->ja3s;
}

void
flow_report_tls(struct flow *flow)
{
	struct tls_event *event = &flow->tls;
	struct fingerprints fingerprints;

	if (flow->hello == NULL)
		return;
	flow_make_facts(flow);
	event->start_us = flow->started_us;
	event->decision = flow->verdict.decision;
	event->reason = flow->verdict.reason;
	event->server_name = text_or_null(flow->hello->server_name);
	event->offered_alpn = flow->alpn;
	event->offered_alpn_count = flow->hello->alpn_count;
	event->left_out =
	    flow->left_out && flow->verdict.decision == DECIDE_INSPECT;
	event->offered_version = version_text(flow->hello->highest_version);
	event->offered_ech = flow->hello->encrypted_client_hello;
	take_fingerprints(flow, &fingerprints, event);
	if (event->error == NULL)
		event->error = side_tls_error(&flow->server, flow->tls_error);
	if (event->error == NULL)
		event->error = side_tls_error(&flow->client, flow->tls_error);
	if (flow->client.tls != NULL)
		side_tls_describe(&flow->client, &event->client);
	if (flow->server.tls != NULL)
		side_tls_describe(&flow->server, &event->server);
	flow->host->on_tls(flow->host->context, flow, event);
	event->ja3 = event->ja4 = event->ja3s = NULL; /* they were borrowed */
	free(flow->hello);
	flow->hello = NULL;
}

static void
describe_quic(const struct flow *flow, struct flow_event *event)
{
	event->is_quic = flow->is_quic;
	event->quic_refused = flow->verdict.decision == DECIDE_REFUSE;
	event->quic_name = flow->announced_name;
	event->quic_announced =
	    flow->announced == DNS_NAMES_H3_RECORD ? "https_record"
	    : flow->announced == DNS_NAMES_H3_ALT_SVC ? "alt_svc" : NULL;
}

static void
report_flow(struct flow *flow, enum flow_state last, const char *close_name)
{
	struct flow_event event = {
	    .start_us = flow->started_us,
	    .end_us = flow->host->now_us,
	    .decision = flow->verdict.decision,
	    .reason = flow->verdict.reason,
	    .close = close_name,
	    .state = state_name(last),
	    .protocol = flow->protocol,
	    .starttls = flow->starttls,
	    .left_out = flow->left_out && flow->verdict.decision == DECIDE_INSPECT,
	    .gave_up = flow->gave_up.why,
	    .detail = flow->close_detail,
	    .bytes = {flow->bytes[0], flow->bytes[1]},
	    .datagrams = {flow->datagrams[0], flow->datagrams[1]},
	    .exchanges = flow->exchanges,
	    .exchanges_counted = flow->exchanges_counted,
	    .messages_counted = flow->messages_counted,
	};

	describe_quic(flow, &event);
	for (int d = 0; d < 2 && event.gave_up != NULL; d++)
		event.unread[d] = flow->bytes[d] - flow->gave_up.from[d];
	if (flow->connected_us != 0)
		event.connect_us = flow->connected_us - flow->connect_began_us;
	if (flow->exchanges == 0)
		for (int d = 0; d < 2; d++)
			event.first[d] =
			    (struct bytes){flow->first[d], flow->first_length[d]};
	if (flow->tap_decided && (event.protocol == NULL ||
	        strcmp(event.protocol, "tls") == 0)) {
		const char *spoken = greeting_protocol(event.first);
		if (spoken != NULL)
			event.protocol = spoken;
	}
	flow->host->on_flow(flow->host->context, flow, &event);
}

/* Whether the peers must be able to tell this end from an orderly one: they may
 * take the end of the connection for the end of what they were reading. */
static bool
is_abort(enum flow_state last, enum flow_close_reason reason)
{
	if (last == FLOW_STATE_DIALOGUE || last == FLOW_STATE_RELAY ||
	    last == FLOW_STATE_DRAIN)
		return reason != CLOSE_FINISHED && reason != CLOSE_UPSTREAM_TLS;
	switch (reason) {
	case CLOSE_RESET_BY_CLIENT:
	case CLOSE_RESET_BY_SERVER:
	case CLOSE_REFUSED:
	case CLOSE_CONNECT_FAILED:
	case CLOSE_CONNECT_TIMEOUT:
		return true;
	default:
		return false;
	}
}

void
flow_close(struct flow *flow, enum flow_close_reason reason, const char *detail)
{
	static const char *const names[] = {
#define FLOW_CLOSE_NAME(symbol, identifier) [symbol] = (identifier),
	    FLOW_CLOSE_TABLE(FLOW_CLOSE_NAME)
#undef FLOW_CLOSE_NAME
	};
	enum flow_state last = flow->state;

	if (last == FLOW_STATE_CLOSED)
		return;
	if (flow->tls.failure == NULL && last >= FLOW_STATE_CONNECT &&
	    last <= FLOW_STATE_CLIENT_TLS)
		flow->tls.failure = names[reason];
	flow_set_state(flow, FLOW_STATE_CLOSED);
	flow->close_reason = reason;
	flow->close_detail = detail;
	flow_make_facts(flow);
	relay_finish_taps(flow);
	flow_report_tls(flow);
	report_flow(flow, last, names[reason]);
	side_close(&flow->client, is_abort(last, reason));
	side_close(&flow->server, is_abort(last, reason));
	flow->deadline_ms = 0;
}

/* One step. True: something changed, go on. */
static bool
step(struct flow *flow)
{
	switch (flow->state) {
	case FLOW_STATE_HEADER:
		return intake_header(flow);
	case FLOW_STATE_SNIFF:
		return intake_sniff(flow);
	case FLOW_STATE_DECIDE:
		return intake_decide(flow);
	case FLOW_STATE_CONNECT:
		return upstream_connect(flow);
	case FLOW_STATE_UPSTREAM_TLS:
		return upstream_tls(flow);
	case FLOW_STATE_LEAF:
		return downstream_leaf(flow);
	case FLOW_STATE_CLIENT_TLS:
		return downstream_tls(flow);
	case FLOW_STATE_DIALOGUE:
		return dialogue_step(flow);
	case FLOW_STATE_RELAY:
		return relay_step(flow);
	case FLOW_STATE_DRAIN:
		return relay_drain(flow);
	case FLOW_STATE_DATAGRAMS:
		return datagrams_step(flow);
	case FLOW_STATE_CLOSED:
		break;
	}
	return false;
}

void
flow_step(struct flow *flow)
{
	assert(flow->magic == FLOW_MAGIC && side_io_idle(&flow->host->io));
	flow->again = false;
	flow->client.want_read = flow->client.want_write = false;
	flow->server.want_read = flow->server.want_write = false;
	while (flow->state != FLOW_STATE_CLOSED && step(flow))
		;
	flow->client.want_write |= side_blocked(&flow->client);
	flow->server.want_write |= side_blocked(&flow->server);
	relay_set_tick(flow);
	assert(side_io_idle(&flow->host->io));
}

/* While bytes pass the deadline only moves when it is looked at, so that the
 * path of a byte sets no timer. */
static void
expire_idle(struct flow *flow)
{
	const struct conf *conf = flow->host->conf;
	uint64_t limit_ms = flow->state == FLOW_STATE_DATAGRAMS
	    ? conf->flow_datagram_idle_ms
	    : conf->flow_idle_timeout_ms;
	/* While the log is full nothing is read: then the silence is ours. */
	if (flow->host->paused)
		flow->active_ms = flow->host->tick_ms;
	uint64_t idle_ms = flow->host->tick_ms - flow->active_ms;

	if (idle_ms >= limit_ms)
		flow_close(flow, CLOSE_IDLE, NULL);
	else
		flow_set_deadline(flow, limit_ms - idle_ms);
}

uint64_t
flow_wakes_ms(const struct flow *flow)
{
	uint64_t at_ms = flow->deadline_ms;

	return flow->tap_ms != 0 && (at_ms == 0 || flow->tap_ms < at_ms)
	    ? flow->tap_ms : at_ms;
}

void
flow_expire(struct flow *flow)
{
	uint64_t end_ms = end_of_time(flow);

	if (flow->tap_ms != 0 && flow->host->tick_ms >= flow->tap_ms)
		relay_tick(flow);
	if (flow->deadline_ms == 0 || flow->host->tick_ms < flow->deadline_ms)
		return;
	if (end_ms != 0 && flow->host->tick_ms >= end_ms) {
		flow_close(flow, CLOSE_TOTAL, NULL);
		return;
	}
	switch (flow->state) {
	case FLOW_STATE_HEADER:
		flow_close(flow, CLOSE_HEADER_TIMEOUT, NULL);
		break;
	case FLOW_STATE_SNIFF:
		intake_sniff_expired(flow);
		break;
	case FLOW_STATE_CONNECT:
		if (upstream_next_address(flow))
			flow_step(flow);
		else
			flow_close(flow, CLOSE_CONNECT_TIMEOUT, NULL);
		break;
	case FLOW_STATE_UPSTREAM_TLS:
		flow_close(flow, CLOSE_UPSTREAM_TLS_TIMEOUT, NULL);
		break;
	case FLOW_STATE_LEAF:
		flow_close(flow, CLOSE_NO_LEAF, flow->leaf_trouble != NULL
		        ? flow->leaf_trouble : "the signer did not answer");
		break;
	case FLOW_STATE_CLIENT_TLS:
		flow_close(flow, CLOSE_CLIENT_TLS_TIMEOUT, NULL);
		break;
	case FLOW_STATE_DIALOGUE:
	case FLOW_STATE_RELAY:
	case FLOW_STATE_DRAIN:
	case FLOW_STATE_DATAGRAMS:
		expire_idle(flow);
		break;
	case FLOW_STATE_DECIDE:
	case FLOW_STATE_CLOSED:
		break;
	}
}
