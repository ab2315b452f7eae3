/* SPDX-License-Identifier: ISC */
/*
 * What a flow does about a plain dialogue in which TLS may begin (starttls.h): it
 * is relayed as it comes, watched, and left for the states of a TLS flow when the
 * client's hello is next, or for the relay when none can come any more. Worker
 * only.
 *
 * What was said then is said: the connection to the server cannot be made anew, as
 * it can for a flow that begins with a hello. flow->starttls says so to whoever
 * would (upstream.c, upstream_session.c, bypass_flow.c).
 */
#include <stdlib.h>

#include "base/err.h"
#include "mitm/flow_parts.h"

void
dialogue_begin(struct flow *flow)
{
	unsigned allowed = flow->host->starttls;

	/* What has a name already is TLS, has a tap, or was watched before. */
	if (flow->protocol != NULL || allowed == 0)
		return;
	flow->dialogue = malloc(sizeof(*flow->dialogue));
	if (flow->dialogue != NULL)
		starttls_begin(flow->dialogue, allowed);
}

void
dialogue_end(struct flow *flow)
{
	if (flow->dialogue == NULL)
		return;
	if (flow->dialogue->stage == STARTTLS_BEGINS)
		flow->protocol = starttls_name(flow->dialogue->protocol);
	if (flow->hello != NULL)
		flow->starttls = flow->tls.starttls = flow->protocol;
	free(flow->dialogue);
	flow->dialogue = NULL;
}

/* Of the client no more is taken in than may pass: the rest stays in its input,
 * where a hello is looked for. */
static int
read_client(struct flow *flow)
{
	struct side *client = &flow->client;

	if (flow->dialogue->stage == STARTTLS_BEGINS)
		return E_AGAIN;
	int n = side_peek_more(client, HELLO_BYTES_MAX);
	if (n < 0 && n != E_AGAIN && n != E_LIMIT)
		return n;
	size_t held = buf_length(&client->input);
	if (held == 0)
		return n;
	if (held > SIDE_IO_BYTES)
		held = SIDE_IO_BYTES;
	size_t passes = starttls_read(flow->dialogue, FROM_CLIENT,
	    buf_data(&client->input), held);
	if (passes > 0)
		return side_read(client, flow->host->scratch, passes);
	/* More may show that it is no hello; a whole one waits for the server. */
	client->want_read = !client->input_ended && held < HELLO_BYTES_MAX;
	return E_AGAIN;
}

int
dialogue_read(struct flow *flow, enum direction direction)
{
	if (direction == FROM_CLIENT)
		return read_client(flow);
	int n = side_read(&flow->server, flow->host->scratch, SIDE_IO_BYTES);
	return n <= 0 ? n : (int)starttls_read(flow->dialogue, FROM_SERVER,
	    flow->host->scratch, (size_t)n);
}

/* The client's hello is next; or, if it is none, the relay. Facts are made anew,
 * since the hello may name the server. */
static void
await_hello(struct flow *flow)
{
	record_facts_free(&flow->facts);
	flow->facts_made = false;
	flow->client_silent = true;
	flow_set_state(flow, FLOW_STATE_SNIFF);
	flow_set_idle_deadline(flow);
}

bool
dialogue_step(struct flow *flow)
{
	/* The server first: its answer lets pass what the client said behind. */
	if (!relay_pump(flow, FROM_SERVER) || !relay_pump(flow, FROM_CLIENT))
		return false;
	if (flow->dialogue->stage == STARTTLS_OVER || flow->tap != NULL ||
	    flow->client.end_wanted || flow->server.end_wanted) {
		dialogue_end(flow);
		flow_set_state(flow, FLOW_STATE_RELAY);
		return true;
	}
	/* What was said in the clear goes out in the clear, in front of any TLS. */
	if (flow->dialogue->stage != STARTTLS_BEGINS ||
	    side_blocked(&flow->client) || side_blocked(&flow->server))
		return false;
	await_hello(flow);
	return true;
}
