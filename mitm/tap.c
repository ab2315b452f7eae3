/* SPDX-License-Identifier: ISC */
/*
 * One of the readers at a time. A connection of HTTP/1 that is upgraded changes its
 * reader: to WebSocket, or to HTTP/2 (RFC 7540 section 3.2; browsers never do,
 * libraries may), where the answer to the request that asked for it comes as
 * stream 1. Worker only.
 */
#include "mitm/tap.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "mitm/dns.h"
#include "mitm/dns_http.h"
#include "mitm/dns_json.h"
#include "mitm/grpc.h"
#include "mitm/h1.h"
#include "mitm/h2.h"
#include "mitm/http_content.h"
#include "mitm/http_fields.h"
#include "mitm/ws.h"

struct tap {
	enum tap_protocol protocol;
	struct tap_limits limits;
	struct tap_sink sink;
	struct h1 *h1; /* while it reads HTTP/1 */
	struct h2 *h2; /* while it reads HTTP/2, or is about to */
	struct ws *ws; /* likewise */
	struct dns *dns; /* while it reads DNS */
	uint64_t before; /* exchanges of HTTP/1 before an upgrade to HTTP/2 */
};

/* --- choosing --- */

bool
tap_is_dns_port(uint16_t port)
{
	return port == DNS_PORT || port == DNS_MDNS_PORT ||
	    port == DNS_LLMNR_PORT;
}

int
tap_choose(const char *alpn, uint16_t port, const uint8_t *bytes, size_t length)
{
	bool dns_port = tap_is_dns_port(port) || port == DNS_TLS_PORT;
	int dns = alpn == NULL && dns_port ? dns_sniff(bytes, length) : 0;

	if (dns == 1 || (alpn != NULL && strcmp(alpn, "dot") == 0))
		return TAP_DNS;
	/* Two ends of gRPC's core library agree on a name of their own for it. */
	if (alpn != NULL &&
	    (strcmp(alpn, "h2") == 0 || strcmp(alpn, "grpc-exp") == 0))
		return TAP_HTTP2;
	if (alpn != NULL && strncmp(alpn, "http/1.", 7) != 0)
		return TAP_NOTHING;
	int http2 = h2_sniff(bytes, length), http1 = h1_sniff(bytes, length);
	if (http2 == 1)
		return TAP_HTTP2;
	if (http2 == 0 && http1 == 1)
		return TAP_HTTP1;
	return http2 == 0 && http1 == 0 && dns == 0 ? TAP_NOTHING : E_MORE;
}

const char *
tap_protocol_name(enum tap_protocol protocol)
{
	static const char *const names[] = {[TAP_NOTHING] = NULL,
	    [TAP_HTTP1] = "http", [TAP_HTTP2] = "http2",
	    [TAP_WEBSOCKET] = "websocket", [TAP_DNS] = "dns"};

	return names[protocol];
}

/* --- handing on --- */

/* A query of DNS over HTTP is told twice, in both ways. */
static void
hand_on_dns(const struct tap *t, const struct http_exchange *e, struct bytes target)
{
	struct dns_http dns;

	if (t->sink.dns == NULL)
		return;
	bool is_dns = dns_http_read(e, target, &dns);
	if (!is_dns) {
		dns_http_free(&dns);
		is_dns = dns_json_read(e, target, &dns);
	}
	if (is_dns)
		t->sink.dns(t->sink.context, &dns.transaction);
	dns_http_free(&dns);
}

/* What the bodies say is read only now, in memory that goes again. */
static void
hand_on(void *context, const struct http_exchange *e)
{
	const struct tap *t = context;
	struct http_content_options options;
	struct http_exchange out = *e;
	struct grpc_call call;
	struct buf message;
	struct http_content content;

	buf_init(&message, t->limits.head_bytes);
	if (grpc_describe(e, &call, &message))
		out.grpc = &call;
	out.serial = t->before + e->stream;
	body_content_options(&t->limits.bodies, &options);
	http_content_read(&options, &out, &content);
	t->sink.http(t->sink.context, &out);
	hand_on_dns(t, &out, e->target);
	http_content_free(&content);
	buf_free(&message);
}

static struct capture_verdict
ask_capture(void *context, const struct http_exchange *e, bool answered)
{
	const struct tap *t = context;

	return t->sink.capture(t->sink.context, e, answered);
}

static void
hand_on_body(void *context, const struct body_part *part)
{
	const struct tap *t = context;
	struct body_part out = *part;

	out.serial = t->before + part->stream;
	t->sink.body(t->sink.context, &out);
}

static void
hand_on_dns_bytes(void *context, uint64_t stream, uint64_t offset, struct bytes in)
{
	const struct tap *t = context;

	t->sink.dns_bytes(t->sink.context, t->before + stream, offset, in);
}

static void
hand_on_websocket(void *context, const struct websocket_message *message)
{
	const struct tap *t = context;
	struct http_content_options options;
	struct websocket_message out = *message;
	struct http_content content;

	out.serial = t->before + message->stream;
	body_content_options(&t->limits.bodies, &options);
	http_content_read_message(&options, &out, &content);
	t->sink.websocket(t->sink.context, &out);
	http_content_free(&content);
}

/* --- changing --- */

/* HTTP/1's name for the same: what the client sent meanwhile is not all here. */
static const char undecided_upgrade[] = "undecided_upgrade";
static const char upgraded[] = "upgraded";
static const char broken_message[] = "dns_message";

/* RFC 9110 section 7.8; one protocol alone is agreed to. */
static bool
is_upgrade_to_http2(const struct http_exchange *e)
{
	const struct bytes *protocol = http_fields_find(e->response.fields,
	    e->response.field_count, "upgrade");

	return protocol != NULL && http_has_word(*protocol, "h2c");
}

static struct h2 *
new_h2(struct tap *t)
{
	const struct tap_sink sink = {.context = t, .http = hand_on,
	    .body = hand_on_body,
	    .websocket = hand_on_websocket,
	    .dns_bytes = t->sink.dns_bytes == NULL ? NULL : hand_on_dns_bytes,
	    .capture = t->sink.capture == NULL ? NULL : ask_capture};
	const struct h2_limits limits = {
	    .head_bytes = t->limits.head_bytes,
	    .bodies = t->limits.bodies,
	    .message_bytes = t->limits.message_bytes,
	    .streams = t->limits.streams,
	    .pending_bytes = t->limits.pending_bytes,
	};

	return h2_new(&limits, &sink);
}

static struct ws *
new_ws(struct tap *t, const struct http_exchange *e)
{
	const struct tap_sink sink = {.context = t,
	    .websocket = hand_on_websocket};
	const struct ws_limits limits = {.message_bytes = t->limits.message_bytes,
	    .capture = e->capture};

	return ws_new(&limits, &sink, e->stream, e->response.fields,
	    e->response.field_count);
}

static void
on_http1(void *context, const struct http_exchange *e)
{
	struct tap *t = context;

	hand_on(t, e);
	if (e->status != 101) /* and what CONNECT opened is not read */
		return;
	if (is_upgrade_to_http2(e))
		t->h2 = new_h2(t);
	else if (ws_is_agreed(e->response.fields, e->response.field_count))
		t->ws = new_ws(t, e);
	if (t->h2 != NULL) {
		t->before = e->stream;
		h2_adopt(t->h2, e);
	}
}

static struct h1 *
new_h1(struct tap *t)
{
	const struct h1_limits limits = {
	    .head_bytes = t->limits.head_bytes,
	    .bodies = t->limits.bodies,
	    .pipelined = t->limits.pipelined,
	    .pending_bytes = t->limits.pending_bytes,
	};
	const struct tap_sink sink = {.context = t, .http = on_http1,
	    .body = hand_on_body,
	    .dns_bytes = t->sink.dns_bytes == NULL ? NULL : hand_on_dns_bytes,
	    .capture = t->sink.capture == NULL ? NULL : ask_capture};

	return h1_new(&limits, &sink);
}

static struct dns *
new_dns(const struct tap *t)
{
	const struct dns_limits limits = {.questions = t->limits.dns_questions,
	    .timeout_us = t->limits.dns_timeout_us,
	    .memory = t->limits.dns_memory};

	return dns_new(&limits, &t->sink);
}

static bool
feed_second(struct tap *t, enum direction direction, struct bytes in,
    uint64_t now_us)
{
	if (t->protocol == TAP_HTTP2) {
		h2_feed(t->h2, direction, in.data, in.length, now_us);
		return h2_reading(t->h2);
	}
	if (t->ws == NULL)
		return false;
	ws_feed(t->ws, direction, in.data, in.length, now_us);
	return true;
}

static void
end_websocket(struct tap *t, uint64_t now_us)
{
	if (t->ws != NULL)
		ws_finish(t->ws, now_us);
	ws_free(t->ws);
	t->ws = NULL;
}

static void
give_up_second(struct tap *t, uint64_t now_us)
{
	if (t->protocol == TAP_HTTP2)
		h2_give_up(t->h2, undecided_upgrade, now_us);
	else
		end_websocket(t, now_us);
}

/* The first reader has done its part; what it left over is the second's. The
 * client's came first: it is what was held until the server agreed. */
static bool
change(struct tap *t, uint64_t now_us)
{
	static const enum direction both[] = {FROM_CLIENT, FROM_SERVER};
	bool reads = true;

	t->protocol = t->h2 != NULL ? TAP_HTTP2 : TAP_WEBSOCKET;
	for (size_t i = 0; reads && i < ARRAY_LENGTH(both); i++) {
		struct bytes rest;
		reads = h1_rest(t->h1, both[i], &rest);
		if (reads)
			reads = feed_second(t, both[i], rest, now_us);
		else
			give_up_second(t, now_us);
	}
	h1_free(t->h1);
	t->h1 = NULL;
	return reads;
}

/* --- the tap --- */

struct tap *
tap_new(enum tap_protocol protocol, const struct tap_limits *limits,
    const struct tap_sink *sink)
{
	struct tap *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->protocol = protocol;
	t->limits = *limits;
	t->sink = *sink;
	if (protocol == TAP_HTTP2)
		t->h2 = new_h2(t);
	else if (protocol == TAP_DNS)
		t->dns = new_dns(t);
	else
		t->h1 = new_h1(t);
	if (t->h1 == NULL && t->h2 == NULL && t->dns == NULL) {
		free(t);
		return NULL;
	}
	return t;
}

void
tap_free(struct tap *t)
{
	if (t == NULL)
		return;
	h1_free(t->h1);
	h2_free(t->h2);
	ws_free(t->ws);
	dns_free(t->dns);
	free(t);
}

bool
tap_feed(struct tap *t, enum direction direction, const uint8_t *bytes,
    size_t length, uint64_t now_us)
{
	if (t->protocol == TAP_DNS)
		return dns_feed(t->dns, direction, bytes, length, now_us);
	if (t->protocol != TAP_HTTP1)
		return feed_second(t, direction, (struct bytes){bytes, length},
		    now_us);
	h1_feed(t->h1, direction, bytes, length, now_us);
	if (h1_reading(t->h1))
		return true;
	return (t->h2 != NULL || t->ws != NULL) && change(t, now_us);
}

const char *
tap_ended(const struct tap *t)
{
	if (t->protocol == TAP_DNS)
		return broken_message;
	if (t->protocol == TAP_WEBSOCKET)
		return undecided_upgrade;
	const char *trouble = t->protocol == TAP_HTTP2 ? h2_trouble(t->h2)
	                                               : h1_trouble(t->h1);
	return trouble != NULL ? trouble : upgraded;
}

bool
tap_datagram(struct tap *t, enum direction direction, const uint8_t *bytes,
    size_t length, const struct sockaddr_storage *server, uint64_t now_us)
{
	return t->protocol == TAP_DNS &&
	    dns_datagram(t->dns, direction, bytes, length, server, now_us);
}

uint64_t
tap_due_us(const struct tap *t)
{
	uint64_t due_us = t->protocol == TAP_DNS ? dns_due_us(t->dns) : 0;

	if (due_us != 0)
		return due_us;
	return t->protocol == TAP_HTTP1 ? h1_due_us(t->h1)
	    : t->protocol == TAP_HTTP2 ? h2_due_us(t->h2) : BODY_NEVER;
}

void
tap_tick(struct tap *t, uint64_t now_us)
{
	if (t->protocol == TAP_HTTP1)
		h1_tick(t->h1, now_us);
	else if (t->protocol == TAP_HTTP2)
		h2_tick(t->h2, now_us);
	else if (t->protocol == TAP_DNS)
		dns_expire(t->dns, now_us);
}

void
tap_eof(struct tap *t, enum direction direction, uint64_t now_us)
{
	if (t->protocol == TAP_HTTP1)
		h1_eof(t->h1, direction, now_us);
}

void
tap_finish(struct tap *t, uint64_t now_us)
{
	if (t->protocol == TAP_HTTP1)
		h1_finish(t->h1, now_us);
	else if (t->protocol == TAP_HTTP2)
		h2_finish(t->h2, now_us);
	else if (t->protocol == TAP_DNS)
		dns_finish(t->dns, now_us);
	else
		end_websocket(t, now_us);
}

enum tap_protocol
tap_reads(const struct tap *t)
{
	return t->protocol;
}
