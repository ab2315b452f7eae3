/* SPDX-License-Identifier: ISC */
/*
 * A flow from the forwarder's hand-over to its last record: one state machine,
 * one asserting setter, one step, one close. It knows no event loop: a step does
 * what can be done now and leaves, on each side, what it waits for; the worker
 * waits and steps again.
 *
 *   HEADER → SNIFF → DECIDE → CONNECT → UPSTREAM_TLS → LEAF → CLIENT_TLS
 *              ↑                  ├───────────────────────────→ RELAY → DRAIN
 *              └──── DIALOGUE ←───┘
 *
 * A flow that is connected already goes on from DECIDE as if from CONNECT. DIALOGUE
 * is the relay of a plain dialogue in which TLS may begin (dialogue.c): when it
 * does the hello is sniffed and decided about like any other, on the connection
 * that stands, and when it can no more RELAY follows.
 *
 * UPSTREAM_TLS may go back to CONNECT, unless a dialogue came before: once to ask
 * without the session that was offered (upstream_session.c), once to ask for TLS
 * 1.2 alone, and once when the flow is to be relayed after all (bypass_flow.c).
 *
 * Any state may go to CLOSED, by flow_close and by nothing else.
 */
#ifndef SIGHTGLASS_MITM_FLOW_H
#define SIGHTGLASS_MITM_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/endpoint.h"
#include "ca/names.h"
#include "conf/conf.h"
#include "extension-bridge/flow_header.h"
#include "log/record.h"
#include "mitm/bypass.h"
#include "mitm/capture_rules.h"
#include "mitm/chains.h"
#include "mitm/client_certificates.h"
#include "mitm/dns.h"
#include "mitm/dns_names.h"
#include "mitm/event.h"
#include "mitm/hello.h"
#include "mitm/invalid.h"
#include "mitm/leafs.h"
#include "mitm/policy.h"
#include "mitm/processes.h"
#include "mitm/sample.h"
#include "mitm/sessions.h"
#include "mitm/side.h"
#include "mitm/starttls.h"
#include "mitm/tap.h"
#include "mitm/trust.h"

enum flow_state {
	FLOW_STATE_HEADER,       /* the PROXY header (and prefix) is coming */
	FLOW_STATE_SNIFF,        /* the first bytes: TLS, HTTP, something else? */
	FLOW_STATE_DECIDE,       /* inspect, splice or refuse */
	FLOW_STATE_CONNECT,      /* the upstream TCP connection */
	FLOW_STATE_UPSTREAM_TLS, /* its TLS handshake and verification */
	FLOW_STATE_LEAF,         /* a certificate for the client */
	FLOW_STATE_CLIENT_TLS,   /* the client's handshake, its hello replayed */
	FLOW_STATE_DIALOGUE,     /* both ways in plain text, until TLS begins */
	FLOW_STATE_RELAY,        /* both ways */
	FLOW_STATE_DRAIN,        /* both ended: the last bytes go out */
	FLOW_STATE_DATAGRAMS,    /* a datagram flow, for all its life */
	FLOW_STATE_CLOSED
};

/* How a flow ended: X(symbol, identifier in records) */
#define FLOW_CLOSE_TABLE(X)                                                   \
	X(CLOSE_FINISHED, "finished")            /* both sides ended in order */ \
	X(CLOSE_RESET_BY_CLIENT, "client_reset")                              \
	X(CLOSE_RESET_BY_SERVER, "server_reset")                              \
	X(CLOSE_IDLE, "idle")                                                 \
	X(CLOSE_TOTAL, "total_timeout")                                       \
	X(CLOSE_SHUTDOWN, "daemon_shutdown")                                  \
	X(CLOSE_BAD_HEADER, "bad_header")                                     \
	X(CLOSE_HEADER_TIMEOUT, "header_timeout")                             \
	X(CLOSE_GONE_EARLY, "client_gone")       /* ended before it said anything */ \
	X(CLOSE_REFUSED, "refused_by_policy")                                 \
	X(CLOSE_CONNECT_FAILED, "connect_failed")                             \
	X(CLOSE_CONNECT_TIMEOUT, "connect_timeout")                           \
	X(CLOSE_UPSTREAM_TLS, "upstream_handshake_failed")                    \
	X(CLOSE_UPSTREAM_TLS_TIMEOUT, "upstream_handshake_timeout")           \
	X(CLOSE_UPSTREAM_INVALID, "upstream_invalid")                         \
	X(CLOSE_NO_LEAF, "no_leaf")                                           \
	X(CLOSE_CLIENT_TLS, "client_handshake_failed")                        \
	X(CLOSE_CLIENT_TLS_TIMEOUT, "client_handshake_timeout")               \
	X(CLOSE_TLS_ERROR, "tls_error")                                       \
	X(CLOSE_SYSTEM_ERROR, "system_error")

enum flow_close_reason {
#define FLOW_CLOSE_ENUM(symbol, identifier) symbol,
	FLOW_CLOSE_TABLE(FLOW_CLOSE_ENUM)
#undef FLOW_CLOSE_ENUM
};

struct flow;

/* What a flow needs of the process that runs it. One a worker. */
struct flow_host {
	void *context;
	const struct conf *conf;
	const struct policy *policy;
	struct trust *trust;
	struct keylog *keylog;
	struct chains *chains; /* the verdicts that it led to */
	struct sessions *sessions; /* with servers */
	const struct policy *never; /* bypass.never: refuses the names in it */
	const struct bypass *bypass;
	unsigned starttls; /* protocols whose dialogues are watched, as bits */
	const struct invalid *invalid;
	struct redact_rules *redact_rules; /* the worker's reference */
	const struct client_certificates *client_certificates;
	const mbedtls_x509_crt *own_ca; /* a list: no server may have them */
	struct capture_rules *capture_rules;
	const struct sample *sample;
	struct dns_names *dns_names; /* shared with other workers */
	struct processes *processes; /* whose flows these are */
	struct leafs *leafs;
	struct tickets *tickets;
	struct side_io io;
	uint8_t *scratch; /* SIDE_WRITE_BYTES of plaintext on their way */
	struct record_writer writer;
	unsigned worker;     /* 1… */
	uint64_t flow_count; /* flows so far, over restarts of the worker */
	uint64_t now_us;     /* wall clock, for records */
	uint64_t tick_ms;    /* monotonic clock, for deadlines */
	bool paused;         /* the log is full: read nothing */
	struct body_budget bodies; /* held by all flows */
	struct dns_memory dns_memory; /* likewise, of questions that wait */

	/* Asks for a leaf for the key; flow_leaf_ready or flow_leaf_failed follows,
	 * later or at once. */
	int (*request_leaf)(void *context, struct flow *flow,
	    struct leaf_key *key, const struct names *names);
	/* Looks for the client's end of a flow whose forwarder could not tell it, by
	 * flow->header's process and where it goes; flow_source_found may follow. */
	void (*find_source)(void *context, struct flow *flow,
	    const struct endpoint *remote);
	/* Something happened that may become a bypass, or (BYPASS_WHY_COUNT) one
	 * was put to use. */
	void (*on_bypass)(void *context, const struct bypass_key *key,
	    enum bypass_why why);
	/* The forwarder's header is there, whole (flow->header). */
	void (*on_header)(void *context, const struct flow *flow);
	/* Take the event, borrowed for the call. */
	void (*on_http)(void *context, struct flow *flow,
	    const struct http_exchange *exchange);
	void (*on_body)(void *context, struct flow *flow,
	    const struct body_part *part);
	void (*on_websocket)(void *context, struct flow *flow,
	    const struct websocket_message *message);
	void (*on_dns)(void *context, struct flow *flow,
	    const struct dns_transaction *transaction);
	void (*on_tls)(void *context, struct flow *flow,
	    const struct tls_event *event);
	void (*on_flow)(void *context, struct flow *flow,
	    const struct flow_event *event);
};

struct flow {
	uint32_t magic;
	struct flow_host *host;
	void *attachment; /* the worker's own */
	enum flow_state state;
	struct side client, server;
	bool again;            /* step again soon: more may be read at once */
	uint64_t deadline_ms;  /* of host->tick_ms; 0: none */
	uint64_t active_ms;    /* the last time a byte passed */
	uint64_t born_ms;      /* of host->tick_ms */
	uint64_t started_us, connect_began_us, connected_us, tls_done_us;

	struct flow_header *header;  /* owned, until the relay begins; of the process it
	                              * says what the kernel does, where that is known */
	struct process *process;     /* counted reference, or NULL: not known */
	struct endpoint source;      /* found since; port 0: not */
	bool source_asked;
	uint8_t *header_bytes;       /* owned: being read */
	size_t header_length;
	uint64_t application;        /* by which dns_names knows it, or 0 */
	struct dns_name *resolved;   /* owned, until the facts are made: the names of
	                              * its destination, when it began */
	size_t resolved_count;
	bool is_quic;
	enum dns_names_h3 announced; /* of QUIC: by the server of that name */
	char *announced_name;        /* owned */
	int passed_fd;               /* the descriptor sent along, or -1 */
	size_t next_address;         /* 0 destination, 1… alternates */

	struct starttls *dialogue;   /* owned, while TLS may begin in it */
	const char *starttls;        /* in whose dialogue TLS was begun; NULL: none */
	struct ftp_control *ftp;     /* owned: see bypass_watch_data */
	struct hello *hello;         /* owned, until the tls record is written */
	size_t hello_bytes;          /* of client.input, with its records */
	const char *alpn[HELLO_ALPN_MAX + 1];
	const char *client_alpn[2];
	struct leaf *leaf;           /* counted reference */
	enum leaf_key_kind leaf_kind; /* what the client takes in this version */
	bool leaf_wanted;            /* it was asked for */
	const char *leaf_trouble;    /* why it does not come, or NULL; static */
	struct names *names;         /* owned: what the leaf must say */
	struct judgement *judgement; /* counted reference: of the server, once it
	                              * was judged */
	struct client_certificate *client_certificate; /* counted reference: of what
	                                                * the server was shown */
	struct session *session;     /* counted reference: offered to the server,
	                              * until it was judged */
	bool in_full;                /* the server is offered no session any more */
	bool keeps_session;          /* session_id is made: what it gives is kept */
	uint8_t session_id[RECENT_ID_BYTES];
	int64_t verified_s;          /* when the server's chain was last seen */
	bool only_tls12;             /* of the server: see upstream.c */
	struct server_flight *answer; /* owned: of a server that turned us away,
	                               * until its hello to the client was seen */
	bool mirror_invalid;         /* the leaf comes from the throwaway CA */
	bool server_failed;          /* there is nothing behind that leaf */
	struct tls_event tls;
	char tls_error[128];

	struct verdict verdict;
	const char *protocol;
	bool facts_made;
	struct record_facts facts;
	char id[40];

	struct tap *tap; /* while it reads */
	struct {
		const char *why;  /* tap_ended's; NULL: it has not given up */
		uint64_t from[2]; /* of bytes[], what had passed by then */
	} gave_up;
	struct flow_ech *ech; /* owned: where dns.strip_ech asks for it */
	bool tap_decided;
	bool left_out; /* of the sample... */
	bool unread;   /* ...and there is something that could be read */
	struct capture_rules *capture_rules; /* counted reference, from the relay on */
	struct capture_flow capture;
	uint64_t exchanges, exchanges_counted, messages_counted;
	uint64_t tap_ms; /* of host->tick_ms, when it has to be told the time; 0: not */
	uint64_t bytes[2];
	uint64_t datagrams[2];
	uint8_t first[2][64]; /* of what no tap read */
	uint8_t first_length[2];
	bool hello_began;     /* TLS, as it seems: the rest has a deadline */
	bool client_silent;   /* connected before the client said anything */
	int connect_error;    /* errno of the last attempt */

	enum flow_close_reason close_reason;
	const char *close_detail;
};

/* Takes over `fd`, a connection on flow.sock. NULL: out of memory, fd is
 * closed. */
struct flow *flow_new(struct flow_host *host, int fd) WUNRES NONNULL(1);

/* Only after flow_close. */
void flow_free(struct flow *flow);

/* Does what can be done now; afterwards the sides' want_read and want_write and
 * flow_wakes_ms say what it waits for, or the state is FLOW_STATE_CLOSED. */
void flow_step(struct flow *flow) NONNULL(1);

/* When flow_expire has to be called, of host->tick_ms; 0: not. */
uint64_t flow_wakes_ms(const struct flow *flow) WUNRES NONNULL(1);

/* That time has passed (the worker calls it; it may only have moved). */
void flow_expire(struct flow *flow) NONNULL(1);

/* Ends it: finishes the taps, writes the records, closes the sockets (with a
 * reset unless it finished in order). Idempotent. The flow stays to be freed by
 * the worker. */
void flow_close(struct flow *flow, enum flow_close_reason reason,
    const char *detail) NONNULL(1);

/* The answer to request_leaf: the leaf is in host->leafs now / is not to be
 * had. Step the flow afterwards. */
void flow_leaf_ready(struct flow *flow, struct leaf *leaf) NONNULL(1, 2);
void flow_leaf_failed(struct flow *flow, const char *why) NONNULL(1);

/* What find_source found. It is in the records from now on. */
void flow_source_found(struct flow *flow, const struct endpoint *source)
    NONNULL(1, 2);

#endif
