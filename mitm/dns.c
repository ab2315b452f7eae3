/* SPDX-License-Identifier: ISC */
/*
 * The questions of a flow that wait for their answers, in the order in which they were
 * last asked, and in buckets by their ids. A zone transfer waits on behind its first
 * message. Pure; worker.
 */
#include "mitm/dns.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/be.h"
#include "base/buf.h"
#include "base/endpoint.h"
#include "base/err.h"
#include "mitm/dns_message.h"
#include "mitm/dns_types.h"

#define BUCKETS 64u
#define ANSWERED_KEPT 32u
#define LENGTH_BYTES 2u /* in front of a message in a stream */
#define STREAM_BYTES_MAX (LENGTH_BYTES + DNS_MESSAGE_BYTES_MAX)
/* Of what a message says: many questions may wait, few transfers. */
#define QUERY_BYTES_MAX ((size_t)16 * 1024)
#define RESPONSE_BYTES_MAX ((size_t)1024 * 1024)
#define TRANSFERS_MAX 8u
#define ADDRESS_KEY_BYTES 20u

/* A question, and of a zone transfer what came of the answer. */
struct dns_waiting {
	TAILQ_ENTRY(dns_waiting) by_time;
	TAILQ_ENTRY(dns_waiting) by_id;
	TAILQ_ENTRY(dns_waiting) of_all;
	struct dns *dns; /* whose it is */
	size_t bytes;    /* that it holds, as counted */
	struct arena arena;
	struct dns_message query;
	enum direction direction;
	struct sockaddr_storage server; /* AF_UNSPEC: the flow's only one */
	uint64_t asked_us, last_us;
	unsigned retransmissions;
	bool transfers; /* the first message of a transfer was seen */
	struct arena response_arena;
	struct dns_message response; /* of a transfer the first */
	uint64_t response_messages, response_bytes, answers, answered_us;
};

/* What was answered lately, to tell a second answer from one without a question. */
struct answered {
	uint64_t question, answer; /* hashes */
	bool used;
};

struct dns {
	struct dns_limits limits;
	struct tap_sink sink;
	struct dns_waiting_list by_time, by_id[BUCKETS];
	size_t count, transfers;
	struct answered answered[ANSWERED_KEPT];
	size_t next_answered;
	struct buf stream[2]; /* by enum direction: a message that is not whole */
	bool ended; /* of a stream */
};

/* --- identity --- */

/* FNV-1a, by its author's numbers; who makes two alike hides a second answer from
 * nobody but himself. */
static uint64_t
hash(uint64_t state, const void *bytes, size_t length)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < length; i++)
		state = (state ^ p[i]) * UINT64_C(0x100000001b3);
	return state;
}

#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)

/* Names are compared without case (RFC 4343). */
static bool
is_same_question(const struct dns_question *a, const struct dns_question *b)
{
	return a->type_number == b->type_number &&
	    strcmp(a->class_name, b->class_name) == 0 &&
	    a->name.length == b->name.length &&
	    strncasecmp((const char *)a->name.data, (const char *)b->name.data,
	        a->name.length) == 0;
}

/* An answer need not repeat the question when it says what is wrong with it; and one
 * that could not be read is as good as none. */
static bool
is_answer_to(const struct dns_message *response, const struct dns_message *query)
{
	if (response->question == NULL || query->question == NULL)
		return true;
	return is_same_question(response->question, query->question);
}

/* Family, port and address, and nothing else that stands in there. */
static void
address_key(const struct sockaddr_storage *a, uint8_t key[ADDRESS_KEY_BYTES])
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)a;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)a;

	memset(key, 0, ADDRESS_KEY_BYTES);
	memcpy(key, &a->ss_family, sizeof(a->ss_family));
	if (a->ss_family == AF_INET) {
		memcpy(key + 2, &in->sin_port, 2);
		memcpy(key + 4, &in->sin_addr, 4);
	} else if (a->ss_family == AF_INET6) {
		memcpy(key + 2, &in6->sin6_port, 2);
		memcpy(key + 4, &in6->sin6_addr, 16);
	}
}

/* Who is asked at a multicast address answers from his own (RFC 6762, RFC 4795). */
static bool
is_multicast(const struct sockaddr_storage *a)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)a;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)a;

	if (a->ss_family == AF_INET)
		return IN_MULTICAST(ntohl(in->sin_addr.s_addr));
	return a->ss_family == AF_INET6 && IN6_IS_ADDR_MULTICAST(&in6->sin6_addr);
}

static bool
is_from(const struct sockaddr_storage *asked, const struct sockaddr_storage *server)
{
	uint8_t a[ADDRESS_KEY_BYTES], b[ADDRESS_KEY_BYTES];

	address_key(asked, a);
	address_key(server, b);
	return memcmp(a, b, sizeof(a)) == 0 || is_multicast(asked);
}

static uint64_t
hash_question(const struct dns_message *m, const struct sockaddr_storage *server)
{
	uint8_t key[ADDRESS_KEY_BYTES];
	uint64_t state = hash(HASH_BEGIN, &m->id, sizeof(m->id));

	address_key(server, key);
	state = hash(state, key, sizeof(key));
	return m->question == NULL ? state
	    : hash(state, &m->question->type_number,
	          sizeof(m->question->type_number));
}

static struct dns_waiting_list *
bucket(struct dns *d, uint16_t id)
{
	return &d->by_id[id % BUCKETS];
}

/* What was asked last first. */
static struct dns_waiting *
find(struct dns *d, enum direction direction, const struct dns_message *m,
    const struct sockaddr_storage *server)
{
	struct dns_waiting *w;

	TAILQ_FOREACH_REVERSE(w, bucket(d, m->id), dns_waiting_list, by_id) {
		if (w->query.id == m->id && w->direction == direction &&
		    is_from(&w->server, server) && is_answer_to(m, &w->query))
			return w;
	}
	return NULL;
}

/* --- life of a question --- */

static void
release(struct dns_waiting *w)
{
	arena_free(&w->arena);
	arena_free(&w->response_arena);
	free(w);
}

/* Counts what it holds by now. */
static void
recount(struct dns_waiting *w)
{
	struct dns_memory *m = w->dns->limits.memory;
	size_t bytes = sizeof(*w) + w->arena.held_bytes + w->response_arena.held_bytes;

	m->bytes += bytes - w->bytes;
	w->bytes = bytes;
}

static void
forget(struct dns *d, struct dns_waiting *w)
{
	d->limits.memory->bytes -= w->bytes;
	TAILQ_REMOVE(&d->limits.memory->by_time, w, of_all);
	TAILQ_REMOVE(&d->by_time, w, by_time);
	TAILQ_REMOVE(bucket(d, w->query.id), w, by_id);
	d->count--;
	d->transfers -= w->transfers;
	release(w);
}

static const struct sockaddr_storage *
server_of(const struct sockaddr_storage *server)
{
	return server->ss_family == AF_UNSPEC ? NULL : server;
}

/* What else than DNS it is. */
static const char *
protocol_of(const struct sockaddr_storage *server)
{
	switch (endpoint_port_of(server)) {
	case DNS_MDNS_PORT:
		return "mdns";
	case DNS_LLMNR_PORT:
		return "llmnr";
	default:
		return NULL;
	}
}

/* With the answer that it had, if it had one. */
static void
hand_on(struct dns *d, const struct dns_waiting *w, uint64_t now_us,
    const char *incomplete)
{
	const struct dns_transaction t = {
	    .query = &w->query,
	    .response = w->response_messages > 0 ? &w->response : NULL,
	    .asked_us = w->asked_us,
	    .answered_us = w->response_messages > 0 ? w->answered_us : now_us,
	    .retransmissions = w->retransmissions,
	    .response_messages = w->response_messages,
	    .response_bytes = w->response_bytes,
	    .answers = w->answers,
	    .asked_by = w->direction,
	    .server = server_of(&w->server),
	    .protocol = protocol_of(&w->server),
	    .incomplete = incomplete};

	d->sink.dns(d->sink.context, &t);
}

static void
give_up(struct dns *d, struct dns_waiting *w, uint64_t now_us, const char *why)
{
	hand_on(d, w, now_us, w->transfers ? "cut_transfer" : why);
	forget(d, w);
}

/* It goes on waiting, from now on. */
static void
move_back(struct dns *d, struct dns_waiting *w)
{
	TAILQ_REMOVE(&d->by_time, w, by_time);
	TAILQ_INSERT_TAIL(&d->by_time, w, by_time);
	TAILQ_REMOVE(&d->limits.memory->by_time, w, of_all);
	TAILQ_INSERT_TAIL(&d->limits.memory->by_time, w, of_all);
}

static void
ask_again(struct dns *d, struct dns_waiting *w, uint64_t now_us)
{
	w->retransmissions++;
	w->last_us = now_us;
	move_back(d, w);
}

/* Counts anew what w holds, which is the latest of all, and has older ones go for it. */
static void
make_room(struct dns_waiting *w, uint64_t now_us)
{
	struct dns_memory *m = w->dns->limits.memory;
	struct dns_waiting *oldest;

	recount(w);
	while (m->bytes > m->limit_bytes && (oldest = TAILQ_FIRST(&m->by_time)) != w)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): TAILQ_REMOVE misread */
		give_up(oldest->dns, oldest, now_us, "limit");
}

/* Takes over w, with its query read. */
static void
keep(struct dns *d, struct dns_waiting *w, uint64_t now_us)
{
	if (d->count >= d->limits.questions)
		give_up(d, TAILQ_FIRST(&d->by_time), now_us, "limit");
	TAILQ_INSERT_TAIL(&d->by_time, w, by_time);
	TAILQ_INSERT_TAIL(bucket(d, w->query.id), w, by_id);
	TAILQ_INSERT_TAIL(&d->limits.memory->by_time, w, of_all);
	d->count++;
	make_room(w, now_us);
}

static int
read_of(struct bytes in, const struct sockaddr_storage *server, struct arena *arena,
    struct dns_message *out)
{
	return endpoint_port_of(server) == DNS_MDNS_PORT
	    ? dns_message_read_mdns(in.data, in.length, arena, out)
	    : dns_message_read(in.data, in.length, arena, out);
}

static bool
read_query(struct dns *d, enum direction direction, struct bytes in,
    const struct sockaddr_storage *server, uint64_t now_us)
{
	struct dns_waiting *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return true;
	w->dns = d;
	w->direction = direction;
	w->server = *server;
	w->asked_us = w->last_us = now_us;
	arena_init(&w->arena, QUERY_BYTES_MAX);
	arena_init(&w->response_arena, RESPONSE_BYTES_MAX);
	if (read_of(in, server, &w->arena, &w->query) != 0) {
		release(w);
		return false;
	}
	struct dns_waiting *before = find(d, direction, &w->query, server);
	if (before != NULL && !before->transfers) {
		ask_again(d, before, now_us);
		release(w);
	} else {
		keep(d, w, now_us);
	}
	return true;
}

/* --- zone transfers (RFC 5936, RFC 1995) --- */

static bool
is_transfer(const struct dns_message *query)
{
	return query->question != NULL &&
	    (query->question->type_number == DNS_TYPE_AXFR ||
	        query->question->type_number == DNS_TYPE_IXFR);
}

static const struct dns_record *
last_answer(const struct dns_message *m)
{
	const struct dns_record *last = NULL;

	for (size_t i = 0; i < m->record_count; i++) {
		if (m->records[i].section == DNS_ANSWER)
			last = &m->records[i];
	}
	return last;
}

/* It ends with the SOA record with which it began; one that stands alone says that
 * there is nothing new (IXFR), or that all of it is still to come (AXFR). */
static bool
is_transferred(const struct dns_waiting *w, const struct dns_message *m)
{
	const struct dns_record *last = last_answer(m);
	const struct dns_record *first =
	    w->response.record_count > 0 ? w->response.records : NULL;

	if (m->malformed != NULL && strcmp(m->malformed, "data") != 0)
		return false; /* its end is not to be seen */
	if (last == NULL || first == NULL || first->type_number != DNS_TYPE_SOA)
		return true; /* refused */
	if (last == first)
		return w->query.question->type_number == DNS_TYPE_IXFR;
	return last->type_number == DNS_TYPE_SOA &&
	    last->data.length == first->data.length &&
	    memcmp(last->data.data, first->data.data, first->data.length) == 0;
}

/* --- answers --- */

static void
note_answered(struct dns *d, const struct dns_waiting *w, struct bytes in)
{
	struct answered *a = &d->answered[d->next_answered++ % ANSWERED_KEPT];

	*a = (struct answered){.used = true,
	    .question = hash_question(&w->query, &w->server),
	    .answer = hash(HASH_BEGIN, in.data, in.length)};
}

/* The transfer goes on behind this message. */
static void
wait_on(struct dns *d, struct dns_waiting *w, uint64_t now_us)
{
	if (!w->transfers && d->transfers >= TRANSFERS_MAX) {
		hand_on(d, w, now_us, "limit");
		forget(d, w);
		return;
	}
	d->transfers += !w->transfers;
	w->transfers = true;
	move_back(d, w);
	make_room(w, now_us);
}

/* Takes over the first one's memory. */
static void
take_answer(struct dns *d, struct dns_waiting *w, const struct dns_message *m,
    struct arena *arena, struct bytes in, uint64_t now_us)
{
	if (w->response_messages++ == 0) {
		w->response = *m;
		w->response_arena = *arena;
		arena_init(arena, RESPONSE_BYTES_MAX);
	}
	w->response_bytes += in.length;
	w->answers += m->counts[1];
	w->answered_us = w->last_us = now_us;
	if (is_transfer(&w->query) && !is_transferred(w, m)) {
		wait_on(d, w, now_us);
		return;
	}
	note_answered(d, w, in);
	hand_on(d, w, now_us, NULL);
	forget(d, w);
}

/* NULL: it is the same answer once more, as a question that was asked twice has it. */
static const char *
why_unasked(const struct dns *d, const struct dns_message *m, struct bytes in,
    const struct sockaddr_storage *server)
{
	uint64_t question = hash_question(m, server);
	uint64_t answer = hash(HASH_BEGIN, in.data, in.length);
	const char *why = "no_query";

	for (size_t i = 0; i < ANSWERED_KEPT; i++) {
		const struct answered *a = &d->answered[i];
		if (!a->used || a->question != question)
			continue;
		if (a->answer == answer)
			return NULL;
		why = "second_answer";
	}
	return why;
}

static void
hand_on_unasked(struct dns *d, enum direction direction,
    const struct dns_message *m, const struct sockaddr_storage *server,
    uint64_t now_us, const char *why)
{
	const struct dns_transaction t = {
	    .response = m,
	    .asked_us = now_us,
	    .answered_us = now_us,
	    .response_messages = 1,
	    .response_bytes = m->bytes,
	    .answers = m->counts[1],
	    .asked_by = direction,
	    .server = server_of(server),
	    .protocol = protocol_of(server),
	    .incomplete = why};

	d->sink.dns(d->sink.context, &t);
}

static bool
read_response(struct dns *d, enum direction direction, struct bytes in,
    const struct sockaddr_storage *server, uint64_t now_us)
{
	enum direction asked_by =
	    direction == FROM_CLIENT ? FROM_SERVER : FROM_CLIENT;
	struct arena arena;
	struct dns_message m;

	arena_init(&arena, RESPONSE_BYTES_MAX);
	bool good = read_of(in, server, &arena, &m) == 0;
	if (good) {
		struct dns_waiting *w = find(d, asked_by, &m, server);
		const char *why = w != NULL ? NULL
		                            : why_unasked(d, &m, in, server);
		if (w != NULL)
			take_answer(d, w, &m, &arena, in, now_us);
		else if (why != NULL)
			hand_on_unasked(d, asked_by, &m, server, now_us, why);
	}
	arena_free(&arena);
	return good;
}

static bool
is_response(struct bytes in)
{
	return in.length > 2 && (in.data[2] & 0x80) != 0;
}

static bool
read_message(struct dns *d, enum direction direction, struct bytes in,
    const struct sockaddr_storage *server, uint64_t now_us)
{
	return is_response(in) ? read_response(d, direction, in, server, now_us)
	                       : read_query(d, direction, in, server, now_us);
}

bool
dns_datagram(struct dns *d, enum direction direction, const uint8_t *bytes,
    size_t length, const struct sockaddr_storage *server, uint64_t now_us)
{
	return read_message(d, direction, (struct bytes){bytes, length}, server,
	    now_us);
}

/* --- streams --- */

/* The length of the message that stands there with its prefix; 0: not known yet. */
static size_t
framed_length(const uint8_t *bytes, size_t length)
{
	return bytes == NULL || length < LENGTH_BYTES ? 0
	    : (size_t)LENGTH_BYTES + be16_dec(bytes);
}

/* Reads the messages that are whole. How many bytes they took, or E_SYNTAX. */
static ssize_t
read_framed(struct dns *d, enum direction direction, struct bytes in,
    uint64_t now_us)
{
	static const struct sockaddr_storage only = {.ss_family = AF_UNSPEC};
	size_t used = 0;

	for (;;) {
		size_t whole = framed_length(in.data + used, in.length - used);
		if (whole == 0 || whole > in.length - used)
			return (ssize_t)used;
		const struct bytes message = {in.data + used + LENGTH_BYTES,
		    whole - LENGTH_BYTES};
		if (!read_message(d, direction, message, &only, now_us))
			return E_SYNTAX;
		used += whole;
	}
}

/* Appends of the input what the message that began is short of; how much. */
static ssize_t
complete(struct buf *held, struct bytes in)
{
	size_t have = buf_length(held);
	size_t whole = framed_length(buf_data(held), have);
	size_t wanted = (whole == 0 ? LENGTH_BYTES : whole) - have;

	if (wanted > in.length)
		wanted = in.length;
	return buf_append(held, in.data, wanted) == 0 ? (ssize_t)wanted : E_NOMEM;
}

/* What was used of the input, or an error. */
static ssize_t
feed_some(struct dns *d, enum direction direction, struct bytes in,
    uint64_t now_us)
{
	struct buf *held = &d->stream[direction];

	if (buf_length(held) == 0) {
		ssize_t used = read_framed(d, direction, in, now_us);
		return used != 0 ? used : complete(held, in);
	}
	ssize_t used = complete(held, in);
	ssize_t read = used < 0 ? used
	    : read_framed(d, direction,
	          (struct bytes){buf_data(held), buf_length(held)}, now_us);
	if (read > 0)
		buf_clear(held);
	return read < 0 ? read : used;
}

bool
dns_feed(struct dns *d, enum direction direction, const uint8_t *bytes,
    size_t length, uint64_t now_us)
{
	while (!d->ended && length > 0) {
		ssize_t used = feed_some(d, direction,
		    (struct bytes){bytes, length}, now_us);
		if (used < 0) {
			dns_finish(d, now_us);
			break;
		}
		bytes += used;
		length -= (size_t)used;
	}
	return !d->ended;
}

/* A query of an operation that there is, with one question or none (RFC 8490). */
int
dns_sniff(const uint8_t *bytes, size_t length)
{
	if (length >= LENGTH_BYTES &&
	    framed_length(bytes, length) < LENGTH_BYTES + DNS_HEADER_BYTES)
		return 0;
	if (length > 4 && ((bytes[4] & 0x80) != 0 || (bytes[4] >> 3 & 0x0f) > 6))
		return 0;
	if (length < 8)
		return E_MORE;
	return bytes[6] == 0 && bytes[7] <= 1;
}

/* --- time --- */

uint64_t
dns_due_us(const struct dns *d)
{
	const struct dns_waiting *first = TAILQ_FIRST(&d->by_time);

	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): TAILQ_REMOVE misread */
	return first == NULL ? 0 : first->last_us + d->limits.timeout_us;
}

void
dns_expire(struct dns *d, uint64_t now_us)
{
	while (d->count > 0 && dns_due_us(d) <= now_us)
		give_up(d, TAILQ_FIRST(&d->by_time), now_us, "timeout");
}

void
dns_finish(struct dns *d, uint64_t now_us)
{
	while (d->count > 0)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): TAILQ_REMOVE misread */
		give_up(d, TAILQ_FIRST(&d->by_time), now_us, "flow_end");
	d->ended = true;
}

/* --- life --- */

void
dns_memory_init(struct dns_memory *m, size_t limit_bytes)
{
	*m = (struct dns_memory){.limit_bytes = limit_bytes};
	TAILQ_INIT(&m->by_time);
}

struct dns *
dns_new(const struct dns_limits *limits, const struct tap_sink *sink)
{
	struct dns *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->limits = *limits;
	d->sink = *sink;
	TAILQ_INIT(&d->by_time);
	for (size_t i = 0; i < BUCKETS; i++)
		TAILQ_INIT(&d->by_id[i]);
	buf_init(&d->stream[FROM_CLIENT], STREAM_BYTES_MAX);
	buf_init(&d->stream[FROM_SERVER], STREAM_BYTES_MAX);
	return d;
}

void
dns_free(struct dns *d)
{
	if (d == NULL)
		return;
	while (!TAILQ_EMPTY(&d->by_time))
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): TAILQ_REMOVE misread */
		forget(d, TAILQ_FIRST(&d->by_time));
	buf_free(&d->stream[FROM_CLIENT]);
	buf_free(&d->stream[FROM_SERVER]);
	free(d);
}
