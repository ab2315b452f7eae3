/* SPDX-License-Identifier: ISC */
/*
 * Events into records into the ring. A ring that is full pauses the worker: the
 * records in hand wait in the backlog, and no flow is read until it is empty.
 * Nothing is dropped: a record too long for the ring loses its bodies, then its
 * fields, and says so. Worker only.
 */
#include "base/diag.h"
#include "base/err.h"
#include "daemon/worker.h"
#include "log/record.h"

bool
records_flush(struct worker *w)
{
	w->host.paused = !sink_flush(&w->sink);
	return !w->host.paused;
}

/* The line is built, or (error) could not be. */
static void
finish(struct worker *w, const char *dataset, int error)
{
	if (error != 0)
		diag_error("a %s record could not be built: %s", dataset,
		    err_text(error));
	else
		w->host.paused = !sink_commit(&w->sink);
}

/* What is left of a message when it must become short. */
static void
strip(struct http_message *m, bool fields_too)
{
	m->body.content.length = 0;
	m->body.content_truncated = m->body.wire_bytes > 0;
	if (!fields_too)
		return;
	m->field_count = m->trailer_count = 0;
	m->head_too_long = true;
}

void
records_on_http(void *context, struct flow *flow,
    const struct http_exchange *exchange)
{
	struct worker *w = context;
	struct http_exchange shorter = *exchange;
	struct record_timing timing = {0};
	int error = E_LIMIT;

	if (flow->exchanges - flow->exchanges_counted == 1 && flow->connected_us != 0) {
		timing.connect_us = flow->connected_us - flow->connect_began_us;
		if (flow->tls_done_us != 0)
			timing.tls_us = flow->tls_done_us - flow->connected_us;
	}
	for (int attempt = 0; error == E_LIMIT && attempt < 3; attempt++) {
		if (attempt > 0) {
			strip(&shorter.request, attempt == 2);
			strip(&shorter.response, attempt == 2);
		}
		buf_clear(&w->sink.line);
		error = record_http(&w->host.writer, sink_sequence(&w->sink),
		    &flow->facts, &timing, &shorter, &w->sink.line);
	}
	finish(w, "http", error);
}

/* A part is short enough for any ring. */
void
records_on_body(void *context, struct flow *flow, const struct body_part *part)
{
	struct worker *w = context;

	buf_clear(&w->sink.line);
	int error = record_body(&w->host.writer, sink_sequence(&w->sink),
	    &flow->facts, part, &w->sink.line);
	finish(w, "body", error);
}

void
records_on_websocket(void *context, struct flow *flow,
    const struct websocket_message *message)
{
	struct worker *w = context;
	struct websocket_message shorter = *message;
	int error = E_LIMIT;

	for (int attempt = 0; error == E_LIMIT && attempt < 2; attempt++) {
		if (attempt > 0) {
			shorter.truncated = true;
			shorter.content.length = 0;
		}
		buf_clear(&w->sink.line);
		error = record_websocket(&w->host.writer, sink_sequence(&w->sink),
		    &flow->facts, &shorter, &w->sink.line);
	}
	finish(w, "websocket", error);
}

void
records_on_dns(void *context, struct flow *flow,
    const struct dns_transaction *transaction)
{
	struct worker *w = context;

	buf_clear(&w->sink.line);
	int error = record_dns(&w->host.writer, sink_sequence(&w->sink), &flow->facts,
	    transaction, &w->sink.line);
	finish(w, "dns", error);
}

void
records_on_tls(void *context, struct flow *flow, const struct tls_event *event)
{
	struct worker *w = context;

	buf_clear(&w->sink.line);
	int error = record_tls(&w->host.writer, sink_sequence(&w->sink), &flow->facts,
	    event, &w->sink.line);
	finish(w, "tls", error);
}

void
records_on_header(void *context, const struct flow *flow)
{
	struct worker *w = context;
	const struct flow_header *h = flow->header;
	struct board_forwarder *f = forwarders_find(&w->forwarders, h->forwarder);

	forwarder_flow(h->transport == FLOW_DATAGRAM ? &f->datagrams : &f->streams,
	    w->host.now_us);
}

/* Whose it is, is known only when no more than its prefix is missing. */
static void
count_bad_header(struct worker *w, const struct flow *flow)
{
	if (flow->close_reason != CLOSE_BAD_HEADER &&
	    flow->close_reason != CLOSE_HEADER_TIMEOUT)
		return;
	const char *name = flow->header != NULL ? flow->header->forwarder : "";
	counter_add(&forwarders_find(&w->forwarders, name)->bad_headers, 1);
}

void
records_on_flow(void *context, struct flow *flow,
    const struct flow_event *event)
{
	struct worker *w = context;

	count_bad_header(w, flow);
	buf_clear(&w->sink.line);
	int error = record_flow(&w->host.writer, sink_sequence(&w->sink), &flow->facts,
	    event, &w->sink.line);
	finish(w, "flow", error);
}
