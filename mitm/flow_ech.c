/* SPDX-License-Identifier: ISC */
/*
 * dns.strip_ech: what a server answers passes through here, where it is held until a
 * message of DNS is whole and then changed in its place. The tap is shown what came,
 * since that is what the server said, and told that it was changed. Worker only.
 */
#include <stdlib.h>

#include "base/be.h"
#include "base/err.h"
#include "mitm/dns_ech.h"
#include "mitm/ech_hold.h"
#include "mitm/flow_parts.h"

#define LENGTH_BYTES 2u /* in front of a message in a stream (RFC 1035 4.2.2) */
#define WAIT_MS 1000u   /* for the rest of one */

struct flow_ech {
	struct ech_hold *http; /* owned; NULL until there is an answer in HTTP */
	struct buf stream;     /* of DNS in a stream: a message that is not whole */
	size_t passing;        /* bytes that come next and pass as they are */
	uint8_t *fed;          /* what the tap is being shown */
	size_t fed_length;
	bool changes;      /* something was taken out of the message it reads now */
	uint64_t since_ms; /* when something began to wait, of host->tick_ms; or 0 */
	bool late;         /* it has waited too long */
};

void
flow_ech_begin(struct flow *flow)
{
	if (!flow->host->conf->dns_strip_ech || flow->ech != NULL)
		return;
	flow->ech = calloc(1, sizeof(*flow->ech));
	if (flow->ech != NULL)
		buf_init(&flow->ech->stream, (size_t)2 * ECH_HOLD_BYTES_MAX);
}

void
flow_ech_free(struct flow *flow)
{
	if (flow->ech == NULL)
		return;
	ech_hold_free(flow->ech->http);
	buf_free(&flow->ech->stream);
	free(flow->ech);
	flow->ech = NULL;
}

bool
flow_ech_changes(const struct flow *flow)
{
	return flow->ech != NULL && flow->ech->changes;
}

size_t
flow_ech_turn_bytes(const struct flow *flow, size_t most)
{
	return flow->ech != NULL && most > ECH_HOLD_BYTES_MAX ? ECH_HOLD_BYTES_MAX
	                                                      : most;
}

/* --- datagrams --- */

void
flow_ech_look(struct flow *flow, const uint8_t *message, size_t length)
{
	if (flow->ech != NULL)
		flow->ech->changes = dns_ech_has(message, length);
}

void
flow_ech_change(struct flow *flow, uint8_t *message, size_t length)
{
	if (flow->ech == NULL || !flow->ech->changes)
		return;
	dns_ech_remove(message, length);
	flow->ech->changes = false;
}

/* --- HTTP --- */

void
flow_ech_bytes(struct flow *flow, uint64_t serial, uint64_t offset, struct bytes in)
{
	struct flow_ech *e = flow->ech;

	if (e->http == NULL) {
		e->http = ech_hold_new();
		if (e->http == NULL)
			return;
		ech_hold_feed(e->http, e->fed, e->fed_length);
	}
	ech_hold_piece(e->http, serial, offset, in);
}

void
flow_ech_exchange(struct flow *flow, const struct http_exchange *exchange)
{
	struct flow_ech *e = flow->ech;

	if (e == NULL || e->http == NULL)
		return;
	e->changes = exchange->response.complete &&
	    ech_hold_end(e->http, exchange->serial);
	if (!exchange->response.complete)
		ech_hold_forget(e->http, exchange->serial);
}

/* Without a tap nothing would end what waits. */
static struct bytes
pass_http(struct flow *flow, uint8_t *bytes, size_t length)
{
	struct flow_ech *e = flow->ech;

	e->fed = bytes;
	e->fed_length = length;
	if (e->http != NULL)
		ech_hold_feed(e->http, bytes, length);
	if (length > 0)
		relay_show_tap(flow, FROM_SERVER, bytes, length);
	if (e->http == NULL)
		return (struct bytes){bytes, length};
	if (flow->tap == NULL || e->late)
		ech_hold_forget_all(e->http);
	return ech_hold_settle(e->http);
}

/* --- streams of DNS --- */

/* The next message, with its length in front, or what of one passes as it is. 0: more
 * has to come first. */
static size_t
pass_message(struct flow *flow, uint8_t *bytes, size_t length)
{
	struct flow_ech *e = flow->ech;

	if (e->passing == 0 && length >= LENGTH_BYTES) {
		size_t whole = (size_t)LENGTH_BYTES + be16_dec(bytes);
		if (whole <= length) {
			flow_ech_look(flow, bytes + LENGTH_BYTES, whole - LENGTH_BYTES);
			relay_show_tap(flow, FROM_SERVER, bytes, whole);
			flow_ech_change(flow, bytes + LENGTH_BYTES,
			    whole - LENGTH_BYTES);
			return whole;
		}
		if (whole > ECH_HOLD_BYTES_MAX || e->late)
			e->passing = whole;
	}
	/* By less than its length no message can be told from another. */
	if (flow->tap == NULL || (e->late && length < LENGTH_BYTES))
		e->passing = SIZE_MAX;
	size_t some = e->passing < length ? e->passing : length;
	if (some > 0)
		relay_show_tap(flow, FROM_SERVER, bytes, some);
	e->passing -= e->passing == SIZE_MAX ? 0 : some;
	return some;
}

/* How much of e->stream passes. */
static size_t
pass_stream(struct flow *flow)
{
	uint8_t *bytes = buf_data(&flow->ech->stream);
	size_t length = buf_length(&flow->ech->stream), done = 0, some;

	do {
		some = done == length ? 0
		    : pass_message(flow, bytes + done, length - done);
		done += some;
	} while (some > 0);
	return done;
}

/* --- both --- */

static void
note_wait(struct flow *flow, bool waits)
{
	struct flow_ech *e = flow->ech;

	e->late = false;
	if (!waits)
		e->since_ms = 0;
	else if (e->since_ms == 0)
		e->since_ms = flow->host->tick_ms;
}

static int
write_out(struct flow *flow, struct bytes out)
{
	return out.data == NULL || out.length == 0
	    ? 0 : side_write(&flow->client, out.data, out.length);
}

static int
pass_framed(struct flow *flow, const uint8_t *bytes, size_t length)
{
	struct buf *stream = &flow->ech->stream;
	int error = length == 0 ? 0 : buf_append(stream, bytes, length);

	if (error != 0)
		return error;
	size_t done = pass_stream(flow);
	error = write_out(flow, (struct bytes){buf_data(stream), done});
	buf_consume(stream, done);
	note_wait(flow, buf_length(stream) > 0);
	return error;
}

int
flow_ech_pass(struct flow *flow, uint8_t *bytes, size_t length)
{
	struct flow_ech *e = flow->ech;

	if (e->passing > 0 || buf_length(&e->stream) > 0 ||
	    (flow->tap != NULL && tap_reads(flow->tap) == TAP_DNS))
		return pass_framed(flow, bytes, length);
	int error = write_out(flow, pass_http(flow, bytes, length));
	note_wait(flow, e->http != NULL && ech_hold_waits(e->http));
	return error;
}

bool
flow_ech_is_late(const struct flow *flow)
{
	return flow->ech != NULL && flow->ech->late;
}

int
flow_ech_let_go(struct flow *flow)
{
	if (flow->ech == NULL)
		return 0;
	flow->ech->late = true;
	return flow_ech_pass(flow, NULL, 0);
}

uint64_t
flow_ech_wakes_ms(const struct flow *flow)
{
	return flow->ech == NULL || flow->ech->since_ms == 0
	    ? 0 : flow->ech->since_ms + WAIT_MS;
}

bool
flow_ech_expire(struct flow *flow)
{
	uint64_t at_ms = flow_ech_wakes_ms(flow);

	if (at_ms == 0 || flow->host->tick_ms < at_ms)
		return false;
	flow->ech->late = true;
	flow->ech->since_ms = 0;
	return true;
}
