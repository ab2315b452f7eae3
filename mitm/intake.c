/* SPDX-License-Identifier: ISC */
/*
 * A flow's beginning: the forwarder's header with the descriptor it may have
 * sent along, the client's first bytes, and the decision what to do. Nothing is
 * said to the client or the server here. Worker only.
 */
#include <assert.h>
#include <errno.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fds.h"
#include "mitm/flow_parts.h"
#include "mitm/greeting.h"

/* --- the policy --- */

struct verdict
intake_ask_policy(const struct flow *flow, const struct sockaddr_storage *address)
{
	const struct flow_header *h = flow->header;
	struct policy_subject subject = {
	    .server_name = flow_server_name(flow),
	    .address = address,
	    .executable = text_or_null(h->executable),
	    .signing_id = text_or_null(h->signing_id),
	    .team_id = text_or_null(h->team_id),
	    .uid = h->has_uid ? &h->uid : NULL,
	};

	return policy_ask(flow->host->policy, &subject);
}

/* --- HEADER --- */

/* Keeps the first descriptor that came along; others are closed. */
static void
keep_passed(struct flow *flow, struct msghdr *message)
{
	int fd;

	if (fds_take(message, &fd, flow->passed_fd < 0) > 0)
		flow->passed_fd = fd;
}

/* Reads more of the bridge connection behind what is there. */
static ssize_t
read_bridge(struct flow *flow, uint8_t *out, size_t capacity)
{
	union fds_room control;
	struct iovec iov = {.iov_base = out, .iov_len = capacity};
	struct msghdr message = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(flow->client.fd, &message, 0);

	if (n >= 0)
		keep_passed(flow, &message);
	return n;
}

/* What is behind the header belongs to the flow. */
static int
keep_rest(struct flow *flow, size_t used)
{
	int error = buf_append(&flow->client.input, flow->header_bytes + used,
	    flow->header_length - used);

	free(flow->header_bytes);
	flow->header_bytes = NULL;
	return error;
}

/* From here the descriptor that was sent along is the client. */
static int
adopt_passed(struct flow *flow)
{
	int fd = flow->passed_fd;

	if (fd < 0)
		return 0;
	flow->passed_fd = -1;
	return side_replace(&flow->client, fd);
}

/* The header is whole. Bytes that the forwarder had read ahead follow it. */
static bool
header_done(struct flow *flow, size_t used)
{
	if (keep_rest(flow, used) != 0) {
		flow_close(flow, CLOSE_SYSTEM_ERROR, "out of memory");
		return false;
	}
	return true;
}

static bool
is_left_out(const struct flow *flow)
{
	return !sample_takes(flow->host->sample, flow->id, flow_server_name(flow),
	    &flow->header->destination);
}

#define HTTPS_PORT 443u
#define DNS_TLS_PORT 853u /* also of DNS over QUIC: RFC 9250 */

/* What a rule has relayed would not be opened over TLS either. */
static void
judge_quic(struct flow *flow)
{
	uint16_t port = flow_destination_port(flow);

	flow->is_quic = port == HTTPS_PORT || port == DNS_TLS_PORT;
	if (!flow->is_quic)
		return;
	flow_find_announcement(flow);
	if (flow->host->conf->policy_quic == CONF_QUIC_BLOCK &&
	    flow->verdict.decision == DECIDE_INSPECT)
		flow->verdict = (struct verdict){DECIDE_REFUSE, "quic"};
}

/* What it is for is asked now: nothing in it will tell more. */
static bool
begin_datagrams(struct flow *flow)
{
	flow->verdict = intake_ask_policy(flow, &flow->header->destination);
	judge_quic(flow);
	if (flow->verdict.decision == DECIDE_REFUSE) {
		flow_close(flow, CLOSE_REFUSED, NULL);
		return false;
	}
	if (flow->passed_fd >= 0) { /* PROTOCOL.md: nobody asked for one */
		(void)close(flow->passed_fd);
		flow->passed_fd = -1;
	}
	if (flow->verdict.decision != DECIDE_INSPECT ||
	    !tap_is_dns_port(flow_destination_port(flow))) {
		flow->verdict = (struct verdict){DECIDE_SPLICE, "datagrams"};
	} else {
		flow->left_out = is_left_out(flow);
		relay_start_tap(flow, TAP_DNS);
	}
	flow_set_state(flow, FLOW_STATE_DATAGRAMS);
	flow_set_deadline(flow, flow->host->conf->flow_datagram_idle_ms);
	return true;
}

static bool
begin(struct flow *flow)
{
	flow_find_process(flow);
	flow_find_names(flow);
	if (flow->header->transport == FLOW_DATAGRAM)
		return begin_datagrams(flow);
	if (adopt_passed(flow) != 0) {
		flow_close(flow, CLOSE_BAD_HEADER, "the descriptor is not usable");
		return false;
	}
	flow_set_state(flow, FLOW_STATE_SNIFF);
	flow_set_deadline(flow, flow->host->conf->flow_sniff_timeout_ms);
	return true;
}

/* Waits for the bytes that precede the descriptor's own. */
static bool
read_prefix(struct flow *flow)
{
	struct buf *input = &flow->client.input;

	while (buf_length(input) < flow->header->prefix_bytes) {
		uint8_t *room;
		size_t wanted = flow->header->prefix_bytes - buf_length(input);

		if (buf_reserve(input, wanted, &room) != 0) {
			flow_close(flow, CLOSE_SYSTEM_ERROR, "out of memory");
			return false;
		}
		ssize_t n = read_bridge(flow, room, wanted);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			flow->client.want_read = true;
			return false;
		}
		if (n <= 0) {
			flow_close(flow, CLOSE_BAD_HEADER, "the prefix ended early");
			return false;
		}
		buf_commit(input, (size_t)n);
	}
	return begin(flow);
}

static const char *
header_trouble(int error)
{
	switch (error) {
	case E_VERSION:
		return "protocol version or address family that is not spoken here";
	case E_CORRUPT:
		return "the header's checksum does not match";
	case E_LIMIT:
		return "header longer than 4096 bytes, or a field too long";
	default:
		return "not a PROXY protocol version 2 header";
	}
}

static bool
parse_header(struct flow *flow)
{
	struct flow_header *header = calloc(1, sizeof(*header));

	if (header == NULL) {
		flow_close(flow, CLOSE_SYSTEM_ERROR, "out of memory");
		return false;
	}
	int used = flow_header_parse(flow->header_bytes, flow->header_length, header);
	if (used > 0) {
		flow->header = header;
		flow->host->on_header(flow->host->context, flow);
		return header_done(flow, (size_t)used);
	}
	free(header);
	if (used == E_MORE && flow->header_length < FLOW_HEADER_BYTES_MAX)
		flow->client.want_read = true;
	else
		flow_close(flow, CLOSE_BAD_HEADER,
		    header_trouble(used == E_MORE ? E_LIMIT : used));
	return false;
}

bool
intake_header(struct flow *flow)
{
	if (flow->header != NULL)
		return read_prefix(flow);

	ssize_t n = read_bridge(flow, flow->header_bytes + flow->header_length,
	    FLOW_HEADER_BYTES_MAX - flow->header_length);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		flow->client.want_read = true;
		return false;
	}
	if (n <= 0) {
		flow_close(flow, CLOSE_BAD_HEADER,
		    n == 0 ? "the connection ended inside the header"
		           : strerror(errno));
		return false;
	}
	flow->header_length += (size_t)n;
	return parse_header(flow);
}

/* --- SNIFF --- */

static bool
decide_next(struct flow *flow, const char *protocol)
{
	flow->protocol = protocol;
	dialogue_end(flow);
	flow->client_silent = false; /* a further connection is to be used at once */
	flow_set_state(flow, FLOW_STATE_DECIDE);
	return true;
}

/* It seems to be TLS: the whole hello has to come in time, however slowly. */
static void
await_hello(struct flow *flow)
{
	if (flow->hello_began)
		return;
	flow->hello_began = true;
	flow_set_deadline(flow, flow->host->conf->flow_handshake_timeout_ms);
}

/* The bytes begin like TLS: the whole client hello is wanted. */
static bool
sniff_tls(struct flow *flow)
{
	struct hello *hello = calloc(1, sizeof(*hello));

	if (hello == NULL) {
		flow_close(flow, CLOSE_SYSTEM_ERROR, "out of memory");
		return false;
	}
	int used = hello_parse(buf_data(&flow->client.input),
	    buf_length(&flow->client.input), hello);
	if (used > 0) {
		flow->hello = hello;
		flow->hello_bytes = (size_t)used;
		for (size_t i = 0; i < hello->alpn_count; i++)
			flow->alpn[i] = hello->alpn[i];
		return decide_next(flow, "tls");
	}
	free(hello);
	if (used != E_MORE)
		return decide_next(flow, NULL); /* looked like TLS and is not */
	await_hello(flow);
	return false;
}

/* True: decided. False: more bytes are needed. */
static bool
classify(struct flow *flow)
{
	const uint8_t *bytes = buf_data(&flow->client.input);
	size_t length = buf_length(&flow->client.input);

	if (length == 0)
		return false;
	int tls = hello_sniff(bytes, length);
	if (tls == 1)
		return sniff_tls(flow);
	int clear = flow->dialogue != NULL ? TAP_NOTHING
	    : tap_choose(NULL, flow_destination_port(flow), bytes, length);
	if (clear > TAP_NOTHING)
		return decide_next(flow, tap_protocol_name((enum tap_protocol)clear));
	if (tls == 0 && clear == TAP_NOTHING)
		return decide_next(flow, NULL);
	if (tls == E_MORE)
		await_hello(flow);
	return false;
}

/* Perhaps the server speaks first: connect, as far as the policy can say
 * without a name, and go on listening to both. False: the flow ended. */
static bool
connect_for_silent(struct flow *flow)
{
	flow_find_source(flow);
	flow->verdict = intake_ask_policy(flow, &flow->header->destination);
	if (flow->verdict.decision == DECIDE_REFUSE) {
		flow_close(flow, CLOSE_REFUSED, NULL);
		return false;
	}
	flow->client_silent = true;
	flow_set_state(flow, FLOW_STATE_CONNECT);
	return true;
}

/* With the server connected already (the client was silent at first), whoever
 * speaks first decides. */
static bool
server_spoke(struct flow *flow)
{
	if (flow->connected_us == 0)
		return false;
	int n = side_peek_more(&flow->server, SIDE_IO_BYTES);
	if (n >= 0 || n == E_LIMIT)
		return true;
	if (n != E_AGAIN)
		flow_close(flow, n == E_CLOSED ? CLOSE_RESET_BY_SERVER
		                               : CLOSE_SYSTEM_ERROR, err_text(n));
	return false;
}

/* Where clients are known to wait for the server, nobody has to wait for them. */
static bool
is_server_first(const struct flow *flow)
{
	return flow->connected_us == 0 &&
	    greeting_comes_first(flow_destination_port(flow));
}

/* In a dialogue the server has said more than that it agrees, and the hello is still
 * to come. */
static bool
hear_server(struct flow *flow)
{
	if (flow->dialogue == NULL)
		return decide_next(flow, NULL);
	flow_set_state(flow, FLOW_STATE_DIALOGUE);
	return true;
}

bool
intake_sniff(struct flow *flow)
{
	for (;;) {
		if (classify(flow))
			return true;
		if (flow->state != FLOW_STATE_SNIFF)
			return false;
		int n = side_peek_more(&flow->client, HELLO_BYTES_MAX);
		if (n > 0)
			continue;
		if (n == E_AGAIN)
			break;
		if (n == 0 && buf_length(&flow->client.input) == 0 &&
		    flow->connected_us == 0) {
			flow_close(flow, CLOSE_GONE_EARLY, NULL);
			return false;
		}
		if (n == 0 || n == E_LIMIT)
			return decide_next(flow, NULL);
		flow_close(flow, CLOSE_RESET_BY_CLIENT, err_text(n));
		return false;
	}
	if (buf_length(&flow->client.input) == 0)
		return is_server_first(flow) ? connect_for_silent(flow)
		    : server_spoke(flow) && hear_server(flow);
	if (flow->client_silent) { /* it speaks at last: be brief from now on */
		flow->client_silent = false;
		if (!flow->hello_began)
			flow_set_deadline(flow,
			    flow->host->conf->flow_sniff_timeout_ms);
	}
	return false;
}

void
intake_sniff_expired(struct flow *flow)
{
	if (flow->hello_began) {
		/* Relayed, it could be finished unseen. */
		flow_close(flow, CLOSE_CLIENT_TLS_TIMEOUT,
		    "the client did not finish its hello");
	} else if (buf_length(&flow->client.input) > 0) {
		/* A start of something that never went on. */
		(void)decide_next(flow, NULL);
		flow_step(flow);
	} else if (flow->connected_us != 0) {
		flow_close(flow, CLOSE_IDLE, NULL);
	} else if (connect_for_silent(flow)) {
		flow_step(flow);
	}
}

/* --- DECIDE --- */

static bool
takes_a_key(const struct hello *hello)
{
	return hello->keys_tls12.ecdsa || hello->keys_tls12.rsa ||
	    hello->keys_tls13.ecdsa || hello->keys_tls13.rsa;
}

/* Whether our CA may certify what the client asked for: else it would turn the
 * leaf down. */
static bool
is_in_scope(const struct flow *flow)
{
	char text[INET6_ADDRSTRLEN];
	struct name name;

	return (name_read(&name, flow_host_name(flow, text)) != 0 &&
	           name_read(&name, flow_destination(flow, text)) != 0) ||
	    scope_permits(leafs_scope(flow->host->leafs), &name);
}

/* What cannot be opened is spliced, whatever the policy would like. */
static void
bow_to_the_possible(struct flow *flow)
{
	const struct hello *hello = flow->hello;

	if (flow->verdict.decision != DECIDE_INSPECT || hello == NULL)
		return;
	if (!hello->offers_tls12 && !hello->offers_tls13)
		flow->verdict = (struct verdict){DECIDE_SPLICE, "client_version"};
	else if (!takes_a_key(hello))
		flow->verdict = (struct verdict){DECIDE_SPLICE, "client_no_key"};
	else if (!is_in_scope(flow))
		flow->verdict = (struct verdict){DECIDE_SPLICE, "ca_scope"};
	else if (!offer_shares_group(hello))
		flow->verdict = (struct verdict){DECIDE_SPLICE, "client_no_group"};
}

bool
intake_decide(struct flow *flow)
{
	flow_find_source(flow);
	flow->verdict = intake_ask_policy(flow, &flow->header->destination);
	bow_to_the_possible(flow);
	bypass_decide(flow);
	flow->left_out = is_left_out(flow);
	flow->tls.name_mismatch = flow->hello != NULL &&
	    flow->hello->server_name[0] != '\0' &&
	    flow->header->authority[0] != '\0' &&
	    strcasecmp(flow->hello->server_name, flow->header->authority) != 0;

	if (flow->verdict.decision == DECIDE_REFUSE) {
		flow_close(flow, CLOSE_REFUSED, NULL);
		return false;
	}
	if (flow->connected_us == 0)
		flow_set_state(flow, FLOW_STATE_CONNECT);
	else
		upstream_connected(flow);
	return true;
}
