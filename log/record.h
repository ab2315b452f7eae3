/* SPDX-License-Identifier: ISC */
/*
 * From events to records: each function appends one JSON object and a newline,
 * compact, Elastic Common Schema names, our own under "sightglass". The manual
 * page sightglass-log(5) is the standard. Pure; worker and logger.
 *
 * What is the same for all records of a process (host, agent) and of a flow
 * (process, user, source, destination) is emitted once into a fragment and
 * copied into each record.
 */
#ifndef SIGHTGLASS_LOG_RECORD_H
#define SIGHTGLASS_LOG_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "mitm/event.h"

/* The same for every record of one process. */
struct record_writer {
	const char *run_id;   /* of this run of the daemon: 8 base-32 digits */
	unsigned writer;      /* 0 the logger, 1… the workers */
	const char *hostname;
	const char *const *redact_headers; /* lower-case names */
	size_t redact_count;
};

/* What the wire said of a flow, as fragments; see record_flow_facts. */
struct record_facts {
	struct buf members; /* host, process, user, source, destination, network */
	size_t source_at, source_end; /* where source is in it; the same: it is not */
	struct buf names;   /* the array of sightglass.dns, or empty */
	char flow_id[40];
	char scheme_host[300]; /* "example.com" or "[2001:db8::1]": the fallback of
	                        * url.domain when the request names no host */
	bool named;   /* that is a name, of the TLS hello if there was one */
	uint16_t port;
	bool tls; /* opened by us: the scheme is https */
};

/* Fills *out (initialised here) from the facts; free with record_facts_free. */
int record_facts_make(const struct record_writer *w,
    const struct flow_facts *facts, bool tls, struct record_facts *out)
    WUNRES NONNULL(1, 2, 4);
void record_facts_free(struct record_facts *facts);

/* What is known of the source since. E_LIMIT, E_NOMEM: nothing has changed. */
int record_facts_set_source(struct record_facts *facts,
    const struct sockaddr_storage *source) WUNRES NONNULL(1, 2);

/* Times of the flow that an http record's sightglass.timing shows, in µs; 0
 * when not known. Shown for the first exchange of a connection only. */
struct record_timing {
	uint64_t connect_us;
	uint64_t tls_us;
};

/* Each appends a whole line or nothing. E_LIMIT: it does not fit out's limit;
 * E_NOMEM. sequence is the ring's (event.sequence); event.id is
 * "<run>-<writer>-<sequence>". */
int record_http(const struct record_writer *w, uint64_t sequence,
    const struct record_facts *facts, const struct record_timing *timing,
    const struct http_exchange *exchange, struct buf *out)
    WUNRES NONNULL(1, 3, 5, 6);
int record_body(const struct record_writer *w, uint64_t sequence,
    const struct record_facts *facts, const struct body_part *part,
    struct buf *out) WUNRES NONNULL(1, 3, 4, 5);
/* The host that a request is for, without a port: of its target or fields, else of its
 * flow. Borrowed from both. */
struct bytes record_http_host(const struct record_facts *facts,
    const struct http_exchange *e) WUNRES NONNULL(1, 2);

int record_websocket(const struct record_writer *w, uint64_t sequence,
    const struct record_facts *facts, const struct websocket_message *message,
    struct buf *out) WUNRES NONNULL(1, 3, 4, 5);
/* With the answers alone when `out` has no room for all, then without. */
int record_dns(const struct record_writer *w, uint64_t sequence,
    const struct record_facts *facts, const struct dns_transaction *transaction,
    struct buf *out) WUNRES NONNULL(1, 3, 4, 5);
int record_tls(const struct record_writer *w, uint64_t sequence,
    const struct record_facts *facts, const struct tls_event *event,
    struct buf *out) WUNRES NONNULL(1, 3, 4, 5);
int record_flow(const struct record_writer *w, uint64_t sequence,
    const struct record_facts *facts, const struct flow_event *event,
    struct buf *out) WUNRES NONNULL(1, 3, 4, 5);
int record_mint(const struct record_writer *w, uint64_t sequence,
    const struct mint_event *event, struct buf *out) WUNRES NONNULL(1, 3, 4);
int record_daemon(const struct record_writer *w, uint64_t sequence,
    const struct daemon_event *event, struct buf *out) WUNRES NONNULL(1, 3, 4);

#endif
