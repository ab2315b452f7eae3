/* SPDX-License-Identifier: ISC */
/*
 * What the taps and the flow say happened: plain values, filled by mitm/ and
 * turned into records by log/record.c. Everything pointed to is borrowed for
 * the length of the call that hands the event over. Times are microseconds
 * since the epoch; 0 means "did not happen".
 */
#ifndef SIGHTGLASS_MITM_EVENT_H
#define SIGHTGLASS_MITM_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* The two directions of a flow, used as an index. */
enum direction { FROM_CLIENT = 0, FROM_SERVER = 1 };

/* A run of bytes, not NUL-terminated unless said. */
struct bytes {
	const uint8_t *data;
	size_t length;
};

struct http_field {
	struct bytes name; /* as sent; compared without case */
	struct bytes value;
};

/* Which rules had something to hide: names[i] is the rule's whose bit i is set. */
#define REDACT_RULES_MAX 256u
struct redacted {
	const char *const *names; /* NULL: no bit is set */
	uint64_t bits[REDACT_RULES_MAX / 64];
};

struct http_body {
	uint64_t wire_bytes;   /* body bytes as sent, chunk framing not counted */
	struct bytes captured; /* the first of them, up to the capture limit */
	bool truncated;        /* wire_bytes > captured.length */
	/* What it says: `captured` without its content codings, as far as that could
	 * be had, and without what is to be hidden (mitm/content.h). */
	struct bytes content;
	bool decoded;
	uint64_t decoded_bytes;   /* of it, before anything was hidden */
	const char *charset;      /* that the text was in; NULL: UTF-8, or none */
	uint64_t replaced;        /* characters that were none in it */
	bool content_truncated;   /* not all of it is told */
	/* The body is told in parts: `content` is what stands in front of them, in the
	 * first http record of its exchange alone; `captured` is empty. */
	bool in_parts;
	unsigned parts; /* that were handed on already */
	const char *decode_error; /* what went wrong, enumerated, or NULL */
	struct redacted redacted;
	/* `captured`, where all of it is to be logged beside the content, which is
	 * something else then; or empty. */
	struct bytes as_sent;
};

/* How much of an exchange is logged, from the most to the least. */
enum capture_level {
	CAPTURE_BODY, /* all that the limits allow */
	CAPTURE_HEAD, /* of bodies and messages their length alone */
	CAPTURE_COUNT /* nothing: it is counted in its flow's record */
};

/* As far as that is known. */
struct capture_verdict {
	enum capture_level level; /* it will be no more than this... */
	bool decided;             /* ...and no less */
};

/* The messages of gRPC in a body, as far as it came. */
struct grpc_messages {
	uint64_t count;      /* that came whole */
	uint64_t compressed; /* of these */
	uint64_t bytes;      /* of payload as sent, prefixes not counted */
	uint64_t largest;    /* the longest that began */
	const char *error;   /* why the counting ended early, enumerated, or NULL */
};

struct http_message {
	const struct http_field *fields;
	size_t field_count;
	const struct http_field *trailers;
	size_t trailer_count;
	struct http_body body;
	const struct grpc_messages *grpc; /* in the body; NULL: it is none of gRPC */
	uint64_t first_us; /* its first byte was seen */
	uint64_t last_us;  /* its last byte was seen */
	bool complete;     /* its end was seen */
	bool head_too_long;
	struct redacted redacted; /* of `fields` */
};

/* Why an exchange is not whole. */
enum http_incomplete {
	HTTP_WHOLE,
	HTTP_NO_RESPONSE,     /* the connection ended before the answer */
	HTTP_CUT_REQUEST,     /* ended inside the request */
	HTTP_CUT_RESPONSE,    /* ended inside the response */
	HTTP_PARSER_GAVE_UP,  /* not this HTTP after all: parse_error says why */
	HTTP_CONTINUES,       /* it is not over: it will be told again, as a whole */
};

/* What an exchange of gRPC was for and how it ended. Empty: not known. */
struct grpc_call {
	struct bytes service, method;
	bool has_status;
	unsigned status;
	const char *status_name; /* static; NULL: it is no number that has one */
	struct bytes message;    /* grpc-message, decoded */
	struct bytes encodings[2]; /* of messages that are compressed, by enum
	                            * direction */
};

/* One request and its answer. */
struct http_exchange {
	const char *version; /* "1.0", "1.1", "2" */
	struct bytes method; /* empty: a head of HTTP/2 without one */
	struct bytes target; /* the request target as sent (RFC 9112 section 3.2), or
	                      * :path */
	struct bytes scheme, authority; /* pseudo-header fields of HTTP/2, else empty */
	struct bytes protocol; /* of an extended CONNECT (RFC 8441), else empty */
	unsigned status;     /* 0: no answer */
	struct bytes reason; /* the reason phrase, as sent */
	struct http_message request;
	struct http_message response;
	const struct grpc_call *grpc; /* NULL: it is none */
	unsigned informational_count; /* 1xx answers before the final one */
	unsigned last_informational;  /* the last one's status, or 0 */
	bool upgraded;                /* 101, or CONNECT with 2xx: bytes follow */
	bool pushed;      /* the server asked for it itself (RFC 9113 section 8.4) */
	bool unprocessed; /* GOAWAY said that nothing was done about it */
	const char *reset_error; /* the name that RST_STREAM's code has (RFC 9113
	                          * section 7), or NULL: none was sent */
	enum direction reset_by;
	enum capture_level capture;
	struct redacted redacted; /* of the query of `target` */
	struct redacted redacted_userinfo; /* of a target that is a URL */
	enum http_incomplete incomplete;
	unsigned partials; /* how often it was told before, as HTTP_CONTINUES */
	const char *parse_error; /* llhttp's name, or ours, or NULL */
	uint64_t stream; /* HTTP/2's number of it, or that of the exchange in its
	                  * connection, from 1 */
	uint64_t serial; /* one of its own in the flow, also over an upgrade: by this
	                  * all that is said of one request is joined */
};

#define DNS_ADDRESS_BYTES 16u  /* IPv6, or IPv4 inside it (RFC 4291 2.5.5.2) */
#define DNS_NAME_TEXT_MAX 255u /* of a name that is kept; escaped it may be longer */

/* A name that was resolved to the address a flow goes to. */
struct dns_name {
	char text[DNS_NAME_TEXT_MAX + 1]; /* lower case, NUL-terminated */
	uint64_t age_us;     /* since it was, when the flow began */
	bool by_application; /* by the flow's own; else by another on this machine */
};

/* Who talks to whom: the same in every record of one flow. */
struct flow_facts {
	char id[40]; /* unique over restarts, NUL-terminated */
	struct sockaddr_storage source;
	struct sockaddr_storage destination;
	const char *domain; /* server name: SNI, Host or AUTHORITY; NULL unknown */
	const struct dns_name *names; /* of the destination's address */
	size_t name_count;
	bool datagram;
	const uint32_t *pid; /* NULL: unknown, as below */
	const uint32_t *uid;
	const char *executable;
	const char *signing_id;
	const char *team_id;
	const uint32_t *responsible_pid; /* of whom that process works for */
	const char *responsible;         /* the path of that one */
	const char *forwarder;
};

enum decision { DECIDE_INSPECT, DECIDE_SPLICE, DECIDE_REFUSE };

/* One TLS leg as negotiated. Strings are static or borrowed; NULL: unknown. */
struct tls_leg {
	const char *version; /* "1.2", "1.3" */
	char cipher[64];     /* its IANA name, or empty */
	const char *group;   /* key exchange group, NULL when not known */
	const char *alpn;    /* what was agreed */
	bool resumed;
	bool established;
	bool hello_retry;    /* it took a hello retry request (RFC 8446 4.1.4) */
	int alert_received; /* the fatal alert's number (RFC 8446 section 6), or -1 */
	int alert_sent;     /* likewise */
};

struct certificate_facts {
	bool present;
	char subject[256];
	char issuer[256];
	char serial[64];     /* hex */
	char sha256[65];     /* of the DER, hex */
	uint64_t not_before_s; /* seconds since the epoch */
	uint64_t not_after_s;
};

/* One a TLS flow. */
struct tls_event {
	uint64_t start_us;
	enum decision decision;
	const char *reason; /* enumerated: flow.h's table, never free text */
	const char *server_name; /* from the client hello, or NULL */
	const char *const *offered_alpn; /* the client's list */
	size_t offered_alpn_count;
	const char *offered_version; /* the highest the client offered */
	bool offered_ech;            /* encrypted_client_hello, or its grease */
	const char *ja3, *ja4; /* the client's fingerprints; NULL: none, as below */
	const char *ja3s;      /* the real server's */
	struct tls_leg client;
	struct tls_leg server;
	struct certificate_facts server_certificate;
	struct certificate_facts leaf;
	const struct certificate_facts *client_certificate; /* that the server was
	                                                     * shown, or NULL */
	bool verified;            /* the upstream chain passed */
	const char *verification; /* identifier of the first failure, or "ok", or NULL */
	const char *invalid; /* what became of a server that did not verify:
			      * "mirror", "refuse", "allow"; else NULL */
	const char *invalid_reason; /* what said so, as in struct verdict */
	const char *failure; /* why it came to nothing, enumerated (man/
	                      * sightglass-log.5); NULL: it did not */
	const char *error;        /* the TLS library's words, or NULL */
	const char *bypass;       /* a failure that may become a bypass was
				   * "counted", or is "never" to be; else NULL */
	const char *starttls;     /* the protocol in whose plain dialogue it was
				   * begun, or NULL */
	bool left_out;            /* of the sample: nothing in it was read */
	bool name_mismatch;       /* SNI and the forwarder's AUTHORITY differ */
};

/* One a flow, at its end. */
struct flow_event {
	uint64_t start_us;
	uint64_t end_us;
	enum decision decision;
	const char *reason;   /* why this decision, enumerated */
	const char *close;    /* how it ended, enumerated: flow.h's table */
	const char *state;    /* the state in which it ended */
	const char *protocol; /* "http", "tls", "dns", …, or NULL */
	const char *starttls; /* as in struct tls_event */
	bool left_out;        /* of the sample: nothing in it was read */
	const char *gave_up;  /* why the reading ended before the flow, or NULL */
	uint64_t unread[2];   /* then: of `bytes`, how many came after that */
	const char *detail;   /* more words on the close (errno's), or NULL */
	uint64_t bytes[2];    /* payload, by enum direction */
	bool is_quic, quic_refused;   /* by its port */
	const char *quic_announced;   /* how, enumerated, or NULL */
	const char *quic_name;        /* by whom */
	uint64_t exchanges;   /* HTTP exchanges in it */
	uint64_t exchanges_counted; /* those of them without a record of their own */
	uint64_t messages_counted;  /* likewise, of WebSockets */
	uint64_t connect_us;  /* the upstream connect took this long */
	uint64_t datagrams[2];
	struct bytes first[2]; /* the first 64 bytes of what was not parsed */
};

/* One when something happened to the daemon itself. */
/* What became of a segment that a dead logger left. */
struct daemon_repair {
	uint64_t records;        /* that it has */
	uint64_t cut_bytes;      /* of the file, at its end */
	uint64_t damaged_frames; /* inside, left as they are */
};

struct daemon_event {
	uint64_t time_us;
	const char *action; /* enumerated: "started", "repaired", "gap", … */
	const char *role;   /* "parent", "logger", "worker 2" */
	const char *message;
	uint64_t lost_records; /* for a gap */
	uint64_t since_us;     /* when what it tells of began, or 0 */
	const char *segment;   /* file name it concerns, or NULL */
	const struct daemon_repair *repair; /* NULL: nothing was repaired */
};

/* One a leaf certificate that the signer made, or would not make. */
struct mint_event {
	uint64_t time_us;
	uint64_t duration_us;
	unsigned worker;     /* that asked, from 1 */
	const char *key;     /* the leaf's: "p256", "rsa"; NULL: it is none of them */
	const char *refused; /* why not: an error's identifier, or NULL */
	const char *const *names; /* that it speaks for, or should have */
	size_t name_count;
	struct certificate_facts leaf;
};

/* RFC 6455 section 11.8. */
enum ws_opcode {
	WS_TEXT = 1,
	WS_BINARY = 2,
	WS_CLOSE = 8,
	WS_PING = 9,
	WS_PONG = 10
};

/* One message of a WebSocket, all its fragments. */
struct websocket_message {
	uint64_t stream, serial; /* those of the exchange which upgraded */
	uint64_t number; /* of its WebSocket, from 1, in the order of their ends */
	enum direction from;
	enum ws_opcode opcode;
	unsigned frames;
	uint64_t wire_bytes;  /* payload as sent */
	struct bytes content; /* unmasked and decompressed, up to the capture limit;
	                       * of a close, its reason */
	bool compressed, truncated;
	const char *decode_error; /* what went wrong, enumerated, or NULL */
	unsigned close_code;      /* RFC 6455 section 7.4, or 0 */
	bool complete;            /* its end was seen */
	struct redacted redacted;
	enum capture_level capture; /* that of the exchange which upgraded */
	uint64_t first_us, last_us;
};

/* A part of a body: what goes on behind what the http record has of it. */
struct body_part {
	uint64_t stream, serial; /* those of the exchange */
	enum direction from;
	unsigned number;      /* of its body, from 1 */
	uint64_t offset;      /* where it begins in the content */
	struct bytes content; /* of the body, as of struct http_body */
	bool last;
	bool truncated;       /* what comes behind it is not told */
	struct redacted redacted; /* of the body so far */
	uint64_t first_us, last_us;
};

/* --- DNS. Names and data are as mitm/dns_text.h writes them: a name has no final
 * dot unless it is the root. --- */

struct dns_question {
	struct bytes name; /* as asked */
	uint16_t type_number;
	char type[16], class_name[16]; /* mnemonics, or TYPE12 and CLASS12 */
};

enum dns_section { DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL };

struct dns_record {
	enum dns_section section;
	struct bytes name;
	uint16_t type_number;
	char type[16], class_name[16];
	uint32_t ttl_s;
	struct bytes data;
};

struct dns_option {
	uint16_t code;
	char name[16]; /* or OPTION12 */
	struct bytes data;
};

/* Extension mechanisms (RFC 6891). */
struct dns_edns {
	unsigned version, udp_bytes;
	const struct dns_option *options;
	size_t option_count;
};

struct dns_message {
	size_t bytes;
	uint16_t id;
	bool is_response, authoritative, truncated, recursion_desired,
	    recursion_available, authentic, checking_disabled, dnssec_ok;
	char opcode[16], rcode[16]; /* with the bits that EDNS adds to it */
	unsigned counts[4]; /* questions, answers, authorities, additionals, as said */
	const struct dns_question *question; /* the first, or NULL */
	const struct dns_record *records; /* of all sections, in order, no OPT */
	size_t record_count;
	const struct dns_edns *edns; /* or NULL */
	const char *malformed; /* why the reading ended early, enumerated, or NULL */
};

/* A question and its answer. */
struct dns_transaction {
	const char *transport;             /* "udp", "tcp", "tls", "https", "http" */
	const char *protocol;              /* "mdns", "llmnr"; NULL: DNS itself */
	const struct dns_message *query;   /* NULL: nobody asked */
	const struct dns_message *response; /* NULL: unanswered; the first message of
	                                    * a zone transfer */
	uint64_t asked_us;    /* the first time */
	uint64_t answered_us; /* or given up */
	unsigned retransmissions;
	uint64_t response_messages, response_bytes, answers; /* of all its messages */
	enum direction asked_by;
	const struct sockaddr_storage *server; /* whom it went to; NULL: the flow's */
	const char *incomplete; /* enumerated (mitm/dns.h, mitm/dns_http.h), or NULL */
	bool ech_stripped; /* the client got the response without that parameter */
	uint64_t serial; /* of the HTTP exchange that it came in, or 0 */
};

/* Where a tap sends what it read. */
struct tap_sink {
	void *context;
	void (*http)(void *context, const struct http_exchange *exchange);
	void (*body)(void *context, const struct body_part *part);
	void (*websocket)(void *context, const struct websocket_message *message);
	void (*dns)(void *context, const struct dns_transaction *transaction);
	/* Bytes of an answer of DNS in HTTP, by the number of its exchange, from
	 * `offset` of it on: where they lie in what is being fed, if they do. NULL:
	 * nobody wants to know. */
	void (*dns_bytes)(void *context, uint64_t stream, uint64_t offset,
	    struct bytes in);
	/* How much of an exchange is to be logged, by what is known of it so far: asked
	 * when the head of its request is whole, and unless that decided it, when that
	 * of its answer is, or when none will come (`answered`). Until it is decided
	 * nothing of it is handed on. NULL: all of all. */
	struct capture_verdict (*capture)(void *context,
	    const struct http_exchange *exchange, bool answered);
};

#endif
